"""The Japanese fonts that the simulated cards are printed with, found among the system's fonts.

Any thread. Two Debian packages of a few megabytes: IPA Gothic and IPA Mincho. Raises FontMissingError, which names the
package to install.
"""

from enum import Enum
from functools import cache, lru_cache
from pathlib import Path

from PIL import ImageFont

FOLDER = Path("/usr/share/fonts")


class FontMissingError(RuntimeError):
    """A font file is not installed; the text says which package brings it."""


class Face(Enum):
    """File and Debian package of a typeface. The P kinds have letters of different widths."""

    GOTHIC = ("ipag.ttf", "fonts-ipafont-gothic")
    GOTHIC_P = ("ipagp.ttf", "fonts-ipafont-gothic")
    MINCHO = ("ipam.ttf", "fonts-ipafont-mincho")
    MINCHO_P = ("ipamp.ttf", "fonts-ipafont-mincho")


@cache
def font_file(face: Face, folder: Path = FOLDER) -> Path:
    name, package = face.value
    found = sorted(folder.rglob(name))
    if not found:
        raise FontMissingError(f"{name} not found below {folder}: apt-get install {package}")
    return found[0]


@lru_cache(maxsize=64)
def font(face: Face, size: int) -> ImageFont.FreeTypeFont:
    """`face` with an em of `size` pixels. Basic layout: quicker, and the same with and without libraqm."""
    return ImageFont.truetype(font_file(face), size, layout_engine=ImageFont.Layout.BASIC)
