"""A model of everything round `step`: timers, the card, and random but possible answers to effects.

`play` drives one random sequence and checks the invariants of issue A2 after each step.
"""

import random
from collections import Counter
from dataclasses import dataclass, field, replace

from firmware.core import effects as fx
from firmware.core import events as ev
from firmware.core.faults import FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import (
    CardKind,
    EligibilityCode,
    Env,
    HolderCheck,
    Liveness,
    LivenessMode,
    Method,
    Revocation,
    TryCode,
)
from firmware.core.views import ConsentView
from firmware.session.model import (
    AwaitingStaff,
    Device,
    Identifying,
    Idle,
    OutOfService,
    Starting,
    State,
    Unprovisioned,
    Visit,
    VisitState,
)
from firmware.session.policy import FaceWithoutIssuer, Policy
from firmware.session.step import rules, step
from tests.property.session.answers import Answers
from tests.property.session.cameras import Cameras


@dataclass
class World:
    """One device with random people, cards and faults."""

    rng: random.Random
    policy: Policy
    state: State = field(default_factory=lambda: Starting(Device()))
    now: float = 100.0
    timers: dict[tuple[VisitId | None, ev.Timer], float] = field(default_factory=dict)
    pending: list[ev.Event] = field(default_factory=list)
    opened: set[VisitId] = field(default_factory=set)
    closed: set[VisitId] = field(default_factory=set)
    passed: set[VisitId] = field(default_factory=set)
    published: Counter[VisitId] = field(default_factory=Counter)
    detached: Counter[VisitId] = field(default_factory=Counter)
    done: set[VisitId] = field(default_factory=set)
    visits: int = 0
    foreign: int = 0
    stopped: bool = False
    answers: Answers = field(init=False)
    cameras: Cameras = field(init=False)
    asked_staff: set[VisitId] = field(default_factory=set)
    phones: set[VisitId] = field(default_factory=set)
    settled: int = 0
    revoked: int = 0
    waited: int = 0
    typed: ev.EntryKind | None = None
    """What was typed, or read off the card's front, and no VERIFY was sent of."""

    def __post_init__(self) -> None:
        self.answers, self.cameras = Answers(self.rng, self.policy.front_camera), Cameras(self.policy)

    def new_visit(self) -> VisitId:
        self.visits += 1
        return VisitId(f"visit-{self.visits}")

    def feed(self, event: ev.Event) -> None:
        before = self.state
        if isinstance(event, ev.EntryDone):
            self.typed = event.kind
        if self.cameras.delivers(before, event):
            self.typed = ev.EntryKind.NUMBER_B
        self.revoked += isinstance(event, ev.RevocationChecked) and event.revocation is Revocation.REVOKED
        result = step(before, event, self.policy)
        self.state = result.state
        self._check_target(before, event, result.state)
        if self._of_another_visit(before, event):
            self.foreign += 1
            kept = replace(result.state.device, held=before.device.held)
            assert replace(result.state, device=kept) == before, "another visit's event changed the state"
        for effect in result.effects:
            self._apply(effect)
        if isinstance(self.state, VisitState) and self.state.visit.passed:
            self.passed.add(self.state.visit.id)
        elif isinstance(before, Identifying) and not isinstance(self.state, VisitState) and _known(event):
            self.passed.add(before.visit.id)  # and ended at once: no method works
        self._check()

    @staticmethod
    def _of_another_visit(state: State, event: ev.Event) -> bool:
        if not isinstance(event, ev.VisitEvent):
            return False
        return not isinstance(state, VisitState) or state.visit.id != event.visit

    def _check_target(self, before: State, event: ev.Event, after: State) -> None:
        """The declared targets (docs/transitions.md) are the truth."""
        if type(before) is type(after):
            return
        for handlers in rules(type(before)):
            if type(event) in handlers.rules:
                assert type(after) in handlers.rules[type(event)].to, (before, event, after)
                return
        raise AssertionError((before, event, after))

    def _apply(self, effect: fx.Effect) -> None:
        if isinstance(effect, fx.StartTimer | fx.StopTimer | fx.StopTimers):
            self._run_timer(effect)
        elif isinstance(effect, fx.Show):
            assert self.policy.consents or not isinstance(effect.view, ConsentView), "asked, and nobody to tell"
        elif isinstance(effect, fx.VisitEffect):
            self.cameras.check(effect, self.state)
            self._work(effect, effect.visit)

    def _run_timer(self, effect: fx.StartTimer | fx.StopTimer | fx.StopTimers) -> None:
        match effect:
            case fx.StartTimer(visit, name, seconds):
                assert visit is None or visit in self.opened - self.closed, effect
                self.timers[visit, name] = self.now + seconds
            case fx.StopTimer(visit, name):
                self.timers.pop((visit, name), None)
            case fx.StopTimers(visit):
                self.timers = {key: at for key, at in self.timers.items() if key[0] != visit}

    def _work(self, effect: fx.VisitEffect, visit: VisitId) -> None:
        if not isinstance(effect, fx.ReportProgress):
            assert visit in self.opened or isinstance(effect, fx.OpenVisit), effect
            assert visit not in self.closed or isinstance(effect, fx.CloseVisit), effect
        match effect:
            case fx.OpenVisit():
                assert not self.opened - self.closed, "two visits open"
                self.opened.add(visit)
                self.typed = None
            case fx.CloseVisit():
                self.closed.add(visit)
                assert not [key for key in self.timers if key[0] == visit], "a timer outlives its visit"
            case fx.AskStaff():
                self.asked_staff.add(visit)
                self._no_staff_away()
                self._answer(ev.StaffAnswered(at=self.now, visit=visit, approved=self.rng.random() < 0.7))
            case fx.StopAskingStaff():
                self.asked_staff.remove(visit)
            case fx.Publish():
                self.published[visit] += 1
                self._answer(self._commit(visit))
            case fx.DetachLookUp():
                self.detached[visit] += 1
            case _:
                self._check_work(effect)
                told = self.answers.before(effect, self.now)
                if told is not None:
                    self._answer(told)
                answer = self.answers.to(effect, self.now)
                if answer is not None:
                    self._answer(answer)

    def _check_work(self, effect: fx.VisitEffect) -> None:
        """No VERIFY without a new entry; no phone's certificate before its PIN; no look-up of a card found wanting."""
        match effect:
            case fx.SignWithPin():
                assert self.typed is ev.EntryKind.PIN, "a PIN is sent that was not typed for it"
                self.typed = None
            case fx.UnlockFace():
                assert self.typed is ev.EntryKind.NUMBER_B, "a number B is sent that was not typed for it"
                self.typed = None
            case fx.ReadCertificate() if isinstance(self.state, VisitState) and self.state.visit.on_phone:
                assert self.state.visit.pin_accepted, "a phone's certificate is wanted before the PIN"
                self.phones.add(effect.visit)
            case fx.LookUp() if isinstance(self.state, VisitState):
                self.settled += 1
                checks = self.state.visit.checks
                assert not self.state.visit.revocation_wanted, "looked up before revocation was known"
                assert checks.holder is not HolderCheck.OTHER
                assert checks.revocation is not Revocation.REVOKED
                assert self.state.visit.method is Method.PIN or not self.state.visit.on_phone
                self._no_face_alone(self.state.visit)
            case fx.SendConsent():
                assert self.policy.consents, "nobody to tell"
            case fx.ReportProgress(progress=fx.Progress.DONE):
                self.done.add(effect.visit)
            case _:
                pass

    def _no_face_alone(self, visit: Visit) -> None:
        """What a site demands beside a face match was there."""
        if visit.method is Method.FACE and self.policy.liveness is not LivenessMode.OFF:
            assert self.policy.liveness is LivenessMode.CHALLENGE
            assert visit.match is not None
            assert visit.match.liveness is Liveness.PASSED

    def _no_staff_away(self) -> None:
        device = self.state.device
        assert device.fault(ev.Part.BROKER) is None, "called staff whom no message reaches"
        assert device.fault(ev.Part.RECEPTION) is None, "called staff whom no message reaches"

    def _answer(self, event: ev.Event) -> None:
        if self.rng.random() < 0.97:
            self.pending.append(event)

    def _commit(self, visit: VisitId) -> ev.Event:
        if self.rng.random() < 0.05:
            return ev.PublishFailed(at=self.now, visit=visit, fault=FaultCode.OUTBOX_FULL)
        return ev.ResultCommitted(at=self.now, visit=visit, held=self.rng.randint(0, 3))

    def _check(self) -> None:
        assert all(count == 1 for count in self.published.values()), "two outcomes for one visit"
        assert all(count == 1 for count in self.detached.values()), "two late amendments for one visit"
        assert self.done.isdisjoint(self.detached), "done, and its look-up still runs"
        assert set(self.published) <= self.passed, "published a visit that did not pass Identifying"
        open_now = self.opened - self.closed
        self.cameras.settled(self.state)
        wanted = {self.state.visit.id} if isinstance(self.state, AwaitingStaff) else set()
        assert self.asked_staff & open_now == wanted, "staff are asked in another state than AwaitingStaff"
        if isinstance(self.state, VisitState):
            assert open_now == {self.state.visit.id}
        else:
            assert not open_now, "a visit is open outside its states"
            assert self.passed <= set(self.published), "a visit passed Identifying and ended without an outcome"


