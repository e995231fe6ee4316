"""Reader states to reports: PC/SC state words as pcsc-lite gives them, event counter in the upper half."""

from firmware.card.presence import PresenceTracker
from firmware.core.events import CardPresence

P, A = CardPresence.PRESENT, CardPresence.ABSENT
LOST, BACK = CardPresence.READER_LOST, CardPresence.READER_BACK
EMPTY, CARD, IN_USE, MUTE, UNAVAILABLE, UNKNOWN = 0x12, 0x22, 0x122, 0x222, 0x0A, 0x06


def state(bits: int, counter: int) -> int:
    return counter << 16 | bits


def reports(*states: int | None) -> list[list[CardPresence]]:
    tracker = PresenceTracker()
    return [tracker.reader_gone() if word is None else tracker.observe(word) for word in states]


def test_the_present_state_comes_first() -> None:
    assert reports(state(EMPTY, 0)) == [[A]]
    assert reports(state(CARD, 1)) == [[P]]
    assert reports(None) == [[LOST]]


def test_changes_are_reported_once() -> None:
    assert reports(state(EMPTY, 0), state(CARD, 1), state(CARD, 1), state(EMPTY, 2), state(EMPTY, 2)) == [
        [A], [P], [], [A], [],
    ]  # fmt: skip


def test_a_swap_between_two_polls_shows_in_the_counter() -> None:
    assert reports(state(CARD, 1), state(CARD, 3)) == [[P], [A, P]]


def test_our_own_use_of_the_card_is_no_change() -> None:
    assert reports(state(CARD, 1), state(IN_USE, 1), state(CARD, 1)) == [[P], [], []]


def test_a_card_that_came_and_went_between_two_polls_is_nothing() -> None:
    assert reports(state(EMPTY, 0), state(EMPTY, 2)) == [[A], []]


def test_a_mute_card_is_a_card() -> None:
    assert reports(state(MUTE, 1)) == [[P]]


def test_a_lost_reader_is_reported_once_and_back_with_its_state() -> None:
    assert reports(state(CARD, 1), None, None, state(CARD, 1), state(EMPTY, 2)) == [[P], [LOST], [], [BACK, P], [A]]
    assert reports(state(EMPTY, 0), None, state(EMPTY, 0)) == [[A], [LOST], [BACK, A]]


def test_an_unavailable_reader_is_lost() -> None:
    assert reports(state(CARD, 1), state(UNAVAILABLE, 1), state(UNKNOWN, 1)) == [[P], [LOST], []]
