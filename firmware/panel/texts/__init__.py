"""Every word of the screen: one TOML file per language, loaded by `Words`. Pure after loading.

A table names a screen; its members are those of `Page` (`title`, `body`, `left`, `middle`, `right`, `note`). `[words]`
holds single phrases. `{name}` is filled in by the layout. Rules for the texts: short, concrete, say what to do next;
no name, no insurer, no reason of "invalid": bystanders read the screen (design.md, "A visit, step by step").
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from firmware.core.outcome_texts import SHIPPED, OutcomeTexts
from firmware.panel.page import Page

LANGUAGES = ("ja", "en")
_LISTS = {"title", "body"}
_STRINGS = {"left", "middle", "right", "note"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One table of a text file, before its fields are filled in."""

    title: tuple[str, ...]
    body: tuple[str, ...]
    buttons: tuple[str, str, str]
    note: str


def _lines(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(line, str) and line for line in value):
        raise ValueError(f"{where}: a list of lines is needed")
    return tuple(value)


def _entry(name: str, table: object) -> Entry:
    if not isinstance(table, dict) or not table.keys() <= _LISTS | _STRINGS:
        raise ValueError(f"[{name}]: unknown member")
    if not all(isinstance(table[member], str) for member in table.keys() & _STRINGS):
        raise ValueError(f"[{name}]: labels and note are texts")
    return Entry(
        title=_lines(table.get("title", []), f"[{name}] title"),
        body=_lines(table.get("body", []), f"[{name}] body"),
        buttons=(table.get("left", ""), table.get("middle", ""), table.get("right", "")),
        note=table.get("note", ""),
    )


class Words:
    """The texts of one language. `outcomes`: what the patient reads at the end, as the site worded it."""

    def __init__(self, language: str, data: Mapping[str, object], outcomes: OutcomeTexts = SHIPPED) -> None:
        self.language = language
        self.outcomes = outcomes
        phrases = data.get("words", {})
        if not isinstance(phrases, dict) or not all(isinstance(phrase, str) for phrase in phrases.values()):
            raise ValueError("[words]: texts are needed")
        self.phrases: Mapping[str, str] = dict(phrases)
        self.entries = {name: _entry(name, table) for name, table in data.items() if name != "words"}

    @classmethod
    def load(cls, language: str, outcomes: OutcomeTexts = SHIPPED) -> "Words":
        """The shipped texts of a language in `LANGUAGES`; ValueError for another one or a malformed file."""
        if language not in LANGUAGES:
            raise ValueError(f"no texts in language {language!r}")
        source = resources.files(__package__) / f"{language}.toml"
        return cls(language, tomllib.loads(source.read_text("utf-8")), outcomes)

    def phrase(self, name: str, **fields: object) -> str:
        return self.phrases[name].format(**fields)

    def page(self, name: str, **fields: object) -> Page:
        """Screen `name` with its fields filled in."""
        entry = self.entries[name]
        left, middle, right = (label.format(**fields) for label in entry.buttons)
        return Page(
            title=tuple(line.format(**fields) for line in entry.title),
            body=tuple(line.format(**fields) for line in entry.body),
            buttons=(left, middle, right),
            note=entry.note.format(**fields),
        )
