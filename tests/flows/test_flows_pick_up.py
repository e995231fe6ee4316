"""Visits whose look-up is the official reader's own result, on the real runtime: the folder and the terminal are real.

The patient at this counter was born on 1971-04-15, a woman. Issue 5, "Bad input".
"""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from firmware.core.effects import Progress
from firmware.core.eligibility import EligibilityFlag
from firmware.core.events import Button
from firmware.core.ids import VisitId
from firmware.core.outcomes import ConsentAnswer, EligibilityCode, Env, Method, StaffHint
from firmware.core.result import RecordKind, VisitRecord
from firmware.core.views import ConsentView, IdleView, LookingUpView, NumberBView, PinView, ResultView
from firmware.eligibility.official_reader import OfficialReader
from firmware.eligibility.oqs_config import ReaderConfig
from firmware.runtime.journal import Journal
from firmware.session.journal import replay
from firmware.session.policy import Policy
from firmware.sim.gateway.insured import Insured
from firmware.sim.terminal.terminal import Terminal
from tests.flows.counter import QUICK, Counter
from tests.unit.eligibility.oqs_exchange import INSTITUTION, PACE, FakeClock, person, terminal
from tests.unit.runtime.fakes_card import NUMBER_B, PIN

POLICY = replace(QUICK, consents=False, look_up_seconds=4.0)
SHORT = replace(POLICY, look_up_seconds=0.3)
MINE = person("100001", "19710415", "2")
TWIN = person("100002", "19710415", "2")
OTHERS = person("100003", "19721103", "2")
NOT_ATTRIBUTED, TIMED_OUT, VALID = EligibilityCode.NOT_ATTRIBUTED, EligibilityCode.TIMED_OUT, EligibilityCode.VALID


class Desk(Counter):
    """A counter beside the official terminal. `days`: by how much the device's clock is wrong."""

    def __init__(self, root: Path, policy: Policy = POLICY, days: int = 0, journal: Journal | None = None) -> None:
        super().__init__(policy, journal)
        self.official = OfficialReader(
            ReaderConfig(
                faces=root / "face",
                institution=INSTITUTION,
                env=Env.SIM,
                clock=FakeClock(datetime.now(UTC).timestamp() + days * 86_400),
                device="device",
                ask=lambda visit: self.publisher.progress(visit, Progress.CONFIRM_RESULT),
                pace=PACE,
            )
        )
        self.devices = replace(self.devices, gateway=self.official)

    async def looks_up(self) -> VisitId:
        """By face, to the look-up."""
        await self.place_and_choose(Button.LEFT)
        await self.sees(NumberBView)
        await self.type(NUMBER_B)
        await self.sees(LookingUpView)
        return self.visit

    async def pulls_early(self) -> VisitId:
        """The card is taken during the look-up."""
        visit = await self.looks_up()
        self.lift()
        await self.sees(IdleView)
        return visit

    async def asked_about(self, visit: VisitId) -> None:
        await self.until(lambda: self.asks(visit))

    def asks(self, visit: VisitId) -> bool:
        """Whether staff are asked about this visit."""
        return (visit, Progress.CONFIRM_RESULT) in self.publisher.progressed


@contextlib.asynccontextmanager
async def opened(root: Path, policy: Policy = POLICY, days: int = 0) -> AsyncIterator[tuple[Desk, Terminal]]:
    async with terminal(root, password=None) as played, Desk(root, policy, days).running() as desk:
        assert isinstance(desk, Desk)
        await desk.sees(IdleView)
        await desk.official.refill()  # it has seen the folder: what comes from now on is new
        yield desk, played


def number_of(record: VisitRecord) -> object:
    """The insured number in the details, None without any."""
    found = None if record.eligibility is None else record.eligibility["ResultList"]
    return found[0]["InsuredIdentificationNumber"] if isinstance(found, list) and isinstance(found[0], dict) else None


async def test_one_result_that_staff_confirm_and_no_consent_is_asked(tmp_path: Path) -> None:
    async with opened(tmp_path) as (desk, played):
        visit = await desk.looks_up()
        await played.put_face(MINE)
        await desk.asked_about(visit)
        desk.request("confirm-result")
        await desk.sees(ResultView)
        record = await desk.result()
    summary = record.summary
    assert (summary.eligibility, summary.flags) == (VALID, (EligibilityFlag.STAFF_CONFIRMED,))
    assert number_of(record) == "100001"
    assert (summary.consent, summary.consented_at, record.consent_times) == (ConsentAnswer.NOT_GIVEN, None, None)
    assert ConsentView() not in desk.panel.views


async def test_of_two_patients_files_at_once_only_the_chip_s(tmp_path: Path) -> None:
    async with opened(tmp_path) as (desk, played):
        visit = await desk.looks_up()
        await played.put_face(OTHERS)
        await played.put_face(MINE)
        await desk.asked_about(visit)
        desk.request("confirm-result")
        assert number_of(await desk.result()) == "100001"


