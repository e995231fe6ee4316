"""The pictures that say what the face shall do: arrows and a face, drawn of lines. Pure; display lane.

Units: pixels. A sign fills a square of `side`; everything is a share of it, so small screens get the same picture.
"""

from PIL import Image, ImageDraw

from firmware.panel.page import Sign

_STROKE = 0.07
_ARROW = ((0.0, 0.5), (0.5, 0.04), (0.5, 0.3), (1.0, 0.3), (1.0, 0.7), (0.5, 0.7), (0.5, 0.96))
"""Points to the left."""


def draw_sign(image: Image.Image, place: tuple[int, int], side: int, sign: Sign) -> None:
    """Draw `sign` with its upper left corner at `place`."""
    draw = ImageDraw.Draw(image)
    match sign:
        case Sign.LEFT:
            _polygon(draw, place, side, _ARROW)
        case Sign.RIGHT:
            _polygon(draw, place, side, tuple((1 - x, y) for x, y in _ARROW))
        case Sign.CLOSER:
            _face(draw, place, side, 0.44)
            for corner in ((0, 0), (1, 0), (0, 1), (1, 1)):
                _corner(draw, place, side, corner, outwards=True)
        case Sign.STRAIGHT:
            _face(draw, place, side, 0.86)
        case Sign.HOLD:
            _face(draw, place, side, 0.62)
            for corner in ((0, 0), (1, 0), (0, 1), (1, 1)):
                _corner(draw, place, side, corner, outwards=False)


def _polygon(
    draw: ImageDraw.ImageDraw, place: tuple[int, int], side: int, points: tuple[tuple[float, float], ...]
) -> None:
    left, top = place
    draw.polygon([(left + round(x * (side - 1)), top + round(y * (side - 1))) for x, y in points], fill=1)


def _face(draw: ImageDraw.ImageDraw, place: tuple[int, int], side: int, share: float) -> None:
    """A face of `share` of the square, looking out of it."""
    size = side * share
    left, top = place[0] + (side - size) / 2, place[1] + (side - size) / 2
    stroke = max(1, round(size * _STROKE))
    draw.ellipse((left, top, left + size - 1, top + size - 1), outline=1, width=stroke)
    dot = max(1.0, size * 0.06)
    for eye in (0.33, 0.67):
        x, y = left + size * eye, top + size * 0.42
        draw.ellipse((x - dot, y - dot, x + dot, y + dot), fill=1)
    draw.arc((left + size * 0.3, top + size * 0.4, left + size * 0.7, top + size * 0.76), 20, 160, fill=1, width=stroke)


def _corner(
    draw: ImageDraw.ImageDraw, place: tuple[int, int], side: int, corner: tuple[int, int], *, outwards: bool
) -> None:
    """An arrow head that points out of the corner, or the bracket of a view finder."""
    arm = round(side * 0.24)
    x, y = (start + way * (side - 1) for start, way in zip(place, corner, strict=True))
    along, down = (arm if way == 0 else -arm for way in corner)
    if outwards:
        draw.polygon([(x, y), (x + along, y), (x, y + down)], fill=1)
    else:
        thick = max(1, round(side * 0.05)) - 1
        _bar(draw, (x, y), (along, thick if down > 0 else -thick))
        _bar(draw, (x, y), (thick if along > 0 else -thick, down))


def _bar(draw: ImageDraw.ImageDraw, start: tuple[int, int], reach: tuple[int, int]) -> None:
    ends = [sorted((a, a + b)) for a, b in zip(start, reach, strict=True)]
    draw.rectangle((ends[0][0], ends[1][0], ends[0][1], ends[1][1]), fill=1)
