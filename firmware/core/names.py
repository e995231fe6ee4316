"""Names that events and effects use: parts, buttons, kinds of entries, timers. To be had from `events`."""

from enum import Enum, StrEnum


class CardPresence(Enum):
    """What a reader's watch thread reports."""

    PRESENT = "present"
    ABSENT = "absent"
    READER_LOST = "reader-lost"
    READER_BACK = "reader-back"


class Part(StrEnum):
    """Parts of the device whose failure and recovery the session is told."""

    READER = "reader"
    FACE_CAMERA = "face-camera"
    CARD_CAMERA = "card-camera"
    """A camera of its own for the card's front; where the face camera reads it, that one is the part."""
    CARD_FRONT = "card-front"
    """What reads number B off the pictures."""
    INFERENCE = "inference"
    DISPLAY = "display"
    KEYPAD = "keypad"
    GATEWAY = "gateway"
    BROKER = "broker"
    RECEPTION = "reception"
    OUTBOX = "outbox"
    SETTINGS = "settings"
    CLOCK = "clock"


class Button(StrEnum):
    """The three buttons under the screen, named by place; the screen says what each does."""

    LEFT = "left"
    MIDDLE = "middle"
    RIGHT = "right"


class EntryKind(StrEnum):
    """What is being typed on the keypad."""

    NUMBER_B = "number-b"
    PIN = "pin"


class Timer(StrEnum):
    """Names of timers; `StartTimer` with a running name restarts it."""

    ABSENCE = "absence"
    NOTICE = "notice"
    CHOICE = "choice"
    FRONT = "front"
    ENTRY = "entry"
    CARD = "card"
    MATCH = "match"
    REVOCATION = "revocation"
    STAFF = "staff"
    CONSENT = "consent"
    LOOK_UP = "look-up"
    PUBLISH = "publish"
    SHOW = "show"
    REMIND = "remind"
    PAGE = "page"
    RETRY = "retry"
