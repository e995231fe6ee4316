"""A visit told step by step against the real `step`: each method is one thing that happens, time is a number.

`last` holds the effects of the newest step, `effects` all of them. Timers run in the story's own time (`wait`), and
`lines` is the journal that the device would have written.
"""

from collections.abc import Callable
from typing import Self, TypeVar

from firmware.core import effects as fx
from firmware.core import events as ev
from firmware.core.eligibility import EligibilityFlag
from firmware.core.events import Button, EntryKind, Part, Timer
from firmware.core.faults import FaultCode
from firmware.core.ids import Handle, VisitId
from firmware.core.outcomes import (
    CardKind,
    CertificateCheck,
    ChipCheck,
    EligibilityCode,
    Env,
    FacePrompt,
    FrontHint,
    HolderCheck,
    IssuerCheck,
    Liveness,
    MatchBand,
    MatchCode,
    MatchVerdict,
    RecordCheck,
    Revocation,
    TryCode,
    UnsureReason,
    VisitSummary,
)
from firmware.core.views import View
from firmware.session import journal
from firmware.session.model import Device, Starting, State, Visit, VisitState
from firmware.session.policy import Policy
from firmware.session.step import step

S = TypeVar("S", bound=State)
E = TypeVar("E", bound=fx.Effect)

PHOTO = Handle("photo")
ENTRY = Handle("entry")


def verdict(
    code: MatchCode = MatchCode.MATCH, reason: UnsureReason | None = None, liveness: Liveness = Liveness.OFF
) -> MatchVerdict:
    return MatchVerdict(code, reason, MatchBand.ACCEPT, "sface-2021-accept", "00ff", liveness)


Flags = tuple[EligibilityFlag, ...]


