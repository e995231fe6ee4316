"""What the person is told and what the camera is asked for during a comparison: `Guide`. Inference lane.

Prompts are told when they change only; a reason from the quality gates not before it was seen in two frames, so that
the screen does not flicker. The camera is asked to meter the face when light from behind, or on it, spoils it, and to
stop when no face was seen for a while.
"""

from firmware.core.outcomes import FacePrompt, UnsureReason
from firmware.face.box import FaceBox
from firmware.ports import Region, Sitting

_STEADY = 2
_FORGOTTEN = 2.0
# A metered face that moved by more than this share of the region's side is metered anew.
_MOVED = 0.3
_UNLIKE = (UnsureReason.BACKLIT, UnsureReason.TOO_BRIGHT)

Prompt = FacePrompt | UnsureReason


class Guide:
    """The counter's side of one attempt."""

    def __init__(self, sitting: Sitting) -> None:
        self._sitting = sitting
        self._told: Prompt | None = None
        self._seen: Prompt | None = None
        self._times = 0
        self._region: Region | None = None
        self._face_at: float | None = None

    def say(self, prompt: Prompt) -> None:
        """What this frame asks for."""
        self._times = self._times + 1 if prompt is self._seen else 1
        self._seen = prompt
        if prompt is self._told:
            return
        if self._times >= _STEADY or isinstance(prompt, FacePrompt) or prompt is UnsureReason.PERSON_CHANGED:
            self._told = prompt
            self._sitting.prompt(prompt)

    def take_back(self) -> None:
        """This frame is as it should be: nothing to say, unless something was said before."""
        if self._told is None:
            self._seen, self._times = None, 0
        else:
            self.say(FacePrompt.LOOK_STRAIGHT)

    def light(self, at: float, face: FaceBox | None, size: tuple[int, int], reason: UnsureReason | None) -> None:
        """The largest face of a frame of this size, and what was wrong with it."""
        if face is None:
            if self._region is not None and self._face_at is not None and at - self._face_at > _FORGOTTEN:
                self._meter(None)
            return
        self._face_at = at
        if reason in _UNLIKE or self._region is not None:
            region = region_of(face, size)
            if region is not None and (self._region is None or _apart(self._region, region)):
                self._meter(region)

    def _meter(self, region: Region | None) -> None:
        self._region = region
        self._sitting.meter(region)


def region_of(face: FaceBox, size: tuple[int, int]) -> Region | None:
    """The face as shares of a picture of `size`, as far as it lies inside."""
    width, height = size
    left, right = max(0.0, face.x / width), min(1.0, (face.x + face.width) / width)
    top, bottom = max(0.0, face.y / height), min(1.0, (face.y + face.height) / height)
    return Region(left, top, right - left, bottom - top) if right > left and bottom > top else None


def _apart(old: Region, new: Region) -> bool:
    across = abs(old.x + old.width / 2 - new.x - new.width / 2) / old.width
    down = abs(old.y + old.height / 2 - new.y - new.height / 2) / old.height
    return max(across, down, abs(new.width / old.width - 1)) > _MOVED
