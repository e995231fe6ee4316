"""What a patient does before the device, what is seen meanwhile, and what has to hold after every fault."""

import asyncio
from typing import Any, Unpack

from firmware.core.events import Button
from firmware.core.fault_texts import CATALOGUE
from firmware.core.faults import FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import EligibilityCode, Method, VisitOutcome, VisitSummary
from firmware.core.result import RecordKind
from firmware.core.views import IdleView, NoticeView, RemoveCardView, View
from firmware.panel.layout import layout
from firmware.panel.texts import LANGUAGES, Words
from firmware.session.model import ChoosingMethod, Consenting, Idle, RemoveCard, State, VisitState
from firmware.sim.card.faults import FaultScript, FaultyCard
from firmware.sim.card.image import CardImage
from firmware.sim.card.issue import CardOptions
from firmware.sim.card.machine import VirtualCard
from firmware.sim.gateway.people import SEED
from tests.faults.device import POLICY, Build, Device
from tests.faults.house import House

__all__ = ["POLICY", "Bench", "Build", "assert_texts"]

WORDS = tuple(Words.load(language) for language in LANGUAGES)
BUTTONS = {Method.FACE: Button.LEFT, Method.PIN: Button.MIDDLE, Method.STAFF: Button.RIGHT}


class Bench(Device):
    """A device with somebody before it."""

    def __init__(self, house: House, build: Build) -> None:
        super().__init__(house, build)
        self._cards: list[VirtualCard] = []

    # ---- what is seen ------------------------------------------------------------------------------------------

    @property
    def visit(self) -> VisitId:
        """The open visit."""
        assert isinstance(self.state, VisitState)
        return self.state.visit.id

    @property
    def results(self) -> list[VisitSummary]:
        """Outcomes of this test's visits, oldest first."""
        return [each.summary for each in self.publisher.records[self._begun :] if each.kind is RecordKind.RESULT]

    async def shown(self, view: View) -> None:
        """Wait until exactly this was on the screen, now or before; its page says why in the catalogue's words."""
        await self.until(lambda: view in self.panel.views)
        if isinstance(view, NoticeView | RemoveCardView) and view.because is not None:
            for words in WORDS:
                page = layout(view, words)
                assert CATALOGUE[view.because].counter.of(words.language)[0] in {*page.title, *page.body}

    def shows_warning(self, code: FaultCode) -> bool:
        """Whether the screen of Idle names this fault now."""
        view = self.panel.views[-1] if self.panel.views else None
        return isinstance(view, IdleView) and code in view.warnings

    async def received(self, visit: VisitId) -> dict[str, Any]:
        """Wait for the message of a visit; its claims as the reception opened them."""
        await self.until(lambda: visit in {each for each, _ in self._delivered()})
        messages = self.house.reception.got("message", self.device)
        return next(message for message in messages if message["body"]["visit"] == visit)

    async def alerted(self, code: FaultCode) -> None:
        """Wait until the reception was told of this fault over MQTT."""
        await self.until(lambda: code in {said["code"] for said in self.house.reception.got("alert", self.device)})

    # ---- what the patient does ---------------------------------------------------------------------------------

    async def place(self, image: CardImage | None = None, script: FaultScript | None = None) -> VirtualCard:
        """Put a card on the reader: the usual one, or another, or one that misbehaves."""
        image = image or self.house.image
        await self.insure(image, "taro")
        self._cards.append(VirtualCard(image))
        self.reader.insert(self._cards[-1] if script is None else FaultyCard(self._cards[-1], script))
        return self._cards[-1]

    async def issue(self, photo: bytes | None = None, **options: Unpack[CardOptions]) -> CardImage:
        """A card that differs from the usual one."""
        return await asyncio.to_thread(lambda: self.house.card(photo, **options))

    async def insure(self, image: CardImage, name: str) -> None:
        """The gateway answers for this card as for the seeded person of that name, with the card's own birth date."""
        person = self.house.person
        await self.server.add_person(image.certificate, SEED[name].born(f"{person.birth:%Y%m%d}", person.sex.value))

    async def choose(self, method: Method) -> None:
        await self.at(ChoosingMethod)
        self.inputs.press(BUTTONS[method])

    async def enter(self, digits: str) -> None:
        """Type as soon as the keypad takes digits, and confirm."""
        await self.until(lambda: self.inputs.type_digits(digits))
        assert self.inputs.confirm()

    async def consent(self) -> None:
        await self.at(Consenting)
        self.inputs.press(Button.LEFT)

    async def pass_pin(self, image: CardImage | None = None) -> None:
        """To the consent, by PIN."""
        await self.place(image)
        await self.by_pin()

    async def by_pin(self) -> None:
        """From the choice of method to the consent."""
        await self.by_pin_until(Consenting)

    async def by_pin_until(self, state: type[State]) -> None:
        """As `by_pin`, where it must lead elsewhere."""
        await self.choose(Method.PIN)
        await self.enter(self.house.person.pin)
        await self.at(state)

    async def by_face(self) -> None:
        """From the choice of method to the face comparison."""
        await self.choose(Method.FACE)
        await self.enter(self.house.person.number_b)

    async def finish(self) -> VisitSummary:
        """Consent, wait for the visit's result, take the card."""
        before = len(self.results)
        await self.consent()
        await self.at(RemoveCard)
        assert len(self.results) == before + 1
        self.reader.remove()
        await self.at(Idle)
        return self.results[-1]

    # ---- what holds after every fault --------------------------------------------------------------------------

    def at_rest(self) -> None:
        """Idle with nothing left of the visit."""
        assert isinstance(self.state, Idle)
        assert len(self.runtime.effects.timers) == 0
        assert self.runtime.effects._visit is None

    async def goes_on(self) -> None:
        """The card is taken: Idle, the next visit works, everything ever committed arrives once, no fault is left."""
        self.reader.remove()
        await self.at(Idle)
        await self.until(lambda: not getattr(self.state, "glance", False))
        self.at_rest()
        await self.pass_pin()
        good = await self.finish()
        assert (good.outcome, good.fault) == (VisitOutcome.IDENTIFIED, None)
        assert good.eligibility is EligibilityCode.VALID
        self.at_rest()
        await self.until(lambda: self._delivered() == self._committed())
        await self.until(lambda: not self.state.device.faults)
        assert [entry for card in self._cards for entry in card.violations()] == []

    def _committed(self) -> list[tuple[str, str]]:
        return sorted((each.visit, each.kind.value) for each in self.publisher.records)

    def _delivered(self) -> list[tuple[str, str]]:
        messages = self.house.reception.got("message", self.device)
        return sorted((message["body"]["visit"], message["typ"]) for message in messages)


def assert_texts(*codes: FaultCode) -> None:
    """The catalogue says what the patient, the staff and the technician read, in both languages."""
    for code in codes:
        text = CATALOGUE[code]
        for language in ("ja", "en"):
            assert all(text.counter.of(language)), code
            assert text.staff.of(language), code
            assert text.remedy.of(language), code
