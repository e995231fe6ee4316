"""Presses from contacts that bounce."""

from hypothesis import given
from hypothesis import strategies as st

from firmware.panel.debounce import HOLD, SETTLE, Debouncer, Press


def presses(edges: list[tuple[float, bool]], end: float, *, pressed: bool = False) -> list[tuple[float, Press]]:
    """Run edges as a thread would: wake at every edge and whenever something is due."""
    state = Debouncer(pressed=pressed)
    out: list[tuple[float, Press]] = []

    def wake(at: float, press: Press | None) -> None:
        if press is not None:
            out.append((round(at, 3), press))

    for at, down in [*edges, (end, None)]:
        while (due := state.due) is not None and due <= at:
            before = (state._changed_at, state._down_at)
            wake(due, state.advance(due))
            assert (state._changed_at, state._down_at) != before, "due, but nothing to decide: a busy loop"
        if down is not None:
            wake(at, state.edge(at, pressed=down))
    return out


def test_a_press_is_told_when_let_go() -> None:
    assert presses([(1.0, True), (1.3, False)], 10) == [(1.32, Press.SHORT)]


def test_bouncing_contacts_are_one_press() -> None:
    edges = [(1.0, True), (1.003, False), (1.005, True), (1.3, False), (1.304, True), (1.306, False)]
    assert presses(edges, 10) == [(1.326, Press.SHORT)]


def test_a_spike_is_nothing() -> None:
    assert presses([(1.0, True), (1.0 + SETTLE / 2, False)], 10) == []


def test_a_spike_does_not_end_a_long_press() -> None:
    edges = [(1.0, True), (3.0, False), (3.005, True), (8.0, False)]
    assert presses(edges, 20) == [(1.0 + HOLD, Press.HELD)]


def test_letting_go_just_before_held_waits_for_the_contact_to_settle() -> None:
    assert presses([(1.0, True), (1.0 + HOLD - SETTLE / 2, False)], 20) == [(6.01, Press.SHORT)]
    assert presses([(1.0, True), (5.99, False), (5.995, True), (9.0, False)], 20) == [(6.015, Press.HELD)]


def test_held_is_told_once_and_its_end_is_not() -> None:
    assert presses([(1.0, True), (30.0, False), (31.0, True), (31.2, False)], 60) == [
        (6.0, Press.HELD),
        (31.22, Press.SHORT),
    ]


def test_a_button_that_is_down_at_the_start_says_nothing() -> None:
    assert presses([(9.0, False), (10.0, True), (10.1, False)], 20, pressed=True) == [(10.12, Press.SHORT)]


def test_a_late_wake_up_still_tells_short_from_held() -> None:
    state = Debouncer()
    state.edge(0.0, pressed=True)
    state.edge(1.0, pressed=False)
    assert state.advance(20.0) is Press.SHORT
    state.edge(30.0, pressed=True)
    assert state.advance(40.0) is Press.HELD
    assert state.advance(41.0) is None


def test_the_same_edge_twice_changes_nothing() -> None:
    assert presses([(1.0, True), (1.1, True), (1.3, False)], 10) == [(1.32, Press.SHORT)]


BOUNCES = st.lists(st.floats(0.001, SETTLE * 0.9), max_size=4)


def bouncing(at: float, bounces: list[float], *, level: bool) -> tuple[list[tuple[float, bool]], float]:
    """Edges of a contact that reaches `level` after some bounces, and when it has."""
    edges = []
    for bounce in bounces:
        edges += [(at, level), (at + bounce / 2, not level)]
        at += bounce
    return [*edges, (at, level)], at


@given(st.lists(st.tuples(st.floats(0.1, 12), BOUNCES, BOUNCES), max_size=6))
def test_every_real_press_is_told_exactly_once(plan: list[tuple[float, list[float], list[float]]]) -> None:
    edges: list[tuple[float, bool]] = []
    at = 1.0
    for down, closing, opening in plan:
        closed, at = bouncing(at, closing, level=True)
        opened, at = bouncing(at + down, opening, level=False)
        edges += [*closed, *opened]
        at += 1.0
    told = [press for _, press in presses(edges, at)]
    assert len(told) == len(plan)
    for (down, _, opening), press in zip(plan, told, strict=True):
        if not HOLD - sum(opening) - SETTLE <= down <= HOLD:
            assert press is (Press.HELD if down > HOLD else Press.SHORT)
