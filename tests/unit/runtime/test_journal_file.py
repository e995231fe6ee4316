"""The journal on disk: two files of bounded size; a full or unwritable disk costs lines, never a visit."""

import asyncio
import stat
import threading
from pathlib import Path

import pytest

from firmware.core.events import CardRemoved, HeldChanged
from firmware.core.outcomes import Env
from firmware.core.views import InformationPage
from firmware.runtime import journal as files
from firmware.runtime.journal import Journal
from firmware.session.journal import replay
from firmware.session.model import Device, Idle, Information, State
from firmware.session.policy import Policy

POLICY = Policy(env=Env.SIM)
IDLE = Idle(Device(held=2))
BUSY = Information(Device(held=2), InformationPage.HOW_TO)


def _note(journal: Journal, *states: State) -> None:
    for state in states:
        journal.note(HeldChanged(at=1.0, held=2), state)


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def test_lines_are_written_for_the_owner_only(tmp_path: Path) -> None:
    journal = Journal(tmp_path, POLICY)
    journal.note(CardRemoved(at=1.0), IDLE)
    journal.close()
    path = tmp_path / "journal.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    header, line = _lines(path)
    assert header.startswith('{"journal":1,')
    assert line == '{"event":"CardRemoved","at":1.0,"state":"Idle"}'
    assert journal.dropped == 0


def test_the_journal_before_is_kept_once(tmp_path: Path) -> None:
    for name in ("first", "second", "third"):
        journal = Journal(tmp_path, POLICY, keep=1)
        journal.note(HeldChanged(at=1.0, held=len(name)), IDLE)
        journal.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["journal.1.jsonl", "journal.jsonl"]
    assert '"held":6' in _lines(tmp_path / "journal.1.jsonl")[1]
    assert '"held":5' in _lines(tmp_path / "journal.jsonl")[1]


def test_older_journals_move_up_and_the_oldest_goes(tmp_path: Path) -> None:
    for held in range(5):
        journal = Journal(tmp_path, POLICY, keep=3)
        journal.note(HeldChanged(at=1.0, held=held), IDLE)
        journal.close()
    names = ["journal.jsonl", "journal.1.jsonl", "journal.2.jsonl", "journal.3.jsonl"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    kept = [_lines(tmp_path / name)[1] for name in names]
    assert [f'"held":{held}' in line for held, line in zip((4, 3, 2, 1), kept, strict=True)] == [True] * 4


def test_a_full_file_is_replaced_at_idle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", 200)
    journal = Journal(tmp_path, POLICY)
    _note(journal, IDLE, *[BUSY] * 5, IDLE, IDLE)
    journal.close()
    old, new = _lines(tmp_path / "journal.1.jsonl"), _lines(tmp_path / "journal.jsonl")
    assert len(old) == 1 + 7
    assert [line.rsplit('"', 2)[1] for line in old[1:]] == ["Idle", *["Information"] * 5, "Idle"]
    assert len(new) == 1 + 1
    assert all(line.same for line in replay(new))
    assert next(iter(replay(new))).state == IDLE


def test_a_folder_that_cannot_be_written_costs_lines(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    journal = Journal(tmp_path / "missing", POLICY)
    _note(journal, *[IDLE] * 10)
    journal.close()
    assert journal.dropped == 10
    assert "journal stopped: FileNotFoundError" in caplog.text
    assert not (tmp_path / "missing").exists()


def test_a_full_disk_costs_lines() -> None:
    journal = _OnFullDisk(Path("/dev"), POLICY)
    _note(journal, *[IDLE] * 10)
    journal.close()
    assert journal.dropped > 0


class _OnFullDisk(Journal):
    """A journal whose file takes nothing."""

    def _write_files(self) -> None:
        with Path("/dev/full").open("w", encoding="utf-8", buffering=1) as file:
            self._fill(file)


def test_a_slow_disk_costs_lines_and_no_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_QUEUED", 5)
    monkeypatch.setattr(files, "CLOSE_SECONDS", 0.01)
    gate = threading.Event()
    monkeypatch.setattr(Journal, "_write_all", lambda _self: gate.wait(5.0))
    journal = Journal(tmp_path, POLICY)
    _note(journal, *[IDLE] * 12)
    assert journal.dropped == 7
    journal.close()  # the queue is full: given up after a moment
    gate.set()


async def test_noting_on_the_loop_never_blocks(tmp_path: Path) -> None:
    """Blocking calls on the loop fail here (conftest)."""
    journal = Journal(tmp_path / "missing", POLICY)
    _note(journal, *[IDLE] * 50)
    await asyncio.to_thread(journal.close)
