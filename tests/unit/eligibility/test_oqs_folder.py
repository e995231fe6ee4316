"""Number queries over a folder with the simulated terminal: every habit of it, and whose answer an answer is."""

import asyncio
import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from firmware.core.eligibility import EligibilityFlag
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import ClockState, EligibilityCode
from firmware.core.queries import PersonQuery
from firmware.eligibility import oqs_files
from firmware.eligibility.fields import JAPAN
from firmware.eligibility.oqs_folder import OqsQueries
from firmware.eligibility.oqs_xml import Encoding, Padding
from firmware.sim.terminal.answers import Facility
from firmware.sim.terminal.archive import Packing
from firmware.sim.terminal.quirks import DELIVERED, Quirk
from firmware.sim.terminal.xml import Style
from tests.unit.eligibility.oqs_exchange import WRITER, FakeClock, asking, config, person, query, terminal, until

DAY = "20260901"


async def fault_of(queries: OqsQueries, seconds: float = 5.0) -> FaultCode:
    with pytest.raises(DeviceError) as caught:
        await queries.ask(asking(query()), seconds)
    return caught.value.code


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"madoguchi-env"}


@pytest.mark.parametrize("quirk", [None, *sorted(DELIVERED)])
async def test_the_right_answer_arrives(tmp_path: Path, quirk: Quirk | None) -> None:
    async with terminal(tmp_path) as played:
        played.next_quirks.append(quirk)
        answer = await OqsQueries(config(tmp_path)).ask(asking(query()), 9.0)
    assert answer.code is EligibilityCode.VALID
    assert answer.detail is not None
    assert answer.detail["ResultList"][0]["Name"] == "例 100000"  # type: ignore[index,call-overload]  # JSON
    assert (played.seen.requests, played.seen.twice) == (1, 0)
    assert names(tmp_path / "req") == set(), "neither request nor our own signs stay"


@pytest.mark.parametrize(
    ("quirk", "code"),
    [
        (Quirk.ERR, EligibilityCode.EXCHANGE_ERROR),
        (Quirk.ERR_BESIDE, EligibilityCode.EXCHANGE_ERROR),
        (Quirk.ABNORMAL, EligibilityCode.EXCHANGE_ERROR),
        (Quirk.STATUS_ERROR, EligibilityCode.PROCESSING_ERROR),
        (Quirk.OTHER_DAY, EligibilityCode.CONTRADICTORY),
    ],
)
async def test_what_went_wrong_behind_the_terminal_is_an_outcome(
    tmp_path: Path, quirk: Quirk, code: EligibilityCode
) -> None:
    async with terminal(tmp_path) as played:
        played.next_quirks.append(quirk)
        answer = await OqsQueries(config(tmp_path)).ask(asking(query()), 9.0)
    assert answer.code is code


@pytest.mark.parametrize("quirk", [Quirk.OTHER_BIRTH_DATE, Quirk.OTHER_ECHO])
async def test_nothing_of_somebody_else_is_shown(tmp_path: Path, quirk: Quirk) -> None:
    async with terminal(tmp_path) as played:
        played.next_quirks.append(quirk)
        answer = await OqsQueries(config(tmp_path)).ask(asking(query()), 9.0)
    assert answer.code is EligibilityCode.IDENTITY_CONFLICT
    assert (answer.detail, answer.flags) == (None, ())


@pytest.mark.parametrize("quirk", [Quirk.BROKEN, Quirk.WRONG_ENCODING])
async def test_a_response_that_stays_unreadable_is_a_fault(tmp_path: Path, quirk: Quirk) -> None:
    async with terminal(tmp_path) as played:
        played.next_quirks.append(quirk)
        assert await fault_of(OqsQueries(config(tmp_path))) is FaultCode.TERMINAL_BAD_FILE


@pytest.mark.parametrize("packing", list(Packing))
async def test_packed_responses_need_their_password(tmp_path: Path, packing: Packing) -> None:
    async with terminal(tmp_path, packing=packing):
        answer = await OqsQueries(config(tmp_path)).ask(asking(query()), 9.0)
        assert answer.code is EligibilityCode.VALID
        assert await fault_of(OqsQueries(config(tmp_path, password=None))) is FaultCode.TERMINAL_BAD_FILE


