"""What happened in a visit, collected from the device's control socket, and told while it happens.

Times: the device's monotonic clock, shown in seconds since the card was placed (CLOCK_MONOTONIC is one clock for all
processes of a machine). Runs on the loop. Messages come from another process: what does not fit is counted in
`unreadable` and left out. No personal data: events carry codes, counts and pictures of the screen.
"""

import base64
import binascii
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from firmware.sim.control import Message
from firmware.sim.scenario.screen import Film, Picture, as_text

_MAX_SIDE: Final = 1024
_BEFORE_CAMERA: Final = frozenset({"NumberBView", "FaceView"})
"""Views in which a camera looks at something."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the story: who did what, when."""

    at: float
    who: str
    what: str


@dataclass(frozen=True, slots=True)
class Stage:
    """A piece of work of the device; start and end on the monotonic clock."""

    name: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Apdu:
    """One exchange with the card: header, lengths, status word. There are no data in it."""

    header: str
    sent: int
    expected: int | None
    received: int
    status: str
    milliseconds: float
    target: str = ""

    def __str__(self) -> str:
        expected = "-" if self.expected is None else str(self.expected)
        return (
            f"{self.header}  Lc {self.sent:>3}  Le {expected:>5}  got {self.received:>5}  "
            f"SW {self.status}  {self.milliseconds:7.2f} ms  {self.target}"
        )


@dataclass(slots=True)
class Story:
    """Everything about one visit. `tell`: prints a line, or nothing. `draw`, `braille`: what the terminal can show.

    `camera`: the file that a camera is shown at this moment, where one was put before it in this visit.
    """

    tell: Callable[[str], None]
    draw: bool = True
    braille: bool = True
    zero: float = field(default_factory=time.monotonic)
    begun: bool = False
    lines: list[Line] = field(default_factory=list)
    views: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    """What screens asked the patient to do before a camera."""
    states: list[str] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    apdus: list[Apdu] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    held: list[int] = field(default_factory=list)
    """Rows that waited for an acknowledgement, after each commit."""
    film: Film = field(default_factory=Film)
    visit: str | None = None
    camera: Callable[[], Path | None] = lambda: None
    unreadable: int = 0
    dropped: int = 0

    def begin(self) -> None:
        """The card is placed now; what came before it has a time below zero."""
        now = time.monotonic()
        self.lines = [replace(line, at=line.at - (now - self.zero)) for line in self.lines]
        self.zero = now
        self.begun = True

    def say(self, who: str, what: str, at: float | None = None) -> None:
        """Add a line to the story."""
        line = Line((time.monotonic() if at is None else at) - self.zero, who, what)
        self.lines.append(line)
        when = f"{line.at:9.3f} s" if self.begun else "     before"
        self.tell(f"{when}  {line.who:<9}  {line.what}")

    def take(self, message: Message) -> None:
        """One event of the control socket."""
        handlers = {
            "screen": self._screen,
            "state": self._state,
            "stage": self._stage,
            "apdu": self._apdu,
            "committed": self._committed,
            "fault": self._fault,
            "dropped": self._dropped,
        }
        handler = handlers.get(str(message.get("event")))
        if handler is None:
            return
        try:
            handler(message)
        except (KeyError, TypeError, ValueError, binascii.Error):
            self.unreadable += 1

    def _screen(self, message: Message) -> None:
        width, height = _integer(message, "width"), _integer(message, "height")
        if not (0 < width <= _MAX_SIDE and 0 < height <= _MAX_SIDE):
            raise ValueError("size of the screen")
        picture = Picture(base64.b64decode(str(message["rows"]), validate=True), width, height)
        view, at = str(message["view"]), _number(message, "at")
        self.views.append(view)
        asks = message.get("asks")
        if isinstance(asks, str):
            self.asked.append(asks)
        shown = f"{view}: {asks}" if isinstance(asks, str) else view
        self.say("screen", shown, at)
        camera = self.camera() if view in _BEFORE_CAMERA else None
        self.film.add(f"{at - self.zero:.3f} s   {shown}" if self.begun else f"before   {shown}", picture, camera)
        for row in as_text(picture, braille=self.braille) if self.draw else ():
            self.tell(" " + row)

    def _state(self, message: Message) -> None:
        state, visit = str(message["state"]), message.get("visit")
        self.states.append(state)
        if isinstance(visit, str):
            self.visit = visit
        self.say("device", state, _number(message, "at"))

    def _stage(self, message: Message) -> None:
        stage = Stage(str(message["name"]), _number(message, "start"), _number(message, "end"))
        self.stages.append(stage)
        self.say("stage", f"{stage.name} took {(stage.end - stage.start) * 1000:.1f} ms", stage.end)

    def _apdu(self, message: Message) -> None:
        expected = message.get("le")
        self.apdus.append(
            Apdu(
                header=str(message["header"]),
                sent=_integer(message, "lc"),
                expected=expected if isinstance(expected, int) else None,
                received=_integer(message, "rlen"),
                status=str(message["sw"]),
                milliseconds=_number(message, "ms"),
                target=str(message.get("target") or ""),
            )
        )

    def _committed(self, message: Message) -> None:
        held = _integer(message, "held")
        self.held.append(held)
        self.say("device", f"{message.get('kind', 'result')} sealed and committed, {held} held")

    def _fault(self, message: Message) -> None:
        self.faults.append(str(message["code"]))
        self.say("fault", str(message["code"]))

    def _dropped(self, message: Message) -> None:
        self.dropped += _integer(message, "count")


def _number(message: Message, name: str) -> float:
    value = message[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(name)
    return float(value)


def _integer(message: Message, name: str) -> int:
    value = message[name]
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(name)
    return value
