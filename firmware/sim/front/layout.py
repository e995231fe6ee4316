"""Where things stand on the simulated cards, in millimetres from the upper left corner: all of it in this one place.

Pure data, any thread. The card is ID-1 (ISO/IEC 7810): 85.60 x 53.98 mm, corners of 3.18 mm radius. **The places of
the lines are our own reading of pictures that public offices show, not a specification**, and nobody has laid a real
card on a ruler for them. So each card moves the whole print by up to `SHIFT_ALL` and each line by up to `SHIFT_LINE`
further (together 1.5 mm): a reader that depends on exact places must fail here.
"""

from dataclasses import dataclass

WIDTH, HEIGHT, RADIUS = 85.60, 53.98, 3.18
PX = 16
"""Pixels per millimetre of the drawn card, before any camera."""

SHIFT_ALL = 0.9
SHIFT_LINE = 0.6


@dataclass(frozen=True, slots=True)
class Spot:
    """Upper left corner of a line of text, and its em (the height of a kanji's box)."""

    x: float
    y: float
    em: float


@dataclass(frozen=True, slots=True)
class Box:
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class FrontLayout:
    """The front of a My Number Card."""

    title: Spot = Spot(61.5, 3.2, 2.7)
    name_label: Spot = Spot(4.0, 4.4, 1.8)
    name: Spot = Spot(10.5, 3.6, 3.1)
    address_label: Spot = Spot(4.0, 9.6, 1.8)
    address: Spot = Spot(10.5, 9.4, 2.3)
    photo: Box = Box(4.2, 16.0, 22.0, 27.5)
    birth: Spot = Spot(29.8, 17.2, 2.6)
    sex_label: Spot = Spot(62.5, 17.8, 1.8)
    sex: Spot = Spot(67.5, 17.2, 2.6)
    expiry: Spot = Spot(29.8, 22.6, 2.6)
    mayor: Spot = Spot(29.8, 28.4, 2.2)
    certificate: Spot = Spot(29.8, 33.8, 1.8)
    code: Spot = Spot(29.8, 39.4, 2.6)
    consent: Box = Box(4.0, 46.2, 77.0, 5.6)


@dataclass(frozen=True, slots=True)
class BackLayout:
    """The back: 12 digits in three groups, their QR code, name and birth date, contacts and magnetic stripe."""

    label: Spot = Spot(31.0, 5.0, 2.2)
    number: Spot = Spot(31.0, 8.2, 3.9)
    name: Spot = Spot(31.0, 15.4, 2.6)
    birth: Spot = Spot(31.0, 20.2, 2.4)
    qr: Box = Box(68.0, 14.6, 12.5, 12.5)
    chip: Box = Box(10.2, 19.0, 12.4, 11.0)
    notice: Spot = Spot(31.0, 30.5, 1.6)
    stripe: Box = Box(0.0, 38.6, 85.6, 10.4)


FRONT = FrontLayout()
BACK = BackLayout()
