"""Bad input on the tray: a QR code in view, a printed copy, another card's front, a card upside down.

None of them may ever give a number that is not printed there; what a copy says is true, and the chip decides.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from firmware.cardfront.reader import FrontConfig, FrontReader
from firmware.cardfront.sight import SightCode
from firmware.core.secret import Secret
from firmware.ports import Frame
from firmware.sim.front import MODERATE, Kind, invented_people, make_front, make_other
from firmware.sim.front.camera import Frame as Pixels

MODELS = Path(__file__).resolve().parents[3] / "models"


@pytest.fixture(scope="module")
def reader() -> FrontReader:
    made = FrontReader(FrontConfig(MODELS))
    made.load()
    return made


def frame_of(picture: Pixels) -> Frame:
    return Frame(bytearray(picture.tobytes()), picture.shape[1], picture.shape[0], 0.0)


@pytest.mark.parametrize("seed", [11, 12])
def test_a_qr_code_beside_the_card_costs_the_frame_at_most(reader: FrontReader, seed: int) -> None:
    scene = make_front(seed, replace(MODERATE, qr_beside=1.0))
    sight = reader.look(frame_of(scene.frame))
    assert sight.code in {SightCode.READ, SightCode.BACK}
    assert sight.digits is None or sight.digits == Secret(scene.number_b.encode())


@pytest.mark.parametrize("seed", [21, 22])
def test_a_printed_copy_says_nothing_or_what_is_printed(reader: FrontReader, seed: int) -> None:
    holder = invented_people(1, seed)[0]
    sight = reader.look(frame_of(make_other(seed, Kind.COPY, MODERATE, holder=holder).frame))
    assert sight.digits is None or sight.digits == Secret(holder.number_b.encode())


@pytest.mark.parametrize("kind", [Kind.LICENCE, Kind.INSURANCE])
def test_the_front_of_another_card_gives_no_number(reader: FrontReader, kind: Kind) -> None:
    sight = reader.look(frame_of(make_other(31, kind, MODERATE).frame))
    assert (sight.code is SightCode.READ, sight.digits) == (False, None)


def test_a_card_held_upside_down_reads_the_same(reader: FrontReader) -> None:
    scene = make_front(41, MODERATE)
    turned = np.ascontiguousarray(scene.frame[::-1, ::-1])
    assert reader.look(frame_of(turned)).digits == Secret(scene.number_b.encode())
