"""Tones as data, and the thread that plays them.

`Sounder.play` returns at once and never raises: a buzzer is no reason to stop a visit. A new tone replaces the running
one. Frequencies in Hz, durations in seconds. The lamp is lit with every note, so that a tone is seen as well as heard.
"""

import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from firmware.core.effects import Tone


@dataclass(frozen=True, slots=True)
class Note:
    """`frequency` None is a rest."""

    frequency: float | None
    seconds: float


# Rising = good, falling = wrong, so that the meaning is heard without the screen. Below 2 kHz for elderly ears.
PATTERNS: Mapping[Tone, tuple[Note, ...]] = MappingProxyType(
    {
        Tone.PROMPT: (Note(880, 0.10),),
        Tone.DONE: (Note(660, 0.12), Note(880, 0.12), Note(1320, 0.25)),
        Tone.WRONG: (Note(440, 0.18), Note(None, 0.06), Note(330, 0.30)),
        Tone.REMIND: (Note(1320, 0.15), Note(None, 0.10), Note(1320, 0.15), Note(None, 0.10), Note(1320, 0.15)),
    }
)


class Voice(Protocol):
    """A buzzer and a lamp. Methods never raise."""

    def sound(self, frequency: float | None) -> None:
        """Sound `frequency` with the lamp lit, until told otherwise; None: silent and dark."""

    def close(self) -> None:
        """Silent and dark, release the pins. Idempotent."""


class Sounder(Protocol):
    """Plays tones without blocking."""

    def play(self, tone: Tone) -> None:
        """Start `tone`; never raises."""

    def close(self) -> None:
        """Be silent. Idempotent."""


class Silent:
    """No buzzer."""

    def play(self, tone: Tone) -> None:
        """Nothing to hear."""

    def close(self) -> None:
        """Nothing to release."""


class ThreadedSounder:
    """Plays patterns on a `Voice` from a thread of its own ("sound"). `wait` as `threading.Event.wait`, for tests."""

    def __init__(self, voice: Voice, wait: Callable[[threading.Event, float], bool] = threading.Event.wait) -> None:
        self._voice = voice
        self._wait = wait
        self._tones: queue.SimpleQueue[Tone | None] = queue.SimpleQueue()
        self._interrupt = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sound", daemon=True)
        self._closed = False
        self._thread.start()

    def play(self, tone: Tone) -> None:
        if not self._closed:
            self._tones.put(tone)
            self._interrupt.set()

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._tones.put(None)
        self._interrupt.set()
        self._thread.join()

    def _run(self) -> None:
        while (tone := self._newest()) is not None:
            for note in PATTERNS[tone]:
                self._voice.sound(note.frequency)
                if self._wait(self._interrupt, note.seconds):
                    break
            self._voice.sound(None)
        self._voice.close()

    def _newest(self) -> Tone | None:
        """Wait for a tone; of several that piled up the last one counts."""
        tone = self._tones.get()
        self._interrupt.clear()
        while tone is not None:
            try:
                tone = self._tones.get_nowait()
            except queue.Empty:
                return tone
        return None
