"""The card's applications: which files, reference data and keys exist, and what opens them.

Built once per card from its image; reference data keep their try counters for the card's life. Source: facts card.md
2.1, 2.2, 2.3, 2.6. Counters that have a single public source are marked there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import rsa

from firmware.sim.card.audit import JPKI, SURFACE
from firmware.sim.card.image import CardImage

AID_JPKI = bytes.fromhex("d392f000260100000001")
AID_SURFACE = bytes.fromhex("d3921000310001010402")
AID_TEXT = bytes.fromhex("d3921000310001010408")
AID_REGISTRY = bytes.fromhex("d3921000310001010401")
AID_COMMON = bytes.fromhex("d3921000310001010100")
_CODE_TRIES = 10
_PIN_TRIES = 3
_SIGNING_TRIES = 5


@dataclass(frozen=True, slots=True, repr=False)
class TransparentFile:
    """`opened_by`: any one of these keys has to be verified before a READ; empty: free."""

    content: bytes
    opened_by: frozenset[int] = frozenset()


@dataclass(slots=True, repr=False)
class ReferenceData:
    """A PIN or number inside the chip, with its try counter."""

    value: bytes
    limit: int
    left: int

    @property
    def blocked(self) -> bool:
        return self.left == 0

    def compare(self, given: bytes) -> bool:
        """One try: a right value restores the counter, a wrong one (of any length) costs a try."""
        if given == self.value:
            self.left = self.limit
            return True
        self.left -= 1
        return False


@dataclass(frozen=True, slots=True)
class SigningKey:
    """`opened_by`: key that has to be verified first, None if the signature is free."""

    key: rsa.RSAPrivateKey
    opened_by: int | None


@dataclass(frozen=True, slots=True, repr=False)
class Application:
    """`default_key` answers P2 = 00 of the signature command."""

    name: str
    aid: bytes
    files: Mapping[int, TransparentFile] = field(default_factory=dict)
    references: Mapping[int, ReferenceData] = field(default_factory=dict)
    keys: Mapping[int, SigningKey] = field(default_factory=dict)
    default_key: SigningKey | None = None

    def knows(self, number: int) -> bool:
        return number in self.files or number in self.references or number in self.keys


def _reference(value: str, limit: int, *, blocked: bool = False) -> ReferenceData:
    return ReferenceData(value.encode(), limit, 0 if blocked else limit)


def _surface(image: CardImage) -> Application:
    secrets = image.secrets
    guards = {0x0002: frozenset({0x0012, 0x0013}), 0x0005: frozenset({0x0013})}
    return Application(
        SURFACE,
        AID_SURFACE,
        files={
            number: TransparentFile(data, guards.get(number, frozenset())) for number, data in image.surface.items()
        },
        references={
            0x0012: _reference(secrets.number_b, _CODE_TRIES, blocked=secrets.number_b_blocked),
            0x0013: _reference(secrets.number_a, _CODE_TRIES),
        },
        default_key=SigningKey(image.keys.chip, None),
    )


def _jpki(image: CardImage) -> Application:
    secrets = image.secrets
    guards = {0x0001: frozenset({0x001B})}
    return Application(
        JPKI,
        AID_JPKI,
        files={number: TransparentFile(data, guards.get(number, frozenset())) for number, data in image.jpki.items()},
        references={
            0x0018: _reference(secrets.pin, _PIN_TRIES, blocked=secrets.pin_blocked),
            0x001B: _reference(secrets.signing_password, _SIGNING_TRIES),
        },
        keys={0x0017: SigningKey(image.keys.auth, 0x0018)},
    )


def build_applications(image: CardImage) -> tuple[Application, ...]:
    """All applications of the plastic card. The last three only exist: whoever selects them shows in the log."""
    return (
        _jpki(image),
        _surface(image),
        Application("text", AID_TEXT),
        Application("registry", AID_REGISTRY),
        Application("common", AID_COMMON),
    )
