"""Topics of the message contract: how each is built and how an incoming one is read. Pure.

Root `madoguchi/v1/{site}/`; at most 7 slashes, ids `[a-z0-9-]{1,32}`, payloads up to 128 KB, QoS 1 everywhere. Only
`state`, `desc` and a reception's `state` are ever retained. A device id is neither `rx` nor begins with `rx-`: those
names belong to receptions (topic level, client certificate, broker user).

Source: design.md "The message contract"; messaging-and-security.md 1.2. Raises ValueError for an id outside the rule.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from firmware.core.faults import FaultCode

ROOT = "madoguchi/v1"
QOS = 1
MAX_PAYLOAD = 128 * 1024
MAX_SLASHES = 7
RECEPTION_PREFIX = "rx-"

SESSION_EXPIRY = 60
ALERT_EXPIRY = 24 * 3600
RESPONSE_EXPIRY = 120

_ID = re.compile(r"[a-z0-9-]{1,32}")


class Verb(StrEnum):
    """What a reception may ask of a device."""

    STAFF_CHECK = "staff-check"
    CONFIRM_RESULT = "confirm-result"
    CANCEL = "cancel"
    REPLAY = "replay"
    PING = "ping"
    LOOKUP = "lookup"
    EMERGENCY_SEARCH = "emergency-search"


ABOUT_A_VISIT = frozenset({Verb.STAFF_CHECK, Verb.CONFIRM_RESULT, Verb.CANCEL})
ANSWERS = frozenset({Verb.STAFF_CHECK, Verb.CONFIRM_RESULT})
"""Requests that say yes or no."""
QUERIES = frozenset({Verb.LOOKUP, Verb.EMERGENCY_SEARCH})
"""Requests with sealed content, offered only where the site switched them on."""


class Inbound(StrEnum):
    """Kinds of messages that a device takes."""

    REQUEST = "request"
    ACK = "ack"
    PRESENCE = "presence"


@dataclass(frozen=True, slots=True)
class InboundTopic:
    """A topic the device subscribed to, taken apart. `name`: verb of a request, else the reception."""

    kind: Inbound
    name: str


def checked_id(text: str) -> str:
    """`text` if it is an id of the contract."""
    if not _ID.fullmatch(text):
        raise ValueError("an id has 1 to 32 characters of a-z, 0-9 and -")
    return text


def checked_device(text: str) -> str:
    """`text` if it may name a device."""
    if checked_id(text) == "rx" or text.startswith(RECEPTION_PREFIX):
        raise ValueError("names beginning with rx- belong to receptions")
    return text


@dataclass(frozen=True, slots=True)
class DeviceTopics:
    """All topics of one device of one site."""

    site: str
    device: str

    def __post_init__(self) -> None:
        checked_id(self.site)
        checked_device(self.device)

    @property
    def _base(self) -> str:
        return f"{ROOT}/{self.site}/{self.device}"

    @property
    def state(self) -> str:
        """Retained; birth, changes and Last Will."""
        return f"{self._base}/state"

    @property
    def desc(self) -> str:
        """Retained; what the device is."""
        return f"{self._base}/desc"

    @property
    def session(self) -> str:
        """Progress codes of the running visit."""
        return f"{self._base}/evt/session"

    def result(self, reception: str) -> str:
        """Sealed messages for one reception. Never retained."""
        return f"{self._base}/evt/result/{checked_id(reception)}"

    def alert(self, fault: FaultCode) -> str:
        """One fault code, in lower case as every topic level is."""
        return f"{self._base}/evt/alert/{fault.value.lower()}"

    def response(self, reception: str) -> str:
        """Where the device answers a request of `reception`; never taken from the request."""
        return f"{ROOT}/{self.site}/rx/{checked_id(reception)}/res/{self.device}"

    @property
    def subscriptions(self) -> tuple[str, ...]:
        """Filters of everything the device takes."""
        return (f"{self._base}/req/+", f"{self._base}/ack/+", f"{ROOT}/{self.site}/rx/+/state")

    def parse(self, topic: str) -> InboundTopic | None:
        """Read an incoming topic; None for anything that is not ours."""
        site = f"{ROOT}/{self.site}/"
        if not topic.startswith(site):
            return None
        match topic.removeprefix(site).split("/"):
            case [self.device, "req", name]:
                found = InboundTopic(Inbound.REQUEST, name)
            case [self.device, "ack", name]:
                found = InboundTopic(Inbound.ACK, name)
            case ["rx", name, "state"]:
                found = InboundTopic(Inbound.PRESENCE, name)
            case _:
                return None
        return found if _ID.fullmatch(name) else None
