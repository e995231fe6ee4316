"""What staff do at the reception in a scenario: ask without a card, confirm the official reader's result, read answers.

Runs on the runner's loop. Times in seconds; every wait has an end. Raises CrewError and ControlError. What the
reception prints of an answer is told as codes and as the device's words for staff; nothing of the answer's details.
"""

import asyncio
from collections.abc import Mapping
from typing import Final, cast

from firmware.core.outcome_texts import SHIPPED
from firmware.sim.control import Message
from firmware.sim.scenario.crew import Crew
from firmware.sim.scenario.plan import Plan, Question
from firmware.sim.scenario.story import Story

READS: Final = "Matching"
"""When the official reader's results appear: before this device's own look-up, as if both were used in a row."""
LEFT: Final = "Idle"
"""Where the device is once the card that was pulled early stays away."""
_CONFIRM: Final = 20.0
_ASKS: Final = {
    Question.NUMBER: "asks by insured number, without a card",
    Question.PERSON: "asks by name, birth date, sex and address, without a card",
}
_OTHER: Final = ("hanako", "taro")


async def ask(question: Question, crew: Crew, story: Story) -> list[Message]:
    """Ask as a process of its own; what it opened."""
    story.say("reception", f"{_ASKS[question]}: madoguchi-reception {question} --input …")
    story.say("reception", "seals the question to the device's encryption key")
    asked = await crew.ask(question)
    for response in asked.responses:
        story.say("device", f"answers the request: {response.get('status')} {response.get('code') or ''}".rstrip())
    for message in asked.messages:
        story.say("reception", f"opens the answer, sealed to {message.get('aud')} alone")
        tell(message, story)
    return list(asked.messages)


class Staff:
    """Of a visit with `pick_up`: feed it every event, and let `confirm` run beside the visit."""

    def __init__(self, plan: Plan, crew: Crew, story: Story) -> None:
        self._plan = plan
        self._crew = crew
        self._story = story
        self._reading = asyncio.Event()
        self._until = [READS] if plan.pull_at is None else [plan.pull_at, LEFT]

    def notice(self, message: Message) -> None:
        """The patient stands at the counter once the face is compared, or takes the card to the official reader."""
        if self._until and message.get("event") == "state" and message.get("state") == self._until[0]:
            self._until.pop(0)
            if not self._until:
                self._reading.set()

    async def confirm(self) -> None:
        """The official reader leaves its results; staff say yes if they are asked."""
        await self._reading.wait()
        insured = self._plan.insured
        other = insured if self._plan.twins else next(name for name in _OTHER if name != insured)
        await self._crew.leave_result(insured)
        await self._crew.leave_result(other, namesake=self._plan.twins)
        whose = "somebody's with the same birth date and sex" if self._plan.twins else "another patient's"
        self._story.say("terminal", f"leaves two results of the official reader: this patient's and {whose}")
        inbox = self._crew.inbox
        if await inbox.until(lambda: "confirm-result" in inbox.progress, _CONFIRM):
            self._story.say("staff", "are asked whether the result is this patient's, and say yes")
            await self._crew.confirm_result(self._story.visit or "")


def tell(message: Mapping[str, object], story: Story) -> None:
    """Code, remarks and ways on of a message, as the reception prints them."""
    body = message.get("body")
    eligibility = body.get("eligibility") if isinstance(body, Mapping) else None
    if not isinstance(eligibility, Mapping):
        return
    story.say("reception", f"reads {message.get('typ')}: {eligibility.get('code')}")
    for line in lines(cast("Mapping[str, object]", eligibility)):
        story.say("reception", f"  {line}")


def lines(eligibility: Mapping[str, object]) -> list[str]:
    """What staff read of an answer, line by line."""
    staff = eligibility.get("staff")
    told = [f"staff: {staff.get(each)}" for each in ("en", "ja")] if isinstance(staff, Mapping) else []
    remarks = eligibility.get("remarks")
    known = [each for each in remarks if isinstance(each, Mapping)] if isinstance(remarks, list) else []
    words = {str(way): text.en for way, text in SHIPPED.ways.items()} | {
        str(each.get("code")): str(each.get("en")) for each in known
    }
    for kind, name in (("remark", "flags"), ("way on", "ways")):
        codes = eligibility.get(name)
        told += [f"{kind}: {code}: {words.get(str(code), '')}" for code in (codes if isinstance(codes, list) else [])]
    return told
