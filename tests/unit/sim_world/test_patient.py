"""The patient, against a device that follows a script."""

import asyncio
from dataclasses import dataclass, field

import pytest

from firmware.sim.control import ControlError, Message
from firmware.sim.scenario.patient import CardFacts, Pace, Patient
from firmware.sim.scenario.plan import Away, Face, Flags, Plan
from firmware.sim.scenario.story import Story
from firmware.sim.scenario.wishes import PlanError, make_plan

FACTS = CardFacts(number_b="47110320354817", pin="2963")
WRONG = FACTS.wrong_pin()


@dataclass(slots=True)
class FakeDevice:
    """Hands that write down what they did, a number once it is confirmed. `busy`: how often it refuses first."""

    done: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    typed: str = ""
    busy: int = 0
    broken: bool = False

    async def press(self, button: str) -> None:
        if self.broken:
            raise ControlError("gone")
        self.done.append(button)

    async def type_digits(self, digits: str, *, confirm: bool) -> bool:
        if self.busy:
            self.busy -= 1
            return False
        self.keys.append(digits)
        self.typed += digits
        if confirm:
            self.done.append(self.typed + "!")
            self.typed = ""
        return True

    async def remove_card(self) -> None:
        self.done.append("remove")

    async def turn_card_over(self) -> None:
        self.done.append("over")

    async def show_card(self) -> None:
        self.done.append("show")

    async def put_card_back(self) -> None:
        self.done.append("back")

    async def staff_answer(self, visit: str, *, approved: bool) -> None:
        await asyncio.sleep(0.02)
        self.done.append(f"staff {visit} {approved}")


def _view(name: str, asks: str | None = None) -> Message:
    return {"event": "screen", "view": name, "asks": asks}


def _state(name: str) -> Message:
    return {"event": "state", "state": name}


class Played:
    """A patient with a plan, before a fake device."""

    def __init__(self, plan: Plan, pace: Pace | None = None, device: FakeDevice | None = None) -> None:
        self.device = device or FakeDevice()
        self.story = Story(tell=lambda _: None)
        self.story.visit = "v1"
        self.patient = Patient(plan, self.device, self.story, FACTS, pace)

    async def see(self, *messages: Message, until: int) -> list[str]:
        """Show the messages one by one; wait until `until` things were done."""
        for message in messages:
            self.patient.notice(message)
            await asyncio.sleep(0.003)
        async with asyncio.timeout(5):
            while len(self.device.done) < until:  # noqa: ASYNC110 - the fake has no events
                await asyncio.sleep(0.005)
        return self.device.done


async def test_the_face_way_ends_with_the_card_taken() -> None:
    played = Played(make_plan(Flags()))
    await played.see(_view("IdentifyingView"), _view("NoticeView"), until=1)
    await played.see(_view("NumberBView"), until=2)
    await played.see(_view("ReadingChipView"), _view("FaceView"), _view("ConsentView"), until=3)
    done = await played.see(_view("LookingUpView"), _view("ResultView"), _state("Idle"), until=4)
    assert done == ["left", FACTS.number_b + "!", "left", "remove"]
    assert played.patient.over.is_set()
    await played.patient.finish()


async def test_a_screen_that_comes_with_the_state_does_not_save_the_card_from_being_pulled() -> None:
    for state, view in (("Identifying", "NoticeView"), ("LookingUp", "LookingUpView")):
        played = Played(make_plan(Flags(pull_card_at=state)))
        played.patient.notice(_state(state))
        played.patient.notice(_view(view))
        assert await played.see(until=1) == ["remove"]


async def test_the_visit_is_not_over_before_the_card_is_taken() -> None:
    played = Played(make_plan(Flags()))
    played.patient.notice(_state("Idle"))
    assert not played.patient.over.is_set()


async def test_a_screen_that_only_changes_its_content_is_answered_once() -> None:
    played = Played(make_plan(Flags(pin=True)))
    done = await played.see(*[_view("NoticeView")] * 3, *[_view("PinView")] * 5, until=2)
    await asyncio.sleep(0.02)
    assert done == ["middle", "2963!"]


async def test_who_lets_the_camera_read_types_nothing() -> None:
    played = Played(make_plan(Flags(front=True)))
    done = await played.see(_view("NumberBView"), _view("NumberBView"), _view("ConsentView"), until=1)
    assert done == ["left"]


async def test_a_card_with_its_back_up_is_turned_over_once_the_screen_says_so() -> None:
    played = Played(make_plan(Flags(back_first=True)))
    assert await played.see(_view("NumberBView"), until=0) == []
    await played.see(_view("NumberBView", "glare"), until=0)
    turn = _view("NumberBView", "turn-over")
    assert await played.see(turn, turn, _view("ConsentView"), until=2) == ["over", "left"]


async def test_a_card_is_shown_to_the_only_camera_and_put_back_when_the_screen_asks_for_it() -> None:
    played = Played(make_plan(Flags(one_camera=True)))
    show, back = _view("NumberBView", "show-card"), _view("NumberBView", "put-back")
    assert await played.see(show, show, until=1) == ["show"]
    assert await played.see(_view("NumberBView"), _view("NumberBView", "glare"), until=1) == ["show"]
    done = await played.see(back, _view("ReadingChipView"), _view("ConsentView"), until=3)
    assert done == ["show", "back", "left"]


async def test_a_card_that_is_to_be_pulled_is_not_shown() -> None:
    played = Played(make_plan(Flags(one_camera=True, pull_card_at="ReadingFront")))
    assert await played.see(_view("NumberBView", "show-card"), _state("ReadingFront"), until=1) == ["remove"]


