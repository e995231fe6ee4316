"""Cards for the tests of the virtual card: issued once per run, since every RSA key costs a tenth of a second."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from firmware.sim.card.image import CardImage
from firmware.sim.card.issue import issue_card
from firmware.sim.card.issuers import TestIssuers, create_issuers
from firmware.sim.card.machine import VirtualCard
from firmware.sim.card.person import Person, invented_person
from firmware.sim.card.pictures import stand_in_photo

TODAY = date(2026, 1, 10)
Send = Callable[[str], tuple[bytes, int]]


@pytest.fixture(scope="session")
def issuers() -> TestIssuers:
    return create_issuers(TODAY)


@pytest.fixture(scope="session")
def person() -> Person:
    return invented_person(TODAY)


@pytest.fixture(scope="session")
def photo() -> bytes:
    return stand_in_photo()


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory, person: Person, photo: bytes, issuers: TestIssuers) -> CardImage:
    return issue_card(tmp_path_factory.mktemp("cards") / "plain", person, photo, issuers)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "card"


@pytest.fixture
def card(image: CardImage) -> VirtualCard:
    card = VirtualCard(image)
    card.power_on()
    return card


def sender(card: VirtualCard) -> Send:
    """Commands as hex with spaces, answers as data and status word."""

    def send(text: str) -> tuple[bytes, int]:
        answer = card.process(bytes.fromhex(text))
        return answer[:-2], int.from_bytes(answer[-2:], "big")

    return send


@pytest.fixture
def send(card: VirtualCard) -> Send:
    return sender(card)


@pytest.fixture
def new_sender() -> Callable[[VirtualCard], Send]:
    return sender
