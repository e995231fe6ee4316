"""The face way: notice, number B, photo, comparison, and what chip and certificate say meanwhile."""

from collections.abc import Callable

import pytest

from firmware.core import effects as fx
from firmware.core.effects import Progress, Tone
from firmware.core.events import Button, EntryKind, Timer
from firmware.core.faults import FaultCode
from firmware.core.outcomes import (
    Assurance,
    CertificateCheck,
    ChipCheck,
    ConsentAnswer,
    EligibilityCode,
    Env,
    IssuerCheck,
    MatchCode,
    Method,
    StaffHint,
    TryCode,
    UnsureReason,
    VisitOutcome,
)
from firmware.core.views import (
    ConsentView,
    FaceView,
    IdentifyingView,
    LookingUpView,
    NextStep,
    NoticeView,
    NumberBView,
    ReadingChipView,
    RemoveCardView,
    ResultView,
)
from firmware.session.model import (
    ChoosingMethod,
    Consenting,
    EnteringPin,
    Idle,
    LookingUp,
    Matching,
    ReadingFront,
    RemoveCard,
    Showing,
    Unlocking,
)
from firmware.session.policy import FaceWithoutIssuer, Policy
from tests.unit.session.story import ENTRY, PHOTO, Story, verdict
from tests.unit.session.ways import choosing_method, consenting, identifying, idle, matching, unlocking

ALL = (Method.FACE, Method.PIN, Method.STAFF)


def test_from_the_card_to_the_choice() -> None:
    story = idle().place_card()
    visit = story.visit.id
    story.did(
        fx.OpenVisit(visit),
        fx.Show(IdentifyingView()),
        fx.StartTimer(visit, Timer.CARD, 15.0),
        fx.IdentifyCard(visit),
    )
    assert not story.visit.passed
    story.card_is().did(
        fx.ReportProgress(visit, Progress.CARD_PRESENT),
        fx.StopEntry(visit),
        fx.CloseCamera(visit),
        fx.StopTimers(visit),
        fx.Show(NoticeView(ALL)),
        fx.Play(Tone.PROMPT),
        fx.StartTimer(visit, Timer.CHOICE, 60.0),
        fx.ReportProgress(visit, Progress.CHOOSING),
    )
    assert story.at(ChoosingMethod).because is None
    assert story.visit.passed


def test_from_the_choice_to_the_locked_chip() -> None:
    story = choosing_method().press(Button.LEFT)
    visit = story.visit.id
    assert story.at(ReadingFront).count == 0
    story.did(
        fx.StopTimers(visit),
        fx.Show(NumberBView(0)),
        fx.Play(Tone.PROMPT),
        fx.StartEntry(visit, EntryKind.NUMBER_B, 14),
        fx.StartTimer(visit, Timer.ENTRY, 60.0),
    )
    story.digits(EntryKind.NUMBER_B, 14).enter(EntryKind.NUMBER_B).did(
        fx.StopEntry(visit),
        fx.StopTimers(visit),
        fx.Show(ReadingChipView()),
        fx.StartTimer(visit, Timer.CARD, 15.0),
        fx.UnlockFace(visit, ENTRY),
        fx.ReportProgress(visit, Progress.READING),
    )
    story.at(Unlocking)


def _whole_visit() -> Story:
    story = matching().certificate().chip().face()
    return story.press(Button.LEFT).answer().committed(held=2).wait(5.0).take_card()


def test_the_result_of_a_whole_visit() -> None:
    result = _whole_visit().result
    assert (result.outcome, result.method, result.assurance) == (
        VisitOutcome.IDENTIFIED,
        Method.FACE,
        Assurance.FACE_ISSUER_VERIFIED,
    )
    assert (result.fault, result.match, result.started_at) == (None, verdict(), 100.0)
    assert (result.checks.chip, result.checks.certificate) == (ChipCheck.PROVED, CertificateCheck.VALID)
    assert (result.eligibility, result.hints) == (EligibilityCode.VALID, (StaffHint.GO_ON,))
    assert (result.consent, result.consented_at) == (ConsentAnswer.GIVEN, 100.0)
    assert not result.card_removed_early


def test_the_progress_of_a_whole_visit() -> None:
    story = _whole_visit()
    story.at(Idle)
    assert story.progress == [
        Progress.CARD_PRESENT,
        Progress.CHOOSING,
        Progress.READING,
        Progress.FACE_PROMPT,
        Progress.CHECKING,
        Progress.CONSENT,
        Progress.DONE,
        Progress.CARD_OUT,
    ]
    assert not story.timers
    assert not story.alerts


