"""The outbox: all or none, numbers that never go back, bounds, crash, expiry."""

import signal
import sqlite3
import stat
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firmware.core.faults import DeviceError, FaultCode
from firmware.publish.outbox import Limits, Outbox, Row, RowState, Seal, Sealed
from firmware.publish.seal import token_hash

RECEPTIONS = ("front", "pharmacy")


def plain(size: int = 10) -> Seal:
    def seal(reception: str, seq: int) -> Sealed:
        token = f"{reception}-{seq}-{uuid.uuid4().hex}" + "x" * size
        return Sealed(str(uuid.uuid4()), token, token_hash(token))

    return seal


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    box = Outbox(tmp_path / "outbox.db")
    yield box
    box.close()


def put(box: Outbox, at: float = 0.0, *, dated: bool = True) -> list[Row]:
    return box.append(RECEPTIONS, plain(), at, dated)


def code_of(action: Callable[[], object]) -> FaultCode:
    with pytest.raises(DeviceError) as caught:
        action()
    return caught.value.code


def test_one_row_per_reception_with_its_own_number(outbox: Outbox) -> None:
    first, second = put(outbox), put(outbox)
    assert [(row.reception, row.seq) for row in first + second] == [
        ("front", 1),
        ("pharmacy", 1),
        ("front", 2),
        ("pharmacy", 2),
    ]
    assert len({row.jti for row in first + second}) == 4
    assert outbox.backlog() == {"front": (2, 2), "pharmacy": (2, 2)}
    token = outbox.token(first[0].jti)
    assert token is not None
    assert outbox.find(token_hash(token)) == first[0]


def test_a_failure_at_the_second_reception_leaves_nothing(outbox: Outbox) -> None:
    put(outbox)

    def fails(reception: str, seq: int) -> Sealed:
        if reception == "pharmacy":
            raise DeviceError(FaultCode.MESSAGE_TOO_LARGE)
        return plain()(reception, seq)

    assert code_of(lambda: outbox.append(RECEPTIONS, fails, 0.0, dated=True)) is FaultCode.MESSAGE_TOO_LARGE
    assert outbox.backlog() == {"front": (1, 1), "pharmacy": (1, 1)}


def test_numbers_and_epochs_go_on_after_restart_and_deletion(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    box = Outbox(path)
    for row in put(box):
        box.delete(row.jti)
    assert box.next_epoch() == 1
    box.close()
    box = Outbox(path)
    assert [row.seq for row in put(box)] == [2, 2]
    assert box.next_epoch() == 2
    box.close()
    box.close()


def test_states_and_rejection(outbox: Outbox) -> None:
    row = put(outbox)[0]
    outbox.mark(row.jti, RowState.SENT)
    assert state(outbox, row) is RowState.SENT
    outbox.mark(row.jti, RowState.REJECTED)
    outbox.mark(row.jti, RowState.SENT)
    assert state(outbox, row) is RowState.REJECTED
    outbox.revive("pharmacy")
    assert state(outbox, row) is RowState.REJECTED
    outbox.revive("front")
    assert state(outbox, row) is RowState.NEW
    outbox.delete(row.jti)
    outbox.delete(row.jti)
    assert outbox.find(row.hash) is None
    assert outbox.token(row.jti) is None


def state(box: Outbox, row: Row) -> RowState:
    found = box.find(row.hash)
    assert found is not None
    return found.state


def test_full_by_rows_by_pages_and_by_request_ids(tmp_path: Path) -> None:
    few = Outbox(tmp_path / "few.db", Limits(rows=3, requests=1))
    put(few)
    assert code_of(lambda: put(few)) is FaultCode.OUTBOX_FULL
    assert few.first_use("front", "jti-0001", 10)
    assert code_of(lambda: few.first_use("front", "jti-0002", 10)) is FaultCode.OUTBOX_FULL
    few.close()
    small = Outbox(tmp_path / "small.db", Limits(bytes=200_000))
    kept: list[Row] = []

    def fill() -> None:
        for _ in range(100):
            kept.extend(small.append(RECEPTIONS, plain(5000), 0.0, dated=True))

    assert code_of(fill) is FaultCode.OUTBOX_FULL
    assert [row.jti for row in small.rows()] == [row.jti for row in kept]
    for row in kept:
        small.delete(row.jti)
    assert len(small.append(RECEPTIONS, plain(5000), 0.0, dated=True)) == 2
    small.close()


def test_probing_writes_without_leaving_anything(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "outbox.db", Limits(rows=3, bytes=120_000))
    box.probe(3)
    put(box)
    box.require_room(1)
    for action in (lambda: box.probe(2), lambda: box.require_room(2)):
        assert code_of(action) is FaultCode.OUTBOX_FULL
    assert box.backlog() == {"front": (1, 1), "pharmacy": (1, 1)}
    roomy = Outbox(tmp_path / "small.db", Limits(bytes=80_000))
    assert code_of(lambda: roomy.probe(20)) is FaultCode.OUTBOX_FULL
    assert roomy.rows() == []
    roomy.close()
    box.close()


def test_a_full_disk_is_outbox_full_and_keeps_what_was_committed(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    program = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from firmware.core.faults import DeviceError\n"
        "from firmware.publish.outbox import Outbox, Sealed\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "box = Outbox(Path(sys.argv[1]))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))\n"
        "count = 0\n"
        "try:\n"
        "    while count < 500:\n"
        "        box.append(['a'], lambda r, s: Sealed(f'jti-{s:05}', str(s) * 3000, f'hash-{s}'), 0.0, True)\n"
        "        count += 1\n"
        "except DeviceError as error:\n"
        "    print(count, error.code)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    count, code = done.stdout.split()
    assert code in {FaultCode.OUTBOX_FULL, FaultCode.OUTBOX_BROKEN}
    box = Outbox(path)
    assert len(box.rows()) == int(count)
    box.close()


