"""The whole comparison on real models and pictures: holder, impostor, thresholds, reasons, wiping."""

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import Liveness, LivenessMode, MatchBand, MatchCode, UnsureReason
from firmware.core.secret import Secret
from firmware.face import comparison, quality
from firmware.face import matcher as module
from firmware.face.align import align
from firmware.face.comparison import Rules
from firmware.face.detect import Detector
from firmware.face.embed import Embedder, cosine
from firmware.face.liveness_model import Live, Progress, Prompt
from firmware.face.matcher import FaceConfig, FaceMatcher
from firmware.face.photo import PhotoDecoder
from firmware.face.pixels import bgr
from firmware.inference.models import ModelStore
from firmware.inference.pictures import Floats, Picture
from firmware.ports import Face, Frame, MatchLimits, Sitting
from tests.unit.face.face_material import MODELS, FrameSource, frame, picture
from tests.unit.face.face_stage import Challenges, Script

HOLDER = "holder-1.jpg"
OTHER = "impostor.jpg"
LIMITS = MatchLimits(seconds=20.0, frames=3)
BLANK = np.full((480, 640, 3), 90, np.uint8)


def before(frames: Callable[[float], Frame]) -> Sitting:
    """A counter with this camera."""
    return Sitting(frames, lambda: False)


@pytest.fixture(scope="module")
def matcher() -> Iterator[FaceMatcher]:
    matcher = FaceMatcher(FaceConfig(MODELS))
    matcher.load()
    yield matcher
    matcher.close()


def beside(left: Picture, right: Picture) -> Picture:
    """Two pictures beside each other in one frame of 640x480."""
    return np.ascontiguousarray(np.concatenate([left[:, 160:480], right[:, 160:480]], axis=1))


def smaller(live: Picture, step: int) -> Picture:
    """The same scene from further away."""
    canvas = BLANK.copy()
    small = live[::step, ::step]
    canvas[: small.shape[0], : small.shape[1]] = small
    return canvas


def similarity(detector: Detector, embedder: Embedder, chip: Secret, name: str) -> float:
    def embed(shown: Picture) -> Floats:
        return embedder.embed(align(shown, detector.detect(shown)[0].points))

    return cosine(embed(bgr(PhotoDecoder().decode(chip))), embed(picture(name)))


def test_similarities_of_the_pictures(detector: Detector, embedder: Embedder, chip: Secret) -> None:
    values = [similarity(detector, embedder, chip, name) for name in (HOLDER, "holder-2.jpg", OTHER)]
    assert values == pytest.approx([0.65, 0.70, 0.04], abs=0.05)


@pytest.mark.parametrize("name", [HOLDER, "holder-2.jpg"])
@pytest.mark.parametrize("threshold", ["accept", "strict"])
def test_holder_is_accepted(matcher: FaceMatcher, chip: Secret, name: str, threshold: str) -> None:
    source = FrameSource([picture(name)] * 3)
    port: Face = matcher
    verdict = port.match(chip, before(source), MatchLimits(20.0, threshold=threshold))
    entry = ModelStore(MODELS).entry("sface")
    assert (verdict.code, verdict.reason, verdict.band) == (MatchCode.MATCH, None, MatchBand.STRICT)
    assert (verdict.threshold, verdict.model) == (entry.thresholds[threshold].id, entry.sha256)
    assert len(source.given) == 1, "one sure frame is enough"


def test_impostor_is_refused_after_all_frames(matcher: FaceMatcher, chip: Secret) -> None:
    source = FrameSource([picture(OTHER)] * 5)
    verdict = matcher.match(chip, before(source), LIMITS)
    assert (verdict.code, verdict.reason, verdict.band) == (MatchCode.NO_MATCH, None, MatchBand.BELOW)
    assert len(source.given) == LIMITS.frames


def test_a_frame_of_the_holder_between_frames_of_another_is_no_match(matcher: FaceMatcher, chip: Secret) -> None:
    turns = [picture(OTHER), picture(HOLDER)] * 3
    verdict = matcher.match(chip, before(FrameSource(turns)), MatchLimits(1.0, frames=3))
    assert (verdict.code, verdict.reason, verdict.band) == (MatchCode.UNSURE, UnsureReason.PERSON_CHANGED, None)


