"""After identity is settled: certificate's dates, the bundled consent, the look-up in all its ends."""

import pytest

from firmware.core import effects as fx
from firmware.core.effects import Progress, Tone
from firmware.core.eligibility import NEEDS_PATIENT, EligibilityFlag
from firmware.core.events import Button, Part, Timer
from firmware.core.faults import FaultCode
from firmware.core.outcomes import (
    CertificateCheck,
    ConsentAnswer,
    EligibilityCode,
    Env,
    Method,
    StaffHint,
    VisitOutcome,
)
from firmware.core.views import ConsentView, LookingUpView, NextStep, ResultView
from firmware.session.model import Consenting, Idle, LookingUp, Showing
from firmware.session.policy import Policy
from tests.unit.session.ways import checking_pin, consenting, looking_up, matching, registering

VALID = EligibilityCode.VALID
UNANSWERED = {CertificateCheck.EXPIRED, CertificateCheck.UNKNOWN_ISSUER, CertificateCheck.WRONG_PROFILE}
"""Certificates that nobody is asked about."""
HINTS = {
    EligibilityCode.VALID: (StaffHint.GO_ON,),
    EligibilityCode.VALID_SEVERAL: (StaffHint.CHOOSE_RESULT,),
    EligibilityCode.VALID_UNREGISTERED: (StaffHint.GO_ON,),
    EligibilityCode.INVALID: (StaffHint.ASK_DOCUMENT,),
    EligibilityCode.INVALID_NEW_EXISTS: (StaffHint.ASK_DOCUMENT, StaffHint.ASK_AGAIN),
    EligibilityCode.NONE: (StaffHint.ASK_DOCUMENT,),
    EligibilityCode.SEVERAL: (StaffHint.ASK_DOCUMENT, StaffHint.ASK_AGAIN),
    EligibilityCode.NOT_REGISTERED: (StaffHint.ASK_DOCUMENT,),
    EligibilityCode.PENDING: (StaffHint.CHECK_LATER,),
    EligibilityCode.NOT_REACHABLE: (StaffHint.CHECK_LATER, StaffHint.ASK_DOCUMENT),
    **dict.fromkeys(
        (
            EligibilityCode.TIMED_OUT,
            EligibilityCode.EXCHANGE_ERROR,
            EligibilityCode.PROCESSING_ERROR,
            EligibilityCode.CONTRADICTORY,
            EligibilityCode.NOT_ATTRIBUTED,
            EligibilityCode.REFUSED,
        ),
        (StaffHint.CHECK_LATER, StaffHint.ASK_DOCUMENT),
    ),
    EligibilityCode.IDENTITY_CONFLICT: (StaffHint.POSSIBLE_FORGERY,),
    EligibilityCode.NOT_ASKED: (StaffHint.ASK_DOCUMENT,),
}


def test_consent_given() -> None:
    story = consenting().wait(7.0).press(Button.LEFT)
    visit = story.visit.id
    story.did(
        fx.StopTimer(visit, Timer.CONSENT),
        fx.SendConsent(visit, given=True),
        fx.Play(Tone.PROMPT),
        fx.Show(LookingUpView()),
    )
    story.answer()
    assert (story.result.consent, story.result.consented_at) == (ConsentAnswer.GIVEN, 107.0)


def test_consent_refused_never_blocks() -> None:
    story = consenting().press(Button.RIGHT)
    assert story.now_doing(fx.SendConsent) == [fx.SendConsent(story.visit.id, given=False)]
    story.answer()
    assert (story.result.consent, story.result.consented_at) == (ConsentAnswer.REFUSED, None)
    assert story.result.outcome is VisitOutcome.IDENTIFIED


def test_no_answer_in_time_is_not_given() -> None:
    # The look-up would time out before the consent: it has answered already.
    story = consenting().answer().wait(29.9)
    story.at(Consenting)
    story.wait(0.2)
    assert story.all(fx.SendConsent) == [fx.SendConsent(story.visit.id, given=False)]
    assert (story.result.consent, story.result.consented_at) == (ConsentAnswer.NOT_GIVEN, None)


def test_the_middle_button_is_no_answer() -> None:
    story = consenting()
    story.unmoved_by(lambda: story.press(Button.MIDDLE))
    story = looking_up()
    story.unmoved_by(*(lambda button=button: story.press(button) for button in Button))


def test_the_question_stays_when_the_look_up_is_quicker() -> None:
    story = consenting().answer()
    story.did(fx.StopTimer(story.visit.id, Timer.LOOK_UP)).shows(ConsentView()).at(Consenting)
    story.press(Button.LEFT).at(Showing)
    story = consenting().no_answer(FaultCode.GATEWAY_ERROR)
    story.did(fx.StopTimer(story.visit.id, Timer.LOOK_UP)).shows(ConsentView()).at(Consenting)
    story.press(Button.LEFT).at(Showing)
    assert story.result.fault is FaultCode.GATEWAY_ERROR


