"""Tones: the thread plays them, the last one wins, nothing blocks."""

import queue
import threading

from firmware.core.effects import Tone
from firmware.panel.sound import PATTERNS, Silent, Sounder, ThreadedSounder

WAIT = 5.0


class Voice:
    def __init__(self) -> None:
        self.heard: queue.SimpleQueue[float | None] = queue.SimpleQueue()
        self.closed = 0

    def sound(self, frequency: float | None) -> None:
        self.heard.put(frequency)

    def close(self) -> None:
        self.closed += 1


def test_every_tone_has_a_short_pattern_of_its_own() -> None:
    assert PATTERNS.keys() == set(Tone)
    assert len(set(PATTERNS.values())) == len(Tone)
    for notes in PATTERNS.values():
        assert 0 < sum(note.seconds for note in notes) < 1
        assert notes[-1].frequency is not None


def test_a_tone_is_played_note_by_note_and_ends_silent() -> None:
    voice = Voice()
    lengths: list[float] = []

    def wait(_: threading.Event, seconds: float) -> bool:
        lengths.append(seconds)
        return False

    sounder = ThreadedSounder(voice, wait)
    sounder.play(Tone.WRONG)
    notes = PATTERNS[Tone.WRONG]
    assert [voice.heard.get(timeout=WAIT) for _ in range(len(notes) + 1)] == [n.frequency for n in notes] + [None]
    assert lengths == [n.seconds for n in notes]
    sounder.close()
    assert voice.closed == 1


def test_a_new_tone_interrupts_the_running_one() -> None:
    voice = Voice()
    sounder = ThreadedSounder(voice, lambda event, _: event.wait(WAIT))
    sounder.play(Tone.DONE)
    first = voice.heard.get(timeout=WAIT)
    sounder.play(Tone.PROMPT)
    assert voice.heard.get(timeout=WAIT) is None
    assert first == PATTERNS[Tone.DONE][0].frequency
    assert voice.heard.get(timeout=WAIT) == PATTERNS[Tone.PROMPT][0].frequency
    sounder.close()
    assert not sounder._thread.is_alive()


def test_a_tone_after_another_is_played_to_its_end() -> None:
    voice = Voice()
    sounder = ThreadedSounder(voice, lambda event, _: event.is_set())
    for tone in (Tone.PROMPT, Tone.REMIND):
        sounder.play(tone)
        notes = [note.frequency for note in PATTERNS[tone]]
        assert [voice.heard.get(timeout=WAIT) for _ in range(len(notes) + 1)] == [*notes, None]
    sounder.close()


def test_closed_means_silent() -> None:
    voice = Voice()
    sounder: Sounder = ThreadedSounder(voice)
    sounder.close()
    sounder.close()
    sounder.play(Tone.DONE)
    assert voice.heard.empty()


def test_no_buzzer_at_all() -> None:
    sounder: Sounder = Silent()
    sounder.play(Tone.DONE)
    sounder.close()
