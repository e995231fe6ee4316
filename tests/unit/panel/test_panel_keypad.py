"""Digit entry: counts, confirm, cancel, and that typed digits are wiped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.core.secret import Secret
from firmware.panel.keypad import DigitEntry, EntryDesk, Key, Stroke
from firmware.ports import EntrySink


class Heard:
    """A sink that keeps what it was told."""

    def __init__(self) -> None:
        self.counts: list[int] = []
        self.secrets: list[Secret] = []
        self.cancels = 0

    @property
    def sink(self) -> EntrySink:
        return EntrySink(self.counts.append, self.secrets.append, self._cancelled)

    def _cancelled(self) -> None:
        self.cancels += 1


def type_in(desk: EntryDesk, text: str) -> None:
    for char in text:
        desk.press(Key(char))


def test_digits_go_to_the_sink_only_when_confirmed() -> None:
    desk, heard = EntryDesk(), Heard()
    desk.begin(4, heard.sink)
    type_in(desk, "1203")
    assert heard.counts == [1, 2, 3, 4]
    assert not heard.secrets
    assert desk.press(Key.CONFIRM) is Stroke.DONE
    assert [bytes(secret.view()) for secret in heard.secrets] == [b"1203"]
    assert desk.press(Key.D1) is Stroke.IGNORED


def test_confirm_needs_every_digit_and_more_digits_are_ignored() -> None:
    desk, heard = EntryDesk(), Heard()
    desk.begin(2, heard.sink)
    desk.press(Key.D9)
    assert desk.press(Key.CONFIRM) is Stroke.IGNORED
    type_in(desk, "87")
    desk.press(Key.CONFIRM)
    assert bytes(heard.secrets[0].view()) == b"98"
    assert heard.counts == [1, 2]


def test_backspace_takes_the_last_digit_back() -> None:
    desk, heard = EntryDesk(), Heard()
    desk.begin(2, heard.sink)
    desk.press(Key.BACKSPACE)
    type_in(desk, "12")
    desk.press(Key.BACKSPACE)
    type_in(desk, "3")
    desk.press(Key.CONFIRM)
    assert heard.counts == [1, 2, 1, 2]
    assert bytes(heard.secrets[0].view()) == b"13"


def test_cancel_clears_first_and_gives_up_when_empty() -> None:
    desk, heard = EntryDesk(), Heard()
    desk.begin(4, heard.sink)
    type_in(desk, "12")
    desk.press(Key.CANCEL)
    assert (heard.counts, heard.cancels) == ([1, 2, 0], 0)
    desk.press(Key.CANCEL)
    assert heard.cancels == 1
    assert desk.press(Key.CANCEL) is Stroke.IGNORED


def test_an_ended_or_replaced_entry_hears_nothing() -> None:
    desk, first, second = EntryDesk(), Heard(), Heard()
    desk.begin(2, first.sink)
    type_in(desk, "1")
    desk.begin(2, second.sink)
    type_in(desk, "2")
    desk.end()
    desk.end()
    type_in(desk, "3")
    assert (first.counts, second.counts) == ([1], [1])


def test_a_sink_may_begin_the_next_entry() -> None:
    desk, second = EntryDesk(), Heard()
    desk.begin(1, EntrySink(lambda _: None, lambda _: desk.begin(1, second.sink), lambda: None))
    type_in(desk, "1")
    desk.press(Key.CONFIRM)
    type_in(desk, "2")
    assert second.counts == [1]


def test_what_is_given_up_is_wiped() -> None:
    entry = DigitEntry(4)
    buffer = entry._digits
    for key in (Key.D1, Key.D2, Key.D3):
        entry.press(key)
    entry.press(Key.BACKSPACE)
    assert bytes(buffer) == b"12\0\0"
    entry.wipe()
    assert bytes(buffer) == bytes(4)


@pytest.mark.parametrize("replaced", [False, True])
def test_an_entry_that_ends_leaves_no_digit_behind(replaced: bool) -> None:
    desk, heard = EntryDesk(), Heard()
    desk.begin(4, heard.sink)
    assert desk._open is not None
    buffer = desk._open.entry._digits
    type_in(desk, "123")
    if replaced:
        desk.begin(4, heard.sink)
    else:
        desk.end()
    assert bytes(buffer) == bytes(4)


def test_the_buffer_is_handed_over_not_copied() -> None:
    entry = DigitEntry(1)
    buffer = entry._digits
    entry.press(Key.D5)
    secret = entry.take()
    secret.wipe()
    assert bytes(buffer) == b"\0"
    assert entry.count == 0


def test_repr_shows_no_digit() -> None:
    entry = DigitEntry(4)
    for key in (Key.D7, Key.D8):
        entry.press(key)
    assert "7" not in repr(entry)
    assert "8" not in repr(entry)


def test_an_entry_of_no_digits_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        DigitEntry(0)


@given(st.integers(1, 6), st.lists(st.sampled_from(list(Key)), max_size=40))
def test_like_a_list_of_digits(length: int, keys: list[Key]) -> None:
    entry, model = DigitEntry(length), ""
    for key in keys:
        stroke = entry.press(key)
        if key is Key.CONFIRM:
            assert stroke is (Stroke.DONE if len(model) == length else Stroke.IGNORED)
        elif key is Key.CANCEL:
            assert stroke is (Stroke.CHANGED if model else Stroke.CANCELLED)
            model = ""
        elif key is Key.BACKSPACE:
            model = model[:-1]
        else:
            model = (model + key.value)[:length]
        assert entry.count == len(model)
        assert bytes(entry._digits) == model.encode().ljust(length, b"\0")
