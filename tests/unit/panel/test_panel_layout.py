"""Which words a View becomes."""

from itertools import combinations

import pytest

from firmware.core import views as core_views
from firmware.core.fault_texts import CATALOGUE
from firmware.core.faults import FaultCode
from firmware.core.outcomes import FacePrompt, FrontHint, Method, UnsureReason
from firmware.core.views import (
    FaceView,
    IdleView,
    NextStep,
    NoticeView,
    NumberBView,
    PinView,
    ResultView,
    ServiceView,
    StaffView,
    View,
)
from firmware.panel.layout import layout
from firmware.panel.page import Page, Sign
from firmware.panel.texts import Words
from tests.screens.samples import SAMPLES, variations

JA = Words.load("ja")


def everything(page: Page) -> str:
    return "\n".join((*page.title, *page.body, *page.small, *page.buttons, page.note))


def test_every_view_has_a_page() -> None:
    views = {kind for kind in vars(core_views).values() if isinstance(kind, type) and issubclass(kind, View)} - {View}
    assert {type(view) for view in SAMPLES.values()} == views
    assert views <= set(layout.registry)


def test_an_unknown_view_is_an_error() -> None:
    class Strange(View):
        pass

    with pytest.raises(NotImplementedError, match="Strange"):
        layout(Strange(), JA)


class Recording(Words):
    """Words that remember which of them were used."""

    def __init__(self) -> None:
        super().__init__("ja", {})
        self.entries, self.phrases = JA.entries, JA.phrases
        self.used: set[str] = set()

    def page(self, name: str, **fields: object) -> Page:
        self.used.add(name)
        return super().page(name, **fields)

    def phrase(self, name: str, **fields: object) -> str:
        self.used.add(name)
        return super().phrase(name, **fields)


def test_no_text_is_unused() -> None:
    words = Recording()
    for view in variations():
        layout(view, words)
    assert words.used == words.entries.keys() | words.phrases.keys()


def test_every_page_has_a_title_and_no_open_field() -> None:
    for view in variations():
        page = layout(view, JA)
        assert page.title
        assert "{" not in everything(page)


@pytest.mark.parametrize("because", [None, *FaultCode])
@pytest.mark.parametrize("step", list(NextStep))
def test_the_result_never_says_why(step: NextStep, because: FaultCode | None) -> None:
    assert layout(ResultView(step, because=because), JA) == layout(ResultView(step), JA)


def test_held_results_are_counted() -> None:
    assert "受付へ送信待ち 4件" in everything(layout(ResultView(NextStep.DONE, held=4), JA))
    assert "受付へ送信待ち 4件" in everything(layout(IdleView(held=4), JA))


def test_only_offered_methods_have_a_button() -> None:
    for size in (1, 2, 3):
        for methods in combinations(Method, size):
            buttons = layout(NoticeView(methods), JA).buttons
            assert [bool(label) for label in buttons] == [method in methods for method in Method]


def test_a_failed_method_is_named_and_the_others_offered() -> None:
    page = layout(NoticeView((Method.STAFF,), FaultCode.PIN_BLOCKED), JA)
    assert page.title == CATALOGUE[FaultCode.PIN_BLOCKED].counter.ja[:1]
    assert page.buttons == ("", "", "係員")


def test_entries_show_counts_and_never_digits() -> None:
    for count in range(15):
        dots = layout(NumberBView(count), JA).dots
        assert dots is not None
        assert (dots.filled, dots.groups, dots.total) == (count, (6, 4, 4), 14)
    pin = layout(PinView(3, 2), JA)
    assert pin.dots is not None
    assert (pin.dots.filled, pin.dots.total) == (3, 4)
    assert "あと2回" in everything(pin)


def test_number_b_is_asked_part_by_part() -> None:
    guides = [layout(NumberBView(count), JA).body for count in range(15)]
    assert len(set(guides[:6])) == len(set(guides[6:10])) == len(set(guides[10:14])) == 1
    assert len({guides[0], guides[6], guides[10], guides[14]}) == 4


def test_all_digits_typed_with_the_card_away_asks_for_the_card() -> None:
    page = layout(NumberBView(14, card_out=True), JA)
    assert page.title == ("カードを戻してください",)
    assert "確定" not in everything(page)
    assert layout(NumberBView(13, card_out=True), JA).body == layout(NumberBView(13), JA).body


def test_the_camera_reads_the_front_until_something_is_typed() -> None:
    reading = layout(NumberBView(0, reading=True), JA)
    assert reading.title == ("おもてを読んでいます",)
    assert (reading.note, reading.buttons) == ("数字でも入力できます", ("", "", "他の方法"))
    assert layout(NumberBView(1, reading=True), JA) == layout(NumberBView(1), JA)


def test_without_a_keypad_nobody_is_asked_to_type() -> None:
    reading = layout(NumberBView(0, reading=True, keypad=False), JA)
    failed = layout(NumberBView(0, wrong=True, tries_left=8, keypad=False), JA)
    assert "入力" not in everything(reading) + everything(failed)
    assert reading.buttons == failed.buttons == ("", "", "他の方法")


@pytest.mark.parametrize("words", [JA, Words.load("en")], ids=["ja", "en"])
@pytest.mark.parametrize("shown", [False, True])
def test_each_hint_of_the_front_reads_differently(words: Words, *, shown: bool) -> None:
    views = [NumberBView(0, reading=True, front_hint=hint, show_card=shown) for hint in (None, *FrontHint)]
    assert len({layout(view, words).title for view in views}) == len(views)


def test_a_card_held_before_the_camera_is_not_told_to_lie_still() -> None:
    over = NumberBView(0, reading=True, front_hint=FrontHint.TURN_OVER)
    held = NumberBView(0, reading=True, front_hint=FrontHint.TURN_OVER, show_card=True, card_out=True)
    assert layout(over, JA).title == layout(held, JA).title == ("裏返してください",)
    assert layout(over, JA).body != layout(held, JA).body
    assert layout(held, JA).buttons == ("", "", "")


def test_a_prompt_of_the_challenge_goes_before_a_hint_and_can_be_left() -> None:
    for prompt in FacePrompt:
        page = layout(FaceView(2, 3, UnsureReason.TURNED, prompt), JA)
        assert page.sign is not None
        assert page.title != layout(FaceView(2, 3, UnsureReason.TURNED), JA).title
        assert page.buttons == ("", "", "他の方法")
        assert page.note == "3回のうち2回目"
    assert layout(FaceView(1, 3, prompt=FacePrompt.TURN_LEFT), JA).sign is Sign.LEFT
    assert layout(FaceView(1, 3, prompt=FacePrompt.TURN_RIGHT), JA).sign is Sign.RIGHT
    assert layout(FaceView(1, 3), JA).sign is None


def test_an_unsigned_record_leaves_only_the_staff() -> None:
    assert layout(StaffView(FaultCode.CARD_RECORD_UNSIGNED, other_way=False), JA).buttons == ("", "", "")
    assert any(layout(StaffView(FaultCode.PIN_BLOCKED), JA).buttons)


def test_the_service_page_names_codes_and_counts_the_rest() -> None:
    text = everything(layout(ServiceView(tuple(FaultCode)[:5]), JA))
    assert "CRD-001" in text
    assert "CRD-002" in text
    assert "ほか 3 件" in text
