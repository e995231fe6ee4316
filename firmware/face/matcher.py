"""`FaceMatcher`: the `Face` port. Chip photo against live frames, best of several, with every picture wiped.

The attempt itself is `comparison.py`; here are the models, the photo and the verdict. Inference lane, blocking. Raises
MODEL_…, PHOTO_… and what `frames` raises other than CAMERA_NO_FRAME. Source: face.md sections 1 and 4, hardware.md
section 10.
"""

from dataclasses import dataclass, field
from pathlib import Path

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import MatchVerdict
from firmware.core.secret import Secret
from firmware.face.align import align
from firmware.face.box import FaceBox
from firmware.face.comparison import Comparison, Reference, Rules
from firmware.face.decide import Thresholds
from firmware.face.detect import DetectLimits, Detector
from firmware.face.embed import Embedder
from firmware.face.liveness_shape import proportion
from firmware.face.photo import PhotoDecoder
from firmware.face.pixels import bgr
from firmware.face.quality import facing
from firmware.inference.models import ModelEntry, ModelStore
from firmware.inference.onnx import Session, trim
from firmware.inference.pictures import Floats, Picture, wiped
from firmware.ports import MatchLimits, Sitting

EMBEDDER = "sface"
DETECTOR = "yunet"
_ACCEPTING = ("accept", "strict")


@dataclass(frozen=True, slots=True)
class FaceConfig:
    """`models`: the folder with manifest and models. `photo_seconds`: time for decoding the chip's photo."""

    models: Path
    photo_seconds: float = 3.0
    threads: int = 1
    detect: DetectLimits = field(default_factory=DetectLimits)
    rules: Rules = field(default_factory=Rules)


@dataclass(frozen=True, slots=True)
class _Loaded:
    detector: Detector
    embedder: Embedder
    entry: ModelEntry
    thresholds: Thresholds

    def detect(self, picture: Picture) -> list[FaceBox]:
        return self.detector.detect(picture)

    def embed(self, chip: Picture) -> Floats:
        return self.embedder.embed(chip)


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

    def match(self, photo: Secret, sitting: Sitting, limits: MatchLimits) -> MatchVerdict:
        """Compare until sure, or until `limits` are used up, or cancelled (the verdict is then of no use)."""
        if limits.threshold not in _ACCEPTING:
            raise ValueError(f"threshold {limits.threshold!r} does not accept")
        models = self._models()
        threshold = models.entry.thresholds[limits.threshold]
        try:
            reference = self._reference(models, photo)
            with wiped(reference.embedding):
                decision, liveness = Comparison(models, reference, self._config.rules, sitting, limits).run()
        finally:
            trim()
            self._decoder.start_ahead()
        return MatchVerdict(decision.code, decision.reason, decision.band, threshold.id, models.entry.sha256, liveness)

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

    def _reference(self, models: _Loaded, photo: Secret) -> Reference:
        """What is kept of the chip's photo."""
        decoded = self._decoder.decode(photo)
        with wiped(decoded):
            picture = bgr(decoded)
        with wiped(picture):
            faces = models.detector.detect(picture)
            if not faces:
                raise DeviceError(FaultCode.PHOTO_NO_FACE)
            face = max(faces, key=lambda face: face.width)
            straight = facing(face, self._config.rules.quality.pose) is None
            chip = align(picture, face.points)
            with wiped(chip):
                return Reference(models.embed(chip), proportion(face.points) if straight else None)


def _thresholds(entry: ModelEntry) -> Thresholds:
    try:
        return Thresholds(*(entry.thresholds[name].cosine for name in ("retry", *_ACCEPTING)))
    except (KeyError, ValueError) as error:
        raise DeviceError(FaultCode.MODEL_FAILED, f"{entry.name}: thresholds: {error}") from error
