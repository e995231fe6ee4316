"""The models, loaded once."""

import pytest

from firmware.core.secret import Secret
from firmware.face.detect import Detector
from firmware.face.embed import Embedder
from firmware.inference.models import ModelStore
from firmware.inference.onnx import Session
from tests.unit.face.face_material import FACES, MODELS


@pytest.fixture
def chip() -> Secret:
    """The photo of the virtual chip."""
    return Secret((FACES / "chip.jp2").read_bytes())


@pytest.fixture(scope="session")
def detector() -> Detector:
    return Detector(Session(ModelStore(MODELS), "yunet"))


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    return Embedder(Session(ModelStore(MODELS), "sface"))
