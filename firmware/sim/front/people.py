"""A pool of invented card holders: every era, first years, Gregorian years, all kinds of days and codes.

Pure values, any thread. A holder is a `Person` of the simulated chip together with the Japanese text of the card's
front, so that chip and front tell the same story. Nobody here exists: names and places are made up, and every 12-digit
number has a wrong check digit. Source: facts card.md 2.2 and 4.1.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import numpy as np

from firmware.sim.card.person import Person, Sex, birthday_in, has_right_check_digit

TODAY = date(2026, 6, 1)
"""The pool's cards are all valid on this day; a fixed one, so that a seed means the same people for ever."""

_FAMILY = (
    ("窓口", "MADOGUCHI"), ("景色", "KESHIKI"), ("風待", "KAZAMACHI"), ("月見里", "YAMANASHI"), ("星降", "HOSHIFURI"),
    ("雨音", "AMANE"), ("朝凪", "ASANAGI"), ("木漏", "KOMORE"), ("霧立", "KIRITACHI"), ("花筏", "HANAIKADA"),
    ("雪解", "YUKIGE"), ("波間", "NAMIMA"),
)  # fmt: skip
_GIVEN_MALE = (("試", "TAMESHI"), ("窓太", "SOTA"), ("例一", "REIICHI"), ("見本", "MIHON"), ("紙之助", "KAMINOSUKE"))
_GIVEN_FEMALE = (("例子", "REIKO"), ("窓花", "MADOKA"), ("見本子", "MIHOKO"), ("試音", "SHION"), ("花見", "HANAMI"))
_FOREIGN = ("SILVA MARIA INVENTA", "NGUYEN THI MAU", "EXAMPLE JOHN", "KIM GEUNA", "MUSTER ERIKA", "DELA CRUZ HALIMBAWA")
_TOWNS = ("窓口町", "景色が丘", "見本通", "例示台", "架空本町", "仮名川町")
_CITIES = (("真戸県", "景色市"), ("仮野県", "例示市"), ("見本県", "架空町"))
_ERA_DAYS = {
    "showa": (date(1930, 1, 1), date(1989, 1, 7)),
    "heisei": (date(1990, 1, 1), date(2019, 4, 30)),
    "reiwa": (date(2020, 1, 1), date(2026, 5, 1)),
    "heisei first year": (date(1989, 1, 8), date(1989, 12, 31)),
    "reiwa first year": (date(2019, 5, 1), date(2019, 12, 31)),
    "gregorian": (date(1940, 1, 1), date(2015, 12, 31)),
}
_ERA_WEIGHTS = (0.42, 0.28, 0.08, 0.06, 0.06, 0.10)
_ADULT = 18
_YEARS_ADULT, _YEARS_MINOR = 10, 5


@dataclass(frozen=True, slots=True, repr=False)
class Holder:
    """A person and what the card's front shows of them in Japanese.

    `print_seed` fixes what differs from card to card (places, typeface, photo, pattern): the same holder always has the
    same card, whatever the camera does.
    """

    person: Person
    name: str
    address: str
    city: str
    print_seed: int

    @property
    def number_b(self) -> str:
        return self.person.number_b


def wrong_number(rng: np.random.Generator) -> str:
    """12 digits that are nobody's My Number: the check digit is wrong."""
    body = "".join(str(digit) for digit in rng.integers(0, 10, 11))
    lasts = [str(digit) for digit in rng.permutation(10)]
    return next(body + last for last in lasts if not has_right_check_digit(body + last))


def _day_between(rng: np.random.Generator, first: date, last: date) -> date:
    return first + timedelta(days=int(rng.integers(0, (last - first).days + 1)))


def _expiry(rng: np.random.Generator, birth: date, issued: date, *, foreign: bool) -> date:
    """The 10th birthday after issue, of minors the 5th; of foreign residents any day, as their stay ends."""
    if foreign:
        return _day_between(rng, issued + timedelta(days=90), issued + timedelta(days=5 * 365))
    years = _YEARS_ADULT if birthday_in(birth, birth.year + _ADULT) <= issued else _YEARS_MINOR
    first = issued.year if birthday_in(birth, issued.year) > issued else issued.year + 1
    return birthday_in(birth, first + years - 1)


def _validity(rng: np.random.Generator, birth: date, *, foreign: bool) -> tuple[date, date]:
    """Issue and expiry of a card that is valid on `TODAY`."""
    earliest = max(birth + timedelta(days=20), birthday_in(TODAY, TODAY.year - _YEARS_ADULT))
    while True:
        issued = _day_between(rng, earliest, TODAY)
        expiry = _expiry(rng, birth, issued, foreign=foreign)
        if expiry >= TODAY:
            return issued, expiry


def _name(rng: np.random.Generator, sex: Sex, *, foreign: bool) -> tuple[str, str]:
    if foreign:
        name = str(rng.choice(_FOREIGN))
        return name, name
    family, family_latin = _FAMILY[rng.integers(len(_FAMILY))]
    given = _GIVEN_MALE if sex is Sex.MALE else _GIVEN_FEMALE
    own, own_latin = given[rng.integers(len(given))]
    return f"{family} {own}", f"{family_latin} {own_latin}"


def invented_holder(seed: int) -> Holder:
    rng = np.random.default_rng((seed, 0xCA2D))
    era = str(rng.choice(list(_ERA_DAYS), p=_ERA_WEIGHTS))
    foreign = era == "gregorian"
    birth = _day_between(rng, *_ERA_DAYS[era])
    sex = Sex.MALE if rng.random() < 0.5 else Sex.FEMALE
    issued, expiry = _validity(rng, birth, foreign=foreign)
    name, latin = _name(rng, sex, foreign=foreign)
    prefecture, city = _CITIES[rng.integers(len(_CITIES))]
    block = rng.integers(1, 30, 3)
    address = f"{prefecture}{city}{rng.choice(_TOWNS)}{block[0]}丁目{block[1]}番{block[2]}号"
    if rng.random() < 0.3:
        address += f"見本荘{rng.integers(101, 999)}号室"
    person = Person(
        name=latin,
        address=f"{block[0]}-{block[1]}-{block[2]} MADOGUCHI",
        birth=birth,
        sex=sex,
        certificate_issued=issued,
        card_expiry=expiry,
        security_code=f"{rng.integers(0, 10_000):04}",
        pin=f"{rng.integers(0, 10_000):04}",
        number_a=wrong_number(rng),
        token_serial=f"99201{rng.integers(0, 10**11):011}",
        gregorian_birth_year=foreign,
    )
    return Holder(person, name, address, city, seed)


@cache
def invented_people(count: int, seed: int = 0) -> tuple[Holder, ...]:
    """`count` holders; the same seed gives the same people, a longer pool begins with the shorter one."""
    if not 0 < count <= 100_000:
        raise ValueError("a pool has 1 to 100,000 people")
    return tuple(invented_holder(seed * 100_003 + index) for index in range(count))
