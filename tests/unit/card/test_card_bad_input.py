"""Issue 3, "Bad input": every broken image and every liar of the simulator, each with the outcome it has to have.

A visit by face (with short APDUs, so that a liar has many answers to spoil) and one by PIN, in process; outcomes are in
bad_input_expected.py. No byte and no word of the card may stand in an exception, in the APDU log or in the program's.
People are invented.
"""

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import pytest

from firmware.card.certificates import load_trust
from firmware.card.keys import FaceIssuer
from firmware.card.service import CardService
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import (
    CardKind,
    CertificateCheck,
    ChipCheck,
    ClockState,
    HolderCheck,
    IssuerCheck,
    RecordCheck,
    TryCode,
)
from firmware.core.secret import Secret
from firmware.sim.card.broken import BROKEN
from firmware.sim.card.contract import Card
from firmware.sim.card.evil import EVILS
from firmware.sim.card.image import CardImage, CardKeys
from firmware.sim.card.inprocess import InProcessReader
from firmware.sim.card.issue import issue_card
from firmware.sim.card.issuers import TestIssuers, create_issuers
from firmware.sim.card.machine import VirtualCard
from firmware.sim.card.person import invented_person
from firmware.sim.card.pictures import stand_in_photo
from firmware.sim.card.wrapper import WrappedCard
from tests.unit.card.bad_input_expected import BROKEN_CARDS, LIARS, Expected
from tests.unit.card.card_material import key

TODAY = date(2026, 1, 10)
NOW = datetime(2026, 1, 10, tzinfo=UTC).timestamp()
PERSON = invented_person(TODAY)
NEIGHBOUR = replace(PERSON, birth=date(1990, 7, 14), pin="7745", security_code="1020", token_serial="0000000099201002")
NUMBER_B, PIN = PERSON.number_b.encode(), PERSON.pin.encode()
ACCEPTED = "accepted"


class Tap(WrappedCard):
    """A card whose answers are kept, so that they can be looked for where they must not be."""

    def __init__(self, card: Card) -> None:
        super().__init__(card)
        self.answers: list[bytes] = []

    def process(self, apdu: bytes) -> bytes:
        answer = super().process(apdu)
        self.answers.append(answer[:-2])
        return answer


@dataclass(frozen=True)
class Fixtures:
    """What all cards here have in common."""

    issuers: TestIssuers
    image: CardImage
    other: CardImage

    def liar(self, name: str) -> Card:
        return EVILS[name](self.image, self.other)

    def broken(self, name: str) -> Card:
        return VirtualCard(BROKEN[name](self.image, self.issuers))

    def service(self, card: Card, *, short_apdus: bool) -> CardService:
        """With a pinned CA that only the card's EF 000B brings, as in a clinic."""
        reader = InProcessReader(silence=0.01)
        reader.insert(card)
        trust = load_trust([], frozenset({self.issuers.auth_ca_sha256}))
        issuer = FaceIssuer(self.issuers.record_issuer_id, self.issuers.record_issuer_key)
        return CardService(reader, trust, [issuer], short_apdus=short_apdus)


@pytest.fixture(scope="module")
def fixtures(tmp_path_factory: pytest.TempPathFactory) -> Fixtures:
    issuers, photo = create_issuers(TODAY), stand_in_photo((60, 80))
    image = issue_card(tmp_path_factory.mktemp("a"), PERSON, photo, issuers, keys=CardKeys(key("chip"), key("holder")))
    other = issue_card(
        tmp_path_factory.mktemp("b"), NEIGHBOUR, photo, issuers, keys=CardKeys(key("signer"), key("other"))
    )
    return Fixtures(issuers, image, other)


def by_face(service: CardService) -> Iterator[object]:
    """Outcomes of a visit by face, one by one."""
    yield service.identify().kind
    yield service.unlock(Secret(NUMBER_B)).code
    record = service.read_record()
    evidence = service.check_chip(record, bytes(32))
    yield from (evidence.chip, evidence.record, evidence.issuer)
    certificate = service.read_certificate(NOW, ClockState.SYNCED)
    yield from (certificate.check, certificate.holder)


def by_pin(service: CardService) -> Iterator[object]:
    """Outcomes of a visit by PIN."""
    yield service.identify().kind
    service.pin_tries()
    yield service.read_certificate(NOW, ClockState.SYNCED).check
    yield service.sign_with_pin(Secret(PIN), b"a challenge").code


GOOD = {
    CardKind.MY_NUMBER, TryCode.ACCEPTED, ChipCheck.PROVED, RecordCheck.SIGNED, IssuerCheck.VERIFIED,
    CertificateCheck.VALID, HolderCheck.SAME,
}  # fmt: skip


