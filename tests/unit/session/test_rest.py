"""The device without a visit: power-on, pages, missing parts, and what parts mean for the methods offered."""

import pytest

from firmware.core import effects as fx
from firmware.core import events as ev
from firmware.core.effects import Progress, Tone
from firmware.core.events import Button, Part, Timer
from firmware.core.faults import FaultCode
from firmware.core.outcomes import Env, Method, VisitOutcome
from firmware.core.views import (
    IdleView,
    InformationPage,
    InformationView,
    NoticeView,
    OutOfServiceView,
    RemoveCardView,
    ServiceView,
    StaffView,
    UnprovisionedView,
)
from firmware.session.model import (
    AwaitingStaff,
    ChoosingMethod,
    Consenting,
    Device,
    Identifying,
    Idle,
    Information,
    OutOfService,
    RemoveCard,
    Service,
    Showing,
    Starting,
    State,
    Unprovisioned,
)
from firmware.session.moves import AT_COUNTER
from firmware.session.policy import Policy
from tests.unit.session.story import Story
from tests.unit.session.ways import (
    SETTLED,
    UNSETTLED,
    WAYS,
    choosing_method,
    identifying,
    idle,
    information,
    out_of_service,
    remove_card,
    service,
    showing,
    shown,
)

LOST = FaultCode.READER_LOST
FULL = FaultCode.OUTBOX_FULL


def test_power_on() -> None:
    story = Story()
    story.unmoved_by(lambda: story.press(Button.LEFT))
    story.start().did(fx.Show(IdleView())).at(Idle)
    story.unmoved_by(story.lift_card, story.start, lambda: story.press(Button.RIGHT), lambda: story.fire(Timer.PAGE))


def test_power_on_without_a_site() -> None:
    story = Story().start(provisioned=False).did(fx.Show(UnprovisionedView()))
    assert not story.at(Unprovisioned).device.provisioned
    story.part_failed(Part.READER, LOST).part_recovered(Part.READER).at(Unprovisioned)
    story.place_card().did().lift_card().did().press(Button.LEFT).did().at(Unprovisioned)


def test_power_on_with_a_card_in_the_tray() -> None:
    story = Story().place_card().start()
    assert (story.at(RemoveCard).ended, story.at(RemoveCard).because) == (None, None)
    story.shows(RemoveCardView()).take_card().at(Idle)
    Story().place_card().lift_card().start().at(Idle)


def test_power_on_with_parts_missing() -> None:
    camera = FaultCode.CAMERA_MISSING
    story = Story().part_failed(Part.FACE_CAMERA, camera).did(fx.RaiseAlert(camera))
    story.at(Starting)
    story.start().shows(IdleView((camera,)))
    story = Story().part_failed(Part.OUTBOX, FaultCode.OUTBOX_BROKEN).start()
    story.shows(OutOfServiceView(FaultCode.OUTBOX_BROKEN)).at(OutOfService)


# ---- pages -----------------------------------------------------------------------------------------------------


def test_information_pages() -> None:
    story = idle().press(Button.LEFT)
    story.did(fx.Show(InformationView(InformationPage.HOW_TO)), fx.StartTimer(None, Timer.PAGE, 30.0))
    for page in (InformationPage.PRIVACY, InformationPage.CARD_LOST, InformationPage.HOW_TO):
        story.press(Button.LEFT).did(fx.Show(InformationView(page)), fx.StartTimer(None, Timer.PAGE, 30.0))
        assert story.at(Information).page is page


@pytest.mark.parametrize("button", [Button.MIDDLE, Button.RIGHT])
def test_back_from_information(button: Button) -> None:
    information().press(button).did(fx.StopTimer(None, Timer.PAGE), fx.Show(IdleView())).at(Idle)


def test_information_ends_by_itself_or_by_a_card() -> None:
    story = information()
    story.unmoved_by(story.lift_card, lambda: story.fire(Timer.REMIND))
    story.wait(30.0).did(fx.Show(IdleView())).at(Idle)
    story = information().place_card()
    story.at(Identifying)
    assert story.last[0] == fx.StopTimer(None, Timer.PAGE)
    assert not [key for key in story.timers if key[0] is None]


@pytest.mark.parametrize("button", Button)
def test_the_service_page_needs_a_long_press(button: Button) -> None:
    story = idle().part_failed(Part.CLOCK, FaultCode.CLOCK_UNKNOWN).press(button, held=True)
    story.did(fx.Show(ServiceView((FaultCode.CLOCK_UNKNOWN,))), fx.StartTimer(None, Timer.PAGE, 30.0)).at(Service)
    story.press(button).at(Idle)
    assert story.last[0] == fx.StopTimer(None, Timer.PAGE)


