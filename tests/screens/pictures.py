"""Where the expected pictures are, and how a sample becomes one."""

from pathlib import Path

from PIL import Image

from firmware.core.outcomes import Env
from firmware.panel.layout import layout
from firmware.panel.render import FULL, Format, Picture, render
from firmware.panel.screen import mark_of
from firmware.panel.texts import LANGUAGES, Words
from tests.screens.samples import SAMPLES

GOLDEN = Path(__file__).parents[1] / "golden" / "screens"
WORDS = {language: Words.load(language) for language in LANGUAGES}


def picture(name: str, language: str, form: Format = FULL, env: Env = Env.PRODUCTION) -> Picture:
    return render(layout(SAMPLES[name], WORDS[language]), form, mark_of(env))


def golden(name: str, language: str) -> Path:
    return GOLDEN / language / f"{name}.png"


def expected_files() -> dict[Path, Image.Image]:
    """Every golden file and what it should hold."""
    return {golden(name, lang): picture(name, lang).image for lang in LANGUAGES for name in SAMPLES}
