"""Numbers of the field: check digits, layout of an institution code, branch, and a hint whether two numbers are one.

Pure, any thread, no exceptions. Sources: eligibility.md 3.1 (check digit), 3.2 (institution code: of its check digit
only one example is known, so warn, never reject), 3.3 (symbol, number, branch). Numbers are sent and kept as they came;
what is folded here serves comparison only.
"""

import re
import unicodedata
from typing import Final

_INSURER: Final = re.compile(r"[0-9]{6}|[0-9]{8}")
_INSTITUTION: Final = re.compile(r"(?:0[1-9]|[1-3][0-9]|4[0-7])[1346][0-9]{7}")
_BRANCH: Final = re.compile(r"[0-9]{1,2}")
_BETWEEN: Final = re.compile(r"[-\u2010-\u2015\u2212ー・ ]")
"""What is typed between parts of a number (the long vowel sign ー for a hyphen, too)."""


def check_digit(body: str) -> int:
    """検証番号 of the ASCII digits before it.

    Weights 2, 1, 2, 1… from the right; the products' digits are summed; what lacks to the next ten.
    """
    total = 0
    for place, digit in enumerate(reversed(body)):
        product = int(digit) * (2 if place % 2 == 0 else 1)
        total += product // 10 + product % 10
    return -total % 10


def insurer_number_fits(number: str) -> bool:
    """保険者番号 or 公費負担者番号: 6 or 8 digits, the last a check digit; padding by spaces does not count."""
    plain = number.strip(" ")
    return bool(_INSURER.fullmatch(plain)) and check_digit(plain[:-1]) == int(plain[-1])


def institution_code_fits(code: str) -> bool:
    """医療機関コード: prefecture 01 to 47, 点数表 (1 medical, 3 dental, 4 pharmacy, 6 visiting nursing), 7 digits."""
    return bool(_INSTITUTION.fullmatch(code))


def institution_check_fits(code: str) -> bool:
    """Whether the last digit checks the other nine. Warn only: real codes may follow another rule."""
    return institution_code_fits(code) and check_digit(code[:-1]) == int(code[-1])


def branch_of(value: str) -> str | None:
    """枝番 as 2 half-width digits; None if there is none (empty, 00) or it is no branch number."""
    plain = unicodedata.normalize("NFKC", value).strip()
    return plain.zfill(2) if _BRANCH.fullmatch(plain) and int(plain) else None


def fold(value: str) -> str:
    """記号 or 番号 for comparison: one width, without hyphens, dots, spaces and leading zeros."""
    return _BETWEEN.sub("", unicodedata.normalize("NFKC", value)).lstrip("0")


def may_match(one: str, other: str) -> bool:
    """A hint that two symbols or numbers are one, never a proof."""
    return fold(one) == fold(other)
