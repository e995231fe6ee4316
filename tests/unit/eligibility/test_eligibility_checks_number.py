"""The insured number as a hint: when the one that was asked for was not the one that came (checks.py)."""

from typing import Any

import pytest

from firmware.eligibility.checks import check
from tests.unit.eligibility.coverages import ECHO, GOOD, confirmation

OTHER_INSURER = {**GOOD, "InsurerNumber": "39130018"}
OTHER_NUMBER = {**GOOD, "InsuredIdentificationNumber": "７"}
BOTH_OTHER = {**OTHER_NUMBER, "InsurerNumber": "39130018"}
WITHOUT_NUMBER = {**GOOD, "InsuredIdentificationNumber": ""}


@pytest.mark.parametrize(
    ("people", "seen"),
    [
        ([GOOD], set()),
        ([OTHER_NUMBER], {"contradiction"}),
        ([OTHER_NUMBER, GOOD], set()),
        ([OTHER_NUMBER, OTHER_NUMBER], {"contradiction"}),
        ([WITHOUT_NUMBER], set()),
        ([WITHOUT_NUMBER, OTHER_NUMBER], {"contradiction"}),
        ([BOTH_OTHER], {"insurer-changed"}),
        ([OTHER_INSURER, OTHER_NUMBER], {"contradiction"}),
        ([OTHER_INSURER, WITHOUT_NUMBER], set()),
    ],
)
def test_only_another_number_of_the_insurer_that_was_asked_contradicts(
    people: list[dict[str, Any]], seen: set[str]
) -> None:
    found = check(confirmation(*people, QualificationConfirmSearchInfo=ECHO), None, eligible=True)
    assert set(found) == seen
