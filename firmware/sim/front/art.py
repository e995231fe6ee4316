"""What is no text on the drawn cards: tinted patterns, decoration, and a face that is nobody's.

Any thread. Canvases are Pillow RGB images of `layout.PX` pixels per millimetre. Patterns are made once per variant and
kept, since they take longer than all the text.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from firmware.sim.front.layout import HEIGHT, PX, WIDTH, Box

SIZE = (round(WIDTH * PX), round(HEIGHT * PX))
VARIANTS = 6
Tint = tuple[int, int, int]

PINK: Tint = (236, 150, 172)
GREEN: Tint = (120, 180, 150)
BLUE: Tint = (130, 165, 215)
GREY: Tint = (190, 190, 190)


def pixels(box: Box) -> tuple[int, int, int, int]:
    return (
        round(box.x * PX),
        round(box.y * PX),
        round((box.x + box.width) * PX),
        round((box.y + box.height) * PX),
    )


def _waves(rng: np.random.Generator) -> NDArray[np.float32]:
    """Fine interlaced lines as on banknotes: 0 between the lines, 1 on them."""
    width, height = SIZE
    x = np.arange(width, dtype=np.float32) / PX
    y = np.arange(height, dtype=np.float32)[:, None] / PX
    lines = np.zeros((height, width), np.float32)
    for _ in range(2):
        swing, length, pitch = rng.uniform(1.0, 3.5), rng.uniform(8.0, 24.0), rng.uniform(1.1, 2.2)
        bent = y + swing * np.sin(x / length * 2 * np.pi + rng.uniform(0, 6)) + rng.uniform(-0.3, 0.3) * x
        lines = np.maximum(lines, np.clip(np.cos(bent / pitch * 2 * np.pi) * 6 - 5, 0, 1))
    return lines


def _petals(canvas: Image.Image, rng: np.random.Generator, tint: Tint) -> None:
    """Pale blossoms here and there."""
    draw = ImageDraw.Draw(canvas, "RGBA")
    for _ in range(9):
        x, y, size = rng.uniform(0, SIZE[0]), rng.uniform(0, SIZE[1]), rng.uniform(20, 90)
        for turn in np.linspace(0, 2 * np.pi, 5, endpoint=False) + rng.uniform(0, 1):
            left, top = x + np.cos(turn) * size * 0.6 - size / 2, y + np.sin(turn) * size * 0.6 - size / 2
            draw.ellipse((left, top, left + size, top + size), fill=(*tint, int(rng.integers(18, 42))))


def place_mascot(canvas: Image.Image, rng: np.random.Generator, tint: Tint) -> None:
    """A round, eared shape at the right: decoration such as the card carries, of our own drawing."""
    draw = ImageDraw.Draw(canvas, "RGBA")
    left, top = round((71 + rng.uniform(-1, 1)) * PX), round((26 + rng.uniform(-2, 4)) * PX)
    white, line = (255, 255, 255, 190), (*tint, 220)
    for ear in (10, 90):
        draw.ellipse((left + ear, top - 70, left + ear + 45, top + 60), fill=white, outline=line, width=5)
    draw.ellipse((left, top, left + 150, top + 130), fill=white, outline=line, width=5)
    for eye in (48, 92):
        draw.ellipse((left + eye, top + 55, left + eye + 12, top + 72), fill=(90, 70, 80, 230))
    draw.ellipse((left + 15, top + 120, left + 135, top + 250), fill=white, outline=line, width=5)


@lru_cache(maxsize=32)
def _background(tint: Tint, variant: int) -> Image.Image:
    rng = np.random.default_rng((variant, *tint))
    width, height = SIZE
    slope = np.linspace(0, 1, width, dtype=np.float32)[None, :, None]
    fall = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    near = np.asarray(tint, np.float32) * 0.18 + 255 * 0.82 - 6
    far = np.asarray((252, 248, 238), np.float32) - rng.uniform(0, 10, 3)
    weight = np.clip(slope * rng.uniform(0.3, 0.9) + fall * rng.uniform(0.1, 0.7), 0, 1)
    paper = near * (1 - weight) + far * weight
    depth = rng.uniform(0.16, 0.34)
    paper -= _waves(rng)[..., None] * depth * (255 - np.asarray(tint, np.float32)) * 0.8
    canvas = Image.fromarray(np.clip(paper, 0, 255).astype(np.uint8))
    _petals(canvas, rng, tint)
    return canvas


def background(tint: Tint, rng: np.random.Generator) -> Image.Image:
    """A fresh copy of a patterned card without any text."""
    return _background(tint, int(rng.integers(VARIANTS))).copy()


def place_portrait(canvas: Image.Image, box: Box, rng: np.random.Generator) -> None:
    """A head-and-shoulders shape on a plain ground: light and dark as in a photo, but nobody's face."""
    left, top, right, bottom = pixels(box)
    width, height = right - left, bottom - top
    ground = tuple(int(value) for value in rng.integers(188, 240, 3))
    photo = Image.new("RGB", (width, height), ground)
    draw = ImageDraw.Draw(photo)
    hair = tuple(int(value) for value in rng.integers(20, 70, 3))
    skin = tuple(int(value) for value in np.asarray((206, 172, 150)) + rng.integers(-14, 14, 3))
    coat = tuple(int(value) for value in rng.integers(30, 150, 3))
    middle, wide = width / 2 + rng.uniform(-8, 8), width * rng.uniform(0.23, 0.28)
    draw.ellipse((middle - wide * 2, height * 0.74, middle + wide * 2, height * 1.5), fill=coat)
    draw.rectangle((middle - wide * 0.4, height * 0.62, middle + wide * 0.4, height * 0.8), fill=skin)
    draw.ellipse((middle - wide * 1.15, height * 0.12, middle + wide * 1.15, height * 0.62), fill=hair)
    draw.ellipse((middle - wide, height * 0.2, middle + wide, height * 0.73), fill=skin)
    for side in (-1, 1):
        eye = middle + side * wide * 0.42
        draw.ellipse((eye - 14, height * 0.43, eye + 14, height * 0.45), fill=hair)
    draw.line((middle - 22, height * 0.61, middle + 22, height * 0.61), fill=(150, 90, 90), width=5)
    canvas.paste(photo.filter(ImageFilter.GaussianBlur(4)), (left, top))


def place_qr(canvas: Image.Image, box: Box, modules: NDArray[np.uint8]) -> None:
    """A QR code with its quiet zone, module by module."""
    left, top, right, bottom = pixels(box)
    code = Image.fromarray(modules).resize((right - left, bottom - top), Image.Resampling.NEAREST)
    canvas.paste(code.convert("RGB"), (left, top))


def place_chip(canvas: Image.Image, box: Box) -> None:
    """Gold contacts as on the back of the card."""
    left, top, right, bottom = pixels(box)
    draw = ImageDraw.Draw(canvas)
    draw.rounded_rectangle((left, top, right, bottom), radius=24, fill=(214, 184, 110), outline=(150, 120, 60), width=3)
    for row in (1, 2):
        y = top + (bottom - top) * row // 3
        draw.line((left, y, right, y), fill=(140, 112, 58), width=3)
    for column in (0.33, 0.67):
        x = left + round((right - left) * column)
        draw.line((x, top, x, bottom), fill=(140, 112, 58), width=3)