def outcome(visit: Callable[[CardService], Iterator[object]], service: CardService) -> tuple[str, DeviceError | None]:
    """The first outcome that does not accept, or the fault."""
    try:
        for each in visit(service):
            if each not in GOOD:
                return f"{type(each).__name__}.{each}", None
    except DeviceError as error:
        return error.code.value, error
    return ACCEPTED, None


def words_of(answers: list[bytes]) -> set[str]:
    """What would give the card away: its readable words, and six bytes of it in hex, wherever they begin."""
    words: set[str] = set()
    for answer in answers:
        words.update(word.decode() for word in re.findall(rb"[ -~]{5,}", answer))
        windows = (answer[at : at + 6] for at in range(min(len(answer), 4_096) - 5))
        words.update(window.hex() for window in windows if len(set(window)) > 3)
    return words


def told(error: DeviceError | None, service: CardService) -> str:
    """Everything that could be written somewhere, but how long it took: digits of chance."""
    texts = [str(replace(line, seconds=0.0)) for line in service.log]
    cause: BaseException | None = error
    while cause is not None:
        texts += [str(cause), repr(cause)]
        cause = cause.__cause__ or cause.__context__
    return "\n".join(texts)


def leaks(text: str, answers: list[bytes]) -> list[str]:
    secrets = {PERSON.number_b, PERSON.pin, PERSON.number_a, PERSON.name, PERSON.token_serial, PERSON.security_code}
    small = text.lower()
    return [word for word in secrets | words_of(answers) if word.lower() in small]


def judge(fixtures: Fixtures, card: Card, expected: Expected, caplog: pytest.LogCaptureFixture) -> None:
    """Both visits, one after the other on the same card."""
    caplog.set_level(logging.DEBUG)
    tap, ends = Tap(card), []
    for visit in (by_face, by_pin):
        service = fixtures.service(tap, short_apdus=visit is by_face)
        end, error = outcome(visit, service)
        ends.append(end)
        service.release()
        assert leaks(told(error, service) + caplog.text, tap.answers) == []
    assert ends == [expected.by_face, expected.by_pin]
    assert bool(expected.harmless) is (ends == [ACCEPTED, ACCEPTED])


@pytest.mark.parametrize("name", LIARS)
def test_a_liar_gets_one_fault_or_is_not_accepted(
    fixtures: Fixtures, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    judge(fixtures, fixtures.liar(name), LIARS[name], caplog)


@pytest.mark.parametrize("name", BROKEN_CARDS)
@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")  # of the odd serials
def test_a_broken_card_gets_one_fault_or_is_not_accepted(
    fixtures: Fixtures, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    judge(fixtures, fixtures.broken(name), BROKEN_CARDS[name], caplog)


def test_every_bad_card_has_an_expectation() -> None:
    assert LIARS.keys() == EVILS.keys()
    assert BROKEN_CARDS.keys() == BROKEN.keys()


def test_the_good_card_is_accepted(fixtures: Fixtures) -> None:
    for visit in (by_face, by_pin):
        assert outcome(visit, fixtures.service(VirtualCard(fixtures.image), short_apdus=False)) == (ACCEPTED, None)


@pytest.mark.parametrize("name", sorted(LIARS.keys() - {"verify-always-right"}))
def test_wrong_digits_open_no_liar(fixtures: Fixtures, name: str) -> None:
    """But the one whose chip gives itself the right ones."""

    def with_wrong_digits(service: CardService) -> Iterator[object]:
        yield service.identify().kind
        yield service.unlock(Secret(b"9" * 14)).code
        service.read_record()

    assert outcome(with_wrong_digits, fixtures.service(fixtures.liar(name), short_apdus=False))[0] != ACCEPTED


def test_what_would_give_a_card_away_is_found(fixtures: Fixtures) -> None:
    tap = Tap(VirtualCard(fixtures.image))
    service = fixtures.service(tap, short_apdus=False)
    assert outcome(by_face, service) == (ACCEPTED, None)
    assert leaks(told(None, service), tap.answers) == []
    written = fixtures.image.surface[0x0002]
    for text in (PERSON.token_serial, f"{PERSON.birth:%Y%m%d}", written[200:230].hex().upper(), "got " + PERSON.pin):
        assert leaks(text, tap.answers) != [], text
    error = DeviceError(FaultCode.CARD_GARBAGE, "outside")
    error.__cause__ = ValueError(PERSON.number_b)
    assert PERSON.number_b in leaks(told(error, service), tap.answers)
