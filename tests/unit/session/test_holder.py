"""Certificate and card face must be of one person, whichever of the two was read first."""

import pytest

from firmware.core import effects as fx
from firmware.core.events import Button, EntryKind
from firmware.core.faults import FaultCode
from firmware.core.outcomes import (
    CertificateCheck,
    ChipCheck,
    HolderCheck,
    RecordCheck,
    StaffHint,
    VisitOutcome,
)
from firmware.session.model import ChoosingMethod, Consenting, RemoveCard
from tests.unit.session.story import Story
from tests.unit.session.ways import choosing_method, matching

SAME, OTHER = HolderCheck.SAME, HolderCheck.OTHER


def _two_persons(story: Story) -> None:
    assert story.at(RemoveCard).because is FaultCode.HOLDER_DIFFERS
    result = story.result
    assert (result.outcome, result.fault) == (VisitOutcome.NOT_GENUINE, FaultCode.HOLDER_DIFFERS)
    assert (result.hints, result.checks.holder) == ((StaffHint.POSSIBLE_FORGERY,), OTHER)
    assert story.alerts == [FaultCode.HOLDER_DIFFERS]
    assert not story.all(fx.LookUp)


def test_the_certificate_is_another_persons() -> None:
    _two_persons(matching().face().chip().certificate(holder=OTHER))


def test_the_card_face_is_another_persons() -> None:
    story = choosing_method().press(Button.MIDDLE).certificate().press(Button.RIGHT)
    story.press(Button.LEFT).enter(EntryKind.NUMBER_B).number_b().photo()
    _two_persons(story.chip(holder=OTHER))


def test_found_out_while_the_pin_is_typed() -> None:
    story = matching().chip().press(Button.RIGHT)
    story.at(ChoosingMethod)
    _two_persons(story.press(Button.MIDDLE).certificate(holder=OTHER))


@pytest.mark.parametrize("certificate_first", [True, False])
def test_the_later_one_tells_and_it_is_kept(certificate_first: bool) -> None:
    story = matching().face()
    if certificate_first:
        story.certificate().chip(holder=SAME)
    else:
        story.chip(holder=SAME).certificate()
    story.at(Consenting)
    story.press(Button.RIGHT).answer()
    assert story.result.checks.holder is SAME
    assert not story.alerts


def test_a_copied_chip_is_told_first() -> None:
    story = matching().chip(ChipCheck.WRONG, holder=OTHER)
    assert (story.result.fault, story.result.checks.holder) == (FaultCode.CARD_NOT_GENUINE, OTHER)


def test_a_foreign_certificate_is_told_first() -> None:
    story = matching().certificate(CertificateCheck.UNKNOWN_ISSUER, holder=OTHER)
    assert story.result.fault is FaultCode.CERTIFICATE_UNTRUSTED


def test_staff_are_not_asked_about_a_card_of_two_persons() -> None:
    story = matching().certificate().chip(record=RecordCheck.WRONG, holder=OTHER)
    assert story.result.fault is FaultCode.HOLDER_DIFFERS
    assert not story.all(fx.AskStaff)


def test_another_card_is_compared_anew() -> None:
    story = matching().chip().certificate(holder=SAME).lift_card()
    assert story.visit.checks.holder is HolderCheck.NOT_CHECKED
