"""Fuzzing of the card layer: no hostile bytes bring up an undocumented exception, a false proof or an endless call.

20,000 responses here, a million in the long run (B2). A failure names its case: `fuzz_run.parser_case(seed, number)` or
`fuzz_session.play(seed, number)`. That the checks bite is tested too: with a signature check taken out of the device,
the sessions have to notice.
"""

import warnings
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from unittest import mock

import pytest

from firmware.card.service import CardService
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.secret import Secret
from firmware.face.photo import PhotoDecoder
from firmware.sim.card.machine import VirtualCard
from tests.property.card.fuzz_card import FuzzedCard, Mood
from tests.property.card.fuzz_corpus import corpus
from tests.property.card.fuzz_mutate import LONGEST, mutate
from tests.property.card.fuzz_promises import MOST_APDUS
from tests.property.card.fuzz_run import run_cut, run_parsers, run_sessions
from tests.property.card.fuzz_session import play
from tests.property.card.fuzz_targets import targets
from tools.fuzz.million import GOAL, measure

SEED = 3
PARSER_CASES, CUT_STEP, SESSIONS = 17_000, 16, 700
"""Together more than 20,000 responses."""
CUT, ALTERED = 1_300, 1_700
HONEST = Mood(rate=0.0, only=None, longest_answer=256, strange_connect=0.0)


@pytest.fixture(autouse=True)
def odd_certificates() -> Iterator[None]:
    """`cryptography` warns of certificates that it will not read any more one day; here they are odd on purpose."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def test_every_parser_accepts_what_is_valid() -> None:
    assert [name for name, target in targets().items() if not target.accepts(target.seeds[0])] == []


def test_parsers() -> None:
    tally = run_parsers(SEED, 0, PARSER_CASES)
    assert tally.failures == []
    # Mutants that nobody takes any more would test nothing behind the first look.
    assert all(0 < tally.accepted[name] < PARSER_CASES // len(targets()) for name in targets())


def test_files_cut_off_anywhere() -> None:
    tally = run_cut(CUT_STEP)
    assert tally.failures == []
    assert tally.responses >= CUT


def test_sessions() -> None:
    tally = run_sessions(SEED, 0, SESSIONS)
    assert tally.failures == []
    assert tally.over_budget == 0
    assert tally.responses >= ALTERED
    reached = {
        *("ChipCheck proved", "ChipCheck wrong", "RecordCheck signed", "RecordCheck wrong", "IssuerCheck verified"),
        *("IssuerCheck unknown", "certificate valid", "certificate unknown-issuer", "sign accepted", "sign CRD-006"),
        *("unlock accepted", "unlock wrong", "record CRD-003", "certificate CRD-030"),
    }
    assert reached <= tally.outcomes.keys()


def test_a_session_is_made_again_from_its_number() -> None:
    once, again = play(SEED, 11), play(SEED, 11)
    assert once == again
    assert once != play(SEED, 12)


def notices(sessions: int) -> bool:
    return any(run_sessions(SEED, first, 10).broken for first in range(0, sessions, 10))


@pytest.mark.parametrize(
    "taken_out",
    [
        "firmware.card.surface.signs_digest",
        "firmware.card.surface.signs_block",
        "firmware.card.surface.signs_message",
        "firmware.card.signatures.signs",
        "firmware.card.certificates._signed_by",
    ],
)
def test_a_missing_check_of_a_signature_is_noticed(taken_out: str) -> None:
    with mock.patch(taken_out, return_value=True):
        assert notices(400)


def test_what_is_said_of_the_card_is_noticed() -> None:
    """A text with the card's words in it breaks the promise."""
    quiet = DeviceError.__init__

    def talk(self: DeviceError, code: FaultCode, detail: str = "") -> None:
        quiet(self, code, detail + corpus().person.token_serial)

    with mock.patch.object(DeviceError, "__init__", talk):
        assert notices(50)


@pytest.mark.parametrize(
    ("claimed", "longest_answer", "fault", "most"),
    [
        (0x7FFB, 256, FaultCode.CARD_GARBAGE, MOST_APDUS["record"]),
        (0x7FFB, 65_536, FaultCode.CARD_GARBAGE, 6),
        (0x7FFC, 256, FaultCode.PHOTO_TOO_LARGE, 4),
        (0xFFFF, 65_536, FaultCode.PHOTO_TOO_LARGE, 4),
    ],
)
def test_the_longest_file_there_is(claimed: int, longest_answer: int, fault: FaultCode, most: int) -> None:
    """A record that claims all that its file may hold is read to its end in a bounded number of READs, no byte more."""
    valid = corpus()
    longest = b"\xff\x20\x82" + claimed.to_bytes(2, "big") + bytes(claimed)
    card = VirtualCard(replace(valid.image, surface={**valid.image.surface, 0x0002: longest}))
    fuzzed = FuzzedCard(card, chance_of("longest"), replace(HONEST, longest_answer=longest_answer))
    service = CardService(fuzzed, valid.trust())
    service.identify()
    service.unlock(Secret(valid.person.number_b.encode()))
    before = len(fuzzed.exchanges)
    with pytest.raises(DeviceError) as caught:
        service.read_record()
    assert caught.value.code is fault
    assert most - 4 <= len(fuzzed.exchanges) - before <= most


def chance_of(name: str) -> Random:
    return Random(name)  # noqa: S311 - it has to repeat


def decode_mutants(first: int, count: int) -> dict[FaultCode | None, int]:
    """How decoding mutated photos ended, each in a jailed process of its own; None: a picture."""
    valid, ends = corpus(), dict[FaultCode | None, int]()
    photo = valid.record[valid.record.index(b"\xdf\x27") + 5 :]
    decoder = PhotoDecoder()
    for number in range(first, first + count):
        chance = chance_of(f"{SEED}/photo/{number}")
        hurt = photo[:12] + mutate(chance, photo[12:]) if number else photo[:12] + bytes(LONGEST)
        end: FaultCode | None = None
        try:
            decoder.decode(Secret(hurt))
        except DeviceError as error:
            end = error.code
        ends[end] = ends.get(end, 0) + 1
    decoder.close()
    return ends


PHOTO_ENDS = {None, FaultCode.PHOTO_BROKEN, FaultCode.PHOTO_TOO_LARGE, FaultCode.PHOTO_TIMEOUT}


def test_photos() -> None:
    ends = decode_mutants(0, 10)
    assert ends.keys() <= PHOTO_ENDS
    assert ends[FaultCode.PHOTO_TOO_LARGE] >= 1


@pytest.mark.long
@pytest.mark.timeout(600)
def test_many_photos() -> None:
    ends = decode_mutants(10, 1_000)
    assert ends.keys() <= PHOTO_ENDS
    assert len(ends) > 2


@pytest.mark.long
@pytest.mark.timeout(3_600)
def test_a_million_responses() -> None:
    figures = measure(GOAL, seed=SEED)
    print({name: figures[name] for name in ("responses", "sessions", "seconds", "peak_rss_mb", "growth_mb", "slowest")})
    assert figures["failures"] == []
    assert int(str(figures["responses"])) >= GOAL
    assert float(str(figures["growth_mb"])) < 64
