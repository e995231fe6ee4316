"""Issue 2, A10: kill -9 right after the screen said "done" loses nothing and doubles nothing."""

import asyncio

import pytest

from tools.stack.kill import Killed, rounds
from tools.stack.stack import NO_CAMERA, QUICK, Stack

pytestmark = pytest.mark.system


async def _killed(number: int, *more: str) -> Killed:
    async with Stack((*QUICK, *more)) as stack:
        return await rounds(stack, number, lambda _: None)


def test_each_result_arrives_exactly_once_after_a_kill() -> None:
    killed = asyncio.run(_killed(2, *NO_CAMERA))
    assert killed.wrong == []
    assert (killed.rounds, len(set(killed.visits))) == (2, 2)
    assert killed.waiting >= 1


@pytest.mark.long
@pytest.mark.timeout(400)
def test_each_result_arrives_exactly_once_after_twenty_kills() -> None:
    killed = asyncio.run(_killed(20))
    assert killed.wrong == []
    assert (killed.rounds, len(set(killed.visits))) == (20, 20)
