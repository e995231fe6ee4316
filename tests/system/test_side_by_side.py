"""Issue 2, A3 and A5, with whole runs as a person starts them. `make test` has shorter ones in test_run.py."""

import pytest

from tools.stack.runs import ASSURED, Runs, assurance_wrong, side_by_side

pytestmark = [pytest.mark.system, pytest.mark.long, pytest.mark.timeout(300)]


async def test_two_runs_at_once_do_not_touch_each_other_and_listen_on_loopback_only() -> None:
    pair = await side_by_side()
    assert pair.wrong == ()
    assert "root" not in pair.users


@pytest.mark.parametrize("flags", ASSURED)
async def test_who_is_accepted_and_with_which_assurance(flags: str) -> None:
    with Runs() as runs:
        run = runs.start(*flags.split())
        await runs.wait()
        assert run.code == 0
        assert assurance_wrong(flags, run.document) == []
