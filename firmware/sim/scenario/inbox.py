"""`Inbox`: what a reception process reports, line by line, kept for the scenario runner.

Runs on the runner's loop. Times in seconds. A line that is no JSON object is passed over.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from firmware.sim.control import Message


@dataclass(slots=True)
class Inbox:
    """What the reception reports: messages it opened, states of the device it saw, refusals, answers."""

    messages: list[Message] = field(default_factory=list)
    refused: list[Message] = field(default_factory=list)
    responses: list[Message] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)
    progress: list[str] = field(default_factory=list)
    opened: Callable[[Message], None] | None = None
    """Is told of every message."""
    held: int | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, line: bytes) -> None:
        """One line of the reception's output; anything but a JSON object is passed over."""
        try:
            report = json.loads(line)
        except ValueError:
            return
        if not isinstance(report, dict):
            return
        match report.get("event"):
            case "message":
                self.messages.append(report)
                if self.opened is not None:
                    self.opened(report)
            case "refused":
                self.refused.append(report)
            case "response":
                self.responses.append(report)
            case "progress":
                self.progress.append(str(report.get("progress")))
            case "device":
                self.statuses.append(str(report.get("status")))
                held = report.get("held")
                self.held = held if isinstance(held, int) else self.held
            case _:
                pass
        self.changed.set()

    async def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait for `condition`; whether it came true in time."""
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            return False
        return True
