"""What a reception may ask without a card: eligibility by insured number, and in a disaster by the person's own data.

Values only. Personal throughout, so no repr shows any of it. Source: eligibility.md 2.6 (number query), 1.8 (disaster).
"""

from dataclasses import dataclass
from datetime import date

from firmware.core.ids import VisitId


@dataclass(frozen=True, slots=True, repr=False)
class NumberQuery:
    """Insured number of a 資格確認書. `branch`: 2 digits.

    `limit_consent`: the patient said that 限度額情報 (what limits the monthly burden) may be fetched.
    `identifier`: the reception's own mark of the patient, echoed.
    """

    insurer_number: str
    number: str
    birth_date: date
    symbol: str | None = None
    branch: str | None = None
    limit_consent: bool = False
    identifier: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class PersonQuery:
    """緊急時医療情報・資格確認機能: the person's own data. `sex`: 1 or 2 (table 007)."""

    name: str
    birth_date: date
    sex: str
    address: str


Query = NumberQuery | PersonQuery


@dataclass(frozen=True, slots=True, repr=False)
class ReceptionQuery:
    """A checked request of a reception. `id`: random, made by the device; stands where a visit's id does.

    `request`: its jti. `jws`: as it came, the evidence towards the gateway.
    """

    id: VisitId
    reception: str
    request: str
    query: Query
    jws: str


@dataclass(frozen=True, slots=True)
class OpenQuery:
    """A query that was taken and not answered yet: ids and a time (wall seconds), nothing of what was asked."""

    reception: str
    request: str
    id: VisitId
    asked: float
