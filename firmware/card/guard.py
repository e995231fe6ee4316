"""The guard: every APDU passes here before the reader sees it, and only the allow-list below gets through. Pure.

It is how the device keeps its promise never to read the 12-digit My Number (design.md, "The guard"; card.md 7): the
text, registry and common applications, key 0013, EF 0005, EF 0003, SFI forms, AID prefixes and 12-byte VERIFYs are not
on the list. It is stateful because P2 = 80 means "the key selected last": what is selected counts only after
the card answered 9000, and an unclear answer forgets it. Card lane. Raises GUARD_REFUSED; texts hold no APDU data.
"""

from typing import NoReturn

from firmware.card.apdu import OK, ApduError, CommandApdu
from firmware.card.names import DIGEST_INFO_SHA256, Application, JpkiFile, SurfaceFile
from firmware.core.faults import DeviceError, FaultCode

_FILES: dict[Application, frozenset[int]] = {
    Application.SURFACE: frozenset({SurfaceFile.RECORD, SurfaceFile.CERTIFICATE, SurfaceFile.NUMBER_B}),
    Application.JPKI: frozenset(
        {JpkiFile.TOKEN, JpkiFile.CERTIFICATE, JpkiFile.AUTHORITY, JpkiFile.KEY, JpkiFile.PIN},
    ),
}
_READABLE: frozenset[tuple[Application | None, int | None]] = frozenset(
    {
        (Application.SURFACE, SurfaceFile.RECORD),
        (Application.SURFACE, SurfaceFile.CERTIFICATE),
        (Application.JPKI, JpkiFile.TOKEN),
        (Application.JPKI, JpkiFile.CERTIFICATE),
        (Application.JPKI, JpkiFile.AUTHORITY),
    },
)
_DIGITS: dict[tuple[Application | None, int | None], int] = {
    (Application.SURFACE, SurfaceFile.NUMBER_B): 14,
    (Application.JPKI, JpkiFile.PIN): 4,
}
_DIGEST_INFO_LENGTH = len(DIGEST_INFO_SHA256) + 32
_SHA384_LENGTH = 48
_LONGEST_SIGNATURE = 512


class Guard:
    """Judges outgoing APDUs in order: `check` before sending, `settle` with the status word, `reset` at power-up."""

    def __init__(self) -> None:
        self._application: Application | None = None
        self._file: int | None = None
        self._wanted: tuple[Application, int | None] | None = None

    @property
    def application(self) -> Application | None:
        return self._application

    @property
    def file(self) -> int | None:
        return self._file

    @property
    def target(self) -> str:
        """What the APDU just checked works on, in allow-list names, for the APDU log: "surface/0002"."""
        application, file = self._wanted or (self._application, self._file)
        names = (application.label if application else "", f"{file:04X}" if file is not None else "")
        return "/".join(name for name in names if name)

    def reset(self) -> None:
        """Nothing is selected: after power-up, and whenever it is unclear what the card did."""
        self._application = self._file = self._wanted = None

    def check(self, raw: bytes) -> None:
        """Refuse everything that is not on the allow-list."""
        self._wanted = None
        try:
            apdu = CommandApdu.parse(raw)
        except ApduError:
            _refuse("malformed APDU")
        match apdu.cla, apdu.ins:
            case 0x00, 0xA4:
                self._check_select(apdu)
            case 0x00, 0x20:
                self._check_verify(apdu)
            case 0x00, 0xB0:
                self._check_read(apdu)
            case 0x80, 0x2A:
                self._check_sign(apdu)
            case _:
                _refuse("class or instruction")

    def settle(self, sw: int) -> None:
        """Take note of the answer to the APDU checked last."""
        if self._wanted is not None and sw == OK:
            self._application, self._file = self._wanted
        self._wanted = None

    def _check_select(self, apdu: CommandApdu) -> None:
        if apdu.extended or apdu.expected:
            _refuse("SELECT form")
        match apdu.p1, apdu.p2:
            case 0x04, 0x0C:
                self._select_application(apdu.data)
            case 0x02, 0x0C:
                self._select_file(apdu.data)
            case _:
                _refuse("SELECT parameters")

    def _select_application(self, aid: bytes) -> None:
        if aid not in {application.value for application in Application}:
            _refuse("SELECT of an application")
        self._application = self._file = None
        self._wanted = (Application(aid), None)

    def _select_file(self, name: bytes) -> None:
        application, file = self._application, int.from_bytes(name, "big")
        if application is None or len(name) != 2 or file not in _FILES[application]:
            _refuse("SELECT of a file")
        self._file = None
        self._wanted = (application, file)

    def _check_read(self, apdu: CommandApdu) -> None:
        if (self._application, self._file) not in _READABLE:
            _refuse("READ BINARY of this file")
        if apdu.p1 >= 0x80:
            _refuse("READ BINARY by short file id")
        if apdu.data or not apdu.expected:
            _refuse("READ BINARY form")

    def _check_verify(self, apdu: CommandApdu) -> None:
        digits = _DIGITS.get((self._application, self._file))
        if digits is None or (apdu.p1, apdu.p2) != (0x00, 0x80):
            _refuse("VERIFY of this key")
        if apdu.extended or apdu.expected:
            _refuse("VERIFY form")
        if apdu.data and (len(apdu.data) != digits or not apdu.data.isdigit()):
            _refuse("VERIFY body")

    def _check_sign(self, apdu: CommandApdu) -> None:
        key = (self._application, self._file)
        match apdu.p1, apdu.p2:
            case 0x00, 0x00:
                allowed = self._application is Application.SURFACE
            case 0x00, 0x80:
                allowed = key == (Application.JPKI, JpkiFile.KEY)
            case _:
                allowed = False
        if not allowed:
            _refuse("signature with this key")
        if not 0 < apdu.expected <= _LONGEST_SIGNATURE:
            _refuse("signature form")
        bare = len(apdu.data) == _SHA384_LENGTH and self._application is Application.JPKI
        sha256 = len(apdu.data) == _DIGEST_INFO_LENGTH and apdu.data.startswith(DIGEST_INFO_SHA256)
        if not (sha256 or bare):
            _refuse("signature over something else than a hash")


def _refuse(reason: str) -> NoReturn:
    raise DeviceError(FaultCode.GUARD_REFUSED, reason)