class RandomWorld(World):
    """The same with people who do anything at any time."""

    def disturb(self) -> None:
        """One random thing that can happen to a counter device."""
        rng = self.rng
        kind = rng.random()
        if self.pending and kind < 0.55:
            index = 0 if rng.random() < 0.8 else rng.randrange(len(self.pending))
            return self.feed(self.pending.pop(index))
        if kind < 0.70:
            button, held = rng.choice(list(ev.Button)), rng.random() < 0.05
            return self.feed(ev.ButtonPressed(at=self.now, button=button, held=held))
        if kind < 0.80:
            return self.feed(ev.CardPlaced(at=self.now, visit=self.new_visit()))
        if kind < 0.87:
            self.feed(ev.CardRemoved(at=self.now))
            return self.tick() if rng.random() < 0.5 else None
        if kind < 0.95:
            return self.tick()
        return self.feed(self._noise())

    def tick(self) -> None:
        """Time goes on to the next timer."""
        if not self.timers:
            self.now += 1.0
            return
        key = min(self.timers, key=lambda item: self.timers[item])
        self.waited += key[1] is ev.Timer.REVOCATION
        self.now = max(self.now, self.timers.pop(key))
        self.feed(ev.TimerFired(at=self.now, visit=key[0], name=key[1]))

    def _noise(self) -> ev.Event:
        """Faults, late results of other visits, anything at any time."""
        rng, at = self.rng, self.now
        part = rng.choice(list(ev.Part))
        foreign = VisitId("visit-of-yesterday")
        mine = self.state.visit.id if isinstance(self.state, VisitState) else foreign
        return rng.choice(
            [
                ev.PartFailed(at=at, part=part, fault=FaultCode.READER_LOST),
                ev.PartRecovered(at=at, part=part),
                ev.PartRecovered(at=at, part=ev.Part.READER),
                ev.PartRecovered(at=at, part=ev.Part.OUTBOX),
                ev.HeldChanged(at=at, held=rng.randint(0, 5)),
                ev.CancelRequested(at=at, visit=mine),
                ev.StaffAnswered(at=at, visit=foreign, approved=True),
                ev.PinChecked(at=at, visit=foreign, code=TryCode.ACCEPTED, tries_left=3),
                ev.LookUpAnswered(at=at, visit=foreign, code=EligibilityCode.VALID),
                ev.ResultCommitted(at=at, visit=foreign, held=1),
                ev.DeviceStarted(at=at, provisioned=True),
            ]
        )

    def stop(self) -> None:
        """The process is told to end: whatever was open is closed, and nothing is begun any more."""
        shown = self.state
        self.feed(ev.DeviceStopping(at=self.now))
        assert not self.opened - self.closed
        assert self.passed <= set(self.published)
        assert isinstance(self.state, Starting) if isinstance(shown, VisitState) else self.state == shown
        self.stopped = True

    def settle_down(self) -> None:
        """Every part works again, the card is taken, nobody does anything: the device must come to rest."""
        for part in ev.Part:
            self.feed(ev.PartRecovered(at=self.now, part=part))
        self.pending.clear()
        if self.rng.random() < 0.15:
            self.stop()
            return
        self.feed(ev.CardRemoved(at=self.now))
        for _ in range(50):
            if not self.timers:
                break
            self.tick()
        assert isinstance(self.state, Idle), self.state
        assert not self.timers, self.timers


def _known(event: ev.Event) -> bool:
    return isinstance(event, ev.CardIdentified) and event.kind is not CardKind.UNKNOWN and event.same_card


def play(seed: int, length: int = 40) -> RandomWorld:
    """One random sequence from power-on to rest."""
    rng = random.Random(seed)  # noqa: S311  (a seed to play again, not a secret)
    policy = Policy(
        env=Env.SIM,
        face_without_issuer=rng.choice(list(FaceWithoutIssuer)),
        look_up=rng.random() < 0.9,
        check_revocation=rng.random() < 0.5,
        front_camera=rng.random() < 0.7,
        front_lifted=rng.random() < 0.5,
        liveness=rng.choice([LivenessMode.OFF, *LivenessMode]),
        consents=rng.random() < 0.8,
    )
    world = RandomWorld(rng, policy)
    world.feed(ev.DeviceStarted(at=world.now, provisioned=True))
    assert not isinstance(world.state, Unprovisioned | OutOfService)
    world.feed(ev.CardPlaced(at=world.now, visit=world.new_visit()))
    for _ in range(length):
        world.now += rng.random()
        world.disturb()
    world.settle_down()
    return world