class Story:
    """One device from power-on. Methods return the story, so that steps can be told in one line."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.policy = policy or Policy(env=Env.SIM)
        self.state: State = Starting(Device())
        self.now = 100.0
        self.last: tuple[fx.Effect, ...] = ()
        self.effects: list[fx.Effect] = []
        self.timers: dict[tuple[VisitId | None, Timer], float] = {}
        self.lines = [journal.header(self.policy)]
        self.visits = 0

    # ---- reading -----------------------------------------------------------------------------------------------

    def at(self, kind: type[S]) -> S:
        """The present state, which must be of `kind`."""
        assert type(self.state) is kind, f"{type(self.state).__name__}, not {kind.__name__}"
        return self.state

    @property
    def visit(self) -> Visit:
        assert isinstance(self.state, VisitState)
        return self.state.visit

    def all(self, kind: type[E]) -> list[E]:
        return [effect for effect in self.effects if isinstance(effect, kind)]

    def now_doing(self, kind: type[E]) -> list[E]:
        return [effect for effect in self.last if isinstance(effect, kind)]

    @property
    def view(self) -> View:
        """What the screen shows."""
        return self.all(fx.Show)[-1].view

    def did(self, *effects: fx.Effect) -> Self:
        """The newest step asked for exactly these."""
        assert self.last == effects
        return self

    def shows(self, view: View) -> Self:
        assert self.view == view
        return self

    def unmoved_by(self, *steps: Callable[[], object]) -> Self:
        """Each of the steps changes nothing and asks for nothing."""
        for one in steps:
            before = self.state
            one()
            assert self.state == before
            self.did()
        return self

    @property
    def results(self) -> list[VisitSummary]:
        return [effect.summary for effect in self.all(fx.Publish)]

    @property
    def result(self) -> VisitSummary:
        """The one published result."""
        assert len(self.results) == 1, self.results
        return self.results[0]

    @property
    def alerts(self) -> list[FaultCode]:
        return [effect.fault for effect in self.all(fx.RaiseAlert)]

    @property
    def progress(self) -> list[fx.Progress]:
        return [effect.progress for effect in self.all(fx.ReportProgress)]

    # ---- time --------------------------------------------------------------------------------------------------

    def feed(self, event: ev.Event) -> Self:
        result = step(self.state, event, self.policy)
        self.state, self.last = result.state, result.effects
        self.effects += result.effects
        self.lines.append(journal.line(event, self.state))
        for effect in result.effects:
            self._run_timer(effect)
        return self

    def _run_timer(self, effect: fx.Effect) -> None:
        match effect:
            case fx.StartTimer(visit, name, seconds):
                self.timers[visit, name] = self.now + seconds
            case fx.StopTimer(visit, name):
                self.timers.pop((visit, name), None)
            case fx.StopTimers(visit):
                self.timers = {key: at for key, at in self.timers.items() if key[0] != visit}
            case _:
                pass

    def wait(self, seconds: float) -> Self:
        """Let time pass; timers that are due fire in their order."""
        end = self.now + seconds
        while due := [key for key in self.timers if self.timers[key] <= end]:
            key = min(due, key=lambda item: self.timers[item])
            self.now = self.timers.pop(key)
            self.feed(ev.TimerFired(at=self.now, visit=key[0], name=key[1]))
        self.now = end
        return self

    def fire(self, name: Timer, visit: VisitId | None = None) -> Self:
        """A timer that fires whatever the story's own timers say."""
        return self.feed(ev.TimerFired(at=self.now, visit=visit, name=name))

    # ---- device ------------------------------------------------------------------------------------------------

    def start(self, *, provisioned: bool = True) -> Self:
        return self.feed(ev.DeviceStarted(at=self.now, provisioned=provisioned))

    def stop(self) -> Self:
        return self.feed(ev.DeviceStopping(at=self.now))

    def place_card(self) -> Self:
        self.visits += 1
        return self.feed(ev.CardPlaced(at=self.now, visit=VisitId(f"visit-{self.visits}")))

    def lift_card(self) -> Self:
        return self.feed(ev.CardRemoved(at=self.now))

    def take_card(self) -> Self:
        """Lifted for so long that it counts as taken."""
        return self.lift_card().wait(self.policy.absence_seconds)

    def press(self, button: Button, *, held: bool = False) -> Self:
        return self.feed(ev.ButtonPressed(at=self.now, button=button, held=held))

    def part_failed(self, part: Part, fault: FaultCode) -> Self:
        return self.feed(ev.PartFailed(at=self.now, part=part, fault=fault))

    def part_recovered(self, part: Part) -> Self:
        return self.feed(ev.PartRecovered(at=self.now, part=part))

    def held(self, count: int) -> Self:
        return self.feed(ev.HeldChanged(at=self.now, held=count))

    # ---- entry, card -------------------------------------------------------------------------------------------

    def digits(self, kind: EntryKind, count: int) -> Self:
        return self.feed(ev.EntryChanged(at=self.now, visit=self.visit.id, kind=kind, count=count))

    def enter(self, kind: EntryKind) -> Self:
        return self.feed(ev.EntryDone(at=self.now, visit=self.visit.id, kind=kind, entry=ENTRY))

    def cancel_entry(self, kind: EntryKind) -> Self:
        return self.feed(ev.EntryCancelled(at=self.now, visit=self.visit.id, kind=kind))

    def front_hint(self, hint: FrontHint) -> Self:
        return self.feed(ev.FrontHinted(at=self.now, visit=self.visit.id, hint=hint))

    def front_read(self, *, readable: bool = True, number: int | None = None) -> Self:
        """The newest reading's end, or that of `number`."""
        number = self.visit.fronts if number is None else number
        entry = ENTRY if readable else None
        return self.feed(ev.FrontRead(at=self.now, visit=self.visit.id, number=number, entry=entry))

    def card_is(self, kind: CardKind = CardKind.MY_NUMBER, *, same: bool = True) -> Self:
        return self.feed(ev.CardIdentified(at=self.now, visit=self.visit.id, kind=kind, same_card=same))

    def number_b(self, code: TryCode = TryCode.ACCEPTED, left: int | None = None, counter: int | None = None) -> Self:
        visit = self.visit.id
        return self.feed(ev.NumberBChecked(at=self.now, visit=visit, code=code, tries_left=left, counter=counter))

    def photo(self) -> Self:
        return self.feed(ev.PhotoRead(at=self.now, visit=self.visit.id, photo=PHOTO))

    def chip(
        self,
        chip: ChipCheck = ChipCheck.PROVED,
        record: RecordCheck = RecordCheck.SIGNED,
        issuer: IssuerCheck = IssuerCheck.VERIFIED,
        holder: HolderCheck = HolderCheck.NOT_CHECKED,
    ) -> Self:
        visit = self.visit.id
        event = ev.ChipChecked(at=self.now, visit=visit, chip=chip, record=record, issuer=issuer, holder=holder)
        return self.feed(event)

    def certificate(
        self,
        check: CertificateCheck = CertificateCheck.VALID,
        *,
        soon: bool = False,
        holder: HolderCheck = HolderCheck.NOT_CHECKED,
    ) -> Self:
        visit = self.visit.id
        return self.feed(ev.CertificateRead(at=self.now, visit=visit, check=check, expires_soon=soon, holder=holder))

    def revocation(self, revocation: Revocation) -> Self:
        return self.feed(ev.RevocationChecked(at=self.now, visit=self.visit.id, revocation=revocation))

    def pin_tries(self, left: int) -> Self:
        return self.feed(ev.PinCounted(at=self.now, visit=self.visit.id, tries_left=left))

    def pin(self, code: TryCode = TryCode.ACCEPTED, left: int | None = None, counter: int | None = None) -> Self:
        visit = self.visit.id
        return self.feed(ev.PinChecked(at=self.now, visit=visit, code=code, tries_left=left, counter=counter))

    def card_fails(self, fault: FaultCode) -> Self:
        return self.feed(ev.CardFailed(at=self.now, visit=self.visit.id, fault=fault))

    # ---- face, staff, gateway, outbox --------------------------------------------------------------------------

    def face(
        self, code: MatchCode = MatchCode.MATCH, reason: UnsureReason | None = None, attempt: int | None = None
    ) -> Self:
        """The newest attempt's end, or that of `attempt`."""
        number = self.visit.comparisons if attempt is None else attempt
        event = ev.FaceCompared(at=self.now, visit=self.visit.id, attempt=number, verdict=verdict(code, reason))
        return self.feed(event)

    def face_alive(self, liveness: Liveness) -> Self:
        """A match, with how its challenge ended."""
        told, number = verdict(liveness=liveness), self.visit.comparisons
        return self.feed(ev.FaceCompared(at=self.now, visit=self.visit.id, attempt=number, verdict=told))

    def face_prompt(self, prompt: FacePrompt | UnsureReason, attempt: int | None = None) -> Self:
        number = self.visit.comparisons if attempt is None else attempt
        return self.feed(ev.FacePrompted(at=self.now, visit=self.visit.id, attempt=number, prompt=prompt))

    def face_fails(self, fault: FaultCode, attempt: int | None = None) -> Self:
        number = self.visit.comparisons if attempt is None else attempt
        return self.feed(ev.FaceFailed(at=self.now, visit=self.visit.id, attempt=number, fault=fault))

    def staff(self, *, approved: bool) -> Self:
        return self.feed(ev.StaffAnswered(at=self.now, visit=self.visit.id, approved=approved))

    def cancel(self) -> Self:
        return self.feed(ev.CancelRequested(at=self.now, visit=self.visit.id))

    def answer(
        self, code: EligibilityCode = EligibilityCode.VALID, *, offered: bool = False, flags: Flags = ()
    ) -> Self:
        now, visit = self.now, self.visit.id
        return self.feed(ev.LookUpAnswered(at=now, visit=visit, code=code, registration_offered=offered, flags=flags))

    def no_answer(self, fault: FaultCode) -> Self:
        return self.feed(ev.LookUpFailed(at=self.now, visit=self.visit.id, fault=fault))

    def committed(self, held: int = 0) -> Self:
        return self.feed(ev.ResultCommitted(at=self.now, visit=self.visit.id, held=held))

    def commit_fails(self, fault: FaultCode) -> Self:
        return self.feed(ev.PublishFailed(at=self.now, visit=self.visit.id, fault=fault))