def test_the_service_page_ends_by_itself_or_by_a_card() -> None:
    story = service()
    story.unmoved_by(story.lift_card, lambda: story.fire(Timer.REMIND))
    story.wait(30.0).did(fx.Show(IdleView())).at(Idle)
    story = service().place_card()
    story.at(Identifying)
    assert story.last[0] == fx.StopTimer(None, Timer.PAGE)


def test_the_service_page_out_of_service() -> None:
    story = out_of_service()
    story.unmoved_by(lambda: story.press(Button.LEFT), story.lift_card)
    story.press(Button.LEFT, held=True).shows(ServiceView((LOST,))).at(Service)
    story.place_card().did(fx.StopTimer(None, Timer.PAGE), fx.Show(OutOfServiceView(LOST))).at(OutOfService)
    story = out_of_service().press(Button.LEFT, held=True).part_recovered(Part.READER)
    story.at(Service)
    story.press(Button.LEFT).at(Idle)


# ---- parts -----------------------------------------------------------------------------------------------------


def test_out_of_service_and_back() -> None:
    story = idle().part_failed(Part.READER, LOST)
    story.did(fx.RaiseAlert(LOST), fx.StopTimer(None, Timer.PAGE), fx.Show(OutOfServiceView(LOST))).at(OutOfService)
    story.place_card().did(fx.Play(Tone.WRONG)).at(OutOfService)
    story.lift_card().did()
    story.part_recovered(Part.READER).did(fx.Show(IdleView())).at(Idle)


def test_a_fault_that_stays_is_alerted_once() -> None:
    busy = FaultCode.READER_BUSY
    story = idle().part_failed(Part.READER, LOST).part_failed(Part.READER, LOST)
    story.did(fx.Show(OutOfServiceView(LOST)))
    story.part_failed(Part.READER, busy).did(fx.RaiseAlert(busy), fx.Show(OutOfServiceView(busy)))
    assert story.state.device.faults == ((Part.READER, busy),)


def test_two_essential_parts_are_missing() -> None:
    story = out_of_service().part_failed(Part.OUTBOX, FULL).part_recovered(Part.READER)
    story.shows(OutOfServiceView(FULL)).at(OutOfService)
    story.part_recovered(Part.OUTBOX).at(Idle)


def test_a_part_that_was_not_missing_recovers() -> None:
    story = idle()
    story.unmoved_by(lambda: story.part_recovered(Part.READER))


def test_what_is_missing_is_shown_at_rest_and_nowhere_else() -> None:
    missing = FaultCode.CAMERA_MISSING
    story = idle().part_failed(Part.FACE_CAMERA, missing).did(fx.RaiseAlert(missing), fx.Show(IdleView((missing,))))
    story.part_recovered(Part.FACE_CAMERA).did(fx.Show(IdleView()))
    for way in (information, service, remove_card, choosing_method):
        way().part_failed(Part.FACE_CAMERA, missing).did(fx.RaiseAlert(missing))


def test_a_page_gives_way_to_an_essential_fault() -> None:
    story = information().part_failed(Part.OUTBOX, FULL)
    story.did(fx.RaiseAlert(FULL), fx.StopTimer(None, Timer.PAGE), fx.Show(OutOfServiceView(FULL))).at(OutOfService)


@pytest.mark.parametrize("state", UNSETTLED)
def test_the_reader_is_lost_before_identity_is_settled(state: type[State]) -> None:
    story = UNSETTLED[state](None).part_failed(Part.READER, LOST)
    story.shows(OutOfServiceView(LOST)).at(OutOfService)
    assert (story.result.outcome, story.result.fault) == (VisitOutcome.FAULT, LOST)
    assert story.alerts == [LOST]
    story.part_recovered(Part.READER).at(Idle)
    assert not story.timers


@pytest.mark.parametrize("state", SETTLED)
def test_the_reader_is_lost_after_identity_was_settled(state: type[State]) -> None:
    story = SETTLED[state](None).part_failed(Part.READER, LOST)
    story.at(OutOfService)
    assert (story.result.outcome, story.result.card_removed_early) == (VisitOutcome.IDENTIFIED, True)
    assert not story.timers


def test_the_reader_is_lost_at_the_end() -> None:
    story = showing().part_failed(Part.READER, LOST).did(fx.RaiseAlert(LOST))
    assert not story.at(Showing).visit.present
    story.committed().wait(2.1).at(OutOfService)
    story = remove_card().part_failed(Part.READER, LOST)
    story.did(
        fx.RaiseAlert(LOST),
        fx.StopTimer(None, Timer.REMIND),
        fx.StopTimer(None, Timer.ABSENCE),
        fx.Show(OutOfServiceView(LOST)),
    )
    assert Progress.CARD_OUT not in story.progress


def test_the_reader_is_lost_before_a_visit_is_one() -> None:
    story = identifying().part_failed(Part.READER, LOST)
    story.at(OutOfService)
    assert not story.results


