"""Bad input: no light, no face in the frame, two faces in the frame."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from firmware.core.faults import FaultCode
from firmware.core.outcomes import Method, UnsureReason, VisitOutcome
from firmware.core.views import FaceView, NoticeView
from tests.faults.bench import POLICY, Build, assert_texts
from tests.faults.conftest import Make
from tests.faults.house import FACES

BRIEF = replace(POLICY, match_seconds=0.4)


def two_people(folder: Path) -> Path:
    """Two portraits beside each other."""
    both = Image.new("RGB", (640, 480))
    for place, name in enumerate(("holder-1.jpg", "impostor.jpg")):
        with Image.open(FACES / name) as portrait:
            scaled = portrait.convert("RGB").resize((portrait.width * 480 // portrait.height, 480))
        left = (scaled.width - 320) // 2
        both.paste(scaled.crop((left, 0, left + 320, 480)), (320 * place, 0))
    path = folder / "two.png"
    both.save(path)
    return path


def nobody(folder: Path) -> Path:
    """A wall in daylight."""
    path = folder / "wall.png"
    Image.new("RGB", (640, 480), (140, 136, 130)).save(path)
    return path


def pictures(reason: UnsureReason, folder: Path) -> tuple[Path, ...]:
    """What the camera sees; nothing but black frames where there is nothing to show."""
    match reason:
        case UnsureReason.TWO_FACES:
            return (two_people(folder),)
        case UnsureReason.NO_FACE:
            return (nobody(folder),)
        case _:
            return ()


@pytest.mark.parametrize("reason", [UnsureReason.TOO_DARK, UnsureReason.NO_FACE, UnsureReason.TWO_FACES])
async def test_unsure_is_never_a_match(make: Make, tmp_path: Path, reason: UnsureReason) -> None:
    seen = await asyncio.to_thread(pictures, reason, tmp_path)
    bench = await make(Build(policy=BRIEF, pictures=seen))
    await bench.place()
    await bench.by_face()
    await bench.shown(FaceView(2, 2, reason))
    await bench.shown(NoticeView((Method.PIN, Method.STAFF), FaultCode.FACE_UNSURE))
    await bench.by_pin()
    result = await bench.finish()
    assert (result.outcome, result.method) == (VisitOutcome.IDENTIFIED, Method.PIN)
    assert_texts(FaultCode.FACE_UNSURE)
    await bench.goes_on()
