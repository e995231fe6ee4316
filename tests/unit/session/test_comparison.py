"""Ends of a comparison: failures of photo, camera or model, and ends of earlier attempts that come late."""

import pytest

from firmware.core import effects as fx
from firmware.core.events import Button, EntryKind, Part
from firmware.core.faults import FaultCode
from firmware.core.outcomes import MatchCode, Method, UnsureReason
from firmware.core.views import FaceView, NoticeView
from firmware.session.model import ChoosingMethod, Consenting
from tests.unit.session.story import PHOTO
from tests.unit.session.ways import matching


@pytest.mark.parametrize(
    ("fault", "of_device"),
    [
        (FaultCode.CAMERA_MISSING, True),
        (FaultCode.CAMERA_NO_FRAME, True),
        (FaultCode.MODEL_MISSING, True),
        (FaultCode.MODEL_HASH_WRONG, True),
        (FaultCode.MODEL_FAILED, True),
        (FaultCode.LANE_STUCK, True),
        (FaultCode.PHOTO_BROKEN, False),
        (FaultCode.PHOTO_NO_FACE, False),
    ],
)
def test_a_face_that_cannot_be_compared_is_no_way_any_more(fault: FaultCode, of_device: bool) -> None:
    story = matching().face_fails(fault)
    assert story.at(ChoosingMethod).because is fault
    assert Method.FACE in story.visit.excluded
    assert story.alerts == ([fault] if of_device else [])
    story.shows(NoticeView((Method.PIN, Method.STAFF), fault))


def test_a_camera_that_is_known_to_be_dead_is_not_alerted_twice() -> None:
    dead = FaultCode.CAMERA_NO_FRAME
    story = matching().part_failed(Part.FACE_CAMERA, dead).face_fails(dead)
    story.at(ChoosingMethod)
    assert story.alerts == [dead]


def test_only_the_newest_comparison_counts() -> None:
    story = matching().face(MatchCode.UNSURE, UnsureReason.NO_FACE)
    story.unmoved_by(lambda: story.face(attempt=1), lambda: story.face_fails(FaultCode.CAMERA_NO_FRAME, attempt=1))
    story.press(Button.RIGHT).press(Button.LEFT).enter(EntryKind.NUMBER_B).number_b()
    story.unmoved_by(lambda: story.face(attempt=2), lambda: story.face_fails(FaultCode.CAMERA_NO_FRAME, attempt=2))
    story.photo()
    assert story.now_doing(fx.CompareFace) == [fx.CompareFace(story.visit.id, PHOTO, 3)]
    story.shows(FaceView(1, 3))
    story.unmoved_by(lambda: story.face(attempt=1), lambda: story.face(attempt=2))
    story.chip().certificate().face(attempt=3).at(Consenting)
