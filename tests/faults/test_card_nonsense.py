"""Bad input: a card that answers garbage, a card that answers nothing."""

from dataclasses import replace

import pytest

from firmware.core.faults import FaultCode
from firmware.core.outcomes import Method, VisitOutcome
from firmware.core.views import RemoveCardView
from firmware.session.model import EnteringPin, RemoveCard
from firmware.sim.card.faults import FaultScript
from tests.faults.bench import POLICY, Bench, Build, assert_texts
from tests.faults.commands import Begin, Face, Pin, sent_digits
from tests.faults.conftest import Make

OK = b"\x90\x00"
NONSENSE = {
    "nothing": b"",
    "no status word": b"\x00\x00",
    "unknown status word": b"\x6f\x00",
    "more than asked": bytes(200) + OK,
}


@pytest.mark.parametrize("answer", ["nothing", "no status word"])
async def test_garbage_before_the_card_is_known(bench: Bench, answer: str) -> None:
    card = await bench.place(script=FaultScript(garbage={Begin.SELECT_JPKI: NONSENSE[answer]}))
    await bench.shown(RemoveCardView(because=FaultCode.CARD_GARBAGE))
    assert not bench.results, "a card that is not known is no visit"
    assert len(card.log.entries) == 0
    assert_texts(FaultCode.CARD_GARBAGE)
    await bench.goes_on()


@pytest.mark.parametrize("answer", NONSENSE)
async def test_garbage_instead_of_the_token(bench: Bench, answer: str) -> None:
    await bench.place(script=FaultScript(garbage={Begin.READ_TOKEN: NONSENSE[answer]}))
    await bench.shown(RemoveCardView(because=FaultCode.CARD_GARBAGE))
    assert not bench.results
    await bench.goes_on()


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (Face.VERIFY, b"\x90"),
        (Face.READ_HEADER, bytes(7) + OK),
        (Face.READ_HEADER, b"\xff\x20\x84\xff\xff\xff\xff" + OK),
        (Face.READ_PHOTO, bytes(256) + b"\x6b\x00"),
        (Face.READ_PHOTO, b"short" + OK),
        (Face.PROVE, b"\x00"),
        (Face.READ_CERTIFICATE, b"\x90"),
    ],
    ids=lambda value: value.name if isinstance(value, Face) else value.hex()[-6:],
)
async def test_garbage_in_the_visit_ends_it(bench: Bench, command: Face, answer: bytes) -> None:
    card = await bench.place(script=FaultScript(garbage={command: answer}))
    await bench.by_face()
    await bench.shown(RemoveCardView(because=FaultCode.CARD_GARBAGE))
    await bench.until(lambda: bench.results)
    (result,) = bench.results
    assert (result.outcome, result.fault) == (VisitOutcome.FAULT, FaultCode.CARD_GARBAGE)
    assert sent_digits(card) == (command > Face.VERIFY), "number B was not sent a second time"
    await bench.goes_on()


async def test_garbage_instead_of_a_certificate(bench: Bench) -> None:
    await bench.place(script=FaultScript(garbage={Pin.READ_CERTIFICATE + 1: b"\xff" * 256 + OK}))
    await bench.choose(Method.PIN)
    await bench.shown(RemoveCardView(because=FaultCode.CERTIFICATE_BROKEN))
    await bench.until(lambda: bench.results)
    assert bench.results[0].fault is FaultCode.CERTIFICATE_BROKEN
    assert_texts(FaultCode.CERTIFICATE_BROKEN)
    await bench.goes_on()


# ---- nothing ---------------------------------------------------------------------------------------------------


async def test_silence_before_the_card_is_known(bench: Bench) -> None:
    await bench.place(script=FaultScript(silent_from=Begin.SELECT_JPKI))
    await bench.shown(RemoveCardView(because=FaultCode.CARD_SILENT))
    assert not bench.results
    assert_texts(FaultCode.CARD_SILENT)
    await bench.goes_on()


@pytest.mark.parametrize(
    "command", [Face.VERIFY, Face.READ_PHOTO, Face.PROVE, Face.READ_CERTIFICATE], ids=lambda command: command.name
)
async def test_silence_in_the_visit_ends_it(bench: Bench, command: Face) -> None:
    card = await bench.place(script=FaultScript(silent_from=command))
    await bench.by_face()
    await bench.shown(RemoveCardView(because=FaultCode.CARD_SILENT))
    await bench.until(lambda: bench.results)
    (result,) = bench.results
    assert (result.outcome, result.fault) == (VisitOutcome.FAULT, FaultCode.CARD_SILENT)
    assert len(card.log.entries) == command - 1, "nothing more was sent"
    await bench.goes_on()


async def test_silence_after_the_pin_does_not_send_it_again(bench: Bench) -> None:
    card = await bench.place(script=FaultScript(silent_from=Pin.SIGN))
    await bench.by_pin_until(RemoveCard)
    await bench.until(lambda: bench.results)
    assert bench.results[0].fault is FaultCode.CARD_SILENT
    assert sent_digits(card) == 1
    await bench.goes_on()


@pytest.mark.parametrize("command", [Begin.SELECT_JPKI, Pin.VERIFY], ids=lambda command: command.name)
async def test_reader_that_waits_longer_than_the_visit(make: Make, command: int) -> None:
    """The session's own timer ends the visit; taking the card frees the lane."""
    bench = await make(Build(policy=replace(POLICY, card_seconds=0.2), silence=30.0))
    await bench.place(script=FaultScript(silent_from=command))
    if command is Pin.VERIFY:
        await bench.by_pin_until(EnteringPin)
    await bench.shown(RemoveCardView(because=FaultCode.CARD_SILENT))
    await bench.goes_on()