def test_the_chip_is_checked_once_its_record_is_there() -> None:
    story = unlocking().number_b()
    visit = story.visit.id
    # 101.0: shown at 100, and no frame for the policy's second after it.
    story.did(fx.OpenCamera(visit, 101.0), fx.ReadPhoto(visit))
    assert not story.visit.certificate_asked
    story.photo()
    story.did(
        fx.StopTimers(visit),
        fx.Show(FaceView(1, 3)),
        fx.StartTimer(visit, Timer.MATCH, 20.0),
        fx.CompareFace(visit, PHOTO, 1),
        fx.CheckChip(visit),
        fx.ReadCertificate(visit),
        fx.ReportProgress(visit, Progress.FACE_PROMPT),
    )
    assert story.visit.certificate_asked


def test_the_notice_time_counts_from_its_first_showing() -> None:
    story = identifying(Policy(env=Env.SIM, notice_seconds=3.0)).wait(4.0).card_is().wait(2.0).press(Button.LEFT)
    story.cancel_entry(EntryKind.NUMBER_B).wait(5.0).press(Button.LEFT)
    story.enter(EntryKind.NUMBER_B).number_b()
    assert story.now_doing(fx.OpenCamera)[0].not_before == 107.0


def test_the_certificate_is_read_once_per_placed_card() -> None:
    story = matching().press(Button.RIGHT).press(Button.MIDDLE)
    assert len(story.all(fx.ReadCertificate)) == 1
    story.lift_card().place_card().card_is().press(Button.MIDDLE)
    assert len(story.all(fx.ReadCertificate)) == 2
    story.press(Button.RIGHT).press(Button.LEFT).enter(EntryKind.NUMBER_B).number_b().photo()
    assert len(story.all(fx.ReadCertificate)) == 2


def test_evidence_settles_in_any_order() -> None:
    for order in ("cfp", "cpf", "fcp", "fpc", "pcf", "pfc"):
        story = matching()
        steps: dict[str, Callable[[], Story]] = {"c": story.certificate, "f": story.face, "p": story.chip}
        for letter in order[:2]:
            steps[letter]()
            story.at(Matching)
        steps[order[2]]()
        story.at(Consenting)


def test_settling_leaves_the_card_and_asks_for_consent_while_the_look_up_runs() -> None:
    story = matching().chip().certificate().face()
    visit = story.visit.id
    story.did(
        fx.CloseCamera(visit),
        fx.Show(ReadingChipView()),
        fx.Play(Tone.PROMPT),
        fx.StopEntry(visit),
        fx.CloseCamera(visit),
        fx.StopTimers(visit),
        fx.LookUp(visit, Method.FACE, 20.0),
        fx.ReleaseCard(visit),
        fx.ReportProgress(visit, Progress.CHECKING),
        fx.StartTimer(visit, Timer.LOOK_UP, 25.0),
        fx.Show(ConsentView()),
        fx.Play(Tone.PROMPT),
        fx.StartTimer(visit, Timer.CONSENT, 30.0),
        fx.ReportProgress(visit, Progress.CONSENT),
    )


def test_a_match_that_waits_for_the_chip_shows_so_and_stays() -> None:
    story = matching().certificate().face()
    story.shows(ReadingChipView())
    story.unmoved_by(
        lambda: story.face(MatchCode.NO_MATCH),
        lambda: story.face_fails(FaultCode.CAMERA_NO_FRAME),
        lambda: story.press(Button.RIGHT),
    )
    story.wait(20.0)
    assert story.at(RemoveCard).because is FaultCode.CARD_SILENT
    assert (story.result.outcome, story.result.fault) == (VisitOutcome.FAULT, FaultCode.CARD_SILENT)


def test_three_attempts_then_another_way() -> None:
    story = matching().face(MatchCode.UNSURE, UnsureReason.TWO_FACES)
    visit = story.visit.id
    story.did(
        fx.Show(FaceView(2, 3, UnsureReason.TWO_FACES)),
        fx.Play(Tone.PROMPT),
        fx.StartTimer(visit, Timer.MATCH, 20.0),
        fx.OpenCamera(visit, 101.0),
        fx.CompareFace(visit, PHOTO, 2),
    )
    story.face(MatchCode.NO_MATCH)
    story.shows(FaceView(3, 3))
    story.face(MatchCode.NO_MATCH)
    assert story.at(ChoosingMethod).because is FaultCode.FACE_NOT_MATCHED
    story.shows(NoticeView((Method.PIN, Method.STAFF), FaultCode.FACE_NOT_MATCHED))
    assert story.now_doing(fx.Play) == [fx.Play(Tone.WRONG)]
    assert story.now_doing(fx.CloseCamera)
    story.press(Button.LEFT)
    story.did(fx.Play(Tone.WRONG))
    story.at(ChoosingMethod)


