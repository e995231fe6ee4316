"""What the device says in plain: state, description, progress, alerts. Makes packets; sends nothing.

No personal data passes here: codes, counts and the random visit id only. Guarded by the publisher's lock where it
keeps state.
"""

from collections import deque
from collections.abc import Mapping

from firmware.core.effects import Progress
from firmware.core.faults import FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import ClockState
from firmware.publish.config import PublishConfig
from firmware.publish.contract import (
    VERSION,
    Alert,
    Description,
    DeviceStatus,
    PublicKey,
    ReceptionBacklog,
    SessionEvent,
    State,
    dump,
)
from firmware.publish.contract_base import Written
from firmware.publish.mqtt import Packet
from firmware.publish.topics import ALERT_EXPIRY, SESSION_EXPIRY, DeviceTopics, Verb

ALERTS_KEPT = 64
ALERT_PAUSE = 10.0


class Announcer:
    """Packets of one device."""

    def __init__(self, config: PublishConfig, topics: DeviceTopics) -> None:
        self._config, self._topics = config, topics
        self._waiting: deque[Packet] = deque(maxlen=ALERTS_KEPT)
        self._raised: dict[tuple[FaultCode, VisitId | None], float] = {}

    def will(self, epoch: int) -> Packet:
        """What the broker says for us when the connection breaks."""
        state = State(env=self._config.env, status=DeviceStatus.LOST, epoch=epoch, software=self._config.software)
        return _retained(self._topics.state, state)

    def state(
        self, status: DeviceStatus, epoch: int, clock: ClockState, backlog: Mapping[str, tuple[int, int]]
    ) -> Packet:
        """Birth and changes. `backlog`: per reception rows held and last number given."""
        return _retained(
            self._topics.state,
            State(
                env=self._config.env,
                status=status,
                epoch=epoch,
                software=self._config.software,
                clock=clock,
                held=sum(held for held, _last in backlog.values()),
                receptions={name: ReceptionBacklog(held=held, seq=last) for name, (held, last) in backlog.items()},
            ),
        )

    def description(self, keys: tuple[PublicKey, ...], verbs: tuple[Verb, ...]) -> Packet:
        """What the device is, and what may be asked of it now."""
        return _retained(
            self._topics.desc,
            Description(
                env=self._config.env,
                device=self._config.device,
                software=self._config.software,
                contract=VERSION,
                receptions=tuple(keys.reception for keys in self._config.receptions),
                verbs=tuple(verb.value for verb in verbs),
                keys=keys,
            ),
        )

    def progress(self, visit: VisitId, progress: Progress) -> Packet:
        """Where the visit is."""
        event = SessionEvent(env=self._config.env, visit=visit, progress=progress)
        return Packet(self._topics.session, dump(event), expiry=SESSION_EXPIRY)

    def alert(self, fault: FaultCode, visit: VisitId | None, now: float) -> None:
        """Queue an alert; the same one again within 10 s is dropped, so that nobody can make the device shout."""
        if now - self._raised.get((fault, visit), -ALERT_PAUSE) < ALERT_PAUSE:
            return
        self._raised = {key: at for key, at in self._raised.items() if now - at < ALERT_PAUSE}
        self._raised[fault, visit] = now
        alert = Alert(env=self._config.env, code=fault, visit=visit)
        self._waiting.append(Packet(self._topics.alert(fault), dump(alert), expiry=ALERT_EXPIRY))

    def alerts(self) -> list[Packet]:
        """Alerts not sent yet; the caller sends them or gives them back with `keep`."""
        taken = list(self._waiting)
        self._waiting.clear()
        return taken

    def keep(self, packet: Packet) -> None:
        """An alert that could not be sent."""
        self._waiting.append(packet)


def _retained(topic: str, payload: Written) -> Packet:
    return Packet(topic, dump(payload), retain=True)