@pytest.mark.parametrize("code", EligibilityCode)
def test_every_answer_has_its_hints_and_its_next_step(code: EligibilityCode) -> None:
    story = looking_up().answer(code)
    assert story.result.eligibility is code
    assert story.result.hints == HINTS[code]
    story.committed()
    fine = code in {EligibilityCode.VALID, EligibilityCode.VALID_SEVERAL, EligibilityCode.VALID_UNREGISTERED}
    done = NextStep.DONE if fine else NextStep.COUNTER
    story.shows(ResultView(done, outcome=None if fine or code is EligibilityCode.NOT_ASKED else code))
    assert story.now_doing(fx.Play) == [fx.Play(Tone.DONE if done is NextStep.DONE else Tone.PROMPT)]


@pytest.mark.parametrize("flag", EligibilityFlag)
def test_remarks_lead_to_the_details_and_some_to_the_counter(flag: EligibilityFlag) -> None:
    story = looking_up().answer(flags=(flag,))
    assert (story.result.flags, story.result.hints) == ((flag,), (StaffHint.GO_ON, StaffHint.CHECK_DETAILS))
    next_step = NextStep.COUNTER if flag in NEEDS_PATIENT else NextStep.DONE
    story.committed().shows(ResultView(next_step))


def test_flags_of_an_answer_do_not_stay_with_a_failure_after_it() -> None:
    story = registering().press(Button.LEFT).no_answer(FaultCode.GATEWAY_TIMEOUT)
    assert (story.result.eligibility, story.result.flags) == (EligibilityCode.NOT_REGISTERED, ())


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (FaultCode.GATEWAY_UNREACHABLE, EligibilityCode.NOT_REACHABLE),
        (FaultCode.GATEWAY_TIMEOUT, EligibilityCode.TIMED_OUT),
        (FaultCode.GATEWAY_ERROR, EligibilityCode.EXCHANGE_ERROR),
        (FaultCode.GATEWAY_BAD_ANSWER, EligibilityCode.EXCHANGE_ERROR),
        (FaultCode.TERMINAL_UNREACHABLE, EligibilityCode.NOT_REACHABLE),
        (FaultCode.TERMINAL_BAD_FILE, EligibilityCode.EXCHANGE_ERROR),
        (FaultCode.GATEWAY_UNTRUSTED, EligibilityCode.NOT_REACHABLE),
        (FaultCode.GATEWAY_REFUSED, EligibilityCode.REFUSED),
        (FaultCode.CHALLENGE_REFUSED, EligibilityCode.REFUSED),
    ],
)
def test_no_answer_is_an_outcome_of_its_own(fault: FaultCode, code: EligibilityCode) -> None:
    story = looking_up().no_answer(fault)
    result = story.result
    assert (result.eligibility, result.fault, result.outcome) == (code, fault, VisitOutcome.IDENTIFIED)


def test_a_contradiction_with_the_chip_is_an_alert() -> None:
    story = consenting()
    visit = story.visit.id
    story.answer(EligibilityCode.IDENTITY_CONFLICT)
    conflict = FaultCode.IDENTITY_CONFLICT
    story.did(fx.StopTimer(visit, Timer.LOOK_UP), fx.RaiseAlert(conflict, visit)).shows(ConsentView())
    story.press(Button.LEFT)
    assert (story.result.eligibility, story.result.fault) == (EligibilityCode.IDENTITY_CONFLICT, conflict)
    story.committed().shows(ResultView(NextStep.COUNTER, outcome=EligibilityCode.IDENTITY_CONFLICT))


def test_a_gateway_that_does_not_answer_at_all() -> None:
    story = looking_up().wait(24.9)
    story.at(LookingUp)
    story.wait(0.2)
    assert (story.result.eligibility, story.result.fault) == (
        EligibilityCode.TIMED_OUT,
        FaultCode.GATEWAY_TIMEOUT,
    )
    story = consenting().wait(25.1)
    story.shows(ConsentView()).at(Consenting)
    story.press(Button.LEFT).at(Showing)


@pytest.mark.parametrize("check", CertificateCheck)
def test_what_each_certificate_leads_to(check: CertificateCheck) -> None:
    story = matching().chip().face().certificate(check)
    match check:
        case CertificateCheck.UNKNOWN_ISSUER | CertificateCheck.WRONG_PROFILE:
            assert not story.all(fx.LookUp)
        case CertificateCheck.EXPIRED:
            story.at(Showing)
        case CertificateCheck.GRACE:
            story.at(LookingUp)
        case CertificateCheck.NOT_YET_VALID:
            story.at(Consenting)
            assert story.visit.hints == (StaffHint.ASK_DOCUMENT,)
        case _:
            story.at(Consenting)
            assert not story.visit.hints


