"""The fault catalogue: complete, short enough for the screen, and careful about persons."""

import re

import pytest

from firmware.core.fault_texts import CATALOGUE, FaultText, Lines, Severity, Text, load
from firmware.core.faults import FaultCode
from firmware.panel.glyphs import typeface
from firmware.panel.page import Page
from firmware.panel.render import FULL, STRIP, render, wrap

LANGUAGES = ("ja", "en")
ROOM = FULL.width - STRIP
CASES = [(code, language) for code in FaultCode for language in LANGUAGES]


def test_every_code_has_a_text() -> None:
    assert set(CATALOGUE) == set(FaultCode)


@pytest.mark.parametrize("code", FaultCode)
def test_nothing_is_empty_and_japanese_is_japanese(code: FaultCode) -> None:
    text = CATALOGUE[code]
    for part in (*text.counter.ja, text.staff.ja, text.remedy.ja):
        assert re.search(r"[぀-ヿ一-鿿]", part)
    for part in (*text.counter.en, text.staff.en, text.remedy.en):
        assert part.strip()
        assert part.isascii()


@pytest.mark.parametrize(("code", "language"), CASES)
def test_the_patients_lines_fit_in_large_type_and_can_be_drawn(code: FaultCode, language: str) -> None:
    lines = CATALOGUE[code].counter.of(language)
    assert all(typeface(16).width(line) <= ROOM for line in lines)
    picture = render(Page(lines))
    assert not picture.overflow
    assert not picture.missing


@pytest.mark.parametrize(("code", "language"), CASES)
def test_staff_text_fits_beside_its_code_and_the_remedy_on_two_lines(code: FaultCode, language: str) -> None:
    text = CATALOGUE[code]
    assert typeface(12).width(f"{code} {text.staff.of(language)}") <= ROOM
    assert len(wrap(text.remedy.of(language), 12, ROOM)) <= 2
    assert not typeface(12).missing(text.staff.of(language) + text.remedy.of(language))


@pytest.mark.parametrize("code", FaultCode)
def test_patients_never_read_reasons_about_their_insurance(code: FaultCode) -> None:
    counter = " ".join((*CATALOGUE[code].counter.ja, *CATALOGUE[code].counter.en)).lower()
    for word in ("無効", "保険者", "失効", "期限", "偽造", "invalid", "insurer", "expired", "forg"):
        assert word not in counter


def test_the_patients_second_line_says_what_to_do_or_that_all_is_well() -> None:
    """Plain requests, choices, or that the visit goes on: no bare statement of failure."""
    wanted = re.compile("ください|お願いします|どうぞ|直す|お待ち|できます|続けられます|確認できます")
    for code, text in CATALOGUE.items():
        assert wanted.search(text.counter.ja[1]), code


def test_severities() -> None:
    critical = {code for code, text in CATALOGUE.items() if text.severity is Severity.CRITICAL}
    for code in (FaultCode.CARD_NOT_GENUINE, FaultCode.IDENTITY_CONFLICT, FaultCode.GUARD_REFUSED, FaultCode.PCSC_DOWN):
        assert code in critical
    assert CATALOGUE[FaultCode.PIN_WRONG].severity is Severity.INFO


def test_another_language_reads_english() -> None:
    text: FaultText = CATALOGUE[FaultCode.CARD_GONE]
    assert text.staff.of("pt") == text.staff.en
    assert text.counter.of("pt") == text.counter.en
    assert Text("あ", "a").of("ja") == "あ"
    assert Lines(("あ", "い"), ("a", "b")).of("ja") == ("あ", "い")


ENTRY = """["CRD-001"]
severity = "info"
counter = { ja = ["あ", "い"], en = ["a", "b"] }
staff = { ja = "あ", en = "a" }
remedy = { ja = "あ", en = "a" }
"""


@pytest.mark.parametrize(
    ("source", "named"),
    [
        (ENTRY, "CRD-002"),
        (ENTRY.replace("CRD-001", "XYZ-001"), "XYZ-001"),
        (ENTRY.replace('"info"', '"loud"'), "CRD-001"),
        (ENTRY.replace('["a", "b"]', '["a"]'), "CRD-001"),
        (ENTRY.replace('staff = { ja = "あ", en = "a" }', ""), "CRD-001"),
        (ENTRY.replace('remedy = { ja = "あ", en = "a" }', 'remedy = { ja = "あ" }'), "CRD-001"),
    ],
)
def test_an_incomplete_catalogue_is_refused(source: str, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        load(source)
