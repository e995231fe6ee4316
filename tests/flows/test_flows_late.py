"""The answer about a patient who left early comes in whatever the next one does: for staff, and seen by nobody here."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from firmware.core.eligibility import EligibilityFlag
from firmware.core.events import Button
from firmware.core.outcomes import EligibilityCode
from firmware.core.result import RecordKind
from firmware.core.views import (
    IdleView,
    InformationView,
    LookingUpView,
    NoticeView,
    NumberBView,
    PinView,
    RemoveCardView,
    ResultView,
    StaffView,
)
from firmware.ports import EligibilityAnswer
from firmware.runtime.journal import Journal
from firmware.session.journal import replay
from tests.flows.counter import QUICK, Counter

BEFORE = EligibilityAnswer(
    EligibilityCode.INVALID, {"name": "somebody before"}, flags=(EligibilityFlag.INSURER_CHANGED,)
)


async def idle(counter: Counter) -> None:
    await counter.sees(IdleView)


async def information(counter: Counter) -> None:
    await counter.sees(IdleView)
    counter.inputs.press(Button.LEFT)
    await counter.sees(InformationView)


async def choosing(counter: Counter) -> None:
    await counter.sees(IdleView)
    counter.place()
    await counter.sees(NoticeView)


async def front(counter: Counter) -> None:
    await counter.place_and_choose(Button.LEFT)
    await counter.sees(NumberBView)
    await counter.until(lambda: counter.inputs.sink is not None)


async def pin(counter: Counter) -> None:
    await counter.place_and_choose(Button.MIDDLE)
    await counter.sees(PinView)
    await counter.until(lambda: counter.inputs.sink is not None)
    await counter.sees(PinView, tries_left=3)


async def staff(counter: Counter) -> None:
    await counter.place_and_choose(Button.RIGHT)
    await counter.sees(StaffView)


async def consenting(counter: Counter) -> None:
    await counter.by_pin()


async def looking_up(counter: Counter) -> None:
    await counter.by_pin()
    counter.inputs.press(Button.LEFT)
    await counter.sees(LookingUpView)


async def refused(counter: Counter) -> None:
    await staff(counter)
    counter.request("staff-check", approved=False)
    await counter.sees(RemoveCardView)


WAYS = (idle, information, choosing, front, pin, staff, consenting, looking_up, refused)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_a_late_answer_disturbs_nobody(tmp_path: Path, way: Callable[[Counter], Awaitable[None]]) -> None:
    counter = Counter(journal=Journal(tmp_path, QUICK))
    counter.gateway.hold()
    counter.gateway.answers = [BEFORE]
    async with counter.running():
        await counter.by_face()
        counter.lift()
        first = await counter.result()
        await way(counter)
        state, shown = type(counter.runtime.state), len(counter.panel.views)
        counter.gateway.release()
        late = await counter.late()
        if way is looking_up:
            await counter.sees(ResultView, outcome=None)
        else:
            assert (type(counter.runtime.state), len(counter.panel.views)) == (state, shown)
    assert (late.visit, late.summary.eligibility, late.summary.flags) == (first.visit, BEFORE.code, BEFORE.flags)
    assert late.eligibility == BEFORE.detail
    assert len(counter.publisher.of_kind(RecordKind.LATE)) == 1
    others = [each for each in counter.publisher.of_kind(RecordKind.RESULT) if each.visit != first.visit]
    assert all(each.eligibility != BEFORE.detail and not each.summary.flags for each in others)
    assert not any(isinstance(view, ResultView) and view.outcome for view in counter.panel.views)
    lines = (tmp_path / "journal.jsonl").read_text("utf-8").splitlines()
    assert all(line.same for line in replay(lines))
