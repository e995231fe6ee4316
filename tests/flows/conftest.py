"""Every blocking call that firmware makes on the loop fails the test; the simulated terminal is no part of it."""

from collections.abc import Iterator

import pytest
from blockbuster import blockbuster_ctx


@pytest.fixture(autouse=True)
def blocking_calls_fail() -> Iterator[None]:
    with blockbuster_ctx("firmware", excluded_modules=["firmware.sim"]):
        yield