@pytest.mark.parametrize(
    ("left", "code"),
    [((OTHERS,), TIMED_OUT), ((MINE, TWIN), NOT_ATTRIBUTED)],
    ids=["another birth date", "two that fit"],
)
async def test_what_is_not_surely_this_patient_s_is_not_even_asked_about(
    tmp_path: Path, left: tuple[Insured, ...], code: EligibilityCode
) -> None:
    async with opened(tmp_path, SHORT) as (desk, played):
        for each in left:
            await played.put_face(each)
        visit = await desk.looks_up()
        await desk.sees(ResultView)
        record = await desk.result()
    assert not desk.asks(visit)
    assert (record.summary.eligibility, record.summary.fault, record.eligibility) == (code, None, None)


@pytest.mark.parametrize("days", [-1, 1])
async def test_a_clock_that_is_a_day_off_is_told(tmp_path: Path, days: int) -> None:
    async with opened(tmp_path, days=days) as (desk, played):
        visit = await desk.looks_up()
        await played.put_face(MINE)
        await desk.asked_about(visit)
        desk.request("confirm-result")
        summary = (await desk.result()).summary
    assert summary.flags == (EligibilityFlag.DATES_NOT_CHECKED, EligibilityFlag.STAFF_CONFIRMED)
    assert StaffHint.CHECK_DETAILS in summary.hints


async def test_a_result_that_contradicts_itself_is_not_believed(tmp_path: Path) -> None:
    async with opened(tmp_path) as (desk, played):
        visit = await desk.looks_up()
        await played.put_face(replace(MINE, code="none"))
        await desk.asked_about(visit)
        desk.request("confirm-result")
        record = await desk.result()
    assert (record.summary.eligibility, record.eligibility) == (EligibilityCode.CONTRADICTORY, None)
    assert EligibilityFlag.CONTRADICTION in record.summary.flags


async def test_by_pin_there_is_nothing_to_compare_with(tmp_path: Path) -> None:
    async with opened(tmp_path) as (desk, played):
        await played.put_face(MINE)
        await desk.place_and_choose(Button.MIDDLE)
        await desk.sees(PinView)
        await desk.type(PIN)
        await desk.sees(ResultView)
        summary = (await desk.result()).summary
    assert (summary.method, summary.eligibility) == (Method.PIN, EligibilityCode.NOT_ASKED)
    assert summary.hints == (StaffHint.ASK_DOCUMENT,)


# ---- the card is pulled early ----------------------------------------------------------------------------------


@pytest.mark.parametrize("approved", [True, False])
async def test_pulled_early_staff_s_word_still_counts(tmp_path: Path, approved: bool) -> None:
    """The card is taken to the official reader: its result comes only then."""
    async with opened(tmp_path) as (desk, played):
        visit = await desk.pulls_early()
        await played.put_face(MINE)
        await desk.asked_about(visit)
        assert (visit, Progress.DONE) not in desk.publisher.progressed, "or the request would be refused"
        desk.request("confirm-result", visit=visit, approved=approved)
        late = await desk.late()
        assert desk.panel.views[-1] == IdleView()
        assert desk.publisher.progressed[-1] == (visit, Progress.DONE)
        ignored = desk.runtime.effects.ignored
        desk.request("confirm-result", visit=visit)
        await desk.until(lambda: desk.runtime.effects.ignored == ignored + 1)
        first = await desk.result()
    assert (first.summary.eligibility, first.summary.card_removed_early) == (EligibilityCode.PENDING, True)
    assert (late.visit, late.summary.eligibility) == (visit, VALID if approved else NOT_ATTRIBUTED)
    assert (late.summary.consent, late.summary.card_removed_early) == (ConsentAnswer.NOT_GIVEN, True)
    assert number_of(late) == ("100001" if approved else None)
    assert [each.kind for each in desk.publisher.records] == [RecordKind.RESULT, RecordKind.LATE]


async def test_nobody_speaks_about_a_patient_who_left(tmp_path: Path) -> None:
    async with opened(tmp_path, SHORT) as (desk, played):
        visit = await desk.pulls_early()
        await played.put_face(MINE)
        late = await desk.late()
    assert (late.visit, late.summary.eligibility, late.eligibility) == (visit, NOT_ATTRIBUTED, None)
    assert StaffHint.CHECK_LATER in late.summary.hints


async def test_the_next_patient_sees_nothing_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    folder.mkdir()
    desk = Desk(tmp_path, journal=Journal(folder, POLICY))
    async with terminal(tmp_path, password=None) as played, desk.running():
        before = await desk.pulls_early()
        await played.put_face(MINE)
        await desk.asked_about(before)
        await desk.place_and_choose(Button.MIDDLE)
        await desk.sees(PinView)
        following, shown = desk.visit, len(desk.panel.views)
        desk.request("confirm-result")
        desk.request("confirm-result", visit=before)
        late = await desk.late()
        await desk.sees(PinView)
        await desk.type(PIN)
        await desk.sees(ResultView)
        second = await desk.result()
    assert (late.visit, late.summary.eligibility, number_of(late)) == (before, VALID, "100001")
    assert (second.visit, second.summary.eligibility, second.eligibility) == (
        following,
        EligibilityCode.NOT_ASKED,
        None,
    )
    assert [view.outcome for view in desk.panel.views[shown:] if isinstance(view, ResultView)] == [None]
    lines = (folder / "journal.jsonl").read_text("utf-8").splitlines()
    assert all(line.same for line in replay(lines)), "the journal tells the same day"
