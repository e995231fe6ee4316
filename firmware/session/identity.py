"""Settling who it is: chip, certificate, revocation, match, PIN or staff, each noted as it comes, in any order.

What is worth what: design.md, "Assurance". A face match without a known issuer becomes a staff check unless the
site's policy says otherwise, and every face match does where the site wants staff beside the liveness challenge; a
wrong record signature always leads to one.
"""

from dataclasses import replace

from firmware.core.effects import (
    CheckRevocation,
    CloseCamera,
    Effect,
    LookUp,
    Play,
    Progress,
    RaiseAlert,
    ReleaseCard,
    ReportProgress,
    Show,
    StartTimer,
    StopEntry,
    StopTimers,
    Tone,
)
from firmware.core.events import CardFailed, CertificateRead, ChipChecked, Timer
from firmware.core.faults import FaultCode
from firmware.core.outcomes import (
    CertificateCheck,
    ChipCheck,
    EligibilityCode,
    HolderCheck,
    IssuerCheck,
    LivenessMode,
    MatchCode,
    Method,
    RecordCheck,
    Revocation,
    StaffHint,
    VisitOutcome,
)
from firmware.core.views import ConsentView, LookingUpView
from firmware.session.conclusion import conclude
from firmware.session.methods import methods, missing_for
from firmware.session.model import Consenting, LookingUp, Step, Visit, VisitState
from firmware.session.moves import AT_COUNTER, await_staff, choose, end_visit
from firmware.session.policy import FaceWithoutIssuer, Policy

LOOK_UP_MARGIN = 5.0
"""Seconds that the session waits beyond the look-up's own deadline, for a runtime that does not answer."""

REVOCATION_MARGIN = 2.0
"""The same for the answer about the certificate."""

_UNTRUSTED = frozenset({CertificateCheck.UNKNOWN_ISSUER, CertificateCheck.WRONG_PROFILE})
_NO_SHARING = frozenset({CertificateCheck.GRACE, CertificateCheck.EXPIRED})
_ASKED_ABOUT = frozenset({CertificateCheck.VALID, CertificateCheck.GRACE, CertificateCheck.DATES_NOT_CHECKED})
"""Certificates that may still serve, so that their revocation matters."""


def note_chip(state: VisitState, event: ChipChecked, policy: Policy) -> Step:
    """A wrong chip ends the visit, and so does a face beside another person's certificate.

    A right chip with a wrong record is a fault of its own and a staff check.
    """
    if not state.visit.present:
        return Step(state)
    checks = replace(state.visit.checks, chip=event.chip, record=event.record, issuer=event.issuer)
    visit = _note_holder(replace(state.visit, checks=checks, chip_checked=True), event.holder)
    noted = replace(state, visit=visit)
    if event.chip is not ChipCheck.PROVED:
        return end_visit(noted, policy, VisitOutcome.NOT_GENUINE, FaultCode.CARD_NOT_GENUINE, alert=True)
    if event.holder is HolderCheck.OTHER:
        return _two_persons(noted, policy)
    if event.record is RecordCheck.WRONG:
        fault = FaultCode.CARD_RECORD_UNSIGNED
        noted = replace(noted, visit=noted.visit.without(Method.FACE))
        return _forced_check(noted, policy).before(RaiseAlert(fault, noted.visit.id))
    return advance(noted, policy, event.at)


def _note_holder(visit: Visit, holder: HolderCheck) -> Visit:
    """Only the later one of chip and certificate can compare."""
    if holder is HolderCheck.NOT_CHECKED:
        return visit
    return replace(visit, checks=replace(visit.checks, holder=holder))


def _two_persons(state: VisitState, policy: Policy) -> Step:
    return end_visit(state, policy, VisitOutcome.NOT_GENUINE, FaultCode.HOLDER_DIFFERS, alert=True)


def _forced_check(state: VisitState, policy: Policy) -> Step:
    """No other method proves anything of a card whose record is not signed."""
    fault = FaultCode.CARD_RECORD_UNSIGNED
    if Method.STAFF in methods(state, policy):
        return await_staff(state, policy, fault)
    state = replace(state, visit=state.visit.hinted(StaffHint.COMPARE_PERSON, StaffHint.POSSIBLE_FORGERY))
    return _nobody_to_call(state, policy, fault)


def _nobody_to_call(state: VisitState, policy: Policy, fault: FaultCode) -> Step:
    """Named is the part through which staff would have been called; `fault` where the site has no staff check."""
    missing = missing_for(state.device, (Method.STAFF,)) or fault
    return end_visit(state, policy, VisitOutcome.NOT_IDENTIFIED, missing, shown=AT_COUNTER)


def note_certificate(state: VisitState, event: CertificateRead, policy: Policy) -> Step:
    """A certificate of a foreign issuer or another person ends the visit; dates are values that staff are told."""
    if not state.visit.present:
        return Step(state)
    visit = replace(
        state.visit,
        checks=replace(state.visit.checks, certificate=event.check),
        certificate_read=True,
    )
    if event.expires_soon or event.check in _NO_SHARING:
        visit = visit.hinted(StaffHint.RENEW_CERTIFICATE)
    if event.check is CertificateCheck.NOT_YET_VALID:  # renewing it would not help: staff look at the card
        visit = visit.hinted(StaffHint.ASK_DOCUMENT)
    noted = replace(state, visit=_note_holder(visit, event.holder))
    if event.check in _UNTRUSTED:
        return end_visit(noted, policy, VisitOutcome.NOT_GENUINE, FaultCode.CERTIFICATE_UNTRUSTED, alert=True)
    if event.holder is HolderCheck.OTHER:
        return _two_persons(noted, policy)
    if not policy.check_revocation or event.check not in _ASKED_ABOUT:
        return advance(noted, policy, event.at)
    wanted = replace(noted, visit=replace(noted.visit, revocation_wanted=True))
    return advance(wanted, policy, event.at).before(CheckRevocation(visit.id, policy.revocation_seconds))


