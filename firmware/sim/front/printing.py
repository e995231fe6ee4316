"""The front of a My Number Card, drawn flat: what the camera is then pointed at.

Any thread. Result: RGB picture of `layout.PX` pixels per millimetre, and the boxes (mm) of the three lines that make up
number B. Source of texts: facts card.md 2.2 and public pictures; of places: see `layout`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from firmware.sim.card.person import Sex
from firmware.sim.front import art
from firmware.sim.front.dates import birth_line, expiry_line
from firmware.sim.front.ink import MmBox, Shifts, Style, some_style, write
from firmware.sim.front.layout import FRONT, RADIUS, Box, Spot
from firmware.sim.front.people import Holder

CONSENT = (
    "《 1.私は、脳死後及び心臓が停止した死後のいずれでも、移植の為に臓器を提供します。 2.私は、心臓が停止した死後",
    "に限り提供します。 3.私は、臓器を提供しません。》〔特記欄：　　　　〕署名年月日　　年　　月　　日　署名",
)
_SEX = {Sex.MALE: "男", Sex.FEMALE: "女", Sex.NOT_APPLICABLE: ""}
_LINE = 32


@dataclass(frozen=True, slots=True, repr=False)
class Print:
    """A flat card: RGB picture, boxes (mm) of its fields by name, radius (mm) of its corners.

    Read-only, since it is kept for other frames.
    """

    picture: NDArray[np.uint8]
    fields: Mapping[str, MmBox]
    radius: float = RADIUS


def frozen_print(canvas: Image.Image, fields: dict[str, MmBox], radius: float = RADIUS) -> Print:
    picture = np.asarray(canvas).copy()
    picture.flags.writeable = False
    return Print(picture, MappingProxyType(fields), radius)


def _personal_lines(canvas: Image.Image, holder: Holder, shifts: Shifts, style: Style) -> None:
    write(canvas, "氏名", shifts.spot(FRONT.name_label), style)
    write(canvas, holder.name, shifts.spot(FRONT.name), style)
    write(canvas, "住所", shifts.spot(FRONT.address_label), style)
    first = shifts.spot(FRONT.address)
    write(canvas, holder.address[:_LINE], first, style)
    if holder.address[_LINE:]:
        write(canvas, holder.address[_LINE:], Spot(first.x, first.y + 3.0, first.em), style)
    write(canvas, "性別", shifts.spot(FRONT.sex_label), style)
    write(canvas, _SEX[holder.person.sex], shifts.spot(FRONT.sex), style)
    write(canvas, f"{holder.city}長", shifts.spot(FRONT.mayor), style)


def _certificate_line(canvas: Image.Image, shifts: Shifts, style: Style, rng: np.random.Generator) -> None:
    """The line for the electronic certificate's expiry: mostly empty, else filled in by a clerk's pen."""
    spot = shifts.spot(FRONT.certificate)
    write(canvas, "電子証明書の有効期限　　　　年　　月　　日", spot, style)
    if rng.random() < 0.4:
        pen = Style(ink=(40, 44, 110), stretch=0.9)
        parts = (
            (f"{rng.integers(2026, 2035)}", 19.6),
            (f"{rng.integers(1, 13)}", 27.4),
            (f"{rng.integers(1, 29)}", 32.8),
        )
        for text, x in parts:
            place = Spot(spot.x + x * style.stretch, spot.y - rng.uniform(0.1, 0.6), rng.uniform(1.9, 2.4))
            write(canvas, text, place, pen, turn=float(rng.uniform(-12, 12)))


def _consent(canvas: Image.Image, shifts: Shifts, style: Style) -> None:
    spot = shifts.spot(Spot(FRONT.consent.x, FRONT.consent.y, 1.25))
    frame = Box(spot.x, spot.y, FRONT.consent.width, FRONT.consent.height)
    draw = ImageDraw.Draw(canvas, "RGBA")
    draw.rectangle(art.pixels(frame), fill=(255, 255, 255, 120), outline=(120, 120, 120, 255), width=2)
    fine = Style(style.face, 0.9, 0, style.ink)
    for number, line in enumerate(CONSENT):
        write(canvas, line, Spot(spot.x + 0.6, spot.y + 0.6 + 2.2 * number, 1.25), fine)


@lru_cache(maxsize=8)
def front_print(holder: Holder) -> Print:
    """The holder's card: always the same for the same holder."""
    rng = np.random.default_rng((holder.print_seed, 0xF207))
    canvas = art.background(art.PINK, rng)
    art.place_mascot(canvas, rng, art.PINK)
    shifts, style, padded = Shifts(rng), some_style(rng), bool(rng.random() < 0.5)
    photo = shifts.spot(Spot(FRONT.photo.x, FRONT.photo.y, 1.0))
    art.place_portrait(canvas, Box(photo.x, photo.y, FRONT.photo.width, FRONT.photo.height), rng)
    write(canvas, "個人番号カード", shifts.spot(FRONT.title), Style(stroke=1, ink=(150, 60, 90)))
    _personal_lines(canvas, holder, shifts, style)
    _certificate_line(canvas, shifts, style, rng)
    _consent(canvas, shifts, style)
    fields = {
        "birth": write(canvas, birth_line(holder.person, padded=padded), shifts.spot(FRONT.birth), style),
        "expiry": write(canvas, expiry_line(holder.person, padded=padded), shifts.spot(FRONT.expiry), style),
        "code": write(canvas, holder.person.security_code, shifts.spot(FRONT.code), style),
    }
    return frozen_print(canvas, fields)
