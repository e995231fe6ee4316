"""The staff check: asked for by the patient, or forced by what the chip said."""

from collections.abc import Callable

import pytest

from firmware.core import effects as fx
from firmware.core.effects import Progress, Tone
from firmware.core.events import Button, Timer
from firmware.core.faults import FaultCode
from firmware.core.outcomes import (
    Assurance,
    CertificateCheck,
    ChipCheck,
    Env,
    IssuerCheck,
    Method,
    RecordCheck,
    StaffHint,
    VisitOutcome,
)
from firmware.core.views import NoticeView, StaffView
from firmware.session.model import AwaitingStaff, ChoosingMethod, Consenting, RemoveCard
from firmware.session.policy import FaceWithoutIssuer, Policy
from tests.unit.session.story import Story
from tests.unit.session.ways import awaiting_staff, checking_pin, choosing_method, matching

FORGED = FaultCode.CARD_RECORD_UNSIGNED


def test_staff_approve() -> None:
    story = choosing_method().press(Button.RIGHT)
    visit = story.visit.id
    story.did(
        fx.StopEntry(visit),
        fx.CloseCamera(visit),
        fx.StopTimers(visit),
        fx.Show(StaffView()),
        fx.Play(Tone.PROMPT),
        fx.StartTimer(visit, Timer.STAFF, 120.0),
        fx.AskStaff(visit),
        fx.ReportProgress(visit, Progress.STAFF_WANTED),
        fx.ReadCertificate(visit),
    )
    assert story.visit.certificate_asked
    story.certificate().at(AwaitingStaff)
    story.staff(approved=True).at(Consenting)
    story.press(Button.LEFT).answer()
    result = story.result
    assert (result.method, result.assurance) == (Method.STAFF, Assurance.STAFF)
    assert result.hints == (StaffHint.COMPARE_PERSON, StaffHint.GO_ON)


def test_staff_answer_before_the_certificate_is_read() -> None:
    story = awaiting_staff().staff(approved=True)
    story.did().at(AwaitingStaff)
    story.unmoved_by(lambda: story.press(Button.LEFT))
    story.certificate().at(Consenting)


def test_staff_refuse() -> None:
    story = awaiting_staff().certificate().staff(approved=False)
    assert story.at(RemoveCard).because is FaultCode.STAFF_REFUSED
    result = story.result
    assert (result.outcome, result.fault) == (VisitOutcome.NOT_IDENTIFIED, FaultCode.STAFF_REFUSED)
    assert result.assurance is Assurance.NONE
    assert not story.all(fx.LookUp)


def test_nobody_comes() -> None:
    story = awaiting_staff().wait(119.9)
    story.at(AwaitingStaff)
    story.wait(0.2)
    assert story.at(RemoveCard).because is FaultCode.STAFF_TIMEOUT
    assert (story.result.outcome, story.result.fault) == (VisitOutcome.NOT_IDENTIFIED, FaultCode.STAFF_TIMEOUT)


def test_the_patient_takes_another_way() -> None:
    story = awaiting_staff()
    story.unmoved_by(lambda: story.press(Button.MIDDLE), lambda: story.press(Button.RIGHT))
    assert story.press(Button.LEFT).at(ChoosingMethod).because is None


def test_a_wrong_record_signature_forces_a_staff_check() -> None:
    story = matching().certificate().face()
    visit = story.visit.id
    story.chip(record=RecordCheck.WRONG)
    assert story.at(AwaitingStaff).because is FORGED
    story.did(
        fx.RaiseAlert(FORGED, visit),
        fx.StopEntry(visit),
        fx.CloseCamera(visit),
        fx.StopTimers(visit),
        fx.Show(StaffView(FORGED, other_way=False)),
        fx.Play(Tone.PROMPT),
        fx.StartTimer(visit, Timer.STAFF, 120.0),
        fx.AskStaff(visit),
        fx.ReportProgress(visit, Progress.STAFF_WANTED),
    )
    story.unmoved_by(lambda: story.press(Button.LEFT))
    story.staff(approved=True).press(Button.LEFT).answer()
    result = story.result
    assert result.assurance is Assurance.STAFF
    assert result.hints == (StaffHint.COMPARE_PERSON, StaffHint.POSSIBLE_FORGERY, StaffHint.GO_ON)
    assert (result.checks.chip, result.checks.record) == (ChipCheck.PROVED, RecordCheck.WRONG)


def test_a_match_of_a_wrong_record_settles_nothing() -> None:
    """The certificate may come after chip and match."""
    story = matching().face().chip(record=RecordCheck.WRONG).certificate()
    assert story.at(AwaitingStaff).because is FORGED
    assert not story.all(fx.LookUp)


