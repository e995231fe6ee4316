"""`Screen`: `ports.Panel` over any display. Display lane.

Raises DeviceError(DISPLAY_FAILED) from `show`: display or fonts do not work; the next `show` tries again.
"""

from firmware.core.effects import Tone
from firmware.core.outcome_texts import SHIPPED, OutcomeTexts
from firmware.core.outcomes import Env
from firmware.core.views import View
from firmware.panel.layout import layout
from firmware.panel.raster import to_rows
from firmware.panel.render import BENCH, FULL, Format, render
from firmware.panel.sound import Sounder
from firmware.panel.texts import Words
from firmware.ports import Display

_FORMATS: dict[tuple[int, int], Format] = {(form.width, form.height): form for form in (FULL, BENCH)}


def mark_of(env: Env) -> str:
    """What every picture outside production is marked with."""
    return "" if env is Env.PRODUCTION else env.value.upper()


class Screen:
    """Words in one language, drawn for the display's size. ValueError for a size or language that is not supported."""

    def __init__(
        self, display: Display, sounder: Sounder, language: str, env: Env, outcomes: OutcomeTexts = SHIPPED
    ) -> None:
        form = _FORMATS.get((display.width, display.height))
        if form is None:
            raise ValueError(f"no layout for a display of {display.width}x{display.height}")
        self._display = display
        self._sounder = sounder
        self._form = form
        self._words = Words.load(language, outcomes)
        self._mark = mark_of(env)

    def show(self, view: View) -> None:
        picture = render(layout(view, self._words), self._form, self._mark)
        self._display.draw(to_rows(picture.image))

    def play(self, tone: Tone) -> None:
        self._sounder.play(tone)

    def close(self) -> None:
        self._sounder.close()
        self._display.close()


class NoDisplay:
    """`ports.Display` of a device without one: the site chose it, so it is no fault."""

    def __init__(self, width: int = 256, height: int = 64) -> None:
        self.width = width
        self.height = height

    def draw(self, rows: bytes) -> None:
        """Nowhere to draw."""

    def close(self) -> None:
        """Nothing to release."""
