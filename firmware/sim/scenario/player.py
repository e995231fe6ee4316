"""Plays one plan with a crew: from the card on the reader to what the reception opened, and the verdict on it.

Runs on the runner's loop. Times in seconds; every wait has an end. Raises CrewError or ControlError when a process
fails; a visit that merely goes wrong is a verdict with reasons.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from firmware.sim.control import ControlClient, Message
from firmware.sim.heads import rendered
from firmware.sim.scenario.crew import Crew, CrewError
from firmware.sim.scenario.desk import Staff, ask, tell
from firmware.sim.scenario.judge import expect, judge
from firmware.sim.scenario.patient import Pace, Patient
from firmware.sim.scenario.plan import Away, Face, Plan, Question
from firmware.sim.scenario.sitter import Sitter
from firmware.sim.scenario.story import Story

_READY: Final = 30.0
_SEEN: Final = 10.0
_VISIT: Final = 90.0
_CHALLENGES: Final = 60.0
"""On top, where the face takes as long as three challenges may."""
_HABITS: Final = "sitter"
"""Seeds how the one before the camera moves."""
_DELIVERY: Final = 20.0
_NOTHING_MORE: Final = 0.5
"""How long to look for a message too many."""


@dataclass(slots=True)
class Verdict:
    """`wrong`: every difference from what the plan demands. `messages`: what the reception opened."""

    wrong: list[str] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    real: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether the visit ended as it had to."""
        return not self.wrong


async def play(plan: Plan, crew: Crew, story: Story, pace: Pace) -> Verdict:
    """One visit. The crew is started here and stopped by the caller."""
    await crew.start_world()
    device = await crew.start_device()
    if plan.question is not None:
        return await _question(plan.question, plan, crew, story, device)
    patient = Patient(plan, crew, story, crew.card, pace)
    story.camera = lambda: crew.shown
    if plan.tells_eligibility:
        crew.inbox.opened = lambda message: tell(message, story)
    staff = Staff(plan, crew, story)
    sitters = [await _sit_down(plan, crew, story)] if plan.liveness else []
    resting = asyncio.Event()
    listening = asyncio.create_task(_listen(device, story, (patient, staff, *sitters), resting))
    tasks = [listening, *(asyncio.create_task(sitter.keep_sitting()) for sitter in sitters)]
    confirming = [asyncio.create_task(staff.confirm())] if plan.pick_up else []
    try:
        await _prepare(plan, crew, resting)
        story.begin()
        story.say("patient", "places the card")
        await crew.insert_card()
        await _until_over(patient, tasks, crew, _longest(plan))
        in_time = patient.over.is_set()
        for each in confirming:
            if each.done():
                each.result()
        await crew.bring_back()
        await _delivered(plan, crew, story)
        verdict = Verdict(messages=list(crew.inbox.messages), real=crew.real)
        verdict.wrong = judge(plan, story, verdict.messages, await crew.violations())
        if not in_time:
            verdict.wrong.insert(0, f"the visit did not end within {_longest(plan):.0f} s")
        verdict.wrong += [f"the reception refused a message: {item.get('why')}" for item in crew.inbox.refused]
        return verdict
    finally:
        await _end(*tasks, *confirming)


async def _question(question: Question, plan: Plan, crew: Crew, story: Story, device: ControlClient) -> Verdict:
    """No visit: the reception asks by itself, and reads the answer."""
    resting = asyncio.Event()
    listening = asyncio.create_task(_listen(device, story, (), resting))
    try:
        await _prepare(plan, crew, resting)
        story.begin()
        verdict = Verdict(messages=await ask(question, crew, story), real=crew.real)
        await asyncio.sleep(_NOTHING_MORE)
        crew.check()
        verdict.wrong = judge(plan, story, verdict.messages, await crew.violations())
        verdict.wrong += [f"the reception refused a message: {item.get('why')}" for item in crew.inbox.refused]
        return verdict
    finally:
        await _end(listening)


async def _end(*tasks: "asyncio.Task[None]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _longest(plan: Plan) -> float:
    """Seconds that the visit may take."""
    return _VISIT + (_CHALLENGES if plan.liveness else 0.0)


async def _sit_down(plan: Plan, crew: Crew, story: Story) -> Sitter:
    """Who is before the face camera, seen by it already."""
    rng, portrait, printed = random.Random(_HABITS), await crew.portrait(), plan.face is Face.PRINT
    made = await asyncio.to_thread(rendered.paper if printed else rendered.person, portrait, rng)
    sitter = Sitter(made, crew.folder / "sitter", crew.show_person, story, "print" if printed else "patient")
    await sitter.sit_down()
    return sitter


async def _listen(
    device: ControlClient, story: Story, watching: Sequence[Patient | Staff | Sitter], resting: asyncio.Event
) -> None:
    while (message := await device.event()) is not None:
        story.take(message)
        for each in watching:
            each.notice(message)
        if message.get("event") == "state" and message.get("state") == "Idle":
            resting.set()


async def _prepare(plan: Plan, crew: Crew, resting: asyncio.Event) -> None:
    """Wait until the device rests, and until the reception sees it where both can be seen."""
    try:
        async with asyncio.timeout(_READY):
            await resting.wait()
    except TimeoutError as error:
        crew.check()
        raise CrewError("the device does not come to rest") from error
    if not plan.away & {Away.BROKER, Away.RECEPTION}:
        await crew.inbox.until(lambda: "ready" in crew.inbox.statuses or _faulty(crew), _SEEN)
    crew.check()


def _faulty(crew: Crew) -> bool:
    """A device with a missing part says "degraded" instead of "ready"."""
    return "degraded" in crew.inbox.statuses


async def _until_over(patient: Patient, tasks: Sequence["asyncio.Task[None]"], crew: Crew, seconds: float) -> None:
    """Until the visit has ended; a task that ends before it cannot go on without the device."""
    over = asyncio.create_task(patient.over.wait())
    ended, _ = await asyncio.wait({over, *tasks}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    over.cancel()
    await patient.finish()
    if ended - {over}:
        await asyncio.sleep(_NOTHING_MORE)
        crew.check()
        raise CrewError("the device's control socket was closed")


async def _delivered(plan: Plan, crew: Crew, story: Story) -> None:
    """Wait for the messages that have to come, then a moment longer for one too many."""
    inbox = crew.inbox
    expected = expect(plan)
    await inbox.until(lambda: bool(inbox.messages), _NOTHING_MORE)
    # The broker may be quicker than the control socket: a message can be here before the device's word of it.
    if story.held or inbox.messages or min(expected.results):
        wanted = max(1, min(expected.results)) + min(expected.late)
        await inbox.until(lambda: len(inbox.messages) >= wanted, _DELIVERY)
        await asyncio.sleep(_NOTHING_MORE)
    crew.check()
