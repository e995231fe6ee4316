"""One house and one usual device for all tests of the folder, others on demand, and no blocking call on the loop.

The usual device runs through test after test, as one at a counter runs from fault to fault. A test that fails may leave
it unusable; the next one then gets a new one.
"""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from blockbuster import blockbuster_ctx

from tests.faults.bench import Bench, Build
from tests.faults.house import House

Make = Callable[[Build], Awaitable[Bench]]
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of this folder share one loop, so that they can share a device."""
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.system)
            # A coroutine that is never awaited, or an exception that nobody sees, is a bug of the device.
            item.add_marker(pytest.mark.filterwarnings("error::RuntimeWarning"))
            item.add_marker(pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning"))
            if pytest_asyncio.is_async_test(item):
                item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    made = House()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _no_blocking_calls(house: House) -> Iterator[None]:
    with blockbuster_ctx("firmware"):
        yield


@pytest_asyncio.fixture(loop_scope="session")
async def make(house: House) -> AsyncIterator[Make]:
    """Starts devices that differ from the usual one."""
    benches: list[Bench] = []

    async def made(build: Build) -> Bench:
        benches.append(Bench(house, build))
        await benches[-1].start()
        return benches[-1]

    yield made
    for bench in benches:
        await bench.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def usual(house: House) -> AsyncIterator[list[Bench]]:
    """The usual device, last; those before it are no longer running."""
    benches: list[Bench] = []
    yield benches
    for bench in benches[-1:]:
        await bench.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def bench(house: House, usual: list[Bench]) -> Bench:
    if not usual or not usual[-1].resting:
        for broken in usual[-1:]:
            with contextlib.suppress(Exception):  # its test has told of it
                await broken.stop()
        usual.append(Bench(house, Build()))
        await usual[-1].start()
    await usual[-1].begin()
    return usual[-1]
