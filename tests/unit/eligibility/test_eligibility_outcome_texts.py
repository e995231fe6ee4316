"""What patients and staff read about an outcome: complete, short enough, silent towards bystanders, and overridable."""

import re
from importlib import resources
from typing import Any

import pytest

from firmware.core.eligibility import EligibilityFlag, WayOn
from firmware.core.fault_texts import Lines, Text
from firmware.core.outcome_texts import SHIPPED, TOLD, Told, columns, load
from firmware.core.outcomes import EligibilityCode
from firmware.panel.glyphs import typeface
from firmware.panel.page import Page
from firmware.panel.render import FULL, STRIP, render

SOURCE = (resources.files("firmware.core") / "outcome_texts.toml").read_text("utf-8")
LANGUAGES = ("ja", "en")
NEUTRAL = (
    *("invalid", "invalid-new-exists", "none", "several", "contradictory", "not-attributed", "refused"),
    *("identity-conflict", "processing-error"),
)
UNCHECKED = (
    "not-reachable",
    "timed-out",
    "exchange-error",
    "processing-error",
    "contradictory",
    "not-attributed",
    "refused",
    "not-asked",
)
FALLBACKS = {WayOn.CERTIFICATE, WayOn.MYNAPORTAL, WayOn.NOTICE, WayOn.DECLARATION}
JAPANESE = re.compile(r"[぀-ヿ一-鿿]")


def sentences() -> list[tuple[str, Text]]:
    named: list[tuple[str, Text]] = [(code, text.staff) for code, text in SHIPPED.outcomes.items()]
    return (
        named
        + [(flag, text) for flag, text in SHIPPED.flags.items()]
        + [(way, text) for way, text in SHIPPED.ways.items()]
    )


def test_nothing_lacks() -> None:
    assert set(SHIPPED.outcomes) == set(TOLD) == set(EligibilityCode)
    assert set(SHIPPED.flags) == set(EligibilityFlag)
    assert set(SHIPPED.ways) == set(WayOn)
    assert {way for text in SHIPPED.outcomes.values() for way in text.ways} == set(WayOn)


@pytest.mark.parametrize("code", EligibilityCode)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_patients_lines_fit_in_large_type_and_can_be_drawn(code: EligibilityCode, language: str) -> None:
    lines = SHIPPED.outcomes[code].patient.of(language)
    assert all(typeface(16).width(line) <= FULL.width - STRIP for line in lines)
    picture = render(Page(lines))
    assert not picture.overflow
    assert not picture.missing


def test_bystanders_cannot_tell_one_trouble_from_another() -> None:
    assert len({SHIPPED.outcomes[EligibilityCode(code)].patient for code in NEUTRAL}) == 1


def test_bystanders_cannot_tell_medical_assistance() -> None:
    eligible = (EligibilityCode.VALID, EligibilityCode.VALID_SEVERAL, EligibilityCode.VALID_UNREGISTERED)
    assert len({SHIPPED.outcomes[code].patient for code in eligible}) == 1


@pytest.mark.parametrize("code", UNCHECKED)
def test_could_not_check_is_never_not_eligible(code: str) -> None:
    staff = SHIPPED.outcomes[EligibilityCode(code)].staff
    assert "資格がないという意味ではありません" in staff.ja
    assert "does not mean that the patient is not eligible" in staff.en


@pytest.mark.parametrize("code", set(EligibilityCode) - {"valid", "valid-several", "valid-unregistered"})
def test_nobody_is_left_without_a_way_on(code: str) -> None:
    """Who has a registered card mostly has no 資格確認書: the declaration is what everybody can give."""
    ways = SHIPPED.outcomes[EligibilityCode(code)].ways
    assert {WayOn.DECLARATION, WayOn.MYNAPORTAL} <= set(ways)
    assert WayOn.GO_ON not in ways