def test_unsure_at_the_last_attempt_is_no_match_either() -> None:
    story = matching(Policy(env=Env.SIM, match_attempts=1)).chip().certificate()
    story.face(MatchCode.UNSURE, UnsureReason.BETWEEN)
    assert story.at(ChoosingMethod).because is FaultCode.FACE_UNSURE
    assert not story.results


def test_an_impostor_without_another_way_is_not_identified() -> None:
    story = matching(Policy(env=Env.SIM, methods=(Method.FACE,), match_attempts=1)).face(MatchCode.NO_MATCH)
    assert story.at(RemoveCard).because is FaultCode.FACE_NOT_MATCHED
    result = story.result
    assert (result.outcome, result.fault) == (VisitOutcome.NOT_IDENTIFIED, FaultCode.FACE_NOT_MATCHED)
    assert (result.method, result.assurance) == (None, Assurance.NONE)
    assert result.match == verdict(MatchCode.NO_MATCH)
    assert result.eligibility is EligibilityCode.NOT_ASKED
    assert story.progress[-1] is Progress.DONE


@pytest.mark.parametrize("fault", [FaultCode.PHOTO_TOO_LARGE, FaultCode.PHOTO_BROKEN])
def test_a_photo_that_cannot_be_used_leaves_the_other_ways(fault: FaultCode) -> None:
    story = unlocking().number_b().card_fails(fault)
    story.shows(NoticeView((Method.PIN, Method.STAFF), fault))
    assert not story.all(fx.ReadCertificate)
    story.press(Button.MIDDLE)
    assert story.now_doing(fx.ReadCertificate)
    story.pin_tries(3).at(EnteringPin)


def test_a_comparison_that_never_ends_is_given_up() -> None:
    story = matching().wait(19.9)
    story.at(Matching)
    assert story.wait(0.2).at(ChoosingMethod).because is FaultCode.FACE_UNSURE
    assert Method.FACE in story.visit.excluded


def test_the_right_button_leads_to_another_way_and_back() -> None:
    story = matching()
    assert story.press(Button.LEFT).last == ()
    assert story.press(Button.MIDDLE).last == ()
    story.press(Button.RIGHT)
    assert story.at(ChoosingMethod).because is None
    story.shows(NoticeView(ALL))


@pytest.mark.parametrize(("policy", "settled"), [(FaceWithoutIssuer.ACCEPT, True), (FaceWithoutIssuer.STAFF, False)])
@pytest.mark.parametrize("issuer", [IssuerCheck.UNKNOWN, IssuerCheck.NOT_CHECKED])
def test_what_a_match_is_worth_without_the_issuer(
    policy: FaceWithoutIssuer, settled: bool, issuer: IssuerCheck
) -> None:
    story = matching(Policy(env=Env.SIM, face_without_issuer=policy)).certificate().face().chip(issuer=issuer)
    assert isinstance(story.state, Consenting) is settled
    if settled:
        story.press(Button.RIGHT).answer()
        assert story.result.assurance is Assurance.FACE_ISSUER_UNKNOWN


def test_number_b_is_checked_within_the_card_time() -> None:
    story = unlocking().wait(15.1)
    assert story.at(RemoveCard).because is FaultCode.CARD_SILENT
    assert story.result.outcome is VisitOutcome.FAULT


def test_the_screens_of_a_visit_in_order() -> None:
    story = consenting().press(Button.LEFT).answer().committed().wait(5.0)
    names = [type(effect.view).__name__ for effect in story.all(fx.Show)]
    assert names == [
        "IdleView",
        "IdentifyingView",
        "NoticeView",
        "NumberBView",
        "NumberBView",
        "ReadingChipView",
        "FaceView",
        "ReadingChipView",
        "ConsentView",
        "LookingUpView",
        "LookingUpView",
        "ResultView",
        "RemoveCardView",
    ]
    assert story.all(fx.Show)[-2].view == ResultView(NextStep.DONE)
    story.shows(RemoveCardView())


def test_the_result_waits_for_the_look_up() -> None:
    story = consenting().press(Button.LEFT)
    assert story.at(LookingUp).visit.consent is ConsentAnswer.GIVEN
    story.shows(LookingUpView())
    story.answer()
    visit = story.visit.id
    story.did(
        fx.StopTimer(visit, Timer.LOOK_UP),
        fx.StopTimers(visit),
        fx.Show(LookingUpView()),
        fx.StartTimer(visit, Timer.PUBLISH, 10.0),
        fx.Publish(visit, story.at(Showing).summary),
    )


def test_a_card_that_refuses_number_b_asks_again_or_stops() -> None:
    story = Story().start().place_card().card_is().press(Button.LEFT).enter(EntryKind.NUMBER_B)
    story.number_b(TryCode.WRONG, 8)
    story.shows(NumberBView(0, wrong=True, tries_left=8))
