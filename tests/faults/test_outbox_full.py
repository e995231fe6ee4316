"""Bad input: full disk for the outbox. What was committed stays, what could not be is not said to be done."""

import asyncio
import contextlib
import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firmware.core.events import Part
from firmware.core.faults import FaultCode
from firmware.core.views import NextStep, OutOfServiceView, ResultView
from firmware.publish.outbox import Outbox
from firmware.session.model import Consenting, Idle, OutOfService
from tests.faults.bench import Bench, Build, assert_texts
from tests.faults.conftest import Make
from tests.faults.house import House

FILLER = "INSERT INTO message VALUES (?, '', ?, ?, ?, 0, 0, 'new')"


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of 4 MB, where we may mount one."""
    command = ["mount", "-t", "tmpfs", "-o", "size=4m,mode=0700", "madoguchi-test", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode != 0:
        pytest.skip("a disk that can be filled needs mount")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> None:
    with contextlib.suppress(OSError), (folder / "filler").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(65536))


def outbox_of(bench: Bench) -> Outbox:
    outbox = bench.publisher.inner._outbox
    assert outbox is not None
    return outbox


def limit_pages(outbox: Outbox) -> None:
    """No page more than now, and no room left in those there are."""
    with outbox._lock:
        (pages,) = outbox._db.execute("PRAGMA page_count").fetchone()
        outbox._db.execute(f"PRAGMA max_page_count={pages}")
        number = 0
        for size in (4096, 512, 32):
            with contextlib.suppress(sqlite3.OperationalError):
                while True:
                    number += 1
                    name = f"filler-{number}"
                    outbox._db.execute(FILLER, (name, number, "0" * size, name))


def lift_limit(outbox: Outbox) -> None:
    with outbox._lock:
        outbox._db.execute("PRAGMA max_page_count=8192")
        outbox._db.execute("DELETE FROM message WHERE reception = ''")


async def full_in_the_visit(bench: Bench, fill: Callable[[], None], empty: Callable[[], None]) -> None:
    """The disk fills while the patient is asked for consent; the reception is closed all the while."""
    await bench.pass_pin()
    await bench.finish()
    kept = await asyncio.to_thread(outbox_of(bench).rows)
    assert len(kept) == 2
    await bench.pass_pin()
    await asyncio.to_thread(fill)
    assert isinstance(bench.state, Consenting)
    await bench.consent()
    await bench.shown(ResultView(NextStep.COUNTER, because=FaultCode.OUTBOX_FULL, held=2))
    bench.reader.remove()
    await bench.at(OutOfService)
    await bench.shown(OutOfServiceView(FaultCode.OUTBOX_FULL))
    assert FaultCode.OUTBOX_FULL in bench.publisher.alerts
    assert len(bench.results) == 1, "the second visit was not committed, nor said to be done"
    assert [row.jti for row in await asyncio.to_thread(outbox_of(bench).rows) if row.reception] == [
        row.jti for row in kept
    ]
    assert len(bench.runtime.effects.timers) == 0
    await bench.place()
    await asyncio.sleep(0.05)
    assert isinstance(bench.state, OutOfService), "no visit is begun that could not be kept"
    bench.reader.remove()
    await asyncio.to_thread(empty)
    await bench.at(Idle)
    assert bench.state.device.fault(Part.OUTBOX) is None
    assert_texts(FaultCode.OUTBOX_FULL)


@pytest.fixture
def closed_reception(house: House) -> Iterator[None]:
    """The reception is closed; opened again by the test or at its end."""
    house.reception.stop()
    yield
    if not house.reception.is_open:
        house.reception.start()


@pytest.mark.usefixtures("closed_reception")
async def test_a_full_disk(house: House, make: Make) -> None:
    with small_disk(house.private_folder()) as folder:
        bench = await make(Build(folder=folder))
        await full_in_the_visit(bench, lambda: fill(folder), (folder / "filler").unlink)
        await asyncio.to_thread(house.reception.start)
        await bench.goes_on()
        await bench.stop()


@pytest.mark.usefixtures("closed_reception")
async def test_no_page_left(house: House, make: Make) -> None:
    """The same without a file system of our own."""
    bench = await make(Build())
    outbox = outbox_of(bench)
    await full_in_the_visit(bench, lambda: limit_pages(outbox), lambda: lift_limit(outbox))
    await asyncio.to_thread(house.reception.start)
    await bench.goes_on()