def test_orders_that_the_rules_demand() -> None:
    ways = {code: text.ways for code, text in SHIPPED.outcomes.items()}
    assert ways[EligibilityCode.IDENTITY_CONFLICT][0] is WayOn.COMPARE_PERSON
    assert ways[EligibilityCode.NOT_REGISTERED][0] is WayOn.REGISTER
    assert ways[EligibilityCode.PENDING][0] is WayOn.WAIT
    assert ways[EligibilityCode.VALID] == (WayOn.GO_ON,)
    assert WayOn.ASK_AGAIN not in ways[EligibilityCode.TIMED_OUT], "what was not answered is not asked again"
    for code in ("not-reachable", "timed-out", "exchange-error"):
        assert FALLBACKS | {WayOn.CALL_CENTRE} <= set(ways[EligibilityCode(code)])


def test_call_centre_has_its_number_and_the_notice_its_card() -> None:
    assert "0800-080-4583" in SHIPPED.ways[WayOn.CALL_CENTRE].ja
    assert "0800-080-4583" in SHIPPED.ways[WayOn.CALL_CENTRE].en
    assert "マイナンバーカードと一緒に" in SHIPPED.ways[WayOn.NOTICE].ja


@pytest.mark.parametrize(("name", "text"), sentences())
def test_staff_read_whole_sentences(name: str, text: Text) -> None:
    assert JAPANESE.search(text.ja)
    assert text.ja.endswith("。")
    assert text.en.endswith(".")
    assert not JAPANESE.search(re.sub(r"\([^)]*\)", "", text.en)), "Japanese terms stand in brackets"


# ---- a site's own file ---------------------------------------------------------------------------------------------

SENTENCE = '{ ja = "あ。", en = "a." }'


def test_an_empty_file_changes_nothing() -> None:
    assert load("", SHIPPED) == SHIPPED


def test_a_file_saved_by_a_windows_editor_is_read() -> None:
    assert load("\ufeff" + line() + "\r\n", SHIPPED).outcomes[EligibilityCode.NONE].patient.ja == ("あ", "い")


def test_single_members_are_overridden() -> None:
    site = load(
        f"""
        [patient.counter]
        ja = ["窓口へどうぞ", "三番です"]
        en = ["Please see us", "at desk 3"]
        [outcomes.invalid]
        ways = ["call-centre"]
        [outcomes.valid]
        staff = {SENTENCE}
        [flags]
        odd-value = {SENTENCE}
        [ways]
        wait = {SENTENCE}
        """,
        SHIPPED,
    )
    invalid, shipped = site.outcomes[EligibilityCode.INVALID], SHIPPED.outcomes[EligibilityCode.INVALID]
    assert (invalid.ways, invalid.staff) == ((WayOn.CALL_CENTRE,), shipped.staff)
    assert site.outcomes[EligibilityCode.VALID].staff == Text("あ。", "a.")
    assert site.outcomes[EligibilityCode.VALID].ways == (WayOn.GO_ON,)
    assert site.flags[EligibilityFlag.ODD_VALUE] == site.ways[WayOn.WAIT] == Text("あ。", "a.")
    assert site.flags[EligibilityFlag.CARD_EXPIRED] == SHIPPED.flags[EligibilityFlag.CARD_EXPIRED]
    told = {
        code
        for code, text in site.outcomes.items()
        if text.patient == Lines(("窓口へどうぞ", "三番です"), ("Please see us", "at desk 3"))
    }
    assert told == {code for code in EligibilityCode if TOLD[code] is Told.COUNTER} >= set(NEUTRAL)
    assert site.outcomes[EligibilityCode.VALID].patient == SHIPPED.outcomes[EligibilityCode.VALID].patient


@pytest.mark.parametrize("section", ["patient.done", "outcomes.none", "flags", "ways"])
def test_the_shipped_file_must_be_whole(section: str) -> None:
    cut = re.sub(rf"(?ms)^\[{re.escape(section)}\].*?(?=^\[|\Z)", "", SOURCE)
    with pytest.raises(ValueError, match=re.escape(section.rsplit(".", 1)[-1])):
        load(cut)


