"""Does the answer speak of the person whose chip was read, or whom a reception asked about? (identity-conflict).

Pure, any thread, no exceptions. Sources: design.md, "A visit, step by step"; card.md 2.4 (DF22, DF23); eligibility.md
2.8 table 007 (sex 3 = not set; the card has 9), 3.3 (numbers). Whether certificate and chip are of one person is the
card layer's question, before any look-up.
"""

import hmac
import secrets
from collections.abc import Iterable
from typing import Final

from firmware.core.queries import NumberQuery, Query
from firmware.eligibility.codes import Sex
from firmware.eligibility.fields import write_day
from firmware.eligibility.model import Confirmation, Coverage
from firmware.eligibility.numbers import fold

_COMPARED_SEXES: Final = (b"1", b"2")

Octets = bytes | memoryview


class ChipIdentity:
    """Birth date and sex of the chip, kept only as keyed hashes.

    A registration is answered when the visit's data may be wiped already, and its answer has to be compared too. The
    key is random and never leaves this object.
    """

    __slots__ = ("_birth_date", "_key", "_sex")

    def __init__(self, birth_date: Octets | None = None, sex: Octets | None = None) -> None:
        self._key = secrets.token_bytes(16)
        self._birth_date = None if birth_date is None else self._hash(birth_date)
        self._sex = None if sex not in _COMPARED_SEXES else self._hash(sex)

    def conflicts(self, coverages: Iterable[Coverage]) -> bool:
        """True if any coverage has another birth date, or another sex where both sides state one."""
        return any(
            self._differs(self._birth_date, _born(coverage))
            or (coverage.sex is not Sex.NOT_SET and self._differs(self._sex, coverage.sex.encode()))
            for coverage in coverages
        )

    def same(self, coverage: Coverage) -> bool:
        """True only if birth date and sex are known on both sides and equal: what a picked-up answer has to prove."""
        if self._birth_date is None or self._sex is None or coverage.sex is Sex.NOT_SET:
            return False
        return not self.conflicts((coverage,))

    def _differs(self, expected: bytes | None, value: bytes) -> bool:
        return expected is not None and not hmac.compare_digest(expected, self._hash(value))

    def _hash(self, value: Octets) -> bytes:
        return hmac.digest(self._key, value, "sha256")


def _born(coverage: Coverage) -> bytes:
    """As the chip writes it: YYYYMMDD."""
    return write_day(coverage.birth_date).encode()


def of_somebody_else(confirmation: Confirmation, query: Query) -> bool:
    """Whether an answer to a reception's query speaks of anybody but whom was asked about.

    Results need the birth date, and the sex where it was asked by; their numbers are a hint only (checks.py), because
    spellings differ. What is echoed of the query has to be the query, in any width and padding; what the echo leaves
    out does not differ.
    """
    sex = None if isinstance(query, NumberQuery) else query.sex.encode()
    if ChipIdentity(write_day(query.birth_date).encode(), sex).conflicts(confirmation.coverages):
        return True
    echo = confirmation.search
    if echo is None:
        return False
    if echo.birth_date != query.birth_date:
        return True
    return isinstance(query, NumberQuery) and _other_query(echo, query)


def _other_query(echo: NumberQuery, asked: NumberQuery) -> bool:
    pairs = (
        (echo.insurer_number, asked.insurer_number),
        (echo.number, asked.number),
        (echo.symbol, asked.symbol),
        (echo.branch, asked.branch),
        (asked.identifier and echo.identifier, asked.identifier),  # one that we did not give is the other side's own
    )
    return any(mine is not None and _plain(mine) != _plain(other or "") for mine, other in pairs)


def _plain(value: str) -> str:
    """`fold`, and the one sign beyond it that Shift_JIS gives back as another."""
    return fold(value.replace("〜", "～")).casefold()
