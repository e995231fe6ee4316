"""The patient (and the staff called for): looks at the screen, does what the plan says, takes the card at the end.

Runs on the loop. One thing is done at a time; a new screen interrupts it, like a person who looks up. A method that
did not work is not tried twice: the card is taken. Times in seconds. Raises what the hands raise.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Final, Protocol

from firmware.sim.control import Message
from firmware.sim.scenario.plan import Plan, Way
from firmware.sim.scenario.story import Story

_BUTTONS: Final = {Way.FACE: "left", Way.PIN: "middle", Way.STAFF: "right"}
_RESTING: Final = frozenset({"Idle", "OutOfService", "Unprovisioned"})
_WAITS_AT: Final = {
    "NoticeView": "ChoosingMethod",
    "NumberBView": "ReadingFront",
    "PinView": "EnteringPin",
    "StaffView": "AwaitingStaff",
    "ConsentView": "Consenting",
}
"""Views that ask for something, and the state behind each."""


class Hands(Protocol):
    """What a patient can do, and what staff do on request."""

    async def press(self, button: str) -> None:
        """Press a button."""

    async def type_digits(self, digits: str, *, confirm: bool) -> bool:
        """Type on the keypad; False when it does not take digits now."""

    async def remove_card(self) -> None:
        """Take the card."""

    async def turn_card_over(self) -> None:
        """Let the camera see the card's front."""

    async def show_card(self) -> None:
        """Take the card and hold it up to the face camera."""

    async def put_card_back(self) -> None:
        """Put the card back into its place; the camera sees the person again."""

    async def staff_answer(self, visit: str, *, approved: bool) -> None:
        """Staff have compared the person with the card's printed photo."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a person is. `think`: before doing something; `key`: between two digits; `retry`: keypad not ready."""

    think: float = 0.0
    key: float = 0.0
    retry: float = 0.03
    retries: int = 300


HUMAN: Final = Pace(think=1.2, key=0.35)


@dataclass(frozen=True, slots=True, repr=False)
class CardFacts:
    """What the holder knows: printed on the card, and the PIN."""

    number_b: str
    pin: str

    def wrong_pin(self) -> str:
        """Another PIN of the same form."""
        return str((int(self.pin) + 1) % 10_000).zfill(4)


