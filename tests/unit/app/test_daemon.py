"""The watchdog's feed: a lane that is busy with a patient starves nobody."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from firmware.app import daemon
from firmware.health.watchdog import Notifier


class FakeNotifier(Notifier):
    def __init__(self) -> None:
        self.fed = 0

    def interval(self) -> float | None:
        return 0.002

    def alive(self) -> bool:
        self.fed += 1
        return True


class FakeRuntime:
    """`answer`: what the lanes say; None is that they do not answer while the test lasts."""

    def __init__(self, answer: bool | None, *, in_visit: bool) -> None:
        self._answer, self.in_visit = answer, in_visit
        self.asked = 0

    async def healthy(self) -> bool:
        self.asked += 1
        if self._answer is None:
            await asyncio.Event().wait()
        return bool(self._answer)


async def _fed(runtime: Any, enough: Callable[[FakeNotifier], bool]) -> FakeNotifier:
    notifier = FakeNotifier()
    feeding = asyncio.ensure_future(daemon._feed_watchdog(notifier, runtime))
    async with asyncio.timeout(5.0):
        while not enough(notifier):  # noqa: ASYNC110  (the state is of a double)
            await asyncio.sleep(0.001)
    feeding.cancel()
    return notifier


@pytest.mark.parametrize("answer", [True, False, None])
async def test_within_a_visit_no_lane_is_waited_for(answer: bool | None) -> None:
    runtime = FakeRuntime(answer, in_visit=True)
    await _fed(runtime, lambda notifier: notifier.fed >= 3)
    assert runtime.asked == 0


async def test_between_visits_the_lanes_decide() -> None:
    await _fed(FakeRuntime(True, in_visit=False), lambda notifier: notifier.fed >= 3)
    dead = FakeRuntime(False, in_visit=False)
    assert (await _fed(dead, lambda _: dead.asked >= 3)).fed == 0
