"""The day on which a certificate ends against the dates of the card face."""

from datetime import date

import pytest

from firmware.card.holder import HolderDates
from firmware.core.outcomes import HolderCheck
from firmware.core.secret import Secret

SAME, OTHER, NOT_CHECKED = HolderCheck.SAME, HolderCheck.OTHER, HolderCheck.NOT_CHECKED


@pytest.mark.parametrize(
    ("birth", "expiry", "ends", "expected"),
    [
        (b"19721103", b"20341103", date(2030, 11, 3), SAME),
        (b"19721103", b"20341103", date(2030, 11, 2), OTHER),
        (b"19721103", b"20341103", date(2030, 11, 4), OTHER),
        (b"19721103", b"20341103", date(2030, 3, 11), OTHER),
        (b"19721103", b"20341103", None, NOT_CHECKED),
        # A limited stay: card and certificate end on its last day.
        (b"19900520", b"20280930", date(2028, 9, 30), SAME),
        (b"19900520", b"20280930", date(2029, 9, 30), OTHER),
        (b"20000229", b"20340301", date(2029, 2, 28), SAME),
        (b"20000229", b"20340301", date(2029, 3, 1), SAME),
        (b"20000229", b"20340301", date(2028, 2, 29), SAME),
        (b"20000229", b"20340301", date(2029, 3, 2), OTHER),
        (b"20000301", b"20340301", date(2029, 2, 28), OTHER),
        # Day or month of birth not known.
        (b"19500000", b"20340101", date(2029, 7, 1), NOT_CHECKED),
        (b"19500400", b"20340101", date(2029, 7, 1), NOT_CHECKED),
    ],
)
def test_the_day_decides(birth: bytes, expiry: bytes, ends: date | None, expected: HolderCheck) -> None:
    dates = HolderDates(Secret(birth), Secret(expiry))
    assert dates.check(ends) is expected
    dates.wipe()
    assert (bytes(dates.birth.view()), bytes(dates.expiry.view())) == (bytes(8), bytes(8))
