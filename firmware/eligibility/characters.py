"""Characters that an answer's names and addresses can hold and a claim (レセプト) cannot.

Pure, any thread, no exceptions. Source: eligibility.md 3.4: the national system gives ● for what it cannot deliver, and
delivers characters of JIS X 0213 unchanged, while claims take JIS X 0208 only. Nothing is replaced or guessed here.
"""

from typing import Final

REPLACEMENTS: Final = frozenset("●〓\ufffd")
"""● is the national system's; the other two are what programs on the way put in its place."""

_TWINS: Final = frozenset("～∥－￠￡￢—")
"""Other decodings of seven JIS X 0208 characters (Python's: 〜 ‖ − ¢ £ ¬ ―): the same bytes in a claim."""

_HALF_KANA: Final = range(0xFF61, 0xFFA0)
"""JIS X 0201: kana of names come in half width."""


def is_replaced(text: str) -> bool:
    """A character that could not be delivered stands in the text."""
    return not REPLACEMENTS.isdisjoint(text)


def is_beyond_claims(text: str) -> bool:
    """A character that is neither of JIS X 0208 nor half width (ASCII, kana of JIS X 0201)."""
    return any(not _in_claims(sign) for sign in text if sign not in REPLACEMENTS)


def _in_claims(sign: str) -> bool:
    if ord(sign) in _HALF_KANA or sign in _TWINS:
        return True
    try:
        # Python's codec is JIS X 0208 alone, without the vendors' rows (髙, ①) that its cp932 has
        sign.encode("iso2022_jp")
    except UnicodeEncodeError:
        return False
    return True
