"""The coded result of a visit. Pure; what of it is published is said in `publish/body.py`."""

from firmware.core.faults import FaultCode
from firmware.core.outcomes import (
    Assurance,
    ConsentAnswer,
    EligibilityCode,
    IssuerCheck,
    Method,
    VisitOutcome,
    VisitSummary,
)
from firmware.session.model import Visit

_ASSURANCE = {None: Assurance.NONE, Method.PIN: Assurance.PIN, Method.STAFF: Assurance.STAFF}


def summarize(
    visit: Visit, outcome: VisitOutcome, fault: FaultCode | None, *, removed_early: bool = False
) -> VisitSummary:
    """The coded result of a visit."""
    return VisitSummary(
        outcome=outcome,
        started_at=visit.started_at,
        fault=fault,
        method=visit.method,
        assurance=_assurance(visit),
        match=visit.match,
        checks=visit.checks,
        eligibility=visit.eligibility or EligibilityCode.NOT_ASKED,
        consent=visit.consent or ConsentAnswer.NOT_GIVEN,
        consented_at=visit.consented_at,
        hints=visit.hints,
        card_removed_early=removed_early,
        pin_counter=visit.pin_counter,
        number_b_counter=visit.number_b_counter,
        unsure=visit.unsure,
        attempts=visit.comparisons,
        flags=visit.flags,
    )


def _assurance(visit: Visit) -> Assurance:
    if visit.method is not Method.FACE:
        return _ASSURANCE[visit.method]
    verified = visit.checks.issuer is IssuerCheck.VERIFIED
    return Assurance.FACE_ISSUER_VERIFIED if verified else Assurance.FACE_ISSUER_UNKNOWN
