"""Everything else that lies on a counter, drawn flat: the card's back, other cards, a copy on paper.

Any thread. Results as `printing.Print`; none of them has fields that a reader may use. The 12 digits on a back are
nobody's (wrong check digit), and so are all other numbers. Nothing here is copied from a real card: colours and places
are only as like as a reader needs to be tempted.
"""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from firmware.sim.front import art
from firmware.sim.front.dates import birth_line, gregorian, japanese
from firmware.sim.front.ink import Shifts, Style, some_style, write
from firmware.sim.front.layout import BACK, PX, Box, Spot
from firmware.sim.front.people import Holder
from firmware.sim.front.printing import Print, front_print, frozen_print


def qr_modules(text: str) -> NDArray[np.uint8]:
    """0 and 255, one pixel a module, quiet zone included. OpenCV draws it: no further library for a test picture."""
    return np.asarray(cv2.QRCodeEncoder.create().encode(text), np.uint8)


def grouped(number: str) -> str:
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))


@lru_cache(maxsize=4)
def back_print(holder: Holder) -> Print:
    """The back of the holder's card: number, QR code, name, birth date, contacts, magnetic stripe."""
    rng = np.random.default_rng((holder.print_seed, 0xBAC2))
    canvas = art.background(art.PINK, rng)
    shifts, style = Shifts(rng), some_style(rng)
    number = holder.person.number_a
    stripe = shifts.spot(Spot(BACK.stripe.x, BACK.stripe.y, 1.0))
    ImageDraw.Draw(canvas).rectangle(art.pixels(Box(-2, stripe.y, 90, BACK.stripe.height)), fill=(38, 34, 34))
    write(canvas, "個人番号", shifts.spot(BACK.label), style)
    write(canvas, grouped(number), shifts.spot(BACK.number), style)
    write(canvas, holder.name, shifts.spot(BACK.name), style)
    write(canvas, birth_line(holder.person), shifts.spot(BACK.birth), style)
    write(canvas, "この面の個人番号は、法律で認められた場合のほか写せません。", shifts.spot(BACK.notice), style)
    qr = shifts.spot(Spot(BACK.qr.x, BACK.qr.y, 1.0))
    art.place_qr(canvas, Box(qr.x, qr.y, BACK.qr.width, BACK.qr.height), qr_modules(number))
    art.place_chip(canvas, BACK.chip)
    return frozen_print(canvas, {})


def licence_print(holder: Holder, rng: np.random.Generator) -> Print:
    """Like a driving licence: photo at the right, a birth date, a coloured bar with an expiry date, 12 digits."""
    canvas, style = art.background(art.BLUE, rng), some_style(rng)
    bar = ((90, 190, 120), (120, 150, 225), (225, 190, 90))[int(rng.integers(3))]
    ImageDraw.Draw(canvas).rectangle(art.pixels(Box(2.5, 17.0, 56.0, 4.6)), fill=bar)
    lines = (
        (f"氏名　{holder.name}　{japanese(holder.person.birth)}生", Spot(3, 3.0, 2.6)),
        (f"住所　{holder.address}", Spot(3, 8.0, 2.2)),
        (f"交付　{japanese(holder.person.certificate_issued)}　{rng.integers(0, 99999):05}", Spot(3, 12.4, 2.2)),
        (f"{gregorian(holder.person.card_expiry)}まで有効", Spot(4, 17.7, 3.0)),
        ("免許の　眼鏡等", Spot(3, 23.5, 2.0)),
        (f"第　{rng.integers(10**11, 10**12)}　号", Spot(3, 34.0, 2.8)),
        ("運転見本証", Spot(64, 46.0, 2.6)),
    )
    for text, spot in lines:
        write(canvas, text, spot, style)
    art.place_portrait(canvas, Box(60.0, 14.0, 22.0, 27.5), rng)
    return frozen_print(canvas, {})


def insurance_print(holder: Holder, rng: np.random.Generator) -> Print:
    """Like a health-insurance card: dates and numbers, no photo."""
    canvas, style = art.background((art.GREEN, art.BLUE, art.GREY)[int(rng.integers(3))], rng), some_style(rng)
    person = holder.person
    lines = (
        ("健康保険　被保険者見本証　本人", Spot(5, 4.0, 3.0)),
        (f"記号 {rng.integers(1, 9999)}　番号 {rng.integers(1, 999)}", Spot(5, 10.0, 2.8)),
        (f"氏名　{holder.name}", Spot(5, 16.0, 2.8)),
        (f"生年月日　{japanese(person.birth)}", Spot(5, 21.5, 2.6)),
        (f"資格取得年月日　{japanese(person.certificate_issued)}", Spot(5, 27.0, 2.4)),
        (f"有効期限　{gregorian(person.card_expiry)}", Spot(5, 32.0, 2.4)),
        (f"保険者番号　{rng.integers(10**7, 10**8)}　見本健康保険組合", Spot(5, 40.0, 2.4)),
    )
    for text, spot in lines:
        write(canvas, text, spot, style)
    return frozen_print(canvas, {})


def blank_print(rng: np.random.Generator) -> Print:
    """A card with nothing on it: one colour, or a pattern as of a loyalty card."""
    if rng.random() < 0.5:
        colour = tuple(int(value) for value in rng.integers(40, 256, 3))
        return frozen_print(Image.new("RGB", art.SIZE, colour), {})
    return frozen_print(art.background((art.PINK, art.GREEN, art.BLUE)[int(rng.integers(3))], rng), {})


def copy_print(holder: Holder, rng: np.random.Generator) -> Print:
    """A front copied in grey onto a larger sheet: every line is there, the card is not. Bigger than ID-1."""
    grey = np.asarray(Image.fromarray(front_print(holder).picture).convert("L"), np.float32)
    grain = rng.standard_normal(grey.shape, np.float32) * 6
    grey = np.clip((grey - 128) * rng.uniform(0.9, 1.2) + 120 + grain, 0, 255)
    sheet = Image.new("RGB", (art.SIZE[0] + 40 * PX, art.SIZE[1] + 30 * PX), (246, 246, 244))
    corner = (int(rng.integers(4 * PX, 36 * PX)), int(rng.integers(4 * PX, 26 * PX)))
    sheet.paste(Image.fromarray(grey.astype(np.uint8)).convert("RGB"), corner)
    write(sheet, "（写し）", Spot(3, 1.0, 3.0), Style())
    return frozen_print(sheet, {}, radius=0.0)
