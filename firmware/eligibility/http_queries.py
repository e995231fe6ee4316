"""`HttpQueries`: a reception's own questions, by insured number or (in a disaster) by the person's own data.

Loop thread; never blocks it. docs/gateway.yaml, `lookUpByNumber` and `searchInEmergency`. Nobody's chip stands behind
these questions, so the answer is compared with what was asked (rules.py): another birth date (or, in a disaster,
another sex), or the echo of another query, is IDENTITY_CONFLICT and nothing of the answer is shown; a result's other
insured number is only flagged (checks.py), because spellings differ.
One question is one look-up, whatever had to be repeated (exchange.py). Raises as exchange.py, and MESSAGE_TOO_LARGE.
"""

from dataclasses import replace
from datetime import date

from firmware.core.outcomes import EligibilityCode
from firmware.core.queries import NumberQuery, Query, ReceptionQuery
from firmware.eligibility.answers import Answer, settled, today_in_japan
from firmware.eligibility.config import GatewayConfig
from firmware.eligibility.evidence import Kind, Signer, query_members
from firmware.eligibility.exchange import Exchange, deadline
from firmware.eligibility.rules import ChipIdentity, of_somebody_else
from firmware.eligibility.visits import VisitLookUp
from firmware.ports import EligibilityAnswer


class HttpQueries:
    """Implements `ports.Queries`."""

    def __init__(self, config: GatewayConfig) -> None:
        self._clock = config.clock
        self._exchange = Exchange(config)
        self._signer = Signer(config)

    async def ask(self, query: ReceptionQuery, seconds: float) -> EligibilityAnswer:
        by_number = isinstance(query.query, NumberQuery)
        kind = Kind.NUMBER_LOOK_UP if by_number else Kind.EMERGENCY_SEARCH
        path = "/v1/number-lookups" if by_number else "/v1/emergency-searches"
        signed = self._signer.sign(kind, query.id, query_members(query.query, query.jws))
        async with deadline(seconds):
            answer = await self._exchange.answer(path, signed, query.id, VisitLookUp().learn)
        return compared(answer, query.query, today_in_japan(self._clock))

    async def check(self) -> None:
        """The pool of challenges tells it (http.py)."""

    async def close(self) -> None:
        await self._exchange.close()


def compared(answer: Answer, query: Query, today: date | None) -> EligibilityAnswer:
    """The outcome of an answer to `query`."""
    if isinstance(query, NumberQuery):
        query = replace(query, identifier=None)  # the gateway was not told it (evidence.py)
    if of_somebody_else(answer.confirmation, query):
        return EligibilityAnswer(EligibilityCode.IDENTITY_CONFLICT)
    return settled(answer, ChipIdentity(), today, query if isinstance(query, NumberQuery) else None)
