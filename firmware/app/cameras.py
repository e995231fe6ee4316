"""Cameras and what looks through them, from the settings; libraries are imported only where they are asked for.

Blocking; before the loop. A part that cannot be built is noted as missing, and its port is None.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from firmware.core.events import Part
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import FrontHint
from firmware.core.secret import Secret
from firmware.ports import Camera, CardFront, Face, Frame
from firmware.settings.schema import Settings
from firmware.settings.schema_parts import CardCamera, FaceCamera

if TYPE_CHECKING:
    from firmware.app.observed import Simulated
    from firmware.cardfront.reader import FrontReader

Missing = list[tuple[Part, FaultCode]]

FACE_SIZE: Final = (640, 480)
FRONT_SIZE: Final = (1280, 960)
"""Width and height: the print of a card that fills the frame is too small for reading in less."""


def build_cameras(
    settings: Settings, simulated: Simulated | None, missing: Missing
) -> tuple[Camera | None, Camera | None]:
    """Face camera and card camera; one object where one camera does both."""
    shared = settings.card_camera.adapter == "face"
    face = _built(settings.face_camera, FRONT_SIZE if shared else FACE_SIZE, simulated, "camera")
    if face is None and settings.face_camera.adapter != "none":
        missing.append((Part.FACE_CAMERA, FaultCode.CAMERA_MISSING))
    if shared:
        return face, face
    card = _built(settings.card_camera, FRONT_SIZE, simulated, "card-camera")
    if card is None and settings.card_camera.adapter != "none":
        missing.append((Part.CARD_CAMERA, FaultCode.CAMERA_MISSING))
    return face, card


def _built(
    section: FaceCamera | CardCamera, size: tuple[int, int], simulated: Simulated | None, command: str
) -> Camera | None:
    """`command`: by which a simulated camera is told over the control socket what it sees."""
    try:
        match section.adapter:
            case "files":
                from firmware.camera.files import FileCamera, FileCameraConfig

                camera = FileCamera(FileCameraConfig(section.files, size, rotation=section.rotation))
                if simulated is not None:
                    simulated.bind_camera(camera.set_source, command)
                return camera
            case "v4l2":
                from firmware.camera.v4l2 import V4l2Camera, V4l2Config

                return V4l2Camera(V4l2Config(section.device, size, rotation=section.rotation))
            case "picamera":
                from firmware.camera.picamera import PiCamera, PiCameraConfig

                return PiCamera(PiCameraConfig(int(section.device), size, rotation=section.rotation))
            case "face" | "none":
                return None
    except (ImportError, ValueError, DeviceError):
        return None


def build_face(settings: Settings, missing: Missing) -> Face | None:
    if settings.face_camera.adapter == "none":
        return None
    try:
        from firmware.face.matcher import FaceConfig, FaceMatcher
    except ImportError:
        missing.append((Part.INFERENCE, FaultCode.MODEL_FAILED))
        return None
    return FaceMatcher(FaceConfig(settings.models.dir))


def build_card_front(settings: Settings, missing: Missing) -> CardFront | None:
    if settings.card_camera.adapter == "none":
        return None
    try:
        from firmware.cardfront.reader import FrontConfig, FrontReader
    except ImportError:
        missing.append((Part.CARD_FRONT, FaultCode.MODEL_FAILED))
        return None
    return ReadsFront(FrontReader(FrontConfig(settings.models.dir)))


class ReadsFront:
    """`ports.CardFront` by `FrontReader`, whose own words for why nothing was read are not wanted. Inference lane."""

    def __init__(self, reader: FrontReader) -> None:
        self._reader = reader

    def load(self) -> None:
        self._reader.load()

    def read(
        self,
        frames: Callable[[float], Frame],
        seconds: float,
        cancelled: Callable[[], bool],
        hint: Callable[[FrontHint], None],
    ) -> Secret | None:
        reading = self._reader.read(frames, seconds, cancelled, lambda told: hint(FrontHint(told.value)))
        return reading.digits

    def close(self) -> None:
        self._reader.close()
