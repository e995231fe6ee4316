"""One request of a reception, the device's signed response to it, and for a query the sealed answer. One thread.

A query is sent once and never again: the device may have asked the national system already. Its answer is stored and
acknowledged here, so that no receiver needs to run beside; every other message is left to the running receiver.
"""

import sys
import threading
import uuid
from typing import Any

from madoguchi_reception.config import Config
from madoguchi_reception.desk import ROOT
from madoguchi_reception.link import ACK_EXPIRY, Link
from madoguchi_reception.opener import Address, Claims, Opener, Refused
from madoguchi_reception.receiver import Receiver
from madoguchi_reception.requests import LIFETIME, Query, Signer, Wish, read_response
from madoguchi_reception.store import Store


class Asking:
    """See the module. A `link.Events`. `answer`: the response's claims; `result`: the answer to a query."""

    def __init__(self, config: Config, wish: Wish, query: Query | None = None) -> None:
        self._config, self._wish, self.is_query, self._sent = config, wish, query is not None, False
        self._signer = Signer(config.signing, config.reception, config.env)
        self.jti, self._token = self._signer.request(wish, query=query)
        base = f"{ROOT}/{config.site}"
        self._answers = f"{base}/rx/{config.reception}/res/{wish.device}"
        self._results = f"{base}/{wish.device}/evt/result/{config.reception}"
        topics = (self._answers, self._results) if self.is_query else (self._answers,)
        # The reception's own client id belongs to the running receiver; taking it would throw that one out.
        name = f"rx-{config.reception}-{uuid.uuid4().hex[:8]}"
        self.link = Link(config.broker, name, topics, self)
        self.link.lasting = False
        self.answer: dict[str, Any] | None = None
        self.result: Claims | None = None
        self.size = 0

    @property
    def is_done(self) -> bool:
        """Whether everything that was hoped for has come."""
        if self.is_query:
            return self.result is not None
        return self.answer is not None and self.answer.get("status") == "ok"

    def wait(self, seconds: float) -> None:
        """Ask and wait; what came is in `answer` and `result`."""
        timer = threading.Timer(seconds if self.is_query else min(seconds, LIFETIME), self.link.stop)
        timer.start()
        try:
            self.link.run()
        finally:
            timer.cancel()

    def online(self) -> None:
        """See `link.Events`."""
        if self.is_query and self._sent:
            return
        self._sent = True
        topic = f"{ROOT}/{self._config.site}/{self._wish.device}/req/{self._wish.verb}"
        self.link.publish(topic, self._token.encode(), expiry=LIFETIME)

    def offline(self, reason: str) -> None:
        """See `link.Events`."""
        print(f"madoguchi-reception: {reason}", file=sys.stderr)

    def message(self, topic: str, payload: bytes) -> None:
        """See `link.Events`."""
        if topic == self._answers:
            self._response(payload)
        elif topic == self._results:
            self._message(payload)

    def _response(self, payload: bytes) -> None:
        keys = self._config.devices[self._wish.device]
        try:
            claims = read_response(payload.decode("ascii", "replace"), keys, self._config.reception)
        except Refused:
            return
        if claims.get("jti") == self.jti:
            self.answer = claims
            if claims.get("status") != "ok" or not self.is_query:
                self.link.stop()

    def _message(self, payload: bytes) -> None:
        config, device = self._config, self._wish.device
        opener = Opener(Address(config.site, config.reception, config.env), config.opening, config.devices)
        try:
            claims = opener.open(device, payload.decode("ascii", "replace"))
        except Refused:
            return
        if claims.typ != "lookup" or claims.body.get("request") != self.jti:
            return
        store = Store(config.database)
        try:
            handled = Receiver(opener, self._signer, store).result(device, payload)
        finally:
            store.close()
        if handled.ack is not None:
            topic = f"{ROOT}/{config.site}/{device}/ack/{config.reception}"
            self.link.publish(topic, handled.ack.encode(), expiry=ACK_EXPIRY)
        self.result, self.size = claims, len(payload)
        self.link.stop()
