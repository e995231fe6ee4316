"""The text files: same screens in every language, no unused or unknown word, malformed files refused."""

import re
import string

import pytest

from firmware.panel.texts import LANGUAGES, Words

WORDS = {language: Words.load(language) for language in LANGUAGES}


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_language_has_the_same_screens_with_the_same_parts() -> None:
    first, *others = WORDS.values()
    for other in others:
        assert first.phrases.keys() == other.phrases.keys()
        assert first.entries.keys() == other.entries.keys()
        for name, entry in first.entries.items():
            twin = other.entries[name]
            assert [bool(label) for label in entry.buttons] == [bool(label) for label in twin.buttons], name
            assert (bool(entry.title), bool(entry.note)) == (bool(twin.title), bool(twin.note)), name
            mine = fields(" ".join((*entry.title, *entry.body, entry.note)))
            theirs = fields(" ".join((*twin.title, *twin.body, twin.note)))
            assert mine == theirs, name
        for name, phrase in first.phrases.items():
            assert fields(phrase) == fields(other.phrases[name]), name


def test_japanese_patients_read_japanese() -> None:
    for name, entry in WORDS["ja"].entries.items():
        for line in (*entry.title, *entry.body, *filter(None, entry.buttons), *filter(None, (entry.note,))):
            if line != "0120-95-0178":
                assert re.search(r"[぀-ヿ一-鿿]", line), f"{name}: {line}"


def test_english_is_ascii() -> None:
    for name, entry in WORDS["en"].entries.items():
        assert all(line.isascii() for line in (*entry.title, *entry.body, *entry.buttons, entry.note)), name


def test_what_must_be_said() -> None:
    """The promises of the notice, and the number to suspend a lost card."""
    for name in ("notice", "reading_chip", "information_privacy"):
        assert "保存しません" in " ".join(WORDS["ja"].entries[name].body)
        assert re.search("not stored|never stored", " ".join(WORDS["en"].entries[name].body))
    for words in WORDS.values():
        assert "0120-95-0178" in words.entries["information_card_lost"].body
        assert "24" in " ".join(words.entries["consent"].body)


@pytest.mark.parametrize(
    "data",
    [
        {"idle": {"title": "one string"}},
        {"idle": {"title": [""]}},
        {"idle": {"title": ["x"], "middel": "typo"}},
        {"idle": {"title": ["x"], "left": 1}},
        {"idle": ["x"]},
        {"words": {"held": 3}},
    ],
)
def test_a_malformed_file_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\["):
        Words("xx", data)


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="no texts"):
        Words.load("../ja")
