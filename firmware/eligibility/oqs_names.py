"""File names of the official terminal's exchange (オンライン資格確認等連携ソフト). Pure, any thread, no exceptions.

A request is OQSsiquc01req_ + yyyyMMdd + 4-digit running number + .xml, its response has the same base with res_ for
req_ and one of three endings. A refusal (.err) may keep req_: one public client looks for it beside the request that
was given back. A result of the official reader begins with OQSsiquc01res_face_ and goes on freely. The terminal is a
Windows machine: letters' case means nothing. Two names of our own stand beside them in the request folder while a
question is asked; they do not begin like a request, so that nobody takes them for one.
Source: eligibility.md 2.1, 2.4, 2.5.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

RESPONSE_ENDINGS: Final = (".xml", ".zip", ".err")
MOST_NUMBER: Final = 9999

_OWN: Final = "madoguchi-"
_NUMBERED: Final = re.compile(
    r"(?P<kind>OQSsiquc01req_|OQSsiquc01res_|madoguchi-)(?P<day>[0-9]{8})(?P<number>[0-9]{4})(?P<ending>\.[a-z]{3,4})",
    re.IGNORECASE,
)
_FACE: Final = re.compile(r"OQSsiquc01res_face_.+\.(?:xml|zip)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, order=True)
class RequestName:
    """Day in Japan and running number of one request."""

    day: date
    number: int

    @property
    def request(self) -> str:
        return f"OQSsiquc01req_{self._base}.xml"

    @property
    def take(self) -> str:
        """Whoever makes this file has the name; it stays while the name must not be used again."""
        return f"madoguchi-{self._base}.take"

    @property
    def temporary(self) -> str:
        return f"madoguchi-{self._base}.tmp"

    def answers(self, name: str) -> bool:
        """Whether `name` is a response to this request. Asked of every file at each look, so it is cheap."""
        stem, dot, ending = name.lower().rpartition(".")
        if stem == f"oqssiquc01req_{self._base}":
            return ending == "err"
        return stem == f"oqssiquc01res_{self._base}" and dot + ending in RESPONSE_ENDINGS

    @property
    def _base(self) -> str:
        return f"{self.day:%Y%m%d}{self.number:04}"


def numbered(name: str) -> RequestName | None:
    """Whose request, response or taking a file is, by its name; None for all others."""
    found = _parts(name)
    return None if found is None else found[1]


def exchanged(name: str) -> RequestName | None:
    """Whose request or response a file is: `numbered` without our own signs beside them."""
    return None if name.lower().startswith(_OWN) else numbered(name)


def is_face(name: str) -> bool:
    """Whether a file is named like a result of the official reader (顔認証付きカードリーダー)."""
    return _FACE.fullmatch(name) is not None


def signed(name: str) -> RequestName | None:
    """Whose sign a file of our own is (`take`, `temporary`); None for all others."""
    found = _parts(name)
    return found[1] if found is not None and found[0] == _OWN else None


def left_over(name: str, today: date) -> RequestName | None:
    """Whose sign a file of our own is that nobody can need any more: of the day before yesterday or earlier.

    Yesterday's stay: a clock may be a day ahead.
    """
    found = signed(name)
    return found if found is not None and found.day < today - timedelta(days=1) else None


def next_number(names: Iterable[str], day: date, lowest: int = 1) -> int | None:
    """The number after the highest of that day, from `lowest` on; the first gap once 9999 is used; None: all are."""
    used = {name.number for name in map(numbered, names) if name is not None and name.day == day}
    highest = max(used, default=0)
    if highest < MOST_NUMBER:
        return max(highest + 1, lowest)
    return next((number for number in range(lowest, MOST_NUMBER + 1) if number not in used), None)


def _parts(name: str) -> tuple[str, RequestName, str] | None:
    found = _NUMBERED.fullmatch(name)
    if found is None:
        return None
    text = found["day"]
    try:
        day = date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None
    return found["kind"].lower(), RequestName(day, int(found["number"])), found["ending"].lower()
