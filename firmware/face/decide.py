"""From a similarity to a decision. Pure: the thresholds come from the manifest, the wanted one from the policy.

An unsure answer is a value of its own and never becomes a match. Source: face.md section 1 (thresholds).
"""

from dataclasses import dataclass

from firmware.core.outcomes import MatchBand, MatchCode, UnsureReason


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Cosines, rising. Below `retry`: no. From `retry`: unsure. From `accept`, or `strict` by policy: a match."""

    retry: float
    accept: float
    strict: float

    def __post_init__(self) -> None:
        if not 0 < self.retry < self.accept < self.strict < 1:
            raise ValueError("thresholds do not rise")


@dataclass(frozen=True, slots=True)
class Match:
    """The same person, as far as the threshold tells."""

    band: MatchBand
    code: MatchCode = MatchCode.MATCH
    reason: None = None


@dataclass(frozen=True, slots=True)
class NoMatch:
    """Another person."""

    band: MatchBand = MatchBand.BELOW
    code: MatchCode = MatchCode.NO_MATCH
    reason: None = None


@dataclass(frozen=True, slots=True)
class Unsure:
    """Not decided; `band` is None when no picture could be compared."""

    reason: UnsureReason
    band: MatchBand | None = None
    code: MatchCode = MatchCode.UNSURE


Decision = Match | NoMatch | Unsure


def band_of(similarity: float, thresholds: Thresholds) -> MatchBand:
    """The band a similarity lies in. Not-a-number is below everything."""
    if similarity >= thresholds.strict:
        return MatchBand.STRICT
    if similarity >= thresholds.accept:
        return MatchBand.ACCEPT
    if similarity >= thresholds.retry:
        return MatchBand.BETWEEN
    return MatchBand.BELOW


def decide(band: MatchBand, *, strict: bool) -> Decision:
    """The decision of a comparison that took place. `strict`: only the strict band is a match."""
    match band:
        case MatchBand.STRICT:
            return Match(band)
        case MatchBand.ACCEPT:
            return Unsure(UnsureReason.BETWEEN, band) if strict else Match(band)
        case MatchBand.BETWEEN:
            return Unsure(UnsureReason.BETWEEN, band)
        case MatchBand.BELOW:
            return NoMatch()
