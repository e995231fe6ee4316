"""A folder that is the wrong one, away, full, read-only, or that hangs; files that are traps."""

import asyncio
import errno
import os
import shutil
import threading
import time
from datetime import date, datetime
from pathlib import Path

import pytest

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import ClockState, EligibilityCode, Env
from firmware.eligibility import oqs_files
from firmware.eligibility.fields import JAPAN
from firmware.eligibility.oqs_config import Pace
from firmware.eligibility.oqs_folder import OqsQueries
from firmware.eligibility.oqs_names import RequestName
from firmware.eligibility.oqs_worker import MOST_HANGING, Worker
from firmware.eligibility.oqs_xml import MOST_BYTES
from tests.unit.eligibility.oqs_exchange import PACE, FakeClock, OtherOs, asking, config, query, terminal, until

DAY = date(2026, 9, 1)


async def fault_of(queries: OqsQueries, seconds: float = 3.0) -> DeviceError:
    with pytest.raises(DeviceError) as caught:
        await queries.ask(asking(query()), seconds)
    return caught.value


def files(root: Path) -> set[str]:
    return {path.name for path in (root / "req").iterdir()} - {oqs_files.MARK}


@pytest.mark.parametrize(
    ("env", "mark"),
    [
        (Env.PRODUCTION, "sim"),
        (Env.PRODUCTION, "test"),
        (Env.PRODUCTION, ""),
        (Env.PRODUCTION, "production"),
        (Env.SIM, "test"),
        (Env.SIM, None),
        (Env.SIM, "sim" * 10),
        (Env.TEST, "sim"),
        (Env.TEST, None),
    ],
)
@pytest.mark.parametrize("folder", ["req", "res"])
async def test_a_folder_of_another_env_gets_nothing(tmp_path: Path, env: Env, mark: str | None, folder: str) -> None:
    for each in ("req", "res"):
        (tmp_path / each).mkdir()
        wanted = mark if each == folder else (None if env is Env.PRODUCTION else env.value)
        if wanted is not None:
            (tmp_path / each / oqs_files.MARK).write_text(wanted)
    error = await fault_of(OqsQueries(config(tmp_path, env=env)))
    assert error.code is FaultCode.TERMINAL_ENV_MISMATCH
    assert files(tmp_path) == set()


async def test_a_real_folder_has_no_mark(tmp_path: Path) -> None:
    for each in ("req", "res"):
        (tmp_path / each).mkdir()
    answer = await OqsQueries(config(tmp_path, env=Env.PRODUCTION)).ask(asking(query()), 0.2)
    assert answer.code is EligibilityCode.TIMED_OUT


async def test_a_folder_that_became_another_one_ends_the_question(tmp_path: Path) -> None:
    async with terminal(tmp_path, delay=(9.0, 9.0)):
        asked = asyncio.create_task(fault_of(OqsQueries(config(tmp_path))))
        await asyncio.sleep(0.2)
        (tmp_path / "res" / oqs_files.MARK).write_text("test")
        assert (await asked).code is FaultCode.TERMINAL_ENV_MISMATCH


async def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    error = await fault_of(OqsQueries(config(tmp_path)))
    assert (error.code, error.detail) == (FaultCode.TERMINAL_UNREACHABLE, "ENOENT")


async def test_an_unmounted_share_gets_no_request_of_a_patient(tmp_path: Path) -> None:
    async with terminal(tmp_path):
        error = await fault_of(OqsQueries(config(tmp_path, mount=tmp_path)))
        assert error.code is FaultCode.TERMINAL_UNREACHABLE
        assert files(tmp_path) == set()
        found = await OqsQueries(config(tmp_path, mount=Path("/proc"))).ask(asking(query()), 3.0)
        assert found.code is EligibilityCode.VALID


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO])
@pytest.mark.parametrize("call", ["open", "fsync"])
async def test_a_folder_that_takes_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, call: str
) -> None:
    """Nothing is left behind; the name is free for the next one."""
    real = getattr(os, call)

    def full(*arguments: object, **more: object) -> object:
        if call == "fsync" or ".tmp" in str(arguments[0]):
            raise OSError(number, os.strerror(number), "/a/path/of/the/site")
        return real(*arguments, **more)

    async with terminal(tmp_path) as played:
        with monkeypatch.context() as patched:
            patched.setattr(oqs_files, "os", OtherOs(**{call: full}))
            error = await fault_of(OqsQueries(config(tmp_path)))
        assert (error.code, error.detail) == (FaultCode.TERMINAL_UNREACHABLE, errno.errorcode[number])
        assert files(tmp_path) == set()
        answer = await OqsQueries(config(tmp_path)).ask(asking(query()), 3.0)
        assert answer.code is EligibilityCode.VALID
        assert played.seen.requests == 1


