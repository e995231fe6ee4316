"""What a simulated device tells over its control socket: screens, states, stages, commands to the card.

No personal data: the APDU lines hold headers, lengths and status words. Built only with simulated adapters.
"""

import asyncio
import base64
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from firmware.card.links import ApduLogLine
from firmware.core.effects import Tone
from firmware.core.outcome_texts import TOLD
from firmware.core.result import Json
from firmware.core.views import FaceView, NumberBView, ResultView, View
from firmware.ports import Panel
from firmware.sim.control import ControlServer, Message
from firmware.sim.panel import SimDisplay, SimInputs, bind_inputs


class Simulated:
    """The control socket and the simulated panel behind it."""

    def __init__(self, socket: Path) -> None:
        self.server = ControlServer(socket)
        self.display = SimDisplay(256, 64, self._drawn)
        self.inputs = SimInputs()
        self.view = ""
        self.asks: str | None = None
        bind_inputs(self.server, self.inputs)

    def observe(self, message: dict[str, Json]) -> None:
        """Any thread."""
        self.server.post(message)

    def apdu(self, line: ApduLogLine) -> None:
        """Card lane: one command that went to the card."""
        self.server.post(
            {
                "event": "apdu",
                "header": line.header,
                "lc": line.sent,
                "rlen": line.received,
                "sw": f"{line.sw:04X}" if line.sw is not None else str(line.fault),
                "ms": round(line.seconds * 1000, 1),
                "target": line.target,
                "at": line.at,
            }
        )

    def watched(self, panel: Panel) -> Panel:
        """`panel`, with every view's name known to the pictures that follow."""
        return ObservedPanel(panel, self)

    def bind_camera(self, set_source: Callable[[Sequence[Path]], None], command: str = "camera") -> None:
        """Let the control socket choose by `command` what a file camera sees."""

        async def camera(message: Message) -> dict[str, object]:
            files = message["files"]
            if not isinstance(files, list) or not all(isinstance(item, str) for item in files):
                raise TypeError("files must be a list of paths")
            await asyncio.to_thread(set_source, [Path(item) for item in files])
            return {}

        self.server.on(command, camera)

    def _drawn(self, rows: bytes) -> None:
        picture = base64.b64encode(rows).decode()
        at = time.monotonic()
        screen = {"view": self.view, "asks": self.asks, "rows": picture, "width": 256, "height": 64, "at": at}
        self.server.post({"event": "screen", **screen})


def asked(view: View) -> str | None:
    """In a word, for who cannot read a picture of it: what the screen asks for before a camera, or tells at the end."""
    match view:
        case FaceView(prompt=prompt, hint=hint):
            word = prompt or hint
            return None if word is None else word.value
        case NumberBView(reading=True, front_hint=hint, show_card=shown, card_out=out):
            return "show-card" if shown and not out else None if hint is None else hint.value
        case NumberBView(card_out=True):
            return "put-back"
        case ResultView(next_step=step, outcome=outcome):
            return step.value if outcome is None else TOLD[outcome].value
        case _:
            return None


class ObservedPanel:
    """`ports.Panel` that lets the control socket know which view the next picture is of. Display lane."""

    def __init__(self, panel: Panel, simulated: Simulated) -> None:
        self._panel = panel
        self._simulated = simulated

    def show(self, view: View) -> None:
        self._simulated.view, self._simulated.asks = type(view).__name__, asked(view)
        self._panel.show(view)

    def play(self, tone: Tone) -> None:
        self._panel.play(tone)

    def close(self) -> None:
        self._panel.close()
