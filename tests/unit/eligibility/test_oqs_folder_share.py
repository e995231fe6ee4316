"""Habits of a Windows machine behind a share: entries that stand still, held files, files of no content, odd clocks."""

import asyncio
import errno
import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import EligibilityCode
from firmware.eligibility import oqs_files
from firmware.eligibility.oqs_folder import OqsQueries
from firmware.sim.terminal.quirks import Quirk
from firmware.sim.terminal.writing import Writer
from tests.unit.eligibility.oqs_exchange import PACE, OtherOs, asking, config, query, terminal, until


async def fault_of(queries: OqsQueries, seconds: float = 3.0) -> FaultCode:
    with pytest.raises(DeviceError) as caught:
        await queries.ask(asking(query()), seconds)
    return caught.value.code


@pytest.mark.parametrize("number", [errno.EBUSY, errno.EACCES, errno.ETXTBSY])
@pytest.mark.parametrize("times", [2, 99])
async def test_a_virus_scanner_may_hold_the_new_file_for_a_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, times: int
) -> None:
    real, refusals = Path.rename, [number] * times

    def held(self: Path, target: Path) -> Path:
        if refusals:
            raise OSError(refusals.pop(), "held")
        return real(self, target)

    monkeypatch.setattr(oqs_files, "HELD_SECONDS", 0.01)
    async with terminal(tmp_path) as played:
        queries = OqsQueries(config(tmp_path))
        monkeypatch.setattr(Path, "rename", held)
        if times == 2:
            assert (await queries.ask(asking(query()), 5.0)).code is EligibilityCode.VALID
        else:
            assert await fault_of(queries) is FaultCode.TERMINAL_UNREACHABLE
        left = {path.name for path in (tmp_path / "req").iterdir()}
        assert (played.seen.requests, left) == (times == 2, {oqs_files.MARK})


class HeldOpen(Writer):
    """Writes into a file whose entry in its folder stands still, as NTFS shows it until the writer closes it."""

    async def write(self, path: Path, content: bytes, quirk: Quirk | None = None) -> None:  # noqa: ARG002  (Writer's)
        path.with_name("whole").write_bytes(content)
        grow(path, 40)


def grow(path: Path, length: int) -> None:
    whole = path.with_name("whole").read_bytes()
    path.write_bytes(whole[:length].ljust(len(whole), b"\0"))
    os.utime(path, (0, 0))


async def test_a_slow_writer_is_waited_for_although_the_folder_shows_no_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It writes on between any two looks, for longer than an unchanged file would be waited for."""
    real, lengths = oqs_files.read_settled, [*range(41, 61), 1_000_000]

    def read(path: Path, settle: float) -> bytes | None:
        data = real(path, settle)
        grow(path, lengths.pop(0) if lengths else 1_000_000)
        return data

    monkeypatch.setattr(oqs_files, "read_settled", read)
    async with terminal(tmp_path, writer=HeldOpen()):
        queries = OqsQueries(config(tmp_path, pace=replace(PACE, broken=0.3)))
        assert (await queries.ask(asking(query()), 9.0)).code is EligibilityCode.VALID


@pytest.mark.parametrize("number", [errno.EACCES, errno.EBUSY, 0])
async def test_an_answer_that_stays_locked_or_empty_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """A folder whose files our account may not read, a program that holds them, a full disk: never "no answer"."""
    real = os.open

    def locked(path: str, *arguments: int) -> int:
        if number and "res_" in str(path):
            raise OSError(number, os.strerror(number), path)
        return real(path, *arguments)

    async with terminal(tmp_path) as played:
        played.next_quirks.append(Quirk.NO_ANSWER)
        monkeypatch.setattr(oqs_files, "os", OtherOs(open=locked))
        asked = asyncio.create_task(fault_of(OqsQueries(config(tmp_path)), 0.35))
        await until(lambda: played.seen.requests)
        (tmp_path / "res" / "OQSsiquc01res_202609010001.xml").write_bytes(b"x" if number else b"")
        assert await asked is FaultCode.TERMINAL_BAD_FILE


async def test_a_folder_whose_clock_is_nonsense_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fstat(_: int) -> SimpleNamespace:
        return SimpleNamespace(st_mtime_ns=10**24, st_mode=0o100660)

    async with terminal(tmp_path):
        monkeypatch.setattr(oqs_files, "os", OtherOs(fstat=fstat))
        assert await fault_of(OqsQueries(config(tmp_path))) is FaultCode.TERMINAL_UNREACHABLE


async def test_a_folder_that_is_away_or_another_one_s_is_known_before_anybody_asks(tmp_path: Path) -> None:
    async with terminal(tmp_path):
        queries = OqsQueries(config(tmp_path))
        await queries.check()
        (tmp_path / "res").rename(tmp_path / "away")
        with pytest.raises(DeviceError, match="ENOENT") as caught:
            await queries.check()
        assert caught.value.code is FaultCode.TERMINAL_UNREACHABLE
        (tmp_path / "res").mkdir()
        with pytest.raises(DeviceError) as caught:
            await queries.check()
        assert caught.value.code is FaultCode.TERMINAL_ENV_MISMATCH, "it holds no mark of a simulation"
