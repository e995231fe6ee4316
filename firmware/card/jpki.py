"""The JPKI application, user-authentication half: token (EF 0006), certificates (EF 000A, 000B), signature (key 0017).

Card lane. Raises CARD_GARBAGE, CERTIFICATE_BROKEN and the channel's faults. Source: card.md 2.6 and 3.
"""

from dataclasses import dataclass
from enum import Enum

from firmware.card import apdu
from firmware.card.channel import CardChannel, unexpected
from firmware.card.names import Application, JpkiFile
from firmware.card.reading import FileShape, read_file
from firmware.card.tlv import TlvError
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.secret import Secret

_LABEL_LENGTH = 32
_SERIAL = slice(80, 96)
"""Token information is laid out like PKCS#11's CK_TOKEN_INFO: label 32, manufacturer 32, model 16, serial 16."""
_CERTIFICATE = FileShape(tag=0x30, probe=4, limit=8_192)


class Carrier(Enum):
    """On what the application runs; the value is the label that says so, without its padding (card.md 2.6)."""

    ANDROID = b"JPKIAPGPSETOKEN"
    IPHONE = b"JPKIAPIOSTOKEN"
    OLD_CARD = b"JPKIAPICCTOKEN"
    """The resident registry card that the My Number Card replaced."""
    CARD = b"JPKIAPICCTOKEN2"
    """Also for labels that nobody knows yet: whether it is a My Number Card, its applications tell."""

    @classmethod
    def of(cls, label: bytes) -> "Carrier":
        name = label.rstrip(b" \0")
        return next((carrier for carrier in cls if carrier.value == name), cls.CARD)


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """What EF 0006 says. `serial` tells two cards apart; it is personal."""

    carrier: Carrier
    serial: Secret


def read_token(channel: CardChannel, *, extended: bool) -> Token:
    """Label and serial; nothing behind them is read. `extended`: find out by the way what READs the card answers."""
    channel.select_file(Application.JPKI, JpkiFile.TOKEN)
    data = channel.try_extended(_SERIAL.stop) if extended else None
    with Secret(data or channel.read(0, _SERIAL.stop)) as information:
        view = information.view()
        return Token(Carrier.of(bytes(view[:_LABEL_LENGTH])), Secret(view[_SERIAL]))


def read_certificate(channel: CardChannel) -> Secret:
    """EF 000A in DER, exactly as long as its header says. A phone answers only after the PIN."""
    return _read(channel, JpkiFile.CERTIFICATE)


def read_authority(channel: CardChannel) -> bytes:
    """EF 000B in DER: what the card says its CA is. Worth nothing until its hash is found among the pinned ones."""
    with _read(channel, JpkiFile.AUTHORITY) as der:
        return bytes(der.view())


def _read(channel: CardChannel, file: JpkiFile) -> Secret:
    channel.select_file(Application.JPKI, file)
    try:
        return read_file(channel, _CERTIFICATE)
    except TlvError as error:
        raise DeviceError(FaultCode.CERTIFICATE_BROKEN, f"EF {file:04X}: {error}") from error


def sign(channel: CardChannel, body: bytes, longest: int) -> bytes:
    """Signature over `body` (`signatures.to_sign`) with the user-authentication key; needs a verified PIN.

    `longest`: bytes it may have.
    """
    channel.select_file(Application.JPKI, JpkiFile.KEY)
    signature, sw = channel.sign(body, 0x80, longest)
    if sw != apdu.OK:
        unexpected("signature", sw)
    if not signature:
        raise DeviceError(FaultCode.CARD_GARBAGE, "empty signature")
    return signature
