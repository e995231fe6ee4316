"""Picture arithmetic of this package, and the only file of it that imports cv2.

Inference lane. Pictures are uint8 arrays, height x width x 3, BGR; grey ones height x width; masks hold 0 and 255.
Points are float32, x and y in pixels. Every function returns a new array, which whoever asks for it wipes.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from firmware.inference.pictures import Floats, Picture, wiped

Points = NDArray[np.float32]

cv2.setNumThreads(1)


def shrunk(picture: Picture, longest: int) -> tuple[Picture, float]:
    """A copy whose longer side has at most `longest` pixels, and the factor used."""
    rows, columns = picture.shape[:2]
    factor = min(1.0, longest / max(rows, columns))
    if factor == 1.0:
        return picture.copy(), factor
    size = (max(1, round(columns * factor)), max(1, round(rows * factor)))
    small: Picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return small, factor


def grey(picture: Picture) -> Picture:
    made: Picture = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    return made


def blurred(picture: Picture, sigma: float) -> Picture:
    made: Picture = cv2.GaussianBlur(picture, (0, 0), sigma)
    return made


def ridges(picture: Picture) -> tuple[Picture, Floats, Floats]:
    """Mask of thin edges, faint ones too, and horizontal and vertical derivative: of each pixel's clearest channel."""
    channels = [np.ascontiguousarray(picture[:, :, channel]) for channel in range(3)]
    slopes = [(cv2.Scharr(each, cv2.CV_16S, 1, 0), cv2.Scharr(each, cv2.CV_16S, 0, 1)) for each in channels]
    across, down = slopes[1]
    strength = cv2.magnitude(across.astype(np.float32), down.astype(np.float32))
    for other_across, other_down in (slopes[0], slopes[2]):
        other = cv2.magnitude(other_across.astype(np.float32), other_down.astype(np.float32))
        better = other > strength
        np.copyto(across, other_across, where=better)
        np.copyto(down, other_down, where=better)
        np.copyto(strength, other, where=better)
    level = max(40.0, 1.6 * float(np.median(strength)))
    mask: Picture = cv2.Canny(across, down, level, 1.5 * level, L2gradient=True)
    with wiped(strength, *channels, *(slope for pair in slopes for slope in pair)):
        return mask, across.astype(np.float32), down.astype(np.float32)


def area(points: Points) -> float:
    return float(cv2.contourArea(points))


def rectangle(points: Points) -> tuple[float, float]:
    """Width and height of the smallest rectangle, any way round, that holds all points."""
    _, (width, height), _ = cv2.minAreaRect(points)
    return float(width), float(height)


def holds(polygon: Points, place: NDArray[np.float64]) -> bool:
    """Whether a place lies in a polygon."""
    return float(cv2.pointPolygonTest(polygon, (float(place[0]), float(place[1])), measureDist=False)) >= 0


def gradient(picture: Picture) -> tuple[Floats, Floats]:
    """Horizontal and vertical derivative of a grey picture."""
    return cv2.Scharr(picture, cv2.CV_32F, 1, 0), cv2.Scharr(picture, cv2.CV_32F, 0, 1)


def sampled(values: Floats, points: Points) -> Floats:
    """Values of a float picture at `points` (n x m x 2), between pixels; 0 outside."""
    made: Floats = cv2.remap(values, points, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return made


def rectified(picture: Picture, corners: Points, width: int, height: int) -> Picture:
    """What lies between four corners (clockwise from the upper left) as `width` x `height` pixels."""
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    # Corners are pixel corners, warpPerspective counts from pixel centres: half a pixel, which does not matter here.
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), target)
    made: Picture = cv2.warpPerspective(
        picture, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return made


def ink(picture: Picture, reach: int) -> Picture:
    """How much darker each pixel of a grey picture is than the light ground within `reach` pixels."""
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (reach, reach))
    made: Picture = cv2.morphologyEx(picture, cv2.MORPH_BLACKHAT, kernel)
    return made


def joined(mask: Picture, width: int, height: int) -> Picture:
    """The mask with gaps of up to `width` and `height` pixels closed."""
    made: Picture = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((height, width), np.uint8))
    return made


def boxes(mask: Picture) -> list[tuple[int, int, int, int, int]]:
    """Connected shapes: left, top, width, height, pixels set."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    return [(int(row[0]), int(row[1]), int(row[2]), int(row[3]), int(row[4])) for row in stats[1:]]


def sharpness(picture: Picture) -> float:
    """Variance of the second derivative of a grey picture."""
    return float(cv2.Laplacian(picture, cv2.CV_32F).var())


def without_specks(picture: Picture, size: int) -> Picture:
    """A grey picture with everything narrower than `size` pixels (odd) smoothed away."""
    made: Picture = cv2.medianBlur(picture, size)
    return made


def rings(mask: Picture) -> list[tuple[Points, Points, Points]]:
    """Outlines of shapes that have a hole with a shape inside: of shape, hole and inner shape, as polygons."""
    found, tree = cv2.findContours(mask, cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)
    if tree is None:
        return []
    child = tree[0][:, 2]
    outer = np.flatnonzero(child >= 0)
    outer = outer[child[child[outer]] >= 0]
    return [
        (_polygon(found[ring]), _polygon(found[child[ring]]), _polygon(found[child[child[ring]]]))
        for ring in outer.tolist()
    ]


def _polygon(contour: NDArray[np.int32]) -> Points:
    return contour[:, 0, :].astype(np.float32)


def darker_than_around(picture: Picture, reach: int, offset: float) -> Picture:
    """Mask of the pixels of a grey picture that are darker by `offset` than the mean within `reach` pixels (odd)."""
    made: Picture = cv2.adaptiveThreshold(
        picture, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, reach, offset
    )
    return made


def half_turned(picture: Picture) -> Picture:
    """Turned by 180 degrees."""
    return np.ascontiguousarray(picture[::-1, ::-1])


def fit_line(picture: Picture, width: int, height: int) -> Floats:
    """A line as the reader wants it: 1 x 3 x height x width, -1 to 1, left-aligned; too long ones are squeezed."""
    rows, columns = picture.shape[:2]
    across = min(width, max(1, round(columns * height / rows)))
    fitted = cv2.resize(picture, (across, height), interpolation=cv2.INTER_CUBIC if rows < height else cv2.INTER_AREA)
    tensor = np.zeros((1, 3, height, width), dtype=np.float32)
    tensor[0, :, :, :across] = fitted.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1.0
    fitted.fill(0)
    return tensor
