"""Picking up the official reader's results: the only one that fits, with staff's word, or nothing."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from firmware.core.challenge import Challenge
from firmware.core.eligibility import EligibilityFlag
from firmware.core.evidence import FaceRecord
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import ClockState, EligibilityCode, Env, Method
from firmware.core.secret import Secret
from firmware.eligibility import oqs_files
from firmware.eligibility.official_reader import OfficialReader
from firmware.eligibility.oqs_config import ReaderConfig
from firmware.eligibility.oqs_files import Entry
from firmware.ports import EligibilityAnswer, LookUpEvidence
from firmware.sim.terminal.quirks import Quirk
from firmware.sim.terminal.terminal import Terminal
from tests.unit.eligibility.oqs_exchange import INSTITUTION, PACE, PASSWORD, FakeClock, person, terminal, until

VISIT = VisitId("00000000000000000000000000000007")
TARO = person("100001", "19721103", "1")
HANAKO = person("100002", "19480229", "2")
TWIN = person("100003", "19721103", "1")


def evidence(born: str = "19721103", sex: str = "1", visit: VisitId = VISIT) -> LookUpEvidence:
    record = FaceRecord(
        Secret(), Secret(born.encode()), Secret(sex.encode()), Secret(), b"", b"", b"", Secret(b"20300101")
    )
    challenge = Challenge("0" * 32, "nonce", "device", visit, 0, offline=True)
    return LookUpEvidence(visit, Method.FACE, challenge, Secret(), record)


class Counter:
    """A reader, and staff who are asked."""

    def __init__(self, root: Path, **other: object) -> None:
        self.asked: list[VisitId] = []
        values: dict[str, object] = {
            "faces": root / "face",
            "institution": INSTITUTION,
            "env": Env.SIM,
            "clock": FakeClock(datetime.now(UTC).timestamp()),
            "device": "device",
            "ask": self.asked.append,
            "password": Secret(PASSWORD),
            "pace": PACE,
            **other,
        }
        self.reader = OfficialReader(ReaderConfig(**values))  # type: ignore[arg-type]  # the test's own values

    async def look_up(self, seconds: float, approved: bool | None, **of: object) -> EligibilityAnswer:
        """Staff say `approved` as soon as they are asked; None: they say nothing."""
        before = len(self.asked)
        asked = asyncio.create_task(self.reader.look_up(evidence(**of), seconds))  # type: ignore[arg-type]  # as above
        if approved is not None:
            await until(lambda: len(self.asked) > before or asked.done())
            if not asked.done():
                self.reader.confirm(self.asked[-1], approved)
        return await asked


async def started(root: Path, **other: object) -> Counter:
    """A counter that has seen its folder before the first visit."""
    counter = Counter(root, **other)
    await counter.reader.refill()
    return counter


async def test_the_one_that_fits_is_shown_once_staff_approve(tmp_path: Path) -> None:
    async with terminal(tmp_path) as played:
        counter = await started(tmp_path)
        await played.put_face(TARO)
        answer = await counter.look_up(5.0, approved=True)
        await counter.reader.close()
    assert answer.code is EligibilityCode.VALID
    assert EligibilityFlag.STAFF_CONFIRMED in answer.flags
    assert EligibilityFlag.DATES_NOT_CHECKED not in answer.flags
    assert (answer.detail or {})["ResultList"][0]["Name"] == "例 100001"  # type: ignore[index,call-overload]  # JSON
    assert counter.asked == [VISIT]


@pytest.mark.parametrize("approved", [False, None])
async def test_without_their_word_nothing_is_shown(tmp_path: Path, approved: bool | None) -> None:
    async with terminal(tmp_path) as played:
        counter = await started(tmp_path)
        await played.put_face(TARO)
        answer = await counter.look_up(0.2, approved)
        await counter.reader.close()
    assert answer == EligibilityAnswer(EligibilityCode.NOT_ATTRIBUTED)
    assert counter.asked == [VISIT]


@pytest.mark.parametrize(("born", "sex"), [("19480229", "1"), ("19721103", "2"), ("19721103", "9"), ("19721104", "1")])
async def test_another_birth_date_or_sex_is_nobodys_here(tmp_path: Path, born: str, sex: str) -> None:
    async with terminal(tmp_path) as played:
        counter = await started(tmp_path)
        await played.put_face(TARO)
        answer = await counter.look_up(0.2, approved=True, born=born, sex=sex)
        await counter.reader.close()
    assert answer == EligibilityAnswer(EligibilityCode.TIMED_OUT)
    assert counter.asked == [], "staff are not even asked"


async def test_of_two_patients_at_once_only_the_one_that_fits(tmp_path: Path) -> None:
    async with terminal(tmp_path) as played:
        counter = await started(tmp_path)
        await asyncio.gather(played.put_face(HANAKO), played.put_face(TARO))
        answer = await counter.look_up(5.0, approved=True)
        await counter.reader.close()
    assert (answer.detail or {})["ResultList"][0]["Name"] == "例 100001"  # type: ignore[index,call-overload]  # JSON


async def test_two_that_fit_are_none(tmp_path: Path) -> None:
    async with terminal(tmp_path) as played:
        counter = await started(tmp_path)
        await asyncio.gather(played.put_face(TWIN), played.put_face(TARO))
        answer = await counter.look_up(5.0, approved=None)
        await counter.reader.close()
    assert answer == EligibilityAnswer(EligibilityCode.NOT_ATTRIBUTED)


async def test_a_second_one_that_fits_withdraws_the_first(tmp_path: Path) -> None:
    """Even if staff approve: they were asked about the first."""
    async with terminal(tmp_path) as played:
        counter = await started(tmp_path, pace=replace(PACE, look=0.2))
        await played.put_face(TARO)
        asked = asyncio.create_task(counter.reader.look_up(evidence(), 5.0))
        await until(lambda: counter.asked)
        await played.put_face(TWIN)
        counter.reader.confirm(VISIT, approved=True)
        assert await asked == EligibilityAnswer(EligibilityCode.NOT_ATTRIBUTED)
        await counter.reader.close()


async def test_the_same_result_in_two_files_is_one(tmp_path: Path) -> None:
    async with terminal(tmp_path) as played:
        counter = await started(tmp_path)
        await played.put_face(TARO, Quirk.DUPLICATE)
        answer = await counter.look_up(5.0, approved=True)
        await counter.reader.close()
    assert answer.code is EligibilityCode.VALID


async def test_a_result_that_was_shown_is_not_offered_to_the_next_visit(tmp_path: Path) -> None:
    async with terminal(tmp_path) as played:
        counter = await started(tmp_path)
        await played.put_face(TARO)
        await counter.look_up(5.0, approved=True)
        answer = await counter.look_up(0.3, approved=True, visit=VisitId("f" * 32))
        await counter.reader.close()
    assert answer.code is EligibilityCode.TIMED_OUT
    assert counter.asked == [VISIT]


@pytest.mark.parametrize("approved", [True, False])
async def test_who_left_early_makes_way_for_who_stands_here(tmp_path: Path, approved: bool) -> None:
    """One result fits both: the same patient again, or another one of that birth date and sex. The later has it."""
    other = VisitId("f" * 32)
    async with terminal(tmp_path) as played:
        counter = await started(tmp_path)
        await played.put_face(TARO)
        first = asyncio.create_task(counter.reader.look_up(evidence(), 600.0))
        await until(lambda: counter.asked == [VISIT])
        second = asyncio.create_task(counter.reader.look_up(evidence(visit=other), 600.0))
        assert await asyncio.wait_for(first, 5.0) == EligibilityAnswer(EligibilityCode.NOT_ATTRIBUTED)
        counter.reader.confirm(VISIT, approved=True)  # a word about the first one is none about the second
        await until(lambda: counter.asked == [VISIT, other])
        assert not second.done()
        counter.reader.confirm(other, approved)
        assert (await second).code is (EligibilityCode.VALID if approved else EligibilityCode.NOT_ATTRIBUTED)
        await counter.reader.close()


async def appear_before_the_first_look(played: Terminal, counter: Counter) -> None:
    await played.put_face(TARO)
    await counter.reader.refill()


async def appear_too_early(played: Terminal, counter: Counter) -> None:
    await counter.reader.refill()
    await played.put_face(TARO)
    await asyncio.sleep(0.3)


async def appear_while_the_folder_was_away(played: Terminal, counter: Counter) -> None:
    await counter.reader.refill()
    await counter.reader.close()
    await played.put_face(TARO)
    await asyncio.sleep(0.3)


@pytest.mark.parametrize("appear", [appear_before_the_first_look, appear_too_early, appear_while_the_folder_was_away])
async def test_what_is_older_than_the_window_is_nobodys(tmp_path: Path, appear: Callable[..., object]) -> None:
    """By our own looks; the name says "now" each time."""
    async with terminal(tmp_path) as played:
        counter = Counter(tmp_path, before=0.2)
        await appear(played, counter)  # type: ignore[misc]  # one of the three above
        answer = await counter.look_up(0.2, approved=True)
        await counter.reader.close()
    assert (answer.code, counter.asked) == (EligibilityCode.TIMED_OUT, [])


@pytest.mark.parametrize("quirk", [Quirk.SLOW, Quirk.PARTIAL, Quirk.ZIPCRYPTO, Quirk.AES, Quirk.UPPER_CASE])
async def test_results_are_written_like_responses(tmp_path: Path, quirk: Quirk) -> None:
    async with terminal(tmp_path) as played:
        counter = await started(tmp_path)
        written = asyncio.create_task(played.put_face(TARO, quirk))
        answer = await counter.look_up(5.0, approved=True)
        path = await written
        await counter.reader.close()
    assert answer.code is EligibilityCode.VALID
    assert path.exists(), "it is left where it is"


@pytest.mark.parametrize("quirk", [Quirk.FOREIGN_INSTITUTION, Quirk.BROKEN, Quirk.WRONG_ENCODING, Quirk.ABNORMAL])
async def test_what_is_no_result_of_this_place_is_nobodys(tmp_path: Path, quirk: Quirk) -> None:
    async with terminal(tmp_path) as played:
        counter = await started(tmp_path)
        await played.put_face(TARO, quirk)
        answer = await counter.look_up(0.2, approved=True)
        await counter.reader.close()
    assert (answer.code, counter.asked) == (EligibilityCode.TIMED_OUT, [])


async def test_only_recent_results_are_asked_for_size_and_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that nobody clears holds a year's results, and over SMB each question after one is a trip."""
    asked: list[int] = []
    real = oqs_files.listing

    def noted(folder: Path, wanted: Callable[[str], bool]) -> list[Entry]:
        found = real(folder, wanted)
        asked.append(len(found))
        return found

    monkeypatch.setattr(oqs_files, "listing", noted)
    async with terminal(tmp_path) as played:
        for each in range(50):
            (tmp_path / "face" / f"OQSsiquc01res_face_{each}_20250401093000.xml").touch()
        counter = await started(tmp_path)
        await played.put_face(TARO)
        answer = await counter.look_up(5.0, approved=True)
        await counter.reader.close()
    assert answer.code is EligibilityCode.VALID
    assert max(asked) == 1