async def test_a_share_that_vanishes_in_the_middle_and_comes_back(tmp_path: Path) -> None:
    root, away = tmp_path / "share", tmp_path / "away"
    async with terminal(root, delay=(0.5, 0.5)) as played:
        asked = asyncio.create_task(OqsQueries(config(root)).ask(asking(query()), 8.0))
        await until(lambda: played.seen.requests)
        (root / "res").rename(away)
        await asyncio.sleep(0.3)
        away.rename(root / "res")
        assert (await asked).code is EligibilityCode.VALID
        assert (played.seen.requests, played.seen.twice) == (1, 0)


async def test_a_share_that_is_away_at_the_end_is_a_fault(tmp_path: Path) -> None:
    async with terminal(tmp_path, delay=(9.0, 9.0)) as played:
        asked = asyncio.create_task(fault_of(OqsQueries(config(tmp_path)), 0.5))
        await until(lambda: played.seen.requests)
        shutil.rmtree(tmp_path / "res")
        assert (await asked).code is FaultCode.TERMINAL_UNREACHABLE


async def test_a_share_that_hangs_hangs_neither_loop_nor_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The calls are left behind, at most three of them; when they come back everything works again."""
    back = threading.Event()
    real = os.scandir

    def hanging(path: object) -> object:
        back.wait(20)
        return real(path)  # type: ignore[call-overload]  # as the caller gave it

    async with terminal(tmp_path):
        queries = OqsQueries(config(tmp_path, pace=Pace(0.03, 0.02, call=0.1, broken=0.5)))
        with monkeypatch.context() as patched:
            patched.setattr(oqs_files, "os", OtherOs(scandir=hanging))
            ticks = 0
            for _ in range(MOST_HANGING + 2):
                asked = asyncio.create_task(fault_of(queries))
                while not asked.done():
                    await asyncio.sleep(0.01)
                    ticks += 1
                assert asked.result().code is FaultCode.TERMINAL_UNREACHABLE
            assert ticks > MOST_HANGING, "the loop went on"
            assert queries._worker.hanging == MOST_HANGING
            back.set()
            await until(lambda: not queries._worker.hanging)
        assert (await queries.ask(asking(query()), 5.0)).code is EligibilityCode.VALID


async def test_a_request_that_was_given_up_while_it_hung_is_not_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = threading.Event()
    real = os.fsync

    def hanging(descriptor: int) -> None:
        back.wait(20)
        real(descriptor)

    async with terminal(tmp_path) as played:
        queries = OqsQueries(config(tmp_path, pace=Pace(0.03, 0.02, call=0.15, broken=0.5)))
        with monkeypatch.context() as patched:
            patched.setattr(oqs_files, "os", OtherOs(fsync=hanging))
            assert (await fault_of(queries)).code is FaultCode.TERMINAL_UNREACHABLE
            back.set()
            await until(lambda: not queries._worker.hanging)
        await asyncio.sleep(0.1)
        assert played.seen.requests == 0
        assert files(tmp_path) == set()


async def test_traps_in_the_folder_are_not_opened(tmp_path: Path) -> None:
    """A pipe, a link and a folder under the response's names; the answer comes as the third kind."""
    async with terminal(tmp_path, password=None, delay=(0.2, 0.2)):
        base = tmp_path / "res" / "OQSsiquc01res_202609010001"
        secret = tmp_path / "secret.xml"
        secret.write_text("x")
        asked = asyncio.create_task(OqsQueries(config(tmp_path)).ask(asking(query()), 5.0))
        await asyncio.sleep(0.05)
        os.mkfifo(base.with_suffix(".zip"))
        base.with_suffix(".err").symlink_to(secret)
        assert (await asked).code is EligibilityCode.VALID