def test_within_the_grace_period_nothing_is_asked() -> None:
    story = matching().chip().face().certificate(CertificateCheck.GRACE)
    visit = story.visit.id
    story.did(
        fx.StopEntry(visit),
        fx.CloseCamera(visit),
        fx.StopTimers(visit),
        story.all(fx.LookUp)[0],
        fx.ReleaseCard(visit),
        fx.ReportProgress(visit, Progress.CHECKING),
        fx.StartTimer(visit, Timer.LOOK_UP, 25.0),
        fx.Show(LookingUpView()),
    )
    story.answer()
    assert (story.result.consent, story.result.checks.certificate) == (
        ConsentAnswer.NOT_GIVEN,
        CertificateCheck.GRACE,
    )
    assert story.result.hints == (StaffHint.RENEW_CERTIFICATE, StaffHint.GO_ON)
    assert not story.all(fx.SendConsent)


def test_past_the_grace_period_nothing_is_looked_up() -> None:
    story = matching().chip().face().certificate(CertificateCheck.EXPIRED)
    assert not story.all(fx.LookUp)
    assert story.now_doing(fx.ReleaseCard)
    result = story.result
    assert (result.outcome, result.eligibility) == (VisitOutcome.IDENTIFIED, EligibilityCode.NOT_ASKED)
    assert result.hints == (StaffHint.RENEW_CERTIFICATE, StaffHint.ASK_DOCUMENT)
    story.committed().shows(ResultView(NextStep.COUNTER))


def test_alone_without_a_gateway_nothing_is_asked_or_looked_up() -> None:
    story = matching(Policy(env=Env.SIM, look_up=False)).chip().certificate().face()
    assert story.now_doing(fx.ReleaseCard)
    assert not story.all(fx.LookUp)
    assert ConsentView() not in [effect.view for effect in story.all(fx.Show)]
    result = story.result
    assert (result.outcome, result.eligibility) == (VisitOutcome.IDENTIFIED, EligibilityCode.NOT_ASKED)
    assert (result.consent, result.hints) == (ConsentAnswer.NOT_GIVEN, (StaffHint.ASK_DOCUMENT,))
    story.committed().shows(ResultView(NextStep.COUNTER))
    story.wait(5.0).take_card().at(Idle)


ELSEWHERE = Policy(env=Env.SIM, consents=False)
"""The official reader has asked for the consents."""


@pytest.mark.parametrize("check", [check for check in CertificateCheck if check not in UNANSWERED])
def test_where_the_official_reader_asks_nothing_is_asked_here(check: CertificateCheck) -> None:
    story = matching(ELSEWHERE).chip().face().certificate(check)
    assert len(story.all(fx.LookUp)) == 1
    story.shows(LookingUpView()).at(LookingUp)
    story.unmoved_by(*(lambda button=button: story.press(button) for button in Button))
    story.answer()
    result = story.result
    assert (result.eligibility, result.consent, result.consented_at) == (VALID, ConsentAnswer.NOT_GIVEN, None)
    assert not story.all(fx.SendConsent)
    assert ConsentView() not in [effect.view for effect in story.all(fx.Show)]


def test_what_the_official_reader_cannot_answer_needs_a_document() -> None:
    """By PIN there is nothing to compare its results with."""
    story = checking_pin(ELSEWHERE).certificate().pin()
    story.at(LookingUp)
    result = story.answer(EligibilityCode.NOT_ASKED).result
    assert (result.method, result.hints) == (Method.PIN, (StaffHint.ASK_DOCUMENT,))
    assert not story.all(fx.SendConsent)


@pytest.mark.parametrize("button", [Button.LEFT, Button.RIGHT])
def test_nobody_consents_to_a_question_that_was_not_seen(button: Button) -> None:
    story = consenting().part_failed(Part.DISPLAY, FaultCode.DISPLAY_FAILED).press(button)
    assert story.now_doing(fx.SendConsent) == [fx.SendConsent(story.visit.id, given=False)]
    story.answer()
    assert (story.result.consent, story.result.consented_at) == (ConsentAnswer.NOT_GIVEN, None)


def test_a_certificate_that_ends_soon_is_told_to_staff_only() -> None:
    story = matching().chip().face().certificate(soon=True)
    story.at(Consenting)
    story.press(Button.LEFT).answer()
    assert story.result.hints == (StaffHint.RENEW_CERTIFICATE, StaffHint.GO_ON)


def test_hints_are_not_repeated() -> None:
    story = matching().chip().face().certificate(CertificateCheck.EXPIRED, soon=True)
    assert story.result.hints.count(StaffHint.RENEW_CERTIFICATE) == 1