async def test_a_visit_without_a_chip_record_has_nothing_to_compare(tmp_path: Path) -> None:
    counter = Counter(tmp_path)
    answer = await counter.reader.look_up(replace(evidence(), record=None), 1.0)
    assert answer.code is EligibilityCode.NOT_ASKED
    assert (await counter.reader.register(VISIT, 1.0)).code is EligibilityCode.NOT_ASKED
    assert counter.reader.take_challenge(VISIT).offline
    counter.reader.confirm(VISIT, approved=True)  # nothing asked: ignored


@pytest.mark.parametrize("days", [-1, 1])
@pytest.mark.parametrize("state", list(ClockState))
async def test_a_clock_that_is_a_day_off_checks_no_dates(tmp_path: Path, days: int, state: ClockState) -> None:
    async with terminal(tmp_path) as played:
        clock = FakeClock(datetime.now(UTC).timestamp() + days * 86_400, state)
        counter = await started(tmp_path, clock=clock)
        await played.put_face(TARO)
        answer = await counter.look_up(5.0, approved=True)
        await counter.reader.close()
    assert answer.code is EligibilityCode.VALID
    assert EligibilityFlag.DATES_NOT_CHECKED in answer.flags


async def test_a_folder_that_is_away_or_another_one_is_told(tmp_path: Path) -> None:
    counter = Counter(tmp_path)
    for ask in (counter.reader.refill, lambda: counter.reader.look_up(evidence(), 0.2)):
        with pytest.raises(DeviceError) as caught:
            await ask()
        assert caught.value.code is FaultCode.TERMINAL_UNREACHABLE
    (tmp_path / "face").mkdir()
    with pytest.raises(DeviceError) as caught:
        await counter.reader.look_up(evidence(), 0.2)
    assert caught.value.code is FaultCode.TERMINAL_ENV_MISMATCH
    await counter.reader.close()


async def test_a_cancelled_look_up_is_forgotten(tmp_path: Path) -> None:
    async with terminal(tmp_path) as played:
        counter = await started(tmp_path)
        await played.put_face(TARO)
        asked = asyncio.create_task(counter.reader.look_up(evidence(), 5.0))
        await until(lambda: counter.asked)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        counter.reader.confirm(VISIT, approved=True)
        assert counter.reader._waiting == {}
        await counter.reader.close()
