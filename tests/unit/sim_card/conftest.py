"""Cards for the tests of the virtual card: issued once per run, since every RSA key costs a tenth of a second."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from firmware.sim.card.image import CardImage, CardKeys
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


def _rsa(image: CardImage) -> RSAPrivateKey:
    """The user-authentication key: making another one would cost a tenth of a second."""
    assert isinstance(image.keys.auth, RSAPrivateKey)
    return image.keys.auth


@pytest.fixture(scope="session")
def other_image(
    tmp_path_factory: pytest.TempPathFactory, image: CardImage, person: Person, photo: bytes, issuers: TestIssuers
) -> CardImage:
    """Somebody else's card of the same issuers, with the driver's licence on it."""
    other = replace(person, name="KAO HANAKO", security_code="1234", token_serial="0000000099201002")
    swapped = CardKeys(_rsa(image), image.keys.chip)
    where = tmp_path_factory.mktemp("cards") / "other"
    return issue_card(where, other, photo[::-1], issuers, keys=swapped, licence=True)


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
