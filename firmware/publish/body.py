"""From a visit's record to the body of its message, and the values that go with it: instants and UUIDv7. Pure.

Only what design.md "What leaves the device" lists is taken over; the record has no photo, number or certificate.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from firmware.core.outcomes import VisitSummary
from firmware.core.result import RecordKind, VisitRecord
from firmware.publish.contract import Checks, Consent, Eligibility, Flag, Match, MessageType, Tries, VisitBody


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


def visit_body(record: VisitRecord) -> VisitBody:
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
        eligibility=Eligibility(
            code=summary.eligibility,
            detail=None if record.eligibility is None else dict(record.eligibility),
        ),
        consent=Consent(
            answer=summary.consent,
            given=None if times is None else instant(times.given),
            expires=None if times is None or times.expires is None else instant(times.expires),
        ),
        hints=summary.hints,
        flags=(Flag.CARD_REMOVED_EARLY,) if summary.card_removed_early else (),
        tries=Tries(pin=summary.pin_counter, number_b=summary.number_b_counter),
    )


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