def test_killed_right_after_commit_the_row_is_there(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from firmware.publish.outbox import Outbox, Sealed\n"
        "box = Outbox(Path(sys.argv[1]))\n"
        "rows = box.append(['a', 'b'], lambda r, s: Sealed(f'{r}-{s}', f'{r}{s}', f'h{r}{s}'), 0.0, True)\n"
        "os.write(1, ' '.join(row.jti for row in rows).encode())\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    for turn in range(1, 4):
        done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=False)
        assert done.returncode == -signal.SIGKILL
        assert done.stdout == f"a-{turn} b-{turn}"
    box = Outbox(path)
    assert [row.jti for row in box.rows()] == ["a-1", "b-1", "a-2", "b-2", "a-3", "b-3"]
    box.close()


def test_request_ids_are_used_once_even_after_restart(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "outbox.db")
    assert box.first_use("front", "jti-0001", 100)
    assert not box.first_use("front", "jti-0001", 100)
    assert box.first_use("pharmacy", "jti-0001", 100)
    box.close()
    box = Outbox(tmp_path / "outbox.db")
    assert not box.first_use("front", "jti-0001", 100)
    box.forget_requests(101)
    assert box.first_use("front", "jti-0001", 300)
    box.close()


def test_expiry_deletes_and_announces_in_one_step(outbox: Outbox) -> None:
    old, young = put(outbox, at=0.0), put(outbox, at=90.0)
    told: list[tuple[str, list[int]]] = []

    def notice(reception: str, rows: list[Row]) -> Seal | None:
        told.append((reception, [row.seq for row in rows]))
        return plain() if reception == "front" else None

    gone = outbox.expire(150.0, 100.0, notice)
    assert [row.jti for row in gone] == [row.jti for row in old]
    assert told == [("front", [1]), ("pharmacy", [1])]
    assert outbox.backlog() == {"front": (2, 3), "pharmacy": (1, 2)}
    assert {row.jti for row in young} < {row.jti for row in outbox.rows()}
    assert outbox.expire(150.0, 100.0, notice) == []


def test_rows_of_an_unknown_clock_begin_to_age_when_the_clock_is_known(outbox: Outbox) -> None:
    rows = put(outbox, at=0.0, dated=False)
    assert outbox.expire(1e9, 100.0, lambda _r, _rows: None) == []
    assert outbox.expire(1e9 + 50, 100.0, lambda _r, _rows: None) == []
    assert len(outbox.expire(1e9 + 101, 100.0, lambda _r, _rows: None)) == len(rows)


def test_broken_foreign_or_closed_files_are_outbox_broken(tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.db"
    garbage.write_bytes(b"no database at all" * 100)
    assert code_of(lambda: Outbox(garbage)) is FaultCode.OUTBOX_BROKEN
    newer = tmp_path / "newer.db"
    with sqlite3.connect(newer) as db:
        db.execute("PRAGMA user_version=9")
    db.close()
    assert code_of(lambda: Outbox(newer)) is FaultCode.OUTBOX_BROKEN
    assert code_of(lambda: Outbox(tmp_path / "absent" / "outbox.db")) is FaultCode.OUTBOX_BROKEN
    box = Outbox(tmp_path / "closed.db")
    box.close()
    for action in (box.rows, box.backlog, box.next_epoch, lambda: put(box), lambda: box.delete("x")):
        assert code_of(action) is FaultCode.OUTBOX_BROKEN


def test_only_the_owner_may_read_it_and_commits_are_synchronous(outbox: Outbox, tmp_path: Path) -> None:
    put(outbox)
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert outbox._db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert outbox._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert outbox._db.execute("PRAGMA secure_delete").fetchone() == (1,)
