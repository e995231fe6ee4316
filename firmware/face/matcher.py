"""`FaceMatcher`: the `Face` port. Chip photo against live frames, best of several, with every picture wiped.

Inference lane, blocking. Seconds are monotonic. Raises MODEL_…, PHOTO_… and what `frames` raises other than
CAMERA_NO_FRAME. The similarity itself never leaves this file. Source: face.md sections 1 and 4, hardware.md section 10.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import MatchBand, MatchVerdict, UnsureReason
from firmware.core.secret import Secret
from firmware.face.align import align
from firmware.face.decide import Decision, Thresholds, Unsure, band_of, decide
from firmware.face.detect import DetectLimits, Detector
from firmware.face.embed import Embedder, cosine
from firmware.face.photo import PhotoDecoder
from firmware.face.pixels import Floats, Picture, bgr, view, wiped
from firmware.face.quality import QualityLimits, choose
from firmware.inference.models import ModelEntry, ModelStore
from firmware.inference.onnx import Session, trim
from firmware.ports import Frame, MatchLimits

EMBEDDER = "sface"
DETECTOR = "yunet"
_ACCEPTING = ("accept", "strict")
# How long one wait for a frame may hold up a cancelled visit, and the least pause after a camera that gave up at once.
_FRAME_SECONDS = 0.25
_PAUSE_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class FaceConfig:
    """`models`: the folder with manifest and models. `photo_seconds`: time for decoding the chip's photo."""

    models: Path
    photo_seconds: float = 3.0
    threads: int = 1
    detect: DetectLimits = field(default_factory=DetectLimits)
    quality: QualityLimits = field(default_factory=QualityLimits)


@dataclass(frozen=True, slots=True)
class _Loaded:
    detector: Detector
    embedder: Embedder
    entry: ModelEntry
    thresholds: Thresholds


class FaceMatcher:
    """Both models and the photo decoder."""

    def __init__(self, config: FaceConfig) -> None:
        self._config = config
        self._decoder = PhotoDecoder(config.photo_seconds)
        self._loaded: _Loaded | None = None

    def load(self) -> None:
        """Load the models and start the first decoder. Idempotent."""
        self._models()
        self._decoder.start_ahead()

    def close(self) -> None:
        """End the waiting decoder and drop the models. Idempotent."""
        self._decoder.close()
        self._loaded = None

    def match(
        self,
        photo: Secret,
        frames: Callable[[float], Frame],
        limits: MatchLimits,
        cancelled: Callable[[], bool],
    ) -> MatchVerdict:
        """Compare until sure, or until `limits` are used up, or `cancelled` (the verdict is then of no use)."""
        if limits.threshold not in _ACCEPTING:
            raise ValueError(f"threshold {limits.threshold!r} does not accept")
        models = self._models()
        threshold = models.entry.thresholds[limits.threshold]
        try:
            reference = self._reference(models, photo)
            with wiped(reference):
                decision = self._compare(_Comparison(models, reference), frames, limits, cancelled)
        finally:
            trim()
            self._decoder.start_ahead()
        return MatchVerdict(decision.code, decision.reason, decision.band, threshold.id, models.entry.sha256)

    def _models(self) -> _Loaded:
        if self._loaded is None:
            store = ModelStore(self._config.models)
            # The large one first: its loading peak then does not stand on top of the small one.
            embedder = Session(store, EMBEDDER, threads=self._config.threads)
            detector = Session(store, DETECTOR, threads=self._config.threads)
            self._loaded = _Loaded(
                Detector(detector, self._config.detect), Embedder(embedder), embedder.entry, _thresholds(embedder.entry)
            )
            trim()
        return self._loaded

    def _reference(self, models: _Loaded, photo: Secret) -> Floats:
        """The embedding of the chip's photo."""
        decoded = self._decoder.decode(photo)
        with wiped(decoded):
            picture = bgr(decoded)
        with wiped(picture):
            faces = models.detector.detect(picture)
            if not faces:
                raise DeviceError(FaultCode.PHOTO_NO_FACE)
            return _embed(models, picture, max(faces, key=lambda face: face.width).points)

    def _compare(
        self,
        comparison: "_Comparison",
        frames: Callable[[float], Frame],
        limits: MatchLimits,
        cancelled: Callable[[], bool],
    ) -> Decision:
        strict = limits.threshold == "strict"
        deadline = time.monotonic() + limits.seconds
        while comparison.compared < limits.frames and not cancelled():
            frame = _next_frame(frames, deadline)
            if frame is not None:
                try:
                    comparison.look(frame, self._config.quality)
                finally:
                    frame.wipe()
            if comparison.accepted(strict=strict) or time.monotonic() >= deadline:
                break
        return comparison.decision(strict=strict)


class _Comparison:
    """What the frames of one attempt have shown so far."""

    def __init__(self, models: _Loaded, reference: Floats) -> None:
        self._models = models
        self._reference = reference
        self._best: float | None = None
        self._reason = UnsureReason.NO_FRAMES
        self.compared = 0

    def look(self, frame: Frame, limits: QualityLimits) -> None:
        """Compare one frame, or remember why it was not fit."""
        picture = view(frame.pixels, frame.width, frame.height)
        face = choose(self._models.detector.detect(picture), (frame.width, frame.height), limits)
        if isinstance(face, UnsureReason):
            self._reason = face
            return
        embedding = _embed(self._models, picture, face.points)
        with wiped(embedding):
            similarity = cosine(self._reference, embedding)
        self.compared += 1
        self._best = similarity if self._best is None else max(self._best, similarity)

    def accepted(self, *, strict: bool) -> bool:
        """More frames cannot make it better than it is."""
        band = self._band()
        return band is MatchBand.STRICT or (band is MatchBand.ACCEPT and not strict)

    def decision(self, *, strict: bool) -> Decision:
        band = self._band()
        return Unsure(self._reason) if band is None else decide(band, strict=strict)

    def _band(self) -> MatchBand | None:
        return None if self._best is None else band_of(self._best, self._models.thresholds)


def _embed(models: _Loaded, picture: Picture, points: tuple[tuple[float, float], ...]) -> Floats:
    aligned = align(picture, points)
    with wiped(aligned):
        return models.embedder.embed(aligned)


def _next_frame(frames: Callable[[float], Frame], deadline: float) -> Frame | None:
    asked = time.monotonic()
    try:
        return frames(max(0.0, min(_FRAME_SECONDS, deadline - asked)))
    except DeviceError as error:
        if error.code is not FaultCode.CAMERA_NO_FRAME:
            raise
    if time.monotonic() - asked < _PAUSE_SECONDS:
        time.sleep(_PAUSE_SECONDS)
    return None


def _thresholds(entry: ModelEntry) -> Thresholds:
    try:
        return Thresholds(*(entry.thresholds[name].cosine for name in ("retry", *_ACCEPTING)))
    except (KeyError, ValueError) as error:
        raise DeviceError(FaultCode.MODEL_FAILED, f"{entry.name}: thresholds: {error}") from error
