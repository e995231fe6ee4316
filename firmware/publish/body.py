"""From a visit's or query's record to the body of its message, and what goes with it: instants and UUIDv7. Pure.

Only what design.md "What leaves the device" lists is taken over; the record has no photo, number or certificate. An
answer that is not about this person (identity-conflict) is shown to nobody, whatever the record holds.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TypeVar

from firmware.core.eligibility import EligibilityFlag
from firmware.core.fault_texts import Text
from firmware.core.outcome_texts import SHIPPED, OutcomeTexts
from firmware.core.outcomes import EligibilityCode, VisitSummary
from firmware.core.queries import OpenQuery
from firmware.core.result import Json, QueryRecord, RecordKind, VisitRecord
from firmware.publish.contract import (
    Checks,
    Consent,
    Eligibility,
    Flag,
    LookupBody,
    Match,
    MessageType,
    Remark,
    Tries,
    VisitBody,
    Words,
)


def instant(wall: float) -> str:
    """RFC 3339 in UTC with milliseconds; `wall` in seconds since 1970."""
    text = datetime.fromtimestamp(wall, UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


def uuid7(wall: float, entropy: Callable[[int], bytes]) -> str:
    """A UUID of version 7 (RFC 9562 section 5.7): 48 bits of milliseconds, 74 random bits."""
    stamp = int(wall * 1000) & (1 << 48) - 1
    value = stamp << 80 | int.from_bytes(entropy(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def message_type(kind: RecordKind) -> MessageType:
    """`typ` of the message that carries a record of `kind`."""
    return MessageType.LATE if kind is RecordKind.LATE else MessageType.RESULT


Body = TypeVar("Body", VisitBody, LookupBody)


def smaller(body: Body) -> Iterator[Body]:
    """`body`, then what is still worth sending where it is too large: without FHIR, without the answer's details."""
    yield body
    known = body.eligibility
    if known.fhir is not None:
        known = known.model_copy(update={"fhir": None})
        yield body.model_copy(update={"eligibility": known})
    if known.detail is not None:
        yield body.model_copy(update={"eligibility": known.model_copy(update={"detail": None})})


def with_fhir(body: Body, fhir: dict[str, Json] | None) -> Body:
    return body.model_copy(update={"eligibility": body.eligibility.model_copy(update={"fhir": fhir})})


def visit_body(record: VisitRecord, texts: OutcomeTexts = SHIPPED) -> VisitBody:
    """The body of one visit."""
    summary, times = record.summary, record.consent_times
    return VisitBody(
        visit=record.visit,
        started=instant(record.started),
        ended=instant(record.ended),
        outcome=summary.outcome,
        fault=summary.fault,
        method=summary.method,
        assurance=summary.assurance,
        match=_match(summary),
        checks=_checks(summary),
        eligibility=_eligibility(summary.eligibility, summary.flags, record.eligibility, texts),
        consent=Consent(
            answer=summary.consent,
            given=None if times is None else instant(times.given),
            expires=None if times is None or times.expires is None else instant(times.expires),
        ),
        hints=summary.hints,
        flags=(Flag.CARD_REMOVED_EARLY,) if summary.card_removed_early else (),
        tries=Tries(pin=summary.pin_counter, number_b=summary.number_b_counter),
    )


def lookup_body(record: QueryRecord, texts: OutcomeTexts = SHIPPED) -> LookupBody:
    """The body of the answer to a reception's own query."""
    return LookupBody(
        request=record.query.request,
        id=record.query.id,
        asked=instant(record.asked),
        answered=instant(record.answered),
        eligibility=_eligibility(record.code, record.flags, record.detail, texts),
    )


def interrupted_body(query: OpenQuery, now: float, texts: OutcomeTexts = SHIPPED) -> LookupBody:
    """The body of the answer to a query that the device took before it went down."""
    return LookupBody(
        request=query.request,
        id=query.id,
        asked=instant(query.asked),
        answered=instant(now),
        eligibility=_eligibility(EligibilityCode.TIMED_OUT, (EligibilityFlag.INTERRUPTED,), None, texts),
    )


def _eligibility(
    code: EligibilityCode,
    flags: tuple[EligibilityFlag, ...],
    detail: Mapping[str, Json] | None,
    texts: OutcomeTexts,
) -> Eligibility:
    if code is EligibilityCode.IDENTITY_CONFLICT:
        flags, detail = (), None
    outcome = texts.outcomes[code]
    words = [(flag.value, texts.flags[flag]) for flag in flags]
    # A receiver has words of its own for the ways on; sending them all would double the message.
    words += [(way.value, texts.ways[way]) for way in outcome.ways if texts.ways[way] != SHIPPED.ways[way]]
    return Eligibility(
        code=code,
        detail=None if detail is None else dict(detail),
        flags=flags,
        ways=outcome.ways,
        staff=Words(ja=outcome.staff.ja, en=outcome.staff.en),
        remarks=tuple(_remark(word, text) for word, text in words),
    )


def _remark(code: str, text: Text) -> Remark:
    return Remark(code=code, ja=text.ja, en=text.en)


def _match(summary: VisitSummary) -> Match | None:
    verdict = summary.match
    if verdict is None:
        return None
    return Match(
        code=verdict.code,
        reason=verdict.reason,
        band=verdict.band,
        threshold=verdict.threshold,
        model=verdict.model,
        liveness=verdict.liveness,
        unsure=summary.unsure,
        attempts=summary.attempts,
    )


def _checks(summary: VisitSummary) -> Checks:
    checks = summary.checks
    return Checks(
        chip=checks.chip,
        record=checks.record,
        issuer=checks.issuer,
        certificate=checks.certificate,
        revocation=checks.revocation,
        holder=checks.holder,
    )