@pytest.mark.parametrize("encoding", list(Encoding))
@pytest.mark.parametrize("padding", list(Padding))
async def test_every_habit_of_writing(tmp_path: Path, encoding: Encoding, padding: Padding) -> None:
    people = (person("100000", InsurerNumber="130013"),)
    style = Style(str(encoding), " " if padding is Padding.SPACE else "0", older=True, indent=True)
    async with terminal(tmp_path, people=people, style=style, facility=Facility("1319999999", str(encoding))):
        queries = OqsQueries(config(tmp_path, encoding=encoding, padding=padding))
        answer = await queries.ask(asking(replace(query(), insurer_number="130013")), 9.0)
    assert answer.code is EligibilityCode.VALID


async def test_no_answer_in_time_is_an_outcome_and_the_name_stays_taken(tmp_path: Path) -> None:
    async with terminal(tmp_path) as played:
        played.next_quirks.append(Quirk.NO_ANSWER)
        queries = OqsQueries(config(tmp_path))
        answer = await queries.ask(asking(query()), 0.4)
        assert answer.code is EligibilityCode.TIMED_OUT
        assert names(tmp_path / "req") == {f"madoguchi-{DAY}0001.take"}
        # A device that starts anew remembers nothing, and does not use that name again.
        again = await OqsQueries(config(tmp_path)).ask(asking(query()), 9.0)
        assert again.code is EligibilityCode.VALID
    assert played.seen.twice == 0
    assert names(tmp_path / "res") == {f"OQSsiquc01res_{DAY}0002.xml"}


async def test_a_request_that_nobody_fetched_is_taken_back(tmp_path: Path) -> None:
    async with terminal(tmp_path) as played:
        await played.stop()
        answer = await OqsQueries(config(tmp_path)).ask(asking(query()), 0.3)
    assert answer.code is EligibilityCode.TIMED_OUT
    assert names(tmp_path / "req") == set()


async def test_an_answer_in_progress_at_the_end_is_pending(tmp_path: Path) -> None:
    async with terminal(tmp_path, writer=replace(WRITER, stand=30.0)) as played:
        played.next_quirks.append(Quirk.IN_PROGRESS)
        answer = await OqsQueries(config(tmp_path)).ask(asking(query()), 0.3)
    assert answer.code is EligibilityCode.PENDING


async def test_a_name_with_a_response_is_refused(tmp_path: Path) -> None:
    async with terminal(tmp_path) as played:
        (tmp_path / "res" / f"oqssiquc01res_{DAY}0007.ERR").write_bytes(b"")
        await OqsQueries(config(tmp_path)).ask(asking(query()), 9.0)
        assert played.seen.names == {f"{DAY}0008"}


async def test_two_devices_and_many_questions_never_share_a_name(tmp_path: Path) -> None:
    async with terminal(tmp_path) as played:
        devices = [OqsQueries(config(tmp_path, at_once=8, seconds=30.0)) for _ in range(2)]
        asked = [devices[each % 2].ask(asking(query(str(100000 + each))), 30.0) for each in range(24)]
        answers = await asyncio.gather(*asked)
    found = [answer.detail["ResultList"][0]["Name"] for answer in answers if answer.detail]  # type: ignore[index,call-overload]  # JSON
    assert found == [f"例 {100000 + each}" for each in range(24)]
    assert (played.seen.requests, played.seen.twice) == (24, 0)


async def test_too_many_questions_at_once_are_refused_when_their_time_is_over(tmp_path: Path) -> None:
    async with terminal(tmp_path, delay=(5.0, 5.0)):
        queries = OqsQueries(config(tmp_path, at_once=1))
        first = asyncio.create_task(queries.ask(asking(query()), 0.4))
        await asyncio.sleep(0.05)
        assert await fault_of(queries, 0.1) is FaultCode.QUERY_TOO_MANY
        assert (await first).code is EligibilityCode.TIMED_OUT


async def test_a_question_is_not_sent_when_its_answer_could_not_come_in_time(tmp_path: Path) -> None:
    """A place is free again, but seconds before the end: asked again later it is one question, not two."""
    async with terminal(tmp_path, delay=(5.0, 5.0)) as played:
        queries = OqsQueries(config(tmp_path, at_once=1))
        first = asyncio.create_task(queries.ask(asking(query()), 0.3))
        await asyncio.sleep(0.05)
        assert await fault_of(queries, 2.0) is FaultCode.QUERY_TOO_MANY
        await first
    assert played.seen.requests == 1