async def test_without_a_camera_for_the_card_nobody_shows_it() -> None:
    played = Played(make_plan(Flags()))
    done = await played.see(_view("NumberBView", "show-card"), _view("NumberBView", "put-back"), until=1)
    assert done == [FACTS.number_b + "!"]


async def test_the_keypad_is_tried_until_it_takes_digits() -> None:
    played = Played(make_plan(Flags(wrong_pin=True)), Pace(retry=0.001), FakeDevice(busy=5))
    assert await played.see(_view("PinView"), until=2) == [WRONG + "!", "2963!"]


async def test_a_person_types_one_digit_after_the_other() -> None:
    """The whole number stands in no message."""
    played = Played(make_plan(Flags(pin=True)))
    assert await played.see(_view("PinView"), until=1) == ["2963!"]
    assert played.device.keys == ["2", "9", "6", "3"]


async def test_the_next_screen_ends_waiting_for_the_keypad() -> None:
    played = Played(make_plan(Flags(pin=True)), Pace(retry=0.001), FakeDevice(busy=10_000))
    await played.see(_view("PinView"), until=0)
    assert await played.see(_view("RemoveCardView"), until=1) == ["remove"]


async def test_a_keypad_that_never_takes_digits_ends_the_visit() -> None:
    played = Played(make_plan(Flags(pin=True)), Pace(retry=0.001, retries=3), FakeDevice(busy=10))
    await played.see(_view("PinView"), until=0)
    async with asyncio.timeout(5):
        await played.patient.over.wait()
    with pytest.raises(TimeoutError):
        await played.patient.finish()


async def test_who_is_asked_twice_for_a_method_takes_the_card() -> None:
    played = Played(make_plan(Flags(impostor=True)))
    await played.see(_view("NoticeView"), until=1)
    assert await played.see(_view("FaceView"), _view("NoticeView"), until=2) == ["left", "remove"]


async def test_staff_go_on_while_the_screen_changes() -> None:
    played = Played(make_plan(Flags(staff=True)))
    await played.see(_view("NoticeView"), until=1)
    done = await played.see(_view("StaffView"), _view("ConsentView"), until=3)
    assert done == ["right", "left", "staff v1 True"]


async def test_staff_refuse_a_forged_chip() -> None:
    played = Played(make_plan(Flags(forged_chip=True)))
    assert await played.see(_view("StaffView"), until=1) == ["staff v1 False"]


async def test_consent_is_refused_with_the_right_button() -> None:
    played = Played(make_plan(Flags(refuse_consent=True)))
    assert await played.see(_view("ConsentView"), until=1) == ["right"]


@pytest.mark.parametrize("order", [("screen", "state"), ("state", "screen")])
@pytest.mark.parametrize(
    ("state", "view"),
    [
        ("ChoosingMethod", "NoticeView"),
        ("EnteringPin", "PinView"),
        ("AwaitingStaff", "StaffView"),
        ("Matching", "FaceView"),
    ],
)
async def test_the_card_is_pulled_and_nothing_else_done_in_that_state(
    state: str, view: str, order: tuple[str, str]
) -> None:
    played = Played(make_plan(Flags(pull_card_at=state)))
    events = {"screen": _view(view), "state": _state(state)}
    assert await played.see(*[events[kind] for kind in order], until=1) == ["remove"]
    await played.see(_state("Identifying"), _view("NoticeView"), _state("Idle"), until=1)
    assert played.device.done == ["remove"]
    assert played.patient.over.is_set()


async def test_what_goes_wrong_while_acting_is_raised_at_the_end() -> None:
    played = Played(make_plan(Flags()), device=FakeDevice(broken=True))
    await played.see(_view("NoticeView"), until=0)
    async with asyncio.timeout(5):
        await played.patient.over.wait()
    with pytest.raises(ControlError):
        await played.patient.finish()


@pytest.mark.parametrize(
    "flags",
    [
        Flags(pin=True, staff=True),
        Flags(impostor=True, wrong_pin=True),
        Flags(forged_chip=True, staff=True),
        Flags(accept_unknown_issuer=True),
        Flags(staff=True, broker_down=True),
        Flags(forged_chip=True, reception_down=True),
        Flags(pull_card_at="Nowhere"),
        Flags(pull_card_at="Matching", pin=True),
        Flags(pull_card_at="LookingUp", gateway_down=True),
        Flags(front=True, pin=True),
        Flags(back_first=True, staff=True),
        Flags(one_camera=True, pin=True),
        Flags(liveness=True, wrong_pin=True),
        Flags(liveness=True, impostor=True),
        Flags(printed=True),
        Flags(printed=True, liveness=True, pull_card_at="Matching"),
    ],
)
def test_flags_that_contradict_each_other_make_no_plan(flags: Flags) -> None:
    with pytest.raises(PlanError):
        make_plan(flags)


def test_a_plan_says_in_words_what_it_is() -> None:
    plan = make_plan(Flags(wrong_pin=True, gateway_down=True, refuse_consent=True))
    assert plan.away == {Away.GATEWAY}
    assert plan.name == "a visit of the invented holder, by pin, one wrong PIN first, consent refused, gateway down"


def test_a_print_before_the_only_camera_in_words() -> None:
    plan = make_plan(Flags(one_camera=True, liveness=True, printed=True))
    assert (plan.front, plan.face) == (True, Face.PRINT)
    assert plan.name == (
        "a visit of somebody with the holder's card and a print of the holder's face, by face, "
        "number B read by camera, one camera for face and card, with a liveness challenge"
    )


def test_a_back_shown_first_is_a_front_read_later() -> None:
    plan = make_plan(Flags(back_first=True))
    assert plan.front
    assert plan.name == "a visit of the invented holder, by face, number B read by camera, the card's back shown first"
