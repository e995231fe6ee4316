"""A reception's own queries: what is offered now, how often, and what the sealed text asks for. Paho's thread.

Order of the checks: offered at all, clock, disaster mode, rate, sealed text. With an unknown clock no query passes: an
old one could have been recorded and sent again, and nobody could tell. A search by person also needs disaster mode,
which ends by itself; an end that lies further ahead than 31 days is taken for a mistake in the settings.

Each reception has a token bucket: `burst` queries at once, then `per_minute`. Refusals that only say "not now" are
answered and raise no alert. Raises DeviceError REQUEST_MALFORMED for what cannot be opened or read; no detail of it
holds what was sent. Source: design.md "The message contract"; eligibility.md 1.8, 2.6.
"""

import time
from collections.abc import Callable
from secrets import token_hex

from pydantic import ValidationError

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import ClockState
from firmware.core.queries import Query, ReceptionQuery
from firmware.publish.config import DAY, PublishConfig
from firmware.publish.contract_read import Request, SealedLookup, SealedSearch
from firmware.publish.seal import Unsealer
from firmware.publish.topics import QUERIES, Verb

BURST = 5
LONGEST_DISASTER = 31 * DAY


class Bucket:
    """At most `burst` takings at once, refilled evenly. `now`: monotonic seconds."""

    def __init__(self, per_minute: int, burst: int = BURST) -> None:
        self._rate, self._burst = per_minute / 60, float(burst)
        self._left, self._at = float(burst), float("-inf")

    def take(self, now: float) -> bool:
        """Whether one more is allowed now."""
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class QueryDesk:
    """See the module. `unsealer`: None where the device has no encryption key."""

    def __init__(
        self,
        config: PublishConfig,
        unsealer: Unsealer | None,
        pass_on: Callable[[ReceptionQuery], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config, self._unsealer, self._pass_on, self._monotonic = config, unsealer, pass_on, monotonic
        self._buckets = {keys.reception: Bucket(config.queries_per_minute) for keys in config.receptions}

    def offered(self) -> tuple[Verb, ...]:
        """Every verb that the device takes now."""
        return tuple(verb for verb in Verb if verb not in QUERIES or self._refusal(verb) is None)

    def take(self, request: Request, token: str) -> FaultCode | None:
        """Pass a checked request's query on, or say why not now."""
        if (refused := self._refusal(Verb(request.verb))) is not None:
            return refused
        if not self._buckets[request.iss].take(self._monotonic()):
            return FaultCode.QUERY_TOO_MANY
        query = self._asked(request)
        self._pass_on(ReceptionQuery(VisitId(token_hex(16)), request.iss, request.jti, query, token))
        return None

    def _refusal(self, verb: Verb) -> FaultCode | None:
        by_number = verb is Verb.LOOKUP
        if self._unsealer is None or (by_number and not self._config.offers_lookup):
            return FaultCode.QUERY_NOT_OFFERED
        until = self._config.disaster_until
        if not by_number and until is None:
            return FaultCode.DISASTER_MODE_OFF
        if self._config.clock.state() is ClockState.UNKNOWN:
            return FaultCode.CLOCK_UNKNOWN
        return None if by_number or self._is_disaster(until) else FaultCode.DISASTER_MODE_OFF

    def _is_disaster(self, until: float | None) -> bool:
        return until is not None and 0 < until - self._config.clock.now() <= LONGEST_DISASTER

    def _asked(self, request: Request) -> Query:
        if self._unsealer is None or request.sealed is None:
            raise DeviceError(FaultCode.REQUEST_MALFORMED, "no sealed query")
        plain = self._unsealer.open(request.sealed)
        model = SealedLookup if request.verb == Verb.LOOKUP else SealedSearch
        try:
            content = model.model_validate_json(plain)
            asked = content.asked()
        except ValidationError as error:
            where = ", ".join(".".join(map(str, item["loc"])) for item in error.errors(include_input=False))
            # Not "from error": pydantic's keeps the input, which is personal.
            raise DeviceError(FaultCode.REQUEST_MALFORMED, where[:80]) from None
        except ValueError:
            raise DeviceError(FaultCode.REQUEST_MALFORMED, "Birthdate") from None
        if (content.iss, content.jti) != (request.iss, request.jti):
            raise DeviceError(FaultCode.REQUEST_BAD_SIGNATURE, "sealed for another request")
        return asked
