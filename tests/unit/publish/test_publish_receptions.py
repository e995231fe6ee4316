"""Which receptions are there: a failed part when none is, an alert when one of several is not."""

import pytest

from firmware.core.events import Part
from firmware.core.faults import FaultCode
from firmware.core.ids import VisitId
from firmware.publish.delivery import Presence
from firmware.publish.parts import PartStates
from firmware.publish.receptions import ReceptionWatch
from tests.unit.publish.keys import Recorder

PATIENCE, YOUNG, LONG = 3.0, 1.0, 60.0
HERE, GONE, UNHEARD, FOREIGN = Presence.ONLINE, Presence.AWAY, Presence.UNKNOWN, Presence.FOREIGN
AWAY, MISMATCH = FaultCode.RECEPTION_AWAY, FaultCode.RECEPTION_ENV_MISMATCH


class Scene:
    def __init__(self) -> None:
        self.said = Recorder()
        self.alerts: list[FaultCode] = []
        self.watch = ReceptionWatch(PartStates(self.said.callbacks()), self._alert, PATIENCE)

    def _alert(self, fault: FaultCode, visit: VisitId | None) -> None:
        assert visit is None
        self.alerts.append(fault)

    def see(self, *known: Presence, after: float = LONG) -> None:
        for _tick in range(3):
            self.watch.judge({f"desk-{number}": presence for number, presence in enumerate(known)}, after)


@pytest.mark.parametrize(
    ("known", "fault"),
    [
        ((HERE,), None),
        ((GONE,), AWAY),
        ((UNHEARD,), AWAY),
        ((FOREIGN,), MISMATCH),
        ((HERE, GONE), None),
        ((UNHEARD, HERE), None),
        ((FOREIGN, HERE), None),
        ((GONE, UNHEARD), AWAY),
        ((FOREIGN, GONE), MISMATCH),
    ],
)
def test_the_part_fails_when_no_reception_is_there(known: tuple[Presence, ...], fault: FaultCode | None) -> None:
    scene = Scene()
    scene.see(*known)
    assert scene.said.parts == [(Part.RECEPTION, fault)]


def test_nothing_is_said_while_one_may_still_report() -> None:
    scene = Scene()
    scene.see(GONE, UNHEARD, after=YOUNG)
    scene.see(FOREIGN, UNHEARD, after=PATIENCE)
    assert scene.said.parts == []
    scene.see(GONE, after=YOUNG)
    assert scene.said.parts == [(Part.RECEPTION, AWAY)]


def test_one_of_several_that_is_absent_is_told_once_per_absence() -> None:
    scene = Scene()
    scene.see(HERE, UNHEARD, after=YOUNG)
    assert scene.alerts == []
    scene.see(HERE, UNHEARD)
    scene.see(HERE, GONE)
    assert scene.alerts == [AWAY]
    scene.see(HERE, UNHEARD, after=YOUNG)  # connected anew: still the same absence
    scene.see(HERE, GONE)
    assert scene.alerts == [AWAY]
    scene.see(HERE, HERE)
    scene.see(GONE, HERE)
    assert scene.alerts == [AWAY, AWAY]
    assert {said for _part, said in scene.said.parts} == {None}


def test_one_of_another_env_is_told_by_its_own_code() -> None:
    scene = Scene()
    scene.see(HERE, GONE)
    scene.see(HERE, FOREIGN)
    assert scene.alerts == [AWAY, MISMATCH]


def test_with_none_there_the_session_tells_and_not_the_watch() -> None:
    scene = Scene()
    scene.see(GONE, GONE)
    scene.see(HERE, GONE)
    assert scene.alerts == []
    assert scene.said.parts == [(Part.RECEPTION, AWAY), (Part.RECEPTION, None)]