def line(ja: str = "あ", en: str = "a") -> str:
    return f'[patient.counter]\nja = ["{ja}", "い"]\nen = ["{en}", "b"]'


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("[", "no TOML"),
        ("[words]", "file: 'words' is not allowed.*patient, outcomes, flags, ways"),
        ("patient = 1", "patient: 1 is not allowed; allowed is a table with done, counter"),
        ("[patient.invalid]", "patient: 'invalid' is not allowed.*done, counter"),
        ("patient.counter = 1", "patient.counter: members ja and en"),
        ('[patient.counter]\nja = ["あ", "い"]', "patient.counter: members ja and en"),
        ('[patient.counter]\nja = ["あ"]\nen = ["a", "b"]', "patient.counter.ja: two lines of at most 15 full-width"),
        ('[patient.counter]\nja = "あい"\nen = ["a", "b"]', "patient.counter.ja: two lines"),
        ('[patient.counter]\nja = ["あ", 1]\nen = ["a", "b"]', "patient.counter.ja: two lines"),
        (line(ja="あ" * 16), "patient.counter.ja: two lines of at most 15 full-width"),
        (line(ja=" "), "patient.counter.ja"),
        (line(ja="あ\\u202e"), "patient.counter.ja"),
        (line(en="a" * 29), "patient.counter.en: two lines of at most 28 ASCII signs"),
        (line(en="あ"), "patient.counter.en"),
        (line(en="a\\nb"), "patient.counter.en"),
        (line(ja="資格が無効です"), "patient.counter.ja: '無効' must not stand"),
        (line(en="Invalid card"), "patient.counter.en: 'Invalid' must not stand"),
        ("[outcomes.perhaps]", "outcomes: 'perhaps' is not allowed.*valid-several"),
        ("outcomes.none = 1", "outcomes.none: .*staff, ways"),
        (
            '[outcomes.none]\npatient = { ja = ["あ", "い"], en = ["a", "b"] }',
            "outcomes.none: 'patient' is not allowed",
        ),
        ("[outcomes.none]\nways = []", "outcomes.none.ways: a list without repeats is needed, of go-on"),
        ('[outcomes.none]\nways = ["pay"]', "outcomes.none.ways: 'pay': .*declaration"),
        ('[outcomes.none]\nways = ["wait", "wait"]', "outcomes.none.ways: 'wait'"),
        ("[outcomes.none]\nways = [[]]", "outcomes.none.ways"),
        ('[outcomes.none]\nways = "wait"', "outcomes.none.ways"),
        ('[outcomes.none]\nstaff = "x"', "outcomes.none.staff: members ja and en"),
        ('[outcomes.none]\nstaff = { ja = "あ" }', "outcomes.none.staff: members ja and en"),
        ('[outcomes.none]\nstaff = { ja = "あ", en = 1 }', "outcomes.none.staff.en: one line of at most 200"),
        (f'[flags]\nodd-value = {{ ja = "{"あ" * 201}", en = "a" }}', "flags.odd-value.ja: one line of at most 200"),
        ('[flags]\nodd = { ja = "あ", en = "a" }', "flags: 'odd' is not allowed"),
        ('[ways]\nwait = { ja = "", en = "a" }', "ways.wait.ja: one line"),
    ],
)
def test_what_a_site_may_not_write_is_named(source: str, said: str) -> None:
    with pytest.raises(ValueError, match=f"^{said}"):
        load(source, SHIPPED)


@pytest.mark.parametrize(
    ("ja", "fits"), [("あ" * 15, True), ("ｱ" * 30, True), ("a" * 30, True), ("あ" * 15 + "a", False)]
)
def test_room_is_counted_in_columns(ja: str, fits: bool) -> None:
    assert (columns(ja) <= 30) is fits
    if fits:
        assert load(line(ja=ja, en="b" * 28), SHIPPED).outcomes[EligibilityCode.NONE].patient.ja == (ja, "い")


@pytest.mark.parametrize("member", ["outcomes", "flags", "ways"])
def test_what_is_loaded_cannot_be_changed(member: str) -> None:
    texts: Any = getattr(SHIPPED, member)
    with pytest.raises(TypeError):
        texts["x"] = None
