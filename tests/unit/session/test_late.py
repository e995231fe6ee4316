"""The late amendment: what the published summary becomes when the look-up of a patient who left has ended."""

import pytest

from firmware.core.eligibility import EligibilityFlag
from firmware.core.events import Button
from firmware.core.faults import FaultCode
from firmware.core.outcomes import EligibilityCode, StaffHint, VisitSummary
from firmware.session.conclusion import amended, without_answer
from tests.unit.session.ways import awaiting_staff, consenting, registering


def _published() -> VisitSummary:
    return consenting().lift_card().wait(1.6).result


def test_the_hints_follow_the_answer() -> None:
    published = _published()
    assert published.hints == (StaffHint.CHECK_LATER,)
    late = amended(published, EligibilityCode.VALID, None)
    assert (late.eligibility, late.hints, late.fault) == (EligibilityCode.VALID, (StaffHint.GO_ON,), None)
    assert late.card_removed_early
    assert (late.outcome, late.assurance, late.match) == (published.outcome, published.assurance, published.match)


def test_hints_of_the_identification_stay() -> None:
    story = awaiting_staff().certificate(soon=True).staff(approved=True).lift_card().wait(1.6)
    late = amended(story.result, EligibilityCode.SEVERAL, None)
    assert late.hints == (
        StaffHint.COMPARE_PERSON,
        StaffHint.RENEW_CERTIFICATE,
        StaffHint.ASK_DOCUMENT,
        StaffHint.ASK_AGAIN,
    )


def test_a_registration_that_ended_late() -> None:
    from_desk = registering().press(Button.LEFT).lift_card().wait(1.6).result
    assert from_desk.hints == (StaffHint.ASK_DOCUMENT,)
    assert amended(from_desk, EligibilityCode.VALID, None).hints == (StaffHint.GO_ON,)


@pytest.mark.parametrize(
    ("fault", "code", "hints"),
    [
        (
            FaultCode.GATEWAY_TIMEOUT,
            EligibilityCode.TIMED_OUT,
            (StaffHint.CHECK_LATER, StaffHint.ASK_DOCUMENT),
        ),
        (FaultCode.GATEWAY_REFUSED, EligibilityCode.REFUSED, (StaffHint.CHECK_LATER, StaffHint.ASK_DOCUMENT)),
    ],
)
def test_without_an_answer(fault: FaultCode, code: EligibilityCode, hints: tuple[StaffHint, ...]) -> None:
    assert without_answer(fault) is code
    late = amended(_published(), code, fault)
    assert (late.fault, late.hints) == (fault, hints)


def test_flags_come_along_and_hint_at_the_details() -> None:
    flags = (EligibilityFlag.REPLACED_CHARACTER,)
    late = amended(_published(), EligibilityCode.VALID, None, flags)
    assert (late.flags, late.hints) == (flags, (StaffHint.GO_ON, StaffHint.CHECK_DETAILS))


def test_a_contradiction_names_its_fault() -> None:
    late = amended(_published(), EligibilityCode.IDENTITY_CONFLICT, None)
    assert (late.fault, late.hints) == (FaultCode.IDENTITY_CONFLICT, (StaffHint.POSSIBLE_FORGERY,))


def test_a_hint_is_not_given_twice() -> None:
    story = awaiting_staff().staff(approved=True).certificate().lift_card().wait(1.6)
    published = story.result
    late = amended(published, EligibilityCode.PENDING, None)
    assert late.hints == published.hints == (StaffHint.COMPARE_PERSON, StaffHint.CHECK_LATER)
