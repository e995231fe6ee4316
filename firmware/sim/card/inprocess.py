"""A reader without a reader: the device's card transport, in process, for machines without a PC/SC daemon and tests.

`connect`, `transmit` and `disconnect` belong to the card lane's thread; `insert`, `remove`, `lose_reader` and
`restore_reader` to whoever plays the patient; `cancel` may come from any thread. `post` is called on the thread that
caused the change. Times in seconds. Raises DeviceError as `firmware.ports.CardTransport` says.
"""

import threading
from collections.abc import Callable

from firmware.core.events import CardPresence
from firmware.core.faults import DeviceError, FaultCode
from firmware.sim.card.contract import Card, CardPulledError, CardSilentError

_STATUS_SIZE = 2
_SILENCE = 5.0
_SHORT_MAXIMUM, _EXTENDED_MAXIMUM = 256, 65_536
_BODY = 4


class InProcessReader:
    """One slot. `silence`: how long a card may stay silent before CARD_SILENT.

    `longest_answer`: most response bytes that reader and driver carry. With 256 no extended command gets through; the
    driver refuses it, and a longer answer than it has room for, as real ones do: the exchange fails.
    """

    def __init__(self, silence: float = _SILENCE, longest_answer: int = _EXTENDED_MAXIMUM) -> None:
        self._silence = silence
        self._longest_answer = longest_answer
        self._changed = threading.Condition()
        self._card: Card | None = None
        self._connected: Card | None = None
        self._present = True
        self._cancelled = False
        self._post: Callable[[CardPresence], None] | None = None

    # ---- the patient's side ------------------------------------------------------------------------------------

    def insert(self, card: Card) -> None:
        """Put a card on the reader; a card that lies there has to be removed first."""
        with self._changed:
            if self._card is not None:
                raise RuntimeError("a card already lies on the reader")
            self._card = card
            visible = self._present
        if visible:
            self._tell(CardPresence.PRESENT)

    def remove(self) -> None:
        """Take the card away, whatever it is doing. Idempotent."""
        with self._changed:
            gone, self._card, self._connected = self._card, None, None
            visible = self._present
            self._changed.notify_all()
        if gone is not None:
            gone.power_off()
            if visible:
                self._tell(CardPresence.ABSENT)

    def lose_reader(self) -> None:
        """Pull the reader's cable: no card can be seen until `restore_reader`."""
        with self._changed:
            lost, self._present = self._present, False
            self._connected = None
            self._changed.notify_all()
        if lost:
            self._tell(CardPresence.READER_LOST)

    def restore_reader(self) -> None:
        with self._changed:
            restored, self._present = not self._present, True
        if restored:
            self._tell(CardPresence.READER_BACK)
            self._tell(self._state())

    # ---- the device's side: firmware.ports.CardTransport ---------------------------------------------------------

    def watch(self, post: Callable[[CardPresence], None]) -> None:
        """Report the present state, then every change, until `stop`."""
        with self._changed:
            self._post = post
        self._tell(self._state())

    def stop(self) -> None:
        with self._changed:
            self._post = None
        self.disconnect()

    @property
    def reader_fault(self) -> FaultCode:
        return FaultCode.READER_LOST

    @property
    def longest_answer(self) -> int:
        return self._longest_answer

    def connect(self) -> bytes:
        with self._changed:
            if not self._present:
                raise DeviceError(FaultCode.READER_LOST)
            if self._card is None:
                raise DeviceError(FaultCode.CARD_GONE)
            self._connected = self._card
            self._cancelled = False
            self._connected.power_on()
            return self._connected.atr

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        with self._changed:
            card = self._still_there(self._connected)
            self._cancelled = False
        if self._longest_answer == _SHORT_MAXIMUM and _is_extended(apdu):
            raise DeviceError(FaultCode.CARD_SILENT, "extended command at a reader for short ones")
        answer = self._exchange(card, apdu)
        with self._changed:
            self._still_there(card)
            if self._cancelled:
                raise DeviceError(FaultCode.CARD_SILENT, "cancelled")
        if len(answer) < _STATUS_SIZE:
            raise DeviceError(FaultCode.CARD_GARBAGE, f"{len(answer)} bytes")
        if len(answer) - _STATUS_SIZE > self._longest_answer:
            raise DeviceError(FaultCode.CARD_SILENT, "more than the reader carries")
        return answer[:-_STATUS_SIZE], int.from_bytes(answer[-_STATUS_SIZE:], "big")

    def disconnect(self) -> None:
        with self._changed:
            card, self._connected = self._connected, None
        if card is not None:
            card.power_off()

    def cancel(self) -> None:
        with self._changed:
            self._cancelled = True
            self._changed.notify_all()

    # ---- inside --------------------------------------------------------------------------------------------------

    def _exchange(self, card: Card, apdu: bytes) -> bytes:
        try:
            return card.process(apdu)
        except CardPulledError:
            self.remove()
            raise DeviceError(FaultCode.CARD_GONE) from None
        except CardSilentError:
            self._wait_in_silence(card)
            raise DeviceError(FaultCode.CARD_SILENT) from None

    def _wait_in_silence(self, card: Card) -> None:
        """As long as a reader would wait; ends early when the card leaves or the call is cancelled."""
        with self._changed:
            self._changed.wait_for(lambda: self._cancelled or self._connected is not card, self._silence)
            self._still_there(card)

    def _still_there(self, card: Card | None) -> Card:
        if not self._present:
            raise DeviceError(FaultCode.READER_LOST)
        if card is None or card is not self._connected:
            raise DeviceError(FaultCode.CARD_GONE)
        return card

    def _state(self) -> CardPresence:
        with self._changed:
            if not self._present:
                return CardPresence.READER_LOST
            return CardPresence.PRESENT if self._card is not None else CardPresence.ABSENT

    def _tell(self, presence: CardPresence) -> None:
        post = self._post
        if post is not None:
            post(presence)


def _is_extended(apdu: bytes) -> bool:
    """ISO 7816-4: more than one byte behind the header, the first of them zero."""
    return len(apdu) > _BODY + 2 and apdu[_BODY] == 0