def test_a_record_that_could_not_be_checked_forces_nothing() -> None:
    matching().certificate().face().chip(record=RecordCheck.NOT_CHECKED).at(Consenting)


@pytest.mark.parametrize("chip", [ChipCheck.WRONG, ChipCheck.NOT_CHECKED])
def test_a_chip_that_is_not_genuine_ends_the_visit(chip: ChipCheck) -> None:
    story = matching().certificate().face()
    visit = story.visit.id
    story.chip(chip, issuer=IssuerCheck.UNKNOWN)
    fault = FaultCode.CARD_NOT_GENUINE
    assert story.at(RemoveCard).because is fault
    result = story.result
    assert (result.outcome, result.fault, result.checks.chip) == (VisitOutcome.NOT_GENUINE, fault, chip)
    assert result.hints == (StaffHint.POSSIBLE_FORGERY,)
    assert [type(effect) for effect in story.last[:5]] == [
        fx.StopTimers,
        fx.Publish,
        fx.ReportProgress,
        fx.RaiseAlert,
        fx.CloseVisit,
    ]
    assert story.now_doing(fx.RaiseAlert) == [fx.RaiseAlert(fault, visit)]
    assert not story.all(fx.LookUp)


def test_without_the_issuer_a_production_policy_asks_staff() -> None:
    story = matching().certificate().chip(issuer=IssuerCheck.UNKNOWN).face()
    assert story.at(AwaitingStaff).because is None
    story.shows(StaffView())
    story.staff(approved=True).press(Button.LEFT).answer()
    result = story.result
    assert (result.assurance, result.checks.issuer) == (Assurance.STAFF, IssuerCheck.UNKNOWN)
    assert result.match is not None


def test_what_arrives_while_staff_are_awaited_does_not_ask_twice() -> None:
    story = matching().face().chip(issuer=IssuerCheck.UNKNOWN).certificate()
    story.at(AwaitingStaff)
    story.chip(issuer=IssuerCheck.UNKNOWN).did().at(AwaitingStaff)
    assert len(story.all(fx.AskStaff)) == 1


def test_a_site_may_accept_a_face_without_the_issuer() -> None:
    policy = Policy(env=Env.PRODUCTION, face_without_issuer=FaceWithoutIssuer.ACCEPT)
    story = matching(policy).certificate().chip(issuer=IssuerCheck.UNKNOWN).face()
    story.at(Consenting)
    story.press(Button.LEFT).answer()
    assert story.result.assurance is Assurance.FACE_ISSUER_UNKNOWN


@pytest.mark.parametrize("check", [CertificateCheck.UNKNOWN_ISSUER, CertificateCheck.WRONG_PROFILE])
@pytest.mark.parametrize("way", [matching, checking_pin, awaiting_staff, choosing_method])
def test_a_certificate_of_another_issuer_ends_the_visit(check: CertificateCheck, way: Callable[[], Story]) -> None:
    story = way().certificate(check)
    fault = FaultCode.CERTIFICATE_UNTRUSTED
    assert story.at(RemoveCard).because is fault
    result = story.result
    assert (result.outcome, result.fault, result.checks.certificate) == (VisitOutcome.NOT_GENUINE, fault, check)
    assert StaffHint.POSSIBLE_FORGERY in result.hints
    assert story.alerts == [fault]


def test_a_card_that_says_nothing_while_staff_come() -> None:
    story = awaiting_staff().card_fails(FaultCode.CARD_GONE)
    story.did(fx.StartTimer(story.visit.id, Timer.CARD, 15.0)).at(AwaitingStaff)
    story.wait(15.1)
    assert story.at(RemoveCard).because is FaultCode.CARD_SILENT
    assert story.result.outcome is VisitOutcome.FAULT


def test_a_forged_card_found_out_at_the_choice_still_goes_to_staff() -> None:
    """The patient had already turned away from the face."""
    story = matching().press(Button.RIGHT).chip(record=RecordCheck.WRONG)
    assert story.at(AwaitingStaff).because is FORGED
    story.staff(approved=True).certificate().at(Consenting)
    assert Method.FACE in story.visit.excluded


def test_the_face_of_a_forged_card_is_never_offered_again() -> None:
    story = matching().chip(record=RecordCheck.WRONG)
    assert story.visit.excluded == (Method.FACE,)
    story = awaiting_staff().press(Button.LEFT)
    story.shows(NoticeView((Method.FACE, Method.PIN, Method.STAFF)))
