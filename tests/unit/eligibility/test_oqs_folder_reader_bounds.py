"""How much is read for one visit, and that the folder is watched between visits (official_reader.py)."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from firmware.core.faults import DeviceError
from firmware.core.outcomes import EligibilityCode
from firmware.eligibility import official_reader, oqs_files
from firmware.eligibility.oqs_files import Entry
from tests.unit.eligibility.oqs_exchange import terminal, until
from tests.unit.eligibility.test_oqs_folder_reader import HANAKO, started


async def test_the_folder_is_watched_without_a_visit_until_it_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or no result would be known to be new."""
    looks: list[Path] = []
    real = oqs_files.listing

    def noted(folder: Path, wanted: Callable[[str], bool]) -> list[Entry]:
        looks.append(folder)
        return real(folder, wanted)

    monkeypatch.setattr(oqs_files, "listing", noted)
    async with terminal(tmp_path):
        counter = await started(tmp_path)
        before = len(looks)
        async with asyncio.timeout(20):
            await until(lambda: len(looks) >= before + 3)
        await counter.reader.close()
        assert counter.reader._watch is None


@pytest.mark.parametrize(("results", "too_many"), [(2, False), (3, True)])
async def test_only_so_many_results_are_read_for_one_visit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, results: int, too_many: bool
) -> None:
    """A folder that somebody fills with others' results is told as a fault."""
    monkeypatch.setattr(official_reader, "_MOST_READ", 2)
    async with terminal(tmp_path) as played:
        counter = await started(tmp_path)
        for _ in range(results):
            await played.put_face(HANAKO)
        asked = counter.look_up(0.25, approved=True)
        if too_many:
            with pytest.raises(DeviceError, match="more than 2 results"):
                await asked
        else:
            assert (await asked).code is EligibilityCode.TIMED_OUT
        await counter.reader.close()
    assert counter.asked == []
