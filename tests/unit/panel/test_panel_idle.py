"""The idle screen of a device with a missing part says both: what is off, and that checking in still works."""

import pytest

from firmware.core.faults import FaultCode
from firmware.core.views import IdleView
from firmware.panel.layout import layout
from firmware.panel.texts import LANGUAGES, Words


@pytest.mark.parametrize(
    ("held", "body"), [(0, "受付へ送信できません"), (3, "受付へ送信待ち 3件")], ids=["nothing held", "held"]
)
def test_a_warning_keeps_the_way_open(held: int, body: str) -> None:
    page = layout(IdleView((FaultCode.RECEPTION_AWAY,), held=held), Words.load("ja"))
    assert (page.body, page.note) == ((body,), "受付は続けられます")


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_warning_the_note_helps_to_place_the_card(language: str) -> None:
    words = Words.load(language)
    page = layout(IdleView(), words)
    assert page.body == ()
    assert page.note == words.page("idle").note
