"""Write the expected pictures anew and draw the contact sheet: `python -m tests.screens.update [SHEET.png]`.

Look at the sheet before the pictures are committed: the test only says that something changed, not that it is good.
"""

import argparse
from pathlib import Path

from PIL import Image

from firmware.core.outcomes import Env
from firmware.panel.glyphs import typeface
from firmware.panel.render import BENCH, FULL
from firmware.panel.texts import LANGUAGES
from tests.screens.pictures import GOLDEN, expected_files, picture
from tests.screens.samples import SAMPLES

SHEET = Path(__file__).parents[2] / "docs" / "screens.png"
SCALE = 2
MARGIN = 12
CAPTION = 16
PAPER, LIT, DARK, INK = (32, 32, 36), (255, 214, 120), (0, 0, 0), (170, 170, 180)


def write_golden() -> tuple[int, int]:
    """Write all expected pictures, remove those of samples that are gone; numbers of changed and removed files."""
    wanted = expected_files()
    changed = 0
    for path, image in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or Image.open(path).tobytes() != image.tobytes():
            image.save(path, optimize=True)
            changed += 1
    stale = set(GOLDEN.rglob("*.png")) - wanted.keys()
    for path in stale:
        path.unlink()
    return changed, len(stale)


def _enlarged(image: Image.Image) -> Image.Image:
    size = (image.width * SCALE, image.height * SCALE)
    large = Image.new("RGB", size, DARK)
    large.paste(LIT, (0, 0), image.resize(size, Image.Resampling.NEAREST))
    return large


def contact_sheet(names: list[str]) -> Image.Image:
    """A row per sample: the product's screen in each language, and the bench module's as a simulation shows it."""
    columns = [(FULL, language, Env.PRODUCTION) for language in LANGUAGES]
    columns += [(BENCH, language, Env.SIM) for language in LANGUAGES]
    width = MARGIN + sum(form.width * SCALE + MARGIN for form, _, _ in columns)
    row = FULL.height * SCALE + CAPTION + MARGIN
    sheet = Image.new("RGB", (width, MARGIN + row * len(names)), PAPER)
    for index, name in enumerate(names):
        x, y = MARGIN, MARGIN + index * row
        caption = Image.new("1", (width - x, CAPTION))
        typeface(12).draw(caption, (0, 0), name)
        sheet.paste(INK, (x, y), caption)
        for form, language, env in columns:
            sheet.paste(_enlarged(picture(name, language, form, env).image), (x, y + CAPTION))
            x += form.width * SCALE + MARGIN
    return sheet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sheet", nargs="?", type=Path, default=SHEET, help="where the contact sheet goes")
    sheet = parser.parse_args().sheet
    changed, removed = write_golden()
    sheet.parent.mkdir(parents=True, exist_ok=True)
    contact_sheet(list(SAMPLES)).save(sheet, optimize=True)
    print(f"{len(expected_files())} pictures, {changed} written, {removed} removed; contact sheet: {sheet}")


if __name__ == "__main__":
    main()