def test_a_file_above_the_ceiling_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    with path.open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    start = time.monotonic()
    with pytest.raises(DeviceError) as caught:
        oqs_files.read_settled(path, 5.0)
    assert caught.value.code is FaultCode.TERMINAL_BAD_FILE
    assert time.monotonic() - start < 5.0, "it is refused before the second read"
    with path.open("wb") as file:
        file.truncate(MOST_BYTES)
    assert oqs_files.read_settled(path, 0.0) == bytes(MOST_BYTES)


def test_a_folder_with_far_too_many_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oqs_files, "MOST_ENTRIES", 3)
    for each in range(4):
        (tmp_path / f"{each}").touch()
    with pytest.raises(DeviceError) as caught:
        oqs_files.listing(tmp_path, lambda _: False)
    assert caught.value.code is FaultCode.TERMINAL_UNREACHABLE


async def test_what_a_crash_left_is_removed_two_days_later(tmp_path: Path) -> None:
    async with terminal(tmp_path):
        for day, stays in ((date(2026, 8, 30), False), (date(2026, 8, 31), True)):
            for name in (RequestName(day, 3).temporary, RequestName(day, 3).take):
                (tmp_path / "req" / name).write_bytes(b"<XmlMsg/>")
                await OqsQueries(config(tmp_path)).ask(asking(query()), 3.0)
                assert (tmp_path / "req" / name).exists() is stays


async def test_a_request_that_a_crash_left_is_removed_too(tmp_path: Path) -> None:
    """Its taking tells that it is ours; the terminal has not fetched it for two days, and nobody waits for it."""
    async with terminal(tmp_path) as played:
        await played.stop()
        ours, foreign = RequestName(date(2026, 8, 30), 3), RequestName(date(2026, 8, 30), 4)
        for name in (ours.take, ours.request, foreign.request):
            (tmp_path / "req" / name).touch()
        await OqsQueries(config(tmp_path)).ask(asking(query()), 0.2)
        assert files(tmp_path) == {foreign.request}


async def test_what_a_crash_left_today_stays_only_as_long_as_an_answer_may_be_waited_for(tmp_path: Path) -> None:
    """The name stays taken: somebody may have fetched the request after all."""
    async with terminal(tmp_path) as played:
        await played.stop()
        day, now = datetime.now(JAPAN).date(), time.time()
        left, under_way = RequestName(day, 3), RequestName(day, 4)
        for name, age in ((left, 80 * 60), (under_way, 59 * 60)):
            for each in (name.take, name.request, name.temporary):
                (tmp_path / "req" / each).touch()
                os.utime(tmp_path / "req" / each, (now - age, now - age))
        await OqsQueries(config(tmp_path)).ask(asking(query()), 0.2)
        assert files(tmp_path) == {left.take, under_way.take, under_way.request, under_way.temporary}


async def test_a_clock_that_is_ahead_removes_nothing_of_another_device(tmp_path: Path) -> None:
    ahead = FakeClock(time.time() + 30 * 86_400, ClockState.HOLDOVER)
    async with terminal(tmp_path):
        other = RequestName(datetime.now(JAPAN).date(), 77)
        (tmp_path / "req" / other.temporary).touch()
        await OqsQueries(config(tmp_path, clock=ahead)).ask(asking(query()), 3.0)
        assert other.temporary in files(tmp_path)


async def test_a_call_that_ends_in_time_leaves_nothing_hanging() -> None:
    worker = Worker(5.0)
    assert await worker.run(lambda given_up: given_up()) is False
    with pytest.raises(ZeroDivisionError):
        await worker.run(lambda _: 1 // 0)
    assert worker.hanging == 0
    assert PACE.call > 0