class Patient:
    """Plays `plan`. Feed it every event of the control socket; `over` is set when the visit has ended."""

    def __init__(self, plan: Plan, hands: Hands, story: Story, facts: CardFacts, pace: Pace | None = None) -> None:
        self._plan = plan
        self._hands = hands
        self._story = story
        self._facts = facts
        self._pace = pace or Pace()
        self._view = self._asked = ""
        self._doing: asyncio.Task[None] | None = None
        self._staff: asyncio.Task[None] | None = None
        self._notices = 0
        self._back_up = plan.back_first
        self._card_taken = False
        self.over = asyncio.Event()

    def notice(self, message: Message) -> None:
        """React to one event."""
        if message.get("event") == "screen":
            self._look(str(message.get("view")), str(message.get("asks") or ""))
        elif message.get("event") == "state":
            self._feel(str(message.get("state")))

    async def finish(self) -> None:
        """Stop whatever is being done; raises what went wrong while doing it."""
        tasks = [task for task in (self._doing, self._staff) if task is not None]
        self._doing = self._staff = None
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                raise result

    def _look(self, view: str, asks: str) -> None:
        if self._card_taken:
            return
        if view == "NumberBView" and asks != self._asked:
            self._asked = asks
            if self._hold_card(asks):
                self._view = view
                return
        if view == self._view:
            return
        self._view = view
        if self._plan.pull_at is not None and _WAITS_AT.get(view) == self._plan.pull_at:
            return
        actions: dict[str, Callable[[], Coroutine[None, None, None]]] = {
            "NoticeView": self._choose,
            "NumberBView": self._watch_camera if self._plan.front else self._type_number_b,
            "PinView": self._type_pins,
            "LastTryView": lambda: self._press("right", "gives up before the last try"),
            "StaffView": self._call_staff,
            "ConsentView": self._consent,
            "RegisterView": lambda: self._press("left", "agrees to register the card"),
            "ResultView": self._take_card,
            "RemoveCardView": self._take_card,
        }
        self._begin(actions.get(view))

    def _hold_card(self, asks: str) -> bool:
        """Do with the card what the camera needs, if the screen asks for that."""
        if self._plan.pull_at == "ReadingFront":
            return False
        if asks == "turn-over" and self._back_up:
            self._back_up = False
            self._begin(self._turn_over)
        elif asks == "show-card" and self._plan.one_camera:
            self._begin(self._show_card)
        elif asks == "put-back" and self._plan.one_camera:
            self._begin(self._put_back)
        else:
            return False
        return True

    def _feel(self, state: str) -> None:
        if state == self._plan.pull_at and not self._card_taken:
            # Known at once: a screen that comes with the state must not change the patient's mind.
            self._card_taken = True
            self._begin(self._pull)
        elif state in _RESTING and self._card_taken:
            self.over.set()

    def _begin(self, action: Callable[[], Coroutine[None, None, None]] | None) -> None:
        if self._doing is not None and not self._doing.done():
            self._doing.cancel()
        self._doing = None
        if action is not None:
            self._doing = asyncio.create_task(action())
            self._doing.add_done_callback(self._failed)

    def _failed(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and task.exception() is not None:
            self.over.set()

    # ---- what is done ------------------------------------------------------------------------------------------

    async def _choose(self) -> None:
        self._notices += 1
        if self._notices > 1:
            await asyncio.sleep(self._pace.think)
            await self._take("gives up and takes the card")
            return
        await self._press(_BUTTONS[self._plan.way], f"chooses: {self._plan.way}")

    async def _type_number_b(self) -> None:
        await self._type(self._facts.number_b, "types the 14 digits of the card's front")

    async def _watch_camera(self) -> None:
        self._story.say("patient", "lets the camera read the card")

    async def _turn_over(self) -> None:
        await asyncio.sleep(self._pace.think)
        self._story.say("patient", "turns the card over")
        await self._hands.turn_card_over()

    async def _show_card(self) -> None:
        await asyncio.sleep(self._pace.think)
        self._story.say("patient", "lifts the card and shows its front to the camera")
        await self._hands.show_card()

    async def _put_back(self) -> None:
        await asyncio.sleep(self._pace.think)
        self._story.say("patient", "puts the card back")
        await self._hands.put_card_back()

    async def _type_pins(self) -> None:
        for right in self._plan.pins:
            pin = self._facts.pin if right else self._facts.wrong_pin()
            await self._type(pin, f"types {'the' if right else 'a wrong'} PIN")

    async def _call_staff(self) -> None:
        await asyncio.sleep(self._pace.think)
        approved = self._plan.staff_approves
        self._story.say("staff", "compares person and card: " + ("the same" if approved else "not the same, refuses"))
        # A task of its own: staff go on when the patient's screen changes.
        self._staff = asyncio.create_task(self._hands.staff_answer(self._story.visit or "", approved=approved))
        self._staff.add_done_callback(self._failed)

    async def _consent(self) -> None:
        if self._plan.consent:
            await self._press("left", "gives consent")
        else:
            await self._press("right", "refuses consent")

    async def _take_card(self) -> None:
        await asyncio.sleep(self._pace.think)
        await self._take("takes the card")

    async def _pull(self) -> None:
        await self._take(f"pulls the card at {self._plan.pull_at}")

    async def _take(self, words: str) -> None:
        self._card_taken = True
        self._story.say("patient", words)
        await self._hands.remove_card()

    async def _press(self, button: str, words: str) -> None:
        await asyncio.sleep(self._pace.think)
        self._story.say("patient", words)
        await self._hands.press(button)

    async def _type(self, digits: str, words: str) -> None:
        """Type and confirm as soon as the keypad takes digits; another screen ends the waiting.

        One by one, as a keypad sends them: the whole number never passes the device's control socket.
        """
        await asyncio.sleep(self._pace.think)
        for index, digit in enumerate(digits):
            await self._type_when_taken(digit, confirm=index == len(digits) - 1)
            if index == 0:
                self._story.say("patient", words)
            await asyncio.sleep(self._pace.key)

    async def _type_when_taken(self, digits: str, *, confirm: bool) -> None:
        """The screen may be drawn a moment before the keypad takes digits."""
        for _ in range(self._pace.retries):
            if await self._hands.type_digits(digits, confirm=confirm):
                return
            await asyncio.sleep(self._pace.retry)
        raise TimeoutError("the keypad takes no digits")
