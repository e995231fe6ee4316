"""Can certificate and card face be of one person? A certificate ends on a birthday (card.md 4.1). Pure.

A forger can put anybody's certificate beside a card face of his own: the certificate may be read by everyone. What ties
the two together, without name or number, is the day on which the certificate ends. Dates are ASCII YYYYMMDD.
"""

from dataclasses import dataclass
from datetime import date

from firmware.core.evidence import FaceRecord
from firmware.core.outcomes import HolderCheck
from firmware.core.secret import Secret

_LEAP_DAY_ENDS = frozenset({b"0228", b"0229", b"0301"})
"""For those born on 29 February: which day counts in common years is not laid down."""


@dataclass(frozen=True, slots=True, repr=False)
class HolderDates:
    """Birth date (DF22) and expiry (DF29) of a record, kept until the card is left."""

    birth: Secret
    expiry: Secret

    @classmethod
    def of(cls, record: FaceRecord) -> "HolderDates":
        return cls(Secret(record.birth_date.view()), Secret(record.expiry.view()))

    def wipe(self) -> None:
        self.birth.wipe()
        self.expiry.wipe()

    def check(self, ends: date | None) -> HolderCheck:
        """`ends`: the certificate's last day in Japan, None where it is not known or not to be believed.

        Two ends are no birthday and right all the same: the card's own last day (residents with a limited stay), and
        any day for people whose day of birth is not known, which the register writes as 00.
        """
        if ends is None:
            return HolderCheck.NOT_CHECKED
        birthday = bytes(self.birth.view()[4:])
        if b"00" in (birthday[:2], birthday[2:]):
            return HolderCheck.NOT_CHECKED
        end = f"{ends:%Y%m%d}".encode()
        days = _LEAP_DAY_ENDS if birthday == b"0229" else frozenset({birthday})
        return HolderCheck.SAME if end[4:] in days or self.expiry.view() == end else HolderCheck.OTHER
