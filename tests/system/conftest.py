"""What several system tests use: a stack with visits played and searched for traces, a folder for films."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.sim.processes import OrdinaryUser, ordinary_user
from tools.stack import mixed
from tools.stack.privacy import Examined, Wishes, examine
from tools.stack.stack import QUICK, Stack


async def _examined(wishes: Wishes, *more: str) -> Examined:
    async with Stack((*QUICK, *more)) as stack:
        return await examine(stack, wishes, lambda _: None)


@pytest.fixture(scope="session")
def examined() -> Examined:
    """A few visits: by PIN with a wrong one first, by staff, by face with the reception away."""
    return asyncio.run(_examined(Wishes(mixed.FEW, baseline=False)))


@pytest.fixture(scope="session")
def examined_long() -> Examined:
    """All visits, a reception's own queries, both without memory hygiene too, and a reception of another env."""
    return asyncio.run(_examined(Wishes(mixed.ALL, mixed.FEW, foreign=True, queries=True), "--disaster"))


@pytest.fixture(scope="module")
def user() -> OrdinaryUser | None:
    return ordinary_user()


@pytest.fixture(scope="module")
def films(user: OrdinaryUser | None) -> Iterator[Path]:
    """A folder that the ordinary user may write into."""
    folder = Path(tempfile.mkdtemp(prefix="madoguchi-films-"))
    if user is not None:
        os.chown(folder, user.uid, user.gid)
    yield folder
    shutil.rmtree(folder)
