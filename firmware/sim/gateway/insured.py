"""`Insured`: what the simulated national system says about somebody, and how it finds people without a card.

Pure, any thread, no exceptions. Source: eligibility.md 2.6 to 2.10, 3.3 (numbers are compared without width, hyphens
and leading zeros); docs/gateway.yaml.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

Members = Mapping[str, object]

_NAMESAKE: Final = "999001"
_DROPPED: Final = re.compile(r"[-\u2010-\u2015\u2212\s]")


@dataclass(frozen=True, slots=True, repr=False)
class Insured:
    """What the national system says about one certificate. `coverages`: members as in docs/gateway.yaml `Coverage`.

    `after_registration`: the coverages once the card is registered; only with code "not-registered". `members`: what
    the answer's `Result` has beside, or instead of, its usual members.
    """

    code: str
    coverages: tuple[Members, ...] = ()
    after_registration: tuple[Members, ...] = ()
    members: Members = field(default_factory=dict)

    def born(self, birth_date: str, sex: str) -> "Insured":
        """The same answer for somebody with the birth date (YYYYMMDD) and sex (1, 2, 3) of a card."""
        own = {"Birthdate": birth_date, "Sex1": sex}
        return replace(
            self,
            coverages=tuple({**each, **own} for each in self.coverages),
            after_registration=tuple({**each, **own} for each in self.after_registration),
        )

    def namesake(self) -> "Insured":
        """Somebody else of the same name, birth date and sex: only the insured number differs."""
        return replace(
            self, coverages=tuple({**each, "InsuredIdentificationNumber": _NAMESAKE} for each in self.coverages)
        )


@dataclass(frozen=True, slots=True, repr=False)
class NumberSearch:
    """A number query; None: not given, so everything fits."""

    insurer: str
    number: str
    birth_date: str
    symbol: str | None = None
    branch: str | None = None

    def finds(self, person: Insured) -> bool:
        return any(self._fits(each) for each in person.coverages)

    def _fits(self, coverage: Members) -> bool:
        return (
            plain(self.insurer) == plain(coverage.get("InsurerNumber", ""))
            and plain(self.number) == plain(coverage.get("InsuredIdentificationNumber", ""))
            and self.birth_date == coverage["Birthdate"]
            and (self.symbol is None or plain(self.symbol) == plain(coverage.get("InsuredCardSymbol", "")))
            and (self.branch is None or plain(self.branch) == plain(coverage.get("InsuredBranchNumber", "")))
        )


@dataclass(frozen=True, slots=True, repr=False)
class PersonSearch:
    """A search in an emergency: name in kanji or kana; of the address, the part that is known."""

    name: str
    birth_date: str
    sex: str
    address: str

    def finds(self, person: Insured) -> bool:
        return any(self._fits(each) for each in (*person.coverages, *person.after_registration))

    def _fits(self, coverage: Members) -> bool:
        names = {plain(coverage.get(name, "")) for name in ("Name", "NameKana")}
        return (
            plain(self.name) in names
            and (self.birth_date, self.sex) == (coverage["Birthdate"], coverage["Sex1"])
            and plain(self.address) in plain(coverage.get("Address", ""))
        )


Search = NumberSearch | PersonSearch


def plain(text: object) -> str:
    """For comparing: one width, no hyphens, no blanks, no leading zeros."""
    return _DROPPED.sub("", unicodedata.normalize("NFKC", str(text))).lstrip("0")


def fingerprint(certificate: bytes) -> str:
    """Key of a person: SHA-256 of the certificate's DER, lower-case hex."""
    return hashlib.sha256(certificate).hexdigest()
