"""Exposure by a part of the picture: how many stops a camera should be brighter or darker than by its own choice. Pure.

Neither libcamera on a Pi nor UVC takes a rectangle to meter, but both take "more" or "less": so the brightness of the
wished part is measured in the frames that are handed out anyway, and exposure follows it in small steps, a few frames
apart, because a changed exposure shows only some frames later.

`wish` from any thread, all else on the camera lane. Regions are shares of the upright picture.
"""

import math

from firmware.camera.frames import Picture
from firmware.ports import Region

# Mean brightness (0 to 255) of a well exposed face. A stop more is 2^(1/2.2) times as bright behind a gamma curve.
_WANTED = 115.0
_GAMMA = 2.2
MOST = 2.0
"""Stops up and down. More would blow out everything but the face, and find it no more if it moves."""
_STEP = 0.5
_NEAR = 0.4
_SETTLE = 4
_SPARSE = 4


class Metering:
    """The wish, and what was made of it so far."""

    def __init__(self) -> None:
        self._region: Region | None = None
        self._stops = 0.0
        self._pause = 0

    def wish(self, region: Region | None) -> None:
        """Meter this part from the next frame on; None: the camera's own choice."""
        self._region = region

    def reset(self) -> None:
        """Nothing is wished, and the camera is as it was."""
        self._region, self._stops, self._pause = None, 0.0, 0

    def follow(self, picture: Picture) -> float | None:
        """Stops to set now, after this upright picture; None if they stay as they are."""
        region = self._region
        wanted = 0.0 if region is None else self._toward(picture, region)
        if wanted == self._stops:
            return None
        self._stops, self._pause = wanted, _SETTLE
        return wanted

    def _toward(self, picture: Picture, region: Region) -> float:
        if self._pause:
            self._pause -= 1
            return self._stops
        mean = brightness(picture, region)
        if mean is None:
            return self._stops
        missing = _GAMMA * math.log2(_WANTED / max(mean, 1.0))
        if abs(missing) < _NEAR:
            return self._stops
        return min(max(self._stops + min(max(missing, -_STEP), _STEP), -MOST), MOST)


def brightness(picture: Picture, region: Region) -> float | None:
    """Mean of the green channel in this part; None if nothing of it lies in the picture."""
    rows, columns = picture.shape[:2]
    if not all(math.isfinite(share) for share in (region.x, region.y, region.width, region.height)):
        return None
    left, right = (min(max(share, 0.0), 1.0) for share in (region.x, region.x + region.width))
    top, bottom = (min(max(share, 0.0), 1.0) for share in (region.y, region.y + region.height))
    part = picture[int(top * rows) : int(bottom * rows), int(left * columns) : int(right * columns)]
    return float(part[::_SPARSE, ::_SPARSE, 1].mean()) if part.size else None
