"""A running reception: connection, receiver and an output for people or programs. One thread.

`Desk.run` blocks; `stop` from any thread or a signal handler.
"""

from collections.abc import Callable
from typing import Any

from madoguchi_reception.config import Config
from madoguchi_reception.link import ACK_EXPIRY, Link, presence_payload
from madoguchi_reception.opener import Address, Opener, Refused, json_object
from madoguchi_reception.receiver import Receiver
from madoguchi_reception.requests import Signer, read_response
from madoguchi_reception.store import Store

ROOT = "madoguchi/v1"
Report = Callable[[str, dict[str, Any]], None]
"""Takes a kind (message, refused, device, gap, alert, progress, response, link) and its members."""


class Desk:
    """See the module."""

    def __init__(self, config: Config, report: Report) -> None:
        self._config, self._report = config, report
        self._base = f"{ROOT}/{config.site}"
        self._store = Store(config.database)
        signer = Signer(config.signing, config.reception, config.env)
        address = Address(config.site, config.reception, config.env)
        self._receiver = Receiver(Opener(address, config.opening, config.devices), signer, self._store)
        leaves = (f"evt/result/{config.reception}", "state", "evt/session", "evt/alert/+")
        topics = tuple(f"{self._base}/{device}/{leaf}" for device in config.devices for leaf in leaves)
        me = f"{self._base}/rx/{config.reception}"
        self.link = Link(config.broker, f"rx-{config.reception}", (*topics, f"{me}/res/+"), self)
        self.link.announce(f"{me}/state", self._presence)

    def run(self) -> None:
        """Receive until `stop`."""
        self._store.forget(self._config.keep_days)
        try:
            self.link.run()
        finally:
            self._store.close()

    def stop(self) -> None:
        """End `run`."""
        self.link.stop()

    def _presence(self) -> Callable[[str], bytes]:
        epoch = self._store.next_epoch()
        return lambda status: presence_payload(self._config.env, epoch, status)

    # ---- link.Events ----

    def online(self) -> None:
        """See `Events`."""
        self._report("link", {"status": "online"})

    def offline(self, reason: str) -> None:
        """See `Events`."""
        self._report("link", {"status": "offline", "reason": reason})

    def message(self, topic: str, payload: bytes) -> None:
        """See `Events`."""
        head, *rest = topic.removeprefix(f"{self._base}/").split("/")
        match rest:
            case ["evt", "result", _]:
                self._result(head, payload)
            case ["state"]:
                self._state(head, payload)
            case ["evt", "session" | "alert" as kind, *_]:
                self._plain("progress" if kind == "session" else "alert", head, payload)
            case [_, "res", device]:
                self._response(device, payload)
            case _:
                return

    def _result(self, device: str, payload: bytes) -> None:
        handled = self._receiver.result(device, payload)
        if handled.ack is not None:
            topic = f"{self._base}/{device}/ack/{self._config.reception}"
            self.link.publish(topic, handled.ack.encode(), expiry=ACK_EXPIRY)
        if handled.refused is not None:
            why, detail = str(handled.refused.why), handled.refused.detail
            self._report("refused", {"device": device, "why": why, "detail": detail, "bytes": len(payload)})
        elif handled.claims is not None:
            self._report("message", {"bytes": len(payload), **handled.claims.printable})

    def _state(self, device: str, payload: bytes) -> None:
        seen = self._receiver.state(device, payload)
        if seen is None:
            return
        members = {"device": device, "status": seen.status, "held": seen.held}
        self._report("device", members | {"late_will": seen.late_will, "foreign": seen.foreign})
        if seen.missing:
            self._report("gap", {"device": device, "missing": list(seen.missing)})

    def _plain(self, kind: str, device: str, payload: bytes) -> None:
        data = plain_object(payload)
        if data is not None:
            self._report(kind, {"device": device, **data})

    def _response(self, device: str, payload: bytes) -> None:
        keys = self._config.devices.get(device, ())
        try:
            claims = read_response(payload.decode("ascii", "replace"), keys, self._config.reception)
        except Refused:
            return
        self._report("response", {"device": device, **claims})


def plain_object(payload: bytes) -> dict[str, Any] | None:
    """A small JSON object, or None."""
    try:
        return json_object(payload[:65536])
    except Refused:
        return None