def test_who_takes_over_is_matched_for_himself(matcher: FaceMatcher, chip: Secret) -> None:
    source = FrameSource([BLANK, picture(OTHER), FaultCode.CAMERA_NO_FRAME, *[picture(HOLDER)] * 4])
    assert matcher.match(chip, before(source), LIMITS).code is MatchCode.MATCH
    assert len(source.given) == 1 + 1 + 3


def test_two_pictures_of_the_holder_are_one_person(matcher: FaceMatcher, chip: Secret) -> None:
    """The faces stand at different places, so that they jump."""
    rules = Rules(challenger=Challenges(Script([Progress(0, Prompt.LOOK_STRAIGHT)])))
    seen = FaceMatcher(FaceConfig(MODELS, rules=rules))
    seen._loaded = matcher._models()
    source = FrameSource([picture(HOLDER), picture("holder-2.jpg")] * 3)
    told: list[object] = []
    sitting = Sitting(source, lambda: not source.left, told.append)
    seen.match(chip, sitting, MatchLimits(20.0, liveness=LivenessMode.CHALLENGE))
    assert UnsureReason.PERSON_CHANGED not in told


def test_the_challenge_decides_with_the_models(matcher: FaceMatcher, chip: Secret) -> None:
    straight, left = Prompt.LOOK_STRAIGHT, Prompt.TURN_LEFT
    script = Script([Progress(0, straight), Progress(0, left), Progress(1, left, verdict=Live())])
    challenges = Challenges(script)
    alive = FaceMatcher(FaceConfig(MODELS, rules=Rules(challenger=challenges)))
    alive._loaded = matcher._models()
    limits = MatchLimits(20.0, liveness=LivenessMode.CHALLENGE)
    verdict = alive.match(chip, before(FrameSource([picture(HOLDER)] * 3)), limits)
    assert (verdict.code, verdict.band, verdict.liveness) == (MatchCode.MATCH, MatchBand.STRICT, Liveness.PASSED)
    alive.close()
    assert challenges.proportions == [pytest.approx(0.93, abs=0.03)]
    assert [seen.similarity is not None for seen in script.seen] == [True, False, False]


@pytest.mark.parametrize(
    ("live", "reason"),
    [
        (lambda: [BLANK], UnsureReason.NO_FACE),
        (lambda: [beside(picture("holder-2.jpg"), picture(OTHER))], UnsureReason.TWO_FACES),
        (lambda: [smaller(picture("holder-2.jpg"), 3)], UnsureReason.TOO_SMALL),
        (lambda: [np.roll(picture("holder-2.jpg"), -215, axis=1)], UnsureReason.AT_BORDER),
        (list, UnsureReason.NO_FRAMES),
    ],
)
def test_frames_that_are_not_fit_leave_it_undecided(
    matcher: FaceMatcher, chip: Secret, live: Callable[[], list[Picture]], reason: UnsureReason
) -> None:
    verdict = matcher.match(chip, before(FrameSource(live())), MatchLimits(seconds=0.3))
    assert (verdict.code, verdict.reason, verdict.band) == (MatchCode.UNSURE, reason, None)


@pytest.mark.parametrize(
    ("value", "threshold", "expected"),
    [
        (0.45, "accept", (MatchCode.MATCH, None, MatchBand.ACCEPT)),
        (0.45, "strict", (MatchCode.UNSURE, UnsureReason.BETWEEN, MatchBand.ACCEPT)),
        (0.35, "accept", (MatchCode.UNSURE, UnsureReason.BETWEEN, MatchBand.BETWEEN)),
        (0.31, "accept", (MatchCode.NO_MATCH, None, MatchBand.BELOW)),
    ],
)
def test_thresholds_of_the_manifest_decide(
    matcher: FaceMatcher, chip: Secret, monkeypatch: pytest.MonkeyPatch, value: float, threshold: str, expected: object
) -> None:
    monkeypatch.setattr(comparison, "cosine", lambda _left, _right: value)
    source = FrameSource([picture(HOLDER)] * 2)
    verdict = matcher.match(chip, before(source), MatchLimits(20.0, 2, threshold))
    assert (verdict.code, verdict.reason, verdict.band) == expected


