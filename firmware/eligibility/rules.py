"""Does the answer speak of the person whose chip was read? (design.md, "A visit, step by step", identity-conflict).

Pure, any thread, no exceptions. Sources: card.md 2.4 (DF22, DF23, DF29), 4.1 (notAfter falls on a birthday, 23:59:59
Japan time), eligibility.md 2.8 table 007 (sex 3 = not set; the card has 9).
"""

import hmac
import secrets
from datetime import datetime, timedelta, timezone
from typing import Final

from firmware.eligibility.model import Answer

JAPAN: Final = timezone(timedelta(hours=9), "JST")
_COMPARED_SEXES: Final = frozenset({b"1", b"2"})


class ChipIdentity:
    """Birth date and sex of the chip, kept only as keyed hashes.

    A registration is answered when the visit's data may be wiped already, and its answer has to be compared too. The
    key is random and never leaves this object.
    """

    __slots__ = ("_birth_date", "_key", "_sex")

    def __init__(self, birth_date: bytes | None = None, sex: bytes | None = None) -> None:
        self._key = secrets.token_bytes(16)
        self._birth_date = None if birth_date is None else self._hash(birth_date)
        self._sex = self._hash(sex) if sex in _COMPARED_SEXES else None

    def conflicts(self, answer: Answer) -> bool:
        """True if any coverage has another birth date, or another sex where both sides state one."""
        return any(
            self._differs(self._birth_date, coverage.birth_date)
            or (coverage.sex.encode() in _COMPARED_SEXES and self._differs(self._sex, coverage.sex))
            for coverage in answer.coverages
        )

    def _differs(self, expected: bytes | None, value: str) -> bool:
        return expected is not None and not hmac.compare_digest(expected, self._hash(value.encode()))

    def _hash(self, value: bytes | None) -> bytes:
        return hmac.digest(self._key, value or b"", "sha256")


def foreign_certificate(not_after: datetime, birth_date: bytes, card_expiry: bytes) -> bool:
    """True if the certificate ends on a day that is neither a birthday of the chip's holder nor the card's last day.

    A card of a resident with a limited stay ends with the stay, and its certificate with it: so that day is accepted
    too. Born on 29 February: not compared, the birthday of common years is not laid down.
    """
    end = not_after.astimezone(JAPAN).strftime("%Y%m%d").encode()
    month_day = birth_date[4:]
    return month_day not in {b"0229", end[4:]} and card_expiry != end
