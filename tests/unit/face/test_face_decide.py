"""Bands and decisions: every edge, and that unsure never becomes a match."""

import math

import pytest

from firmware.core.outcomes import MatchBand, MatchCode, UnsureReason
from firmware.face.decide import Thresholds, band_of, decide

LIMITS = Thresholds(retry=0.32, accept=0.42, strict=0.49)


@pytest.mark.parametrize(
    ("similarity", "band"),
    [
        (1.0, MatchBand.STRICT),
        (0.49, MatchBand.STRICT),
        (math.nextafter(0.49, 0), MatchBand.ACCEPT),
        (0.42, MatchBand.ACCEPT),
        (math.nextafter(0.42, 0), MatchBand.BETWEEN),
        (0.32, MatchBand.BETWEEN),
        (math.nextafter(0.32, 0), MatchBand.BELOW),
        (-1.0, MatchBand.BELOW),
        (math.nan, MatchBand.BELOW),
    ],
)
def test_bands(similarity: float, band: MatchBand) -> None:
    assert band_of(similarity, LIMITS) is band


@pytest.mark.parametrize(
    ("band", "strict", "code", "reason"),
    [
        (MatchBand.STRICT, False, MatchCode.MATCH, None),
        (MatchBand.STRICT, True, MatchCode.MATCH, None),
        (MatchBand.ACCEPT, False, MatchCode.MATCH, None),
        (MatchBand.ACCEPT, True, MatchCode.UNSURE, UnsureReason.BETWEEN),
        (MatchBand.BETWEEN, False, MatchCode.UNSURE, UnsureReason.BETWEEN),
        (MatchBand.BETWEEN, True, MatchCode.UNSURE, UnsureReason.BETWEEN),
        (MatchBand.BELOW, False, MatchCode.NO_MATCH, None),
        (MatchBand.BELOW, True, MatchCode.NO_MATCH, None),
    ],
)
def test_decisions(band: MatchBand, *, strict: bool, code: MatchCode, reason: UnsureReason | None) -> None:
    decision = decide(band, strict=strict)
    assert (decision.code, decision.reason, decision.band) == (code, reason, band)


@pytest.mark.parametrize("values", [(0.42, 0.32, 0.49), (0.32, 0.42, 0.42), (0.0, 0.42, 0.49), (0.32, 0.42, 1.0)])
def test_thresholds_must_rise(values: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="rise"):
        Thresholds(*values)