def test_a_worse_frame_takes_nothing_away(matcher: FaceMatcher, chip: Secret, monkeypatch: pytest.MonkeyPatch) -> None:
    values = [0.1, 0.35, 0.2]
    monkeypatch.setattr(comparison, "cosine", lambda _left, _right: values.pop(0))
    verdict = matcher.match(chip, before(FrameSource([picture(HOLDER)] * 3)), LIMITS)
    assert (verdict.code, verdict.band) == (MatchCode.UNSURE, MatchBand.BETWEEN)


def test_a_cancelled_visit_asks_for_no_more_frames(matcher: FaceMatcher, chip: Secret) -> None:
    source = FrameSource([picture(OTHER)] * 9)
    matcher.match(chip, Sitting(source, lambda: len(source.given) >= 2), MatchLimits(20.0, 9))
    assert len(source.given) == 2


def test_a_camera_that_is_gone_is_reported(matcher: FaceMatcher, chip: Secret) -> None:
    with pytest.raises(DeviceError) as caught:
        matcher.match(chip, before(FrameSource([FaultCode.CAMERA_MISSING])), LIMITS)
    assert caught.value.code is FaultCode.CAMERA_MISSING


def test_a_photo_without_a_face(matcher: FaceMatcher) -> None:
    data = BytesIO()
    Image.new("L", (240, 320), 128).save(data, "JPEG2000")
    source = FrameSource([picture(HOLDER)])
    with pytest.raises(DeviceError) as caught:
        matcher.match(Secret(data.getvalue()), before(source), LIMITS)
    assert caught.value.code is FaultCode.PHOTO_NO_FACE
    assert source.given == [], "no frame is taken for a photo that cannot be compared"


def test_a_broken_photo_does_not_break_the_next_match(matcher: FaceMatcher, chip: Secret) -> None:
    with pytest.raises(DeviceError) as caught:
        matcher.match(Secret(bytes(chip.view()[:3000])), before(FrameSource([])), LIMITS)
    assert caught.value.code is FaultCode.PHOTO_BROKEN
    assert matcher.match(chip, before(FrameSource([picture(HOLDER)])), LIMITS).code is MatchCode.MATCH


def test_everything_personal_is_wiped(matcher: FaceMatcher, chip: Secret, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[np.ndarray[tuple[int, ...], np.dtype[np.generic]]] = []

    def spy(owner: object, name: str) -> None:
        original = getattr(owner, name)

        def keeping(*args: object) -> object:
            kept.append(original(*args))
            return kept[-1]

        monkeypatch.setattr(owner, name, keeping)

    spied = (
        (PhotoDecoder, "decode"),
        (Embedder, "embed"),
        (module, "bgr"),
        (module, "align"),
        (comparison, "align"),
        (quality, "green"),
    )
    for owner, name in spied:
        spy(owner, name)
    source = FrameSource([picture(OTHER), BLANK, *[picture(HOLDER)] * 3])
    assert matcher.match(chip, before(source), LIMITS).code is MatchCode.MATCH
    photo, faces = 2 + 2, 4 * (1 + 2 + 1)
    assert len(kept) == photo + faces + 1
    assert not any(array.any() for array in kept)
    assert len(source.given) == 5
    assert not any(any(given.pixels) for given in source.given)


def test_frames_are_wiped_even_when_the_model_fails(
    matcher: FaceMatcher, chip: Secret, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Frame] = []

    def frames(timeout: float) -> Frame:
        def failing(_self: Detector, _picture: Picture) -> list[object]:
            raise DeviceError(FaultCode.MODEL_FAILED)

        monkeypatch.setattr(Detector, "detect", failing)
        given.append(frame(picture(HOLDER)))
        return given[-1]

    with pytest.raises(DeviceError):
        matcher.match(chip, before(frames), LIMITS)
    assert not any(given[0].pixels)


def test_an_unknown_threshold_is_a_programming_error(matcher: FaceMatcher, chip: Secret) -> None:
    with pytest.raises(ValueError, match="threshold"):
        matcher.match(chip, before(FrameSource([])), MatchLimits(1.0, threshold="retry"))


def test_models_missing(tmp_path: Path) -> None:
    with pytest.raises(DeviceError) as caught:
        FaceMatcher(FaceConfig(tmp_path)).load()
    assert caught.value.code is FaultCode.MODEL_MISSING
