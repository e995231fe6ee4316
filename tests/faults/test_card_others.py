"""What else people lay down: cards that know neither application, and carriers that serve nothing here.

Each is told apart by two commands of ours at most; what it is instead, nobody asks.
"""

import pytest

from firmware.core.faults import FaultCode
from firmware.core.views import RemoveCardView
from firmware.sim.card.others import OtherCard, OtherKind
from tests.faults.bench import Bench, assert_texts

SELECT_BY_NAME = b"\x00\xa4\x04\x0c"


@pytest.mark.parametrize("kind", [kind for kind in OtherKind if kind is not OtherKind.MUTE])
async def test_a_card_of_another_kind_is_named_after_one_command(bench: Bench, kind: OtherKind) -> None:
    card = OtherCard(kind)
    bench.reader.insert(card)
    await bench.shown(RemoveCardView(because=FaultCode.CARD_NOT_MYNUMBER))
    assert card.headers == [SELECT_BY_NAME]
    assert not bench.results
    assert_texts(FaultCode.CARD_NOT_MYNUMBER)
    await bench.goes_on()


async def test_a_card_that_says_nothing_is_to_be_placed_again(bench: Bench) -> None:
    card = OtherCard(OtherKind.MUTE)
    bench.reader.insert(card)
    await bench.shown(RemoveCardView(because=FaultCode.CARD_SILENT))
    assert card.headers == [SELECT_BY_NAME]
    assert not bench.results
    await bench.goes_on()
