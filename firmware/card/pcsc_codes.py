"""What PC/SC says in numbers: result codes to fault codes, and the reader's properties. Pure.

A result code that is not in the table is CARD_SILENT ("place it again"), with the code in the fault's detail.
`properties_control` and `longest_answer` read what a driver answered to SCardControl: foreign bytes, bounded by their
own lengths; nothing is raised. Source: PC/SC parts 5 and 10, pcsc-lite's pcsclite.h and reader.h, hardware.md 1.
"""

from collections.abc import Iterator

from firmware.core.faults import FaultCode

OK = 0
CANCELLED, INSUFFICIENT_BUFFER, TIMEOUT = 0x80100002, 0x80100008, 0x8010000A
UNKNOWN_READER, READER_UNAVAILABLE, NO_READERS = 0x80100009, 0x80100017, 0x8010002E
NOT_TRANSACTED, INVALID_HANDLE = 0x80100016, 0x80100003
NO_SERVICE, SERVICE_STOPPED = 0x8010001D, 0x8010001E
SECURITY_VIOLATION = 0x8010006A

_FAULTS = {
    0x8010000C: FaultCode.CARD_GONE,  # no smart card
    0x80100068: FaultCode.CARD_GONE,  # reset by somebody: what was verified is lost
    0x80100069: FaultCode.CARD_GONE,  # removed
    TIMEOUT: FaultCode.CARD_SILENT,
    0x80100015: FaultCode.CARD_SILENT,  # invalid ATR: a card that lies badly
    NOT_TRANSACTED: FaultCode.CARD_SILENT,
    0x8010002F: FaultCode.CARD_SILENT,  # communication data lost
    0x80100066: FaultCode.CARD_SILENT,  # unresponsive
    0x80100067: FaultCode.CARD_SILENT,  # unpowered
    0x8010000D: FaultCode.CARD_NOT_MYNUMBER,  # unknown card
    0x8010000F: FaultCode.CARD_NOT_MYNUMBER,  # protocol mismatch: speaks neither T=0 nor T=1
    0x8010001C: FaultCode.CARD_NOT_MYNUMBER,  # card unsupported
    0x80100065: FaultCode.CARD_NOT_MYNUMBER,  # unsupported card: an ATR that fits no protocol
    INSUFFICIENT_BUFFER: FaultCode.CARD_GARBAGE,
    UNKNOWN_READER: FaultCode.READER_LOST,
    0x80100010: FaultCode.READER_LOST,  # not ready
    READER_UNAVAILABLE: FaultCode.READER_LOST,
    0x8010001A: FaultCode.READER_LOST,  # reader unsupported
    NO_READERS: FaultCode.READER_LOST,
    0x8010000B: FaultCode.READER_BUSY,  # sharing violation
    0x80100027: FaultCode.READER_NO_ACCESS,  # access denied
    SECURITY_VIOLATION: FaultCode.READER_NO_ACCESS,  # polkit says no
    CANCELLED: FaultCode.PCSC_DOWN,  # nobody but us cancels, so it was a daemon that ends
    INVALID_HANDLE: FaultCode.PCSC_DOWN,  # invalid handle: of a daemon before this one
    0x80100006: FaultCode.PCSC_DOWN,  # no memory: no more clients are taken
    0x80100012: FaultCode.PCSC_DOWN,  # cancelled by the system
    0x80100013: FaultCode.PCSC_DOWN,  # internal communication error: the daemon hung up
    NO_SERVICE: FaultCode.PCSC_DOWN,  # no service
    SERVICE_STOPPED: FaultCode.PCSC_DOWN,  # service stopped
    0x80100031: FaultCode.PCSC_DOWN,  # server too busy
}

FEATURE_REQUEST = 3_400
"""Function number of CM_IOCTL_GET_FEATURE_REQUEST."""
SHORT_ANSWER, LONGEST_ANSWER = 256, 65_536
_GET_TLV_PROPERTIES = 0x12
_MAX_APDU_DATA_SIZE = 0x0A


def fault_of(result: int) -> FaultCode:
    """`result` as an unsigned number."""
    return _FAULTS.get(result, FaultCode.CARD_SILENT)


def properties_control(features: bytes) -> int | None:
    """The control code that asks this driver for its properties; None if it has none to tell."""
    value = dict(_entries(features)).get(_GET_TLV_PROPERTIES)
    return None if value is None else int.from_bytes(value, "big")


def longest_answer(properties: bytes) -> int:
    """Most response bytes of one command: 0 means short APDUs only, and so does what the standard forbids (1 to 255).

    A driver that does not say may carry everything.
    """
    value = dict(_entries(properties)).get(_MAX_APDU_DATA_SIZE)
    if value is None:
        return LONGEST_ANSWER
    return min(max(int.from_bytes(value, "little"), SHORT_ANSWER), LONGEST_ANSWER)


def _entries(block: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag, length, value, one byte each of the first two. Ends before an entry that is cut off."""
    start = 0
    while start + 2 <= len(block) and start + 2 + block[start + 1] <= len(block):
        end = start + 2 + block[start + 1]
        if end > start + 2:
            yield block[start], block[start + 2 : end]
        start = end
