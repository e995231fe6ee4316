"""Whole visits with a camera for the card's front, one camera or two, and with a challenge for the face."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from firmware.core.events import Button, Part
from firmware.core.faults import FaultCode
from firmware.core.outcomes import (
    Assurance,
    FacePrompt,
    FrontHint,
    Liveness,
    LivenessMode,
    MatchBand,
    MatchCode,
    MatchVerdict,
    Method,
    UnsureReason,
)
from firmware.core.secret import Secret
from firmware.core.views import ConsentView, FaceView, IdleView, NoticeView, NumberBView, StaffView
from firmware.ports import MatchLimits, Region, Sitting
from firmware.runtime import work_camera
from firmware.session.policy import FaceWithoutIssuer
from tests.flows.counter import QUICK, Counter
from tests.unit.runtime.fakes_card import NUMBER_B
from tests.unit.runtime.fakes_face import MATCH, FakeCamera, FakeFace, FakeFront

FRONT = replace(QUICK, front_camera=True, face_without_issuer=FaceWithoutIssuer.ACCEPT)
LIFTED = replace(FRONT, front_lifted=True)
CHALLENGE = replace(QUICK, liveness=LivenessMode.CHALLENGE, face_without_issuer=FaceWithoutIssuer.ACCEPT)
ALIVE = replace(MATCH, liveness=Liveness.PASSED)


def _wiped(front: FakeFront) -> bool:
    return all(not any(digits.view()) for digits in front.given)


async def test_the_card_is_read_in_its_tray_without_a_key() -> None:
    front, camera = FakeFront(NUMBER_B), FakeCamera()
    counter = Counter(FRONT).reads_fronts(front, camera)
    async with counter.running():
        await counter.place_and_choose(Button.LEFT)
        await counter.sees(ConsentView)
        assert (len(camera.opened), len(counter.camera.opened)) == (1, 1)
        assert _wiped(front)
        await counter.consent()
        record = await counter.result()
        assert record.summary.method is Method.FACE
    assert front.closed
    assert all(not any(frame.pixels) for frame in camera.frames)


async def test_with_one_camera_the_card_is_lifted_and_shown_first() -> None:
    front = FakeFront(NUMBER_B)
    front.gate.clear()
    front.hints = [FrontHint.NO_CARD]
    counter = Counter(LIFTED).reads_fronts(front)
    async with counter.running():
        assert "card-camera" not in counter.runtime.lanes
        await counter.place_and_choose(Button.LEFT)
        await counter.sees(NumberBView, reading=True, show_card=True, front_hint=FrontHint.NO_CARD)
        counter.lift()
        await counter.sees(NumberBView, reading=True, card_out=True)
        front.gate.set()
        await counter.sees(NumberBView, reading=False, card_out=True, count=14)
        counter.place()
        await counter.sees(ConsentView)
        numbers = [view for view in counter.panel.views if isinstance(view, NumberBView)]
        assert all(view.card_out for view in numbers if view.count == 14)  # back again, there is nothing to type
        assert len(counter.camera.opened) == 2  # and the fake camera fails where it is opened twice at once
        assert _wiped(front)


@pytest.mark.parametrize("button", [Button.MIDDLE, Button.RIGHT])
async def test_no_camera_opens_for_another_method(button: Button) -> None:
    front, camera = FakeFront(NUMBER_B), FakeCamera()
    counter = Counter(FRONT).reads_fronts(front, camera)
    async with counter.running():
        await counter.place_and_choose(button)
        await counter.until(lambda: not isinstance(counter.panel.views[-1], NoticeView))
        counter.request("cancel")
        await counter.leave()
    assert not camera.opened
    assert not counter.camera.opened


async def test_no_frame_before_the_notice_was_shown_for_its_time() -> None:
    camera = FakeCamera()
    counter = Counter(replace(FRONT, notice_seconds=1.0)).reads_fronts(FakeFront(NUMBER_B), camera)
    async with counter.running():
        await counter.place_and_choose(Button.LEFT)
        await counter.until(lambda: camera.opened)
        notice = next(each["at"] for each in counter.observed if each.get("state") == "ChoosingMethod")
        assert isinstance(notice, float)
        assert camera.opened[0] >= notice + 0.9


async def test_typing_takes_the_place_of_the_camera() -> None:
    front, camera = FakeFront(NUMBER_B), FakeCamera()
    front.gate.clear()
    counter = Counter(FRONT).reads_fronts(front, camera)
    async with counter.running():
        await counter.place_and_choose(Button.LEFT)
        await counter.until(lambda: front.pixels)
        await counter.type(NUMBER_B)
        await counter.sees(ConsentView)
        front.gate.set()
        await counter.until(lambda: not camera.is_open)
    assert _wiped(front)


async def test_a_number_that_the_camera_misread_is_typed() -> None:
    front, camera = FakeFront(b"00000000000000"), FakeCamera()
    counter = Counter(FRONT).reads_fronts(front, camera)
    async with counter.running():
        await counter.place_and_choose(Button.LEFT)
        await counter.sees(NumberBView, wrong=True, reading=False)
        await counter.type(NUMBER_B)
        await counter.sees(ConsentView)
    assert len(camera.opened) == 1
    assert _wiped(front)


async def test_without_keypad_the_camera_is_enough() -> None:
    counter = Counter(FRONT).without(Part.KEYPAD, FaultCode.KEYPAD_FAILED)
    buttons, front = counter.inputs, FakeFront(None)
    counter.devices = replace(counter.devices, inputs=buttons)
    counter.reads_fronts(front, FakeCamera())
    async with counter.running():
        await counter.sees(IdleView)
        assert counter.runtime.state.device.fault(Part.KEYPAD) is FaultCode.KEYPAD_FAILED
        counter.place()
        view = await counter.sees(NoticeView)
        assert view.methods == (Method.FACE, Method.STAFF)
        buttons.press(Button.LEFT)
        await counter.sees(NumberBView, keypad=False, reading=True)
        front.digits = NUMBER_B
        await counter.sees(ConsentView)


async def test_a_model_that_is_missing_leaves_the_keypad() -> None:
    front, camera = FakeFront(NUMBER_B), FakeCamera()
    front.load_fault = FaultCode.MODEL_HASH_WRONG
    counter = Counter(FRONT).reads_fronts(front, camera)
    async with counter.running():
        await counter.sees(IdleView, warnings=(FaultCode.MODEL_HASH_WRONG,))
        await counter.by_face()
    assert not camera.opened


async def test_a_card_camera_that_was_dead_is_tried_at_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_camera, "PROBE_SECONDS", 0.01)
    camera = FakeCamera()
    camera.fault = FaultCode.CAMERA_MISSING
    counter = Counter(FRONT).reads_fronts(FakeFront(NUMBER_B), camera)
    async with counter.running():
        await counter.place_and_choose(Button.LEFT)
        await counter.sees(NumberBView, reading=False)
        await counter.type(NUMBER_B)
        await counter.sees(ConsentView)
        await counter.consent()
        await counter.leave()
        await counter.sees(IdleView, warnings=(FaultCode.CAMERA_MISSING,))
        camera.fault = None
        await counter.sees(IdleView, warnings=())
    assert all(not any(frame.pixels) for frame in camera.frames)


# ---- challenge -------------------------------------------------------------------------------------------------


async def test_a_challenge_tells_the_patient_what_to_do() -> None:
    counter = Counter(CHALLENGE)
    counter.face.verdicts = [ALIVE]
    counter.face.prompts = [FacePrompt.TURN_LEFT, FacePrompt.TURN_LEFT, UnsureReason.BLURRED, FacePrompt.HOLD]
    async with counter.running():
        await counter.by_face()
        assert (counter.face.limits[0].liveness, counter.face.limits[0].seconds) == (LivenessMode.CHALLENGE, 45.0)
        assert counter.camera.metered == [Region(0.4, 0.3, 0.2, 0.3)]
        await counter.consent()
        summary = (await counter.result()).summary
    assert summary.match == ALIVE
    assert summary.assurance is not Assurance.STAFF


class Patient(FakeFace):
    """Waits at each step until the screen says what to do. `shown`: asks the screen."""

    def __init__(self, shown: Callable[[FacePrompt], bool]) -> None:
        super().__init__(ALIVE)
        self.shown = shown
        self.seen: list[bool] = []

    def match(self, photo: Secret, sitting: Sitting, limits: MatchLimits) -> MatchVerdict:
        for step in (FacePrompt.TURN_RIGHT, FacePrompt.COME_CLOSER, FacePrompt.LOOK_STRAIGHT):
            sitting.prompt(step)
            self.seen.append(self.shown(step))
        return super().match(photo, sitting, limits)


async def test_each_prompt_is_shown() -> None:
    counter = Counter(CHALLENGE)
    patient = Patient(lambda step: counter.shown_soon(FaceView(1, 3, prompt=step)))
    counter.devices = replace(counter.devices, face=patient)
    async with counter.running():
        await counter.by_face()
    assert patient.seen == [True] * 3


async def test_a_match_without_the_challenge_is_asked_again() -> None:
    counter = Counter(CHALLENGE)
    counter.face.verdicts = [MATCH, ALIVE]
    async with counter.running():
        await counter.by_face()
        await counter.consent()
        assert (await counter.result()).summary.unsure == (UnsureReason.NOT_ALIVE,)


async def test_a_print_that_fails_every_challenge_leaves_pin_and_staff() -> None:
    flat = replace(
        ALIVE, code=MatchCode.UNSURE, reason=UnsureReason.NOT_ALIVE, band=MatchBand.STRICT, liveness=Liveness.FAILED
    )
    counter = Counter(CHALLENGE)
    counter.face.verdicts = [flat, flat, flat]
    async with counter.running():
        await counter.place_and_choose(Button.LEFT)
        await counter.sees(NumberBView)
        await counter.type(NUMBER_B)
        view = await counter.sees(NoticeView, because=FaultCode.FACE_UNSURE)
        assert view.methods == (Method.PIN, Method.STAFF)
        assert FaceView(2, 3, UnsureReason.NOT_ALIVE) in counter.panel.views
        counter.lift()
        summary = (await counter.result()).summary
    assert (summary.method, summary.assurance, summary.match) == (None, Assurance.NONE, flat)
    assert len(counter.face.limits) == 3


async def test_a_site_may_want_staff_after_the_challenge() -> None:
    counter = Counter(replace(CHALLENGE, liveness=LivenessMode.CHALLENGE_STAFF))
    counter.face.verdicts = [ALIVE]
    async with counter.running():
        await counter.place_and_choose(Button.LEFT)
        await counter.sees(NumberBView)
        await counter.type(NUMBER_B)
        await counter.sees(StaffView)
        counter.request("staff-check")
        await counter.sees(ConsentView)
        await counter.consent()
        summary = (await counter.result()).summary
    assert (summary.method, summary.assurance, summary.match) == (Method.STAFF, Assurance.STAFF, ALIVE)
