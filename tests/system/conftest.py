"""What several system tests look at: one stack on which a few visits were played and searched for traces."""

import asyncio

import pytest

from tools.stack import mixed
from tools.stack.privacy import Examined, Wishes, examine
from tools.stack.stack import Stack


async def _examined(wishes: Wishes) -> Examined:
    async with Stack() as stack:
        return await examine(stack, wishes, lambda _: None)


@pytest.fixture(scope="session")
def examined() -> Examined:
    """A few visits: by PIN with a wrong one first, by staff, by face with the reception away."""
    return asyncio.run(_examined(Wishes(mixed.FEW, baseline=False)))


@pytest.fixture(scope="session")
def examined_long() -> Examined:
    """All visits, without memory hygiene too, and a reception of another env."""
    return asyncio.run(_examined(Wishes(mixed.ALL, mixed.FEW, foreign=True)))