def test_the_reader_comes_back_with_the_card_still_in_it() -> None:
    story = choosing_method().part_failed(Part.READER, LOST).part_recovered(Part.READER)
    story.at(Idle)
    story.place_card().at(Identifying)


def test_the_outbox_breaks_during_a_visit() -> None:
    story = choosing_method().part_failed(Part.OUTBOX, FULL).did(fx.RaiseAlert(FULL))
    story.at(ChoosingMethod)
    story.cancel().shows(OutOfServiceView(FULL)).at(OutOfService)
    assert len(story.results) == 1
    story = shown().part_failed(Part.OUTBOX, FULL).wait(5.0)
    story.at(RemoveCard)
    story.take_card().at(OutOfService)


def test_out_of_service_ends_with_a_card_in_the_tray() -> None:
    story = idle().part_failed(Part.OUTBOX, FULL).place_card().part_recovered(Part.OUTBOX)
    story.at(RemoveCard)


@pytest.mark.parametrize(
    ("part", "methods"),
    [
        (Part.FACE_CAMERA, (Method.PIN, Method.STAFF)),
        (Part.INFERENCE, (Method.PIN, Method.STAFF)),
        (Part.BROKER, (Method.FACE, Method.PIN)),
        (Part.RECEPTION, (Method.FACE, Method.PIN)),
        (Part.GATEWAY, (Method.FACE, Method.PIN, Method.STAFF)),
        (Part.CLOCK, (Method.FACE, Method.PIN, Method.STAFF)),
    ],
)
def test_methods_whose_parts_are_missing_are_not_offered(part: Part, methods: tuple[Method, ...]) -> None:
    story = idle().part_failed(part, FaultCode.LANE_STUCK).place_card().card_is()
    story.shows(NoticeView(methods))
    buttons = {Method.FACE: Button.LEFT, Method.PIN: Button.MIDDLE, Method.STAFF: Button.RIGHT}
    for method in set(Method) - set(methods):
        story.press(buttons[method]).did(fx.Play(Tone.WRONG)).at(ChoosingMethod)


@pytest.mark.parametrize("part", [Part.KEYPAD, Part.DISPLAY])
def test_without_keypad_or_display_only_staff_are_left_and_called_at_once(part: Part) -> None:
    story = idle().part_failed(part, FaultCode.LANE_STUCK).place_card().card_is()
    assert story.at(AwaitingStaff).because is None
    story.shows(StaffView(other_way=False))
    story.unmoved_by(lambda: story.press(Button.LEFT))
    story.certificate().staff(approved=True).at(Consenting)


def test_methods_are_the_sites_and_in_its_order() -> None:
    choosing_method(Policy(env=Env.SIM, methods=(Method.STAFF, Method.FACE))).shows(
        NoticeView((Method.STAFF, Method.FACE))
    )


def test_no_method_at_all() -> None:
    story = idle(Policy(env=Env.SIM, methods=(Method.STAFF,)))
    story.part_failed(Part.BROKER, FaultCode.BROKER_UNREACHABLE).place_card().card_is()
    assert story.at(RemoveCard).because is AT_COUNTER
    assert (story.result.outcome, story.result.fault) == (
        VisitOutcome.NOT_IDENTIFIED,
        FaultCode.BROKER_UNREACHABLE,
    )
    story = idle(Policy(env=Env.SIM, methods=())).place_card().card_is()
    assert story.result.fault is FaultCode.VISIT_TIMEOUT


def test_nobody_chooses() -> None:
    story = choosing_method().wait(60.1)
    assert story.at(RemoveCard).because is FaultCode.VISIT_TIMEOUT
    assert (story.result.outcome, story.result.fault) == (VisitOutcome.NOT_IDENTIFIED, FaultCode.VISIT_TIMEOUT)


@pytest.mark.parametrize("state", WAYS)
def test_the_card_is_known_to_lie_there_in_every_state(state: type[State]) -> None:
    story = WAYS[state](None)
    assert type(story.state) is state
    assert story.feed(ev.CardRemoved(at=story.now)).state.device.card_present is False
    assert story.place_card().state.device.card_present is True


def test_faults_of_a_device() -> None:
    assert Device().provisioned
    device = Device().failed(Part.READER, LOST).failed(Part.CLOCK, FaultCode.CLOCK_UNKNOWN)
    assert (device.essential_fault(), device.warnings()) == (LOST, (FaultCode.CLOCK_UNKNOWN,))
    assert device.failed(Part.READER, FaultCode.READER_BUSY).fault(Part.READER) is FaultCode.READER_BUSY
    assert device.recovered(Part.READER).faults == ((Part.CLOCK, FaultCode.CLOCK_UNKNOWN),)
    assert device.fault(Part.OUTBOX) is None
