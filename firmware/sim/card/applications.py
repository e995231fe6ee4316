"""The card's applications: which files, reference data and keys exist, and what opens them.

Built once per card from its image; reference data keep their try counters for the card's life. Source: facts card.md
2, 2.1 to 2.4, 2.6. Counters and access rules that have a single public source, or none, are marked there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from firmware.sim.card.audit import JPKI, SURFACE
from firmware.sim.card.files import TokenLabel
from firmware.sim.card.image import CardImage
from firmware.sim.card.keys import PrivateKey

AID_JPKI = bytes.fromhex("d392f000260100000001")
AID_SURFACE = bytes.fromhex("d3921000310001010402")
AID_TEXT = bytes.fromhex("d3921000310001010408")
AID_REGISTRY = bytes.fromhex("d3921000310001010401")
AID_COMMON = bytes.fromhex("d3921000310001010100")
# Only the first seven bytes have a public source.
AID_LICENCE = bytes.fromhex("a0000002310600000000000000000000")
_CODE_TRIES = 10
_PIN_TRIES = 3
_SIGNING_TRIES = 5
_AGE_DIGITS = 6
_PIN_SIZE = range(4, 5)
_PASSWORD_SIZE = range(6, 17)
_FIXED = range(0)
Rules = dict[int, frozenset[int]]


@dataclass(frozen=True, slots=True, repr=False)
class TransparentFile:
    """`opened_by`: any one of these keys has to be verified before a READ; empty: free."""

    content: bytes
    opened_by: frozenset[int] = frozenset()


@dataclass(slots=True, repr=False)
class ReferenceData:
    """A PIN or number inside the chip, with its try counter. `sizes`: lengths of a new value; none: unchangeable."""

    value: bytes
    limit: int
    left: int
    sizes: range = _FIXED

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

    key: PrivateKey
    opened_by: int | None


@dataclass(frozen=True, slots=True, repr=False)
class Application:
    """`default_key` answers P2 = 00 of the signature command; `records`: files read by READ RECORD, one record each."""

    name: str
    aid: bytes
    files: Mapping[int, TransparentFile] = field(default_factory=dict)
    references: Mapping[int, ReferenceData] = field(default_factory=dict)
    keys: Mapping[int, SigningKey] = field(default_factory=dict)
    default_key: SigningKey | None = None
    records: Mapping[int, bytes] = field(default_factory=dict)

    def knows(self, number: int) -> bool:
        return any(number in kind for kind in (self.files, self.references, self.keys, self.records))


def _reference(value: str, limit: int, sizes: range = _FIXED, *, blocked: bool = False) -> ReferenceData:
    return ReferenceData(value.encode(), limit, 0 if blocked else limit, sizes)


def _files(contents: Mapping[int, bytes], rules: Rules) -> dict[int, TransparentFile]:
    return {number: TransparentFile(data, rules.get(number, frozenset())) for number, data in contents.items()}


def _surface(image: CardImage, stray: bytes) -> Application:
    secrets = image.secrets
    rules = {0x0001: frozenset({0x0011}), 0x0002: frozenset({0x0012, 0x0013}), 0x0005: frozenset({0x0013})}
    contents = {number: stray + data if number == 0x0002 else data for number, data in image.surface.items()}
    return Application(
        SURFACE,
        AID_SURFACE,
        files=_files(contents, rules),
        references={
            0x0011: _reference(secrets.number_b[:_AGE_DIGITS], _CODE_TRIES),
            0x0012: _reference(secrets.number_b, _CODE_TRIES, blocked=secrets.number_b_blocked),
            0x0013: _reference(secrets.number_a, _CODE_TRIES),
        },
        default_key=_chip_key(image),
    )


def _chip_key(image: CardImage) -> SigningKey:
    return SigningKey(image.keys.chip, None)


def _jpki(image: CardImage, carrier: TokenLabel) -> Application:
    secrets = image.secrets
    rules = {0x0001: frozenset({0x001B})}
    if carrier is TokenLabel.ANDROID:
        rules[0x000A] = frozenset({0x0018})
    return Application(
        JPKI,
        AID_JPKI,
        files=_files(image.jpki, rules),
        references={
            0x0018: _reference(secrets.pin, _PIN_TRIES, _PIN_SIZE, blocked=secrets.pin_blocked),
            0x001B: _reference(secrets.signing_password, _SIGNING_TRIES, _PASSWORD_SIZE),
        },
        # Nobody checks what 001A signs, so it need not have a key of its own.
        keys={0x0017: SigningKey(image.keys.auth, 0x0018), 0x001A: SigningKey(image.keys.chip, 0x001B)},
    )


def _text(image: CardImage) -> Application:
    secrets = image.secrets
    number, attributes = frozenset({0x0011, 0x0014}), frozenset({0x0011, 0x0015})
    return Application(
        "text",
        AID_TEXT,
        files=_files(image.text, {0x0001: number, 0x0002: attributes, 0x0003: number | attributes}),
        references={
            0x0011: _reference(secrets.pin, _PIN_TRIES, _PIN_SIZE),
            0x0012: _reference("", _PIN_TRIES, blocked=True),
            0x0014: _reference(secrets.number_a, _CODE_TRIES),
            0x0015: _reference(secrets.number_b, _CODE_TRIES),
        },
        keys={0x0013: _chip_key(image)},
        default_key=_chip_key(image),
    )


def _behind_pin(name: str, aid: bytes, contents: Mapping[int, bytes], key: int, pin: str) -> Application:
    """An application whose files all open with one PIN of three tries."""
    rules = dict.fromkeys(contents, frozenset({key}))
    return Application(name, aid, _files(contents, rules), {key: _reference(pin, _PIN_TRIES, _PIN_SIZE)})


def carrier_of(image: CardImage) -> TokenLabel:
    """On what the JPKI application runs, by EF 0006; a label that says nothing known is the plastic card's."""
    label = image.jpki.get(0x0006, b"")[:32].decode("ascii", "replace").rstrip()
    return TokenLabel(label) if label in {item.value for item in TokenLabel} else TokenLabel.CARD


def build_applications(image: CardImage, stray: bytes = b"") -> tuple[Application, ...]:
    """All applications of the plastic card; a phone has the JPKI application only. `stray`: see `Quirks`."""
    carrier = carrier_of(image)
    if carrier in {TokenLabel.ANDROID, TokenLabel.IPHONE}:
        return (_jpki(image, carrier),)
    pin = image.secrets.pin
    everywhere = (
        _jpki(image, carrier),
        _surface(image, stray),
        _text(image),
        _behind_pin("registry", AID_REGISTRY, image.registry, 0x001C, pin),
        Application("common", AID_COMMON, records=image.common),
    )
    licence = _behind_pin("licence", AID_LICENCE, image.licence, 0x001F, pin)
    return (*everywhere, licence) if image.licence else everywhere
