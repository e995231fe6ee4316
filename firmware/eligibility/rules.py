"""Does the answer speak of the person whose chip was read? (design.md, "A visit, step by step", identity-conflict).

Pure, any thread, no exceptions. Sources: card.md 2.4 (DF22, DF23), eligibility.md 2.8 table 007 (sex 3 = not set; the
card has 9). Whether certificate and chip are of one person is the card layer's question, before any look-up.
"""

import hmac
import secrets
from collections.abc import Iterable
from typing import Final

from firmware.eligibility.codes import Sex
from firmware.eligibility.fields import write_day
from firmware.eligibility.model import Coverage

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
        self._sex = None if sex is None or sex not in _COMPARED_SEXES else self._hash(sex)

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
