"""The terminal's exchange over real SMB: the terminal on its own disk, the device on the mounted share."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.core.outcomes import EligibilityCode
from firmware.eligibility import oqs_files
from firmware.eligibility.oqs_config import Pace
from firmware.eligibility.oqs_folder import OqsQueries
from firmware.sim.terminal.quirks import Quirk
from tests.system.smb_share import Share, missing
from tests.unit.eligibility.oqs_exchange import asking, config, query, terminal, until
from tests.unit.eligibility.test_oqs_folder_reader import TARO, Counter

WHY = missing()
pytestmark = [pytest.mark.system, pytest.mark.skipif(WHY is not None, reason=WHY or "")]
PACE = Pace(look=0.1, settle=0.05, call=5.0, broken=4.0)
QUIRKS = (None, Quirk.SLOW, Quirk.PARTIAL, Quirk.FOREIGN_IDENTIFIER, Quirk.UPPER_CASE, Quirk.AES)


@pytest.fixture
def share() -> Iterator[Share]:
    with tempfile.TemporaryDirectory() as folder:
        made = Share(Path(folder))
        try:
            made.start()
            yield made
        finally:
            made.stop()


async def test_exchanges_over_smb(share: Share) -> None:
    """Two devices, one name each: made exclusively, synced, renamed and seen by the other side."""
    async with terminal(share.local) as played:
        devices = [OqsQueries(config(share.mounted, pace=PACE, seconds=30.0)) for _ in range(2)]
        played.next_quirks.extend(QUIRKS)
        asked = [devices[each % 2].ask(asking(query(str(100000 + each))), 30.0) for each in range(len(QUIRKS))]
        answers = await asyncio.gather(*asked)
        found = [answer.detail["ResultList"][0]["Name"] for answer in answers if answer.detail]  # type: ignore[index,call-overload]  # JSON
        assert found == [f"例 {100000 + each}" for each in range(len(QUIRKS))]
        assert (played.seen.requests, played.seen.twice) == (len(QUIRKS), 0)
        left = [path.name for path in (share.local / "req").iterdir()]
        assert left == [oqs_files.MARK]


@pytest.mark.long
async def test_a_result_of_the_official_reader_over_smb(share: Share) -> None:
    """Written slowly beside older ones, and left where it is."""
    async with terminal(share.local) as played:
        await played.put_face(TARO)
        counter = Counter(share.mounted, pace=PACE)
        await counter.reader.refill()
        written = asyncio.create_task(played.put_face(TARO, Quirk.SLOW))
        answer = await counter.look_up(20.0, approved=True)
        await counter.reader.close()
        assert (await written).exists()
    assert answer.code is EligibilityCode.VALID


@pytest.mark.long
async def test_a_server_that_goes_away_in_the_middle_and_comes_back(share: Share) -> None:
    async with terminal(share.local, delay=(1.0, 1.0)) as played:
        asked = asyncio.create_task(
            OqsQueries(config(share.mounted, pace=PACE, seconds=60.0)).ask(asking(query()), 60.0)
        )
        await until(lambda: played.seen.requests or asked.done())
        await asyncio.to_thread(share.vanish)
        await asyncio.sleep(1.5)
        await asyncio.to_thread(share.serve)
        assert (await asked).code is EligibilityCode.VALID
        assert (played.seen.requests, played.seen.twice) == (1, 0)
