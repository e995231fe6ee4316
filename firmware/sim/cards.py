"""The cards of a simulated world and the slot they are put into.

Kinds: `holder` (the invented holder's card); `forged` (a chip with the forger's own keys that shows the holder's
certificate); `no-pin` (the card without a PIN, 顔認証マイナンバーカード); `phone` (the application in an Android secure
element, without a card face); `resident` (of a foreign resident: Gregorian year in number B); `licence` (with the
driver's licence application); `foreign` (a railway card). All but the last belong to the same invented person.
Making keys takes some tenths of a second, removing waits for the card's thread: call them off the loop, one at a time.
Keys live in the world's private folder and go with it. Raises CardsError.
"""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from firmware.sim.card.contract import Card
from firmware.sim.card.files import TokenLabel
from firmware.sim.card.image import CardImage
from firmware.sim.card.issue import CardOptions, issue_card
from firmware.sim.card.issuers import TestIssuers, create_issuers
from firmware.sim.card.link import LinkedCard
from firmware.sim.card.machine import VirtualCard
from firmware.sim.card.others import OtherCard, OtherKind
from firmware.sim.card.person import Person, invented_person
from firmware.sim.pcsc.vpcd import VpcdSlot

_FOREIGN: Final = "foreign"
KINDS: Final = ("holder", "forged", "no-pin", "phone", "resident", "licence", _FOREIGN)


class CardsError(Exception):
    """There is no such card, or the slot is not free."""


class Cards:
    """Issuers, cards and slot of one world. `contactless`: the cards answer as slowly as over the air."""

    def __init__(self, folder: Path, photo: bytes, *, contactless: bool = False) -> None:
        self._folder = folder
        self._photo = photo
        self._contactless = contactless
        self._today: date = datetime.now(UTC).date()
        self._issuers: TestIssuers | None = None
        self._images: dict[str, CardImage] = {}
        self._chips: dict[str, VirtualCard] = {}
        self._foreign = OtherCard(OtherKind.TRANSIT)
        self._slot: VpcdSlot | None = None
        self.person: Person = invented_person(self._today)

    def make_issuers(self) -> None:
        """New keys of the test CA and of the issuer of card-face records, with what a site installs of them."""
        self._folder.mkdir(mode=0o700)
        self._issuers = create_issuers(self._today)
        self.ca_file.write_bytes(self._issuers.auth_ca_der)
        key = self._issuers.record_issuer_key
        self.face_issuer_file.write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

    @property
    def ca_file(self) -> Path:
        """The CA certificate that devices and gateway trust."""
        return self._folder / "auth-ca.der"

    @property
    def face_issuer_file(self) -> Path:
        """The public key that proves card-face records."""
        return self._folder / "face-issuer.pem"

    def issue(self) -> None:
        """Make the holder's card. Needs `make_issuers`."""
        self._image("holder")

    def certificate(self) -> bytes:
        """The holder's certificate, DER."""
        return self._image("holder").certificate

    def attach(self, port: int) -> None:
        """Use the virtual reader's slot at `port`."""
        self._slot = VpcdSlot(port)

    def insert(self, kind: str) -> None:
        """Put a card of `kind` into the slot."""
        if self._slot is None or self._slot.occupied:
            raise CardsError("the slot is not free")
        card = self._card(kind)
        self._slot.remove()
        self._slot.insert(LinkedCard(card) if self._contactless else card)

    def remove(self) -> None:
        """Take the card out. Idempotent."""
        if self._slot is not None:
            self._slot.remove()

    def swap(self, kind: str) -> None:
        """Take the card out and put another one in at once."""
        self._card(kind)
        self.remove()
        self.insert(kind)

    def commands(self) -> int:
        """Commands that all cards have answered."""
        return sum(len(chip.log.entries) for chip in self._chips.values()) + len(self._foreign.headers)

    def violations(self) -> list[str]:
        """Commands outside the allow-list, as the My Number Cards saw them."""
        return [str(entry) for chip in self._chips.values() for entry in chip.log.violations()]

    def _card(self, kind: str) -> Card:
        if kind == _FOREIGN:
            return self._foreign
        if kind not in self._chips:
            self._chips[kind] = VirtualCard(self._image(kind))
        return self._chips[kind]

    def _image(self, kind: str) -> CardImage:
        if kind not in KINDS:
            raise CardsError("no such card")
        if self._issuers is None:
            raise CardsError("no issuers yet")
        if kind not in self._images:
            folder, person = self._folder / kind, self.person
            if kind == "resident":
                person = replace(person, gregorian_birth_year=True)
            options = self._options(kind)
            self._images[kind] = issue_card(folder, person, self._photo, self._issuers, **options)
        return self._images[kind]

    def _options(self, kind: str) -> CardOptions:
        match kind:
            case "forged":
                return CardOptions(forged=True, copy_certificate_of=self._image("holder"))
            case "no-pin":
                return CardOptions(pin_blocked=True)
            case "phone":
                return CardOptions(token_label=TokenLabel.ANDROID)
            case "licence":
                return CardOptions(licence=True)
            case _:
                return CardOptions()