def note_revocation(state: VisitState, revocation: Revocation, policy: Policy, at: float) -> Step:
    """A revoked certificate ends the visit; "unknown" is a value that staff are told."""
    if not state.visit.revocation_wanted:
        return Step(state)
    checks = replace(state.visit.checks, revocation=revocation)
    noted = replace(state, visit=replace(state.visit, checks=checks, revocation_wanted=False))
    if revocation is Revocation.REVOKED:
        return end_visit(noted, policy, VisitOutcome.NOT_IDENTIFIED, FaultCode.CERTIFICATE_REVOKED)
    return advance(noted, policy, at)


def note_card_failure(state: VisitState, event: CardFailed, policy: Policy) -> Step:
    """Gone: the removal follows, so wait for it. Else: the end."""
    if not state.visit.present:
        return Step(state)
    if event.fault is FaultCode.CARD_GONE:
        return Step(state, (StartTimer(state.visit.id, Timer.CARD, policy.card_seconds),))
    return end_visit(state, policy, VisitOutcome.FAULT, event.fault)


def advance(state: VisitState, policy: Policy, at: float) -> Step:
    """Settle the identity as soon as its evidence is complete; otherwise stay."""
    visit = state.visit
    if not visit.certificate_read:
        return Step(state)
    if visit.staff_approved:
        return settle(state, policy, Method.STAFF)
    if visit.pin_accepted:
        return settle(state, policy, Method.PIN)
    if visit.match is None or visit.match.code is not MatchCode.MATCH or not visit.chip_checked:
        return Step(state)
    if Method.FACE in visit.excluded:  # a match that was found to be worth nothing by itself
        return Step(state)
    if _face_is_enough(visit, policy):
        return settle(state, policy, Method.FACE)
    return _face_not_enough(replace(state, visit=visit.without(Method.FACE)), policy, at)


def _face_is_enough(visit: Visit, policy: Policy) -> bool:
    if policy.liveness is LivenessMode.CHALLENGE_STAFF:
        return False
    known = visit.checks.issuer is IssuerCheck.VERIFIED
    return known or policy.face_without_issuer is FaceWithoutIssuer.ACCEPT


def _face_not_enough(state: VisitState, policy: Policy, at: float) -> Step:
    """The face matches, but the photo's origin is unknown or the site wants more than a challenge.

    Staff, or else another method, or else the counter. The result rests then on that method, with the match noted.
    """
    left = methods(state, policy)
    if Method.STAFF in left:
        return await_staff(state, policy)
    fault = missing_for(state.device, (Method.STAFF,)) or FaultCode.FACE_UNSURE
    if left:
        return choose(state, policy, at, fault)
    state = replace(state, visit=state.visit.hinted(StaffHint.COMPARE_PERSON))
    return _nobody_to_call(state, policy, fault)


def _wait_for_revocation(state: VisitState, policy: Policy) -> Step:
    """All else is there, so nothing but this answer is waited for, and not for ever."""
    visit = state.visit.id
    bound = StartTimer(visit, Timer.REVOCATION, policy.revocation_seconds + REVOCATION_MARGIN)
    return Step(state, (StopTimers(visit), bound))


def settle(state: VisitState, policy: Policy, method: Method) -> Step:
    """Identity is settled: leave the card, look up, ask for consent meanwhile.

    Near and past the certificate's end no medical information is shared (eligibility.md 1.5), so nothing is asked
    then, nor where the official reader asks (`Policy.consents`); past the grace period the look-up cannot answer, so it
    is not sent; neither is it without a gateway.
    """
    if state.visit.revocation_wanted:
        return _wait_for_revocation(state, policy)
    visit = replace(state.visit, method=method)
    certificate = visit.checks.certificate
    leave: list[Effect] = [StopEntry(visit.id), CloseCamera(visit.id), StopTimers(visit.id)]
    release: list[Effect] = [ReleaseCard(visit.id), ReportProgress(visit.id, Progress.CHECKING)]
    if certificate is CertificateCheck.EXPIRED or not policy.look_up:
        visit = replace(visit, eligibility=EligibilityCode.NOT_ASKED)
        return conclude(LookingUp(state.device, visit), policy).before(*leave, *release)
    effects: list[Effect] = [
        *leave,
        LookUp(visit.id, method, policy.look_up_seconds),
        *release,
        StartTimer(visit.id, Timer.LOOK_UP, policy.look_up_seconds + LOOK_UP_MARGIN),
    ]
    if certificate in _NO_SHARING or not policy.consents:
        return Step(LookingUp(state.device, visit), (*effects, Show(LookingUpView())))
    effects += [
        Show(ConsentView()),
        Play(Tone.PROMPT),
        StartTimer(visit.id, Timer.CONSENT, policy.consent_seconds),
        ReportProgress(visit.id, Progress.CONSENT),
    ]
    return Step(Consenting(state.device, visit), tuple(effects))
