"""The journal on disk: JSON lines without personal data, a bounded number of files of bounded size, best effort.

`note` is called on the loop and never waits; a thread of its own writes. A full disk or a slow one costs lines of the
journal, never a visit.
"""

import logging
import queue
import threading
from pathlib import Path
from typing import TextIO

from firmware.core.events import Event
from firmware.session import journal
from firmware.session.model import Device, Idle, State
from firmware.session.policy import Policy

log = logging.getLogger("madoguchi.runtime")

MAX_BYTES = 4_000_000
MAX_QUEUED = 2000
CLOSE_SECONDS = 2.0


class Journal:
    """`journal.jsonl` in `folder`; before it `journal.1.jsonl` to `journal.{keep}.jsonl`, the highest the oldest.

    `dropped`: lines that found the queue full, or no file to go to.
    """

    def __init__(self, folder: Path, policy: Policy, keep: int = 14) -> None:
        self._folder = folder
        self._path = folder / "journal.jsonl"
        self._keep = keep
        self._policy = policy
        self._lines: queue.Queue[tuple[str, Device | None] | None] = queue.Queue(MAX_QUEUED)
        self.dropped = 0
        self._thread = threading.Thread(target=self._write_all, name="journal", daemon=True)
        self._thread.start()

    def note(self, event: Event, state: State) -> None:
        """Append one event and the state it led to."""
        try:
            self._lines.put_nowait((journal.line(event, state), state.device if isinstance(state, Idle) else None))
        except queue.Full:
            self.dropped += 1

    def close(self) -> None:
        """Write what is queued, then end. Waits a moment at most."""
        try:
            self._lines.put(None, timeout=CLOSE_SECONDS)
        except queue.Full:
            return
        self._thread.join(CLOSE_SECONDS)

    def _write_all(self) -> None:
        try:
            self._write_files()
        except OSError as error:
            log.warning("journal stopped: %s", type(error).__name__)
            while self._lines.get() is not None:
                self.dropped += 1

    def _write_files(self) -> None:
        """One file after the other; a full one is replaced at Idle, so that replay can start there."""
        idle: Device | None = None
        while True:
            self._move_on()
            with self._path.open("w", encoding="utf-8", buffering=1) as file:
                self._path.chmod(0o600)
                file.write(journal.header(self._policy, idle) + "\n")
                idle = self._fill(file)
            if idle is None:
                return

    def _move_on(self) -> None:
        """Make room for a new file: every older one moves up, the oldest goes."""
        names = [self._path, *(self._folder / f"journal.{number}.jsonl" for number in range(1, self._keep + 1))]
        for older, newer in reversed(list(zip(names[1:], names, strict=False))):
            if newer.exists():
                newer.replace(older)

    def _fill(self, file: TextIO) -> Device | None:
        """Write lines until the file is full at Idle (that device), or the journal is closed (None)."""
        written = 0
        while (item := self._lines.get()) is not None:
            line, device = item
            file.write(line + "\n")
            written += len(line) + 1
            if written > MAX_BYTES and device is not None:
                return device
        return None
