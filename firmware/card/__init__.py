"""The card: APDU and TLV codecs, the guard, card face and JPKI applications, and the PC/SC adapter.

`service.CardService` is what the runtime uses; `pcsc.PcscTransport` is the only way to a real reader.
Source: the facts page `card.md`. Runs on the card lane, except where a module says otherwise.
"""