async def test_answers_are_left_unless_the_site_wants_them_deleted(tmp_path: Path) -> None:
    async with terminal(tmp_path):
        await OqsQueries(config(tmp_path)).ask(asking(query()), 9.0)
        assert names(tmp_path / "res") == {f"OQSsiquc01res_{DAY}0001.xml"}
        await OqsQueries(config(tmp_path, delete_answers=True)).ask(asking(query()), 9.0)
        assert names(tmp_path / "res") == {f"OQSsiquc01res_{DAY}0001.xml"}, "only its own is deleted"


async def test_a_name_is_not_used_again_where_answers_are_deleted(tmp_path: Path) -> None:
    async with terminal(tmp_path) as played:
        for _ in range(2):
            await OqsQueries(config(tmp_path, delete_answers=True)).ask(asking(query()), 9.0)
        assert names(tmp_path / "res") == set()
    assert played.seen.names == {f"{DAY}0001", f"{DAY}0002"}


async def test_a_name_is_not_used_again_where_somebody_else_clears_the_answers(tmp_path: Path) -> None:
    """The terminal's own clearing (応答ファイル保持), or a reception software that moves what it has read."""
    async with terminal(tmp_path) as played:
        queries = OqsQueries(config(tmp_path))
        for _ in range(2):
            await queries.ask(asking(query()), 9.0)
            for name in names(tmp_path / "res"):
                (tmp_path / "res" / name).unlink()
    assert played.seen.names == {f"{DAY}0001", f"{DAY}0002"}


async def test_a_cancelled_question_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cancelled while its name is being taken: the thread that takes it gives it back."""
    began, go_on = threading.Event(), threading.Event()
    real = oqs_files._make

    def slow(path: Path) -> int:
        began.set()
        go_on.wait(10)
        return real(path)

    monkeypatch.setattr(oqs_files, "_make", slow)
    async with terminal(tmp_path) as played:
        queries = OqsQueries(config(tmp_path))
        asked = asyncio.create_task(queries.ask(asking(query()), 5.0))
        await until(began.is_set)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        go_on.set()
        await until(lambda: not queries._worker.hanging)
    assert names(tmp_path / "req") == set()
    assert played.seen.requests == 0


async def test_a_foreign_file_is_opened_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    read = oqs_files.read_settled

    def noted(path: Path, settle: float) -> bytes | None:
        opened.append(path.name)
        return read(path, settle)

    monkeypatch.setattr(oqs_files, "read_settled", noted)
    async with terminal(tmp_path, writer=replace(WRITER, stand=0.35)) as played:
        played.next_quirks.append(Quirk.FOREIGN_IDENTIFIER)
        await OqsQueries(config(tmp_path)).ask(asking(query()), 9.0)
    # Once for the foreign one, once for ours; a look into the middle of writing may add one.
    assert 2 <= len(opened) <= 3


async def test_searching_by_name_is_not_offered(tmp_path: Path) -> None:
    with pytest.raises(DeviceError) as caught:
        await OqsQueries(config(tmp_path)).ask(asking(PersonQuery("例", date(1980, 1, 1), "1", "町")), 1.0)
    assert caught.value.code is FaultCode.QUERY_NOT_OFFERED


async def test_a_question_that_no_file_can_carry_takes_no_name(tmp_path: Path) -> None:
    async with terminal(tmp_path):
        with pytest.raises(DeviceError) as caught:
            await OqsQueries(config(tmp_path)).ask(asking(replace(query(), symbol="𠮷")), 1.0)
        assert caught.value.code is FaultCode.QUERY_UNWRITABLE
        assert "𠮷" not in str(caught.value)
        assert names(tmp_path / "req") == set()


@pytest.mark.parametrize("state", list(ClockState))
async def test_a_clock_that_is_days_off(tmp_path: Path, state: ClockState) -> None:
    """The folder's own clock is this machine's. A synchronised clock of ours is right, any other gives way to it."""
    true = datetime.now(UTC)
    wrong = true - timedelta(days=3)
    async with terminal(tmp_path) as played:
        queries = OqsQueries(config(tmp_path, clock=FakeClock(wrong.timestamp(), state)))
        answer = await queries.ask(asking(query()), 9.0)
    assert answer.code is EligibilityCode.VALID
    synced = state is ClockState.SYNCED
    day = f"{(wrong if synced else true).astimezone(JAPAN):%Y%m%d}"
    assert played.seen.names == {f"{day}0001"}
    assert (answer.detail or {})["QualificationConfirmationDate"] == day
    assert (EligibilityFlag.DATES_NOT_CHECKED in answer.flags) is not synced
    assert names(tmp_path / "req") == set()
