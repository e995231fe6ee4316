"""The closed list of fault codes and the one exception that adapters raise.

Vendor exceptions are mapped to a `FaultCode` in the adapter that calls the vendor's library, nowhere else.
`fault_texts.py` holds severity, counter text, technician text and remedy of each code. Texts and details never
carry personal data (design.md, "Errors").
"""

from enum import StrEnum


class FaultCode(StrEnum):
    """Every fault the device can name. The value is what screens, logs and messages show."""

    CARD_GONE = "CRD-001"
    CARD_SILENT = "CRD-002"
    CARD_GARBAGE = "CRD-003"
    CARD_NOT_MYNUMBER = "CRD-004"
    CARD_SWAPPED = "CRD-005"
    CARD_NOT_GENUINE = "CRD-006"
    CARD_RECORD_UNSIGNED = "CRD-007"
    CARD_LEFT_BEHIND = "CRD-008"
    CARD_ON_PHONE = "CRD-009"
    NUMBER_B_WRONG = "CRD-010"
    NUMBER_B_STOPPED = "CRD-011"
    NUMBER_B_BLOCKED = "CRD-012"
    PIN_WRONG = "CRD-020"
    PIN_BLOCKED = "CRD-021"
    CERTIFICATE_BROKEN = "CRD-030"
    CERTIFICATE_UNTRUSTED = "CRD-031"
    CERTIFICATE_EXPIRED = "CRD-032"
    CERTIFICATE_REVOKED = "CRD-033"
    HOLDER_DIFFERS = "CRD-034"
    READER_LOST = "RDR-001"
    READER_BUSY = "RDR-002"
    READER_NO_ACCESS = "RDR-003"
    PCSC_DOWN = "RDR-004"
    GUARD_REFUSED = "GRD-001"
    PHOTO_BROKEN = "FAC-001"
    PHOTO_TOO_LARGE = "FAC-002"
    PHOTO_TIMEOUT = "FAC-003"
    PHOTO_NO_FACE = "FAC-004"
    PHOTO_NO_DECODER = "FAC-005"
    FACE_NOT_MATCHED = "FAC-010"
    FACE_UNSURE = "FAC-011"
    FRONT_UNREADABLE = "FAC-020"
    MODEL_MISSING = "MDL-001"
    MODEL_HASH_WRONG = "MDL-002"
    MODEL_FAILED = "MDL-003"
    CAMERA_MISSING = "CAM-001"
    CAMERA_NO_FRAME = "CAM-002"
    GATEWAY_UNREACHABLE = "ELG-001"
    GATEWAY_TIMEOUT = "ELG-002"
    GATEWAY_ERROR = "ELG-003"
    GATEWAY_UNTRUSTED = "ELG-004"
    GATEWAY_REFUSED = "ELG-005"
    GATEWAY_BAD_ANSWER = "ELG-006"
    IDENTITY_CONFLICT = "ELG-007"
    CHALLENGE_REFUSED = "ELG-008"
    GATEWAY_ENV_MISMATCH = "ELG-009"
    TERMINAL_UNREACHABLE = "ELG-020"
    TERMINAL_BAD_FILE = "ELG-021"
    TERMINAL_ENV_MISMATCH = "ELG-022"
    QUERY_NOT_OFFERED = "ELG-030"
    QUERY_TOO_MANY = "ELG-031"
    DISASTER_MODE_OFF = "ELG-032"
    QUERY_UNWRITABLE = "ELG-033"
    FHIR_INVALID = "ELG-040"
    BROKER_UNREACHABLE = "MSG-001"
    BROKER_REFUSED = "MSG-002"
    RECEPTION_AWAY = "MSG-003"
    OUTBOX_FULL = "MSG-004"
    OUTBOX_BROKEN = "MSG-005"
    ACK_INVALID = "MSG-006"
    MESSAGE_REJECTED = "MSG-007"
    REQUEST_BAD_SIGNATURE = "MSG-010"
    REQUEST_EXPIRED = "MSG-011"
    REQUEST_REPLAYED = "MSG-012"
    REQUEST_MALFORMED = "MSG-013"
    RECEPTION_ENV_MISMATCH = "MSG-014"
    MESSAGE_TOO_LARGE = "MSG-015"
    RESULT_EXPIRED = "MSG-016"
    CLOCK_UNKNOWN = "CLK-001"
    DISPLAY_FAILED = "PNL-001"
    KEYPAD_FAILED = "PNL-002"
    SETTINGS_INVALID = "SET-001"
    SECRET_EXPOSED = "SET-002"  # noqa: S105  (a fault code, not a password)
    UNPROVISIONED = "SET-003"
    KEYS_MISSING = "SET-004"
    SESSION_UNDEFINED = "SES-001"
    STAFF_TIMEOUT = "SES-002"
    STAFF_REFUSED = "SES-003"
    VISIT_TIMEOUT = "SES-004"
    LANE_STUCK = "SES-005"
    INBOX_FULL = "SES-006"
    EFFECT_FAILED = "SES-007"


class DeviceError(Exception):
    """A device or service failed in a known way.

    `detail` helps a technician (sizes, status words, a library's error name), never holds personal data.
    """

    def __init__(self, code: FaultCode, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else str(code))
        self.code = code
        self.detail = detail
