"""Invented people and what is printed on their cards.

Pure values, any thread. Nobody here exists: the municipality code is not given out and a 12-digit number whose check
digit would be right is refused. Source: facts card.md 2.2 (number B), 4.1 (validity), My Number check digit of the
ministerial ordinance. Raises ValueError for values no card could carry.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from enum import Enum

_ERAS = ((date(2019, 5, 1), 2019), (date(1989, 1, 8), 1989), (date(1926, 12, 25), 1926), (date(1912, 7, 30), 1912))
_JAPAN_END_OF_DAY = time(14, 59, 59, tzinfo=UTC)
_CERTIFICATE_BIRTHDAYS = 5


class Sex(Enum):
    """As EF 0002 writes it (DF23)."""

    MALE = "1"
    FEMALE = "2"
    NOT_APPLICABLE = "9"


@dataclass(frozen=True, slots=True)
class Municipality:
    """Where the card was issued: five digits and the Latin names that the certificate's CRL address shows."""

    code: str = "99201"
    prefecture: str = "Madoguchi-ken"
    name: str = "Keshiki-shi"


def era_year(day: date) -> int:
    """Year of the Japanese era that `day` falls in, as printed on the card of a national."""
    for first_day, first_year in _ERAS:
        if day >= first_day:
            return day.year - first_year + 1
    raise ValueError("born before the eras a card can show")


def has_right_check_digit(number: str) -> bool:
    """Whether 12 digits could be a My Number that was really given to somebody."""
    weights = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
    rest = sum(int(digit) * weight for digit, weight in zip(number[:11], weights, strict=True)) % 11
    return int(number[11]) == (0 if rest <= 1 else 11 - rest)


def birthday_in(birth: date, year: int) -> date:
    """The birthday in `year`; of those born on 29 February the 28th in common years."""
    try:
        return birth.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def certificate_end(birth: date, issued: date, card_expiry: date) -> datetime:
    """The 5th birthday after issue, never past the card's expiry; 23:59:59 in Japan."""
    first = issued.year if birthday_in(birth, issued.year) > issued else issued.year + 1
    last = birthday_in(birth, first + _CERTIFICATE_BIRTHDAYS - 1)
    return datetime.combine(min(last, card_expiry), _JAPAN_END_OF_DAY)


def _require_digits(text: str, size: int, what: str) -> None:
    if len(text) != size or not (text.isascii() and text.isdigit()):
        raise ValueError(f"{what} has to be {size} digits")


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """The holder of a simulated card. `name` and `address` are drawn as pictures: ASCII only.

    `gregorian_birth_year`: cards of foreign residents print the Gregorian year. `token_serial`: EF 0006.
    """

    name: str
    address: str
    birth: date
    sex: Sex
    certificate_issued: date
    card_expiry: date
    security_code: str
    pin: str
    number_a: str
    token_serial: str
    municipality: Municipality = field(default_factory=Municipality)
    gregorian_birth_year: bool = False

    def __post_init__(self) -> None:
        _require_digits(self.security_code, 4, "security code")
        _require_digits(self.pin, 4, "PIN")
        _require_digits(self.number_a, 12, "number A")
        _require_digits(self.token_serial, 16, "token serial")
        _require_digits(self.municipality.code, 5, "municipality code")
        if has_right_check_digit(self.number_a):
            raise ValueError("number A could belong to somebody: change its last digit")

    @property
    def number_b(self) -> str:
        """The 14 digits that open the card face: birth YYMMDD as printed, expiry YYYY, security code."""
        year = self.birth.year % 100 if self.gregorian_birth_year else era_year(self.birth)
        return f"{year:02}{self.birth:%m%d}{self.card_expiry.year:04}{self.security_code}"


def invented_person(today: date) -> Person:
    """Somebody whose certificate is valid for years around `today`; change parts with `dataclasses.replace`."""
    issued = date(today.year - 1, 6, 1)
    birth = date(1972, 11, 3)
    return Person(
        name="MADO TARO",
        address="1-2-3 KESHIKI MADOGUCHI-KEN",
        birth=birth,
        sex=Sex.MALE,
        certificate_issued=issued,
        card_expiry=birthday_in(birth, issued.year + 10),
        security_code="4817",
        pin="2963",
        number_a="731904258661",
        token_serial="0000000099201001",  # noqa: S106 - an invented serial, not a password
    )
