"""The pictures in a card's files: printed text as 1-bit PNG, and a stand-in photo.

Pure, any thread. Sizes are pixels. Pillow's built-in bitmap font is enough: what the text says matters to nobody but a
reader of the file. Source: facts card.md 2.4 (sizes), 6 (photo).
"""

import io

from PIL import Image, ImageDraw, ImageFont, ImageOps

NAME_SIZE = (216, 12)
ADDRESS_SIZE = (288, 24)
CODE_SIZE = (24, 12)
NUMBER_SIZE = (72, 12)
PHOTO_SIZE = (240, 320)


def text_picture(text: str, size: tuple[int, int]) -> bytes:
    """`text` in black on white, cut at the right edge, as the card stores name, address and security code."""
    image = Image.new("1", size, 1)
    ImageDraw.Draw(image).text((0, 0), text, fill=0, font=ImageFont.load_default_imagefont())
    return _encode(image, "PNG")


def stand_in_photo(size: tuple[int, int] = PHOTO_SIZE, *, colour: bool = False) -> bytes:
    """A grey oval on a slope as JP2: decodes like a chip photo, is nobody's face. `colour`: three components."""
    width, height = size
    image = Image.linear_gradient("L").resize(size)
    draw = ImageDraw.Draw(image)
    draw.ellipse((width // 4, height // 5, 3 * width // 4, 4 * height // 5), fill=180)
    if colour:
        image = ImageOps.colorize(image, black="#302018", white="#ffe8d8")
    return _encode(image, "JPEG2000")


def _encode(image: Image.Image, container: str) -> bytes:
    target = io.BytesIO()
    if container == "JPEG2000":
        image.save(target, container, quality_mode="rates", quality_layers=[12], irreversible=True)
    else:
        image.save(target, container)
    return target.getvalue()
