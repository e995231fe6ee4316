"""What a reception does with a message: open, store once, acknowledge. No MQTT here; one thread at a time.

The acknowledgement is made only after the store committed. A duplicate is acknowledged again and reported to nobody. A
refused message is answered with a signed "rejected", so that the device shows it instead of sending it forever.
"""

import json
from dataclasses import dataclass
from typing import Any

from madoguchi_reception.opener import MAX_TOKEN, Claims, Opener, Refused, Why, token_hash
from madoguchi_reception.requests import Signer
from madoguchi_reception.store import DeviceState, Store

ENV_MISMATCH = "MSG-014"


@dataclass(frozen=True, repr=False)
class Handled:
    """What came of one message. `ack`: token to publish. `claims`: only for a message that is new."""

    ack: str | None
    claims: Claims | None = None
    refused: Refused | None = None


@dataclass(frozen=True)
class Seen:
    """What came of a device's state. `late_will`: a Last Will of an older connection, ignored."""

    status: str
    held: int | None = None
    missing: tuple[int, ...] = ()
    late_will: bool = False
    foreign: bool = False


class Receiver:
    """See the module."""

    def __init__(self, opener: Opener, signer: Signer, store: Store) -> None:
        self._opener, self._signer, self._store = opener, signer, store

    def result(self, device: str, payload: bytes) -> Handled:
        """A message on the result topic of `device`."""
        if len(payload) > MAX_TOKEN:
            return Handled(None, refused=Refused(Why.MALFORMED, f"{len(payload)} bytes"))
        digest = token_hash(payload)
        try:
            claims = self._opener.open(device, payload.decode("ascii", "replace"))
        except Refused as refused:
            return Handled(self._rejection(device, digest, refused), refused=refused)
        new = self._store.add(claims)
        ack = self._signer.ack(device, digest, "stored", {"msg": claims.jti, "seq": claims.seq})
        return Handled(ack, claims if new else None)

    def _rejection(self, device: str, digest: str, refused: Refused) -> str:
        code = ENV_MISMATCH if refused.why is Why.WRONG_ENV else str(refused.why)
        more: dict[str, Any] = {"code": code}
        if refused.claims is not None:
            more |= {"msg": refused.claims.jti, "seq": refused.claims.seq}
        return self._signer.ack(device, digest, "rejected", more)

    def state(self, device: str, payload: bytes) -> Seen | None:
        """A device's state; None if it cannot be read."""
        try:
            data = json.loads(payload[:65536])
            status, epoch, env = data["status"], data["epoch"], data["env"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
        if not isinstance(status, str) or not isinstance(epoch, int):
            return None
        if env != self._signer.env:
            return Seen(status, foreign=True)
        known = self._store.device(device)
        if status == "lost" and known is not None and epoch != known.epoch:
            return Seen(status, late_will=True)
        self._store.note_device(device, DeviceState(epoch, status))
        return self._backlog(device, status, data.get("receptions"))

    def _backlog(self, device: str, status: str, receptions: object) -> Seen:
        mine = receptions.get(self._signer.reception) if isinstance(receptions, dict) else None
        if not isinstance(mine, dict):
            return Seen(status)
        held, seq = mine.get("held"), mine.get("seq")
        if not isinstance(held, int) or not isinstance(seq, int):
            return Seen(status)
        # A gap is a gap only once the device holds nothing back.
        return Seen(status, held, tuple(self._store.missing(device, min(seq, 2**31))) if held == 0 else ())
