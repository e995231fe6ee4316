"""Each local check at its boundaries: the day before, the day itself, the day after."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from firmware.core.eligibility import EligibilityFlag
from firmware.core.queries import NumberQuery
from firmware.eligibility.checks import check, is_elderly_recipient, is_preschool
from tests.unit.eligibility.coverages import ECHO, GOOD, confirmation

TODAY = date(2026, 4, 1)
OTHER = {"InsurerNumber": "39130018"}
ASSISTANCE = {"InsuredCardClassification": "A1", "InsurerNumber": "12130019"}


def flags(*people: dict[str, Any], eligible: bool = True, today: date | None = TODAY, **members: Any) -> set[str]:
    return set(check(confirmation(*people, **members), today, eligible=eligible))


def good(**members: Any) -> dict[str, Any]:
    return {**GOOD, **members}


def written(day: date) -> str:
    return day.isoformat().replace("-", "")


def test_nothing_to_remark() -> None:
    assert flags(GOOD) == set()


def test_flags_stand_in_the_order_of_their_list() -> None:
    found = check(confirmation(good(Name="●髙", InsurerNumber="1", QualificationDate="x")), TODAY, eligible=True)
    assert found == tuple(sorted(found, key=list(EligibilityFlag).index))
    assert len(found) == 4


# ---- days ----------------------------------------------------------------------------------------------------------

BOUNDARIES = [
    ("QualificationDate", "not-yet-qualified", {1: True, 0: False, -1: False}),
    ("DisqualificationDate", "qualification-ended", {1: False, 0: True, -1: True}),
    ("InsuredCardExpirationDate", "card-expired", {1: False, 0: False, -1: True}),
]
DAYS = [(member, flag, shift, seen) for member, flag, cases in BOUNDARIES for shift, seen in cases.items()]


@pytest.mark.parametrize(("member", "flag", "shift", "seen"), DAYS)
def test_days_around_the_visit(member: str, flag: str, shift: int, seen: bool) -> None:
    person = good(**{member: written(TODAY + timedelta(days=shift))})
    assert (flag in flags(person)) is seen
    assert (flag in flags(person, QualificationConfirmationDate="")) is seen
    assert (flag in flags(GOOD, person)) is seen
    assert flag not in flags(person, eligible=False)


@pytest.mark.parametrize(("member", "flag", "shift", "seen"), DAYS)
@pytest.mark.parametrize("wrong", [-1, 1, 4000, None])
def test_the_answer_s_own_day_counts_not_a_wrong_clock(
    member: str, flag: str, shift: int, seen: bool, wrong: int | None
) -> None:
    clock = None if wrong is None else TODAY + timedelta(days=wrong)
    found = flags(good(**{member: written(TODAY + timedelta(days=shift))}), today=clock)
    assert (flag in found) is seen
    assert ("dates-not-checked" in found) is (wrong == 4000)


@pytest.mark.parametrize("own", ["", "99999999"])
def test_without_any_day_nothing_is_compared(own: str) -> None:
    late = good(QualificationDate="99990101", DisqualificationDate="19800101", InsuredCardExpirationDate="19800101")
    found = flags(late, today=None, QualificationConfirmationDate=own) - {"odd-value", "contradiction"}
    assert found == {"dates-not-checked"}


@pytest.mark.parametrize(("off", "seen"), [(0, False), (1, False), (-1, False), (2, True), (-2, True), (-365, True)])
def test_an_answer_of_another_day_is_not_surely_checked(off: int, seen: bool) -> None:
    """A day is what clocks may be off; beyond it the answer may be an old one."""
    found = flags(GOOD, today=TODAY + timedelta(days=off))
    assert ("dates-not-checked" in found) is seen


def test_without_any_day_a_lost_eligibility_is_not_remarked_on() -> None:
    assert flags(GOOD, today=None, QualificationConfirmationDate="", eligible=False) == set()


# ---- numbers and characters ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "seen"),
    [("06130017", False), ("00130013", False), ("  130013", False), ("06130018", True), ("0613", True), ("", False)],
)
def test_insurer_check_digit(number: str, seen: bool) -> None:
    assert ("insurer-check-digit" in flags(good(InsurerNumber=number))) is seen
    assert ("insurer-check-digit" in flags(good(InsurerNumber=number), eligible=False)) is seen


TEXTS = ["InsuredName", "Name", "NameOfOther", "NameKana", "NameOfOtherKana", "Address"]
NUMBERS = ["InsuredCardSymbol", "InsuredIdentificationNumber"]


@pytest.mark.parametrize("member", [*TEXTS, *NUMBERS])
def test_signs_of_names_addresses_and_symbols(member: str) -> None:
    assert flags(good(**{member: "窓口●"})) == {"replaced-character"}
    assert flags(good(**{member: "窓口髙"})) == {"beyond-jis-x-0208"}
    assert flags(good(**{member: "●德"}), eligible=False) == {"replaced-character", "beyond-jis-x-0208"}
    assert flags(good(**{member: "ﾏﾄﾞｸﾞﾁ 窓口～〜"})) == set()


def test_other_texts_are_no_names() -> None:
    assert flags(good(ReferenceNumber="●髙")) == set()


# ---- burden --------------------------------------------------------------------------------------------------------


def elderly(ratio: str = "020", start: str = "20260401", end: str = "20260731") -> dict[str, Any]:
    return {
        "ElderlyRecipientValidStartDate": start,
        "ElderlyRecipientValidEndDate": end,
        "ElderlyRecipientContributionRatio": ratio,
    }


@pytest.mark.parametrize(
    ("members", "seen"),
    [
        ({}, set()),
        (OTHER, {"burden-ratio-missing"}),
        ({**OTHER, "InsuredPartialContributionRatio": "000"}, set()),
        ({**OTHER, "InsuredPartialContributionRatio": "3"}, {"odd-value"}),
        ({"InsurerNumber": "390013"}, set()),
        ({"InsurerNumber": ""}, set()),
        (ASSISTANCE, set()),
        ({"ElderlyRecipientCertificateInfo": elderly()}, set()),
        ({"ElderlyRecipientCertificateInfo": elderly("")}, {"burden-ratio-missing"}),
        ({"ElderlyRecipientCertificateInfo": elderly("2")}, {"odd-value"}),
        ({"ElderlyRecipientCertificateInfo": elderly(""), "InsuredPartialContributionRatio": "020"}, set()),
    ],
)
def test_missing_ratio(members: dict[str, Any], seen: set[str]) -> None:
    """Only 後期高齢者医療 and 高齢受給者証 carry one; an odd one is there."""
    person = good(**{"InsuredPartialContributionRatio": "", **members})
    assert flags(person) - {"insurer-check-digit"} == seen
    assert "burden-ratio-missing" not in flags(person, eligible=False)


@pytest.mark.parametrize(
    ("certificate", "seen"),
    [
        (elderly("030"), False),
        (elderly("020"), True),
        (elderly("", "", ""), False),
        (elderly("020", "", ""), True),
        (elderly("020", start="20260401"), True),
        (elderly("020", start="20260402"), False),
        (elderly("020", start="", end="20260401"), True),
        (elderly("020", start="", end="20260331"), False),
    ],
)
def test_ratio_of_the_elderly_recipient_in_force(certificate: dict[str, str], seen: bool) -> None:
    found = flags(good(ElderlyRecipientCertificateInfo=certificate))
    assert ("burden-ratio-differs" in found) is seen


# ---- ages ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("born", "first", "last"),
    [
        ("1955-05-10", "2025-06-01", "2030-05-09"),
        ("1955-05-01", "2025-05-01", "2030-04-30"),
        ("1955-05-02", "2025-06-01", "2030-05-01"),
        ("1955-05-31", "2025-06-01", "2030-05-30"),
        ("1955-12-15", "2026-01-01", "2030-12-14"),
        ("1956-01-01", "2026-01-01", "2030-12-31"),
        ("1956-02-29", "2026-03-01", "2031-02-28"),
        ("1956-03-01", "2026-03-01", "2031-02-28"),
    ],
)
def test_elderly_recipients_at_both_ends(born: str, first: str, last: str) -> None:
    birth, start, end = map(date.fromisoformat, (born, first, last))
    one = timedelta(days=1)
    around = [
        (start - one, False),
        (start, True),
        (start + one, True),
        (end - one, True),
        (end, True),
        (end + one, False),
    ]
    for day, expected in around:
        assert is_elderly_recipient(birth, day) is expected, day
        person = good(Birthdate=written(birth), QualificationDate="")
        found = flags(person, today=None, QualificationConfirmationDate=written(day))
        assert ("elderly-recipient-missing" in found) is expected


SEVENTY_TWO = good(Birthdate="19540101")


@pytest.mark.parametrize(
    ("members", "seen"),
    [
        ({}, True),
        ({"ElderlyRecipientCertificateInfo": elderly("030")}, False),
        ({"ElderlyRecipientCertificateInfo": elderly("030", "", "")}, False),
        ({"ElderlyRecipientCertificateInfo": elderly("030", start="20260402")}, True),
        ({"ElderlyRecipientCertificateInfo": elderly("030", "", "20260331")}, True),
        ({"ElderlyRecipientCertificateInfo": elderly("030", "", "20260401")}, False),
        ({"InsurerNumber": "39130018"}, False),
        ({"InsurerNumber": "390013"}, True),
        ({"ElderlyRecipientCertificateInfo": elderly("", "", "")}, True),
        (ASSISTANCE, False),
        ({"InsurerNumber": "12130019"}, False),
        ({"InsurerNumber": "120013"}, True),
        ({"InsuredCardClassification": "A1"}, False),
    ],
)
def test_elderly_recipient_information(members: dict[str, Any], seen: bool) -> None:
    assert ("elderly-recipient-missing" in flags({**SEVENTY_TWO, **members})) is seen
    assert "elderly-recipient-missing" not in flags({**SEVENTY_TWO, **members}, eligible=False)


@pytest.mark.parametrize(
    ("born", "last"),
    [
        ("2020-03-31", "2026-03-31"),
        ("2020-04-01", "2026-03-31"),
        ("2020-04-02", "2027-03-31"),
        ("2020-12-31", "2027-03-31"),
        ("2020-01-01", "2026-03-31"),
        ("2020-02-29", "2026-03-31"),
    ],
)
def test_preschool_children_at_both_ends(born: str, last: str) -> None:
    birth, end = map(date.fromisoformat, (born, last))
    one = timedelta(days=1)
    for day, expected in [(birth - one, False), (birth, True), (end - one, True), (end, True), (end + one, False)]:
        assert is_preschool(birth, day) is expected, day
        person = good(Birthdate=written(birth), QualificationDate="")
        found = flags(person, today=None, QualificationConfirmationDate=written(day))
        assert ("preschool-missing" in found) is expected
        marked = flags({**person, "PreschoolClassification": "1"}, QualificationConfirmationDate=written(day))
        assert "preschool-missing" not in marked
        assert ("contradiction" in marked) is not expected


def test_children_with_another_mark_or_assistance() -> None:
    child = good(Birthdate="20210403", QualificationDate="")
    assert flags(child) == {"preschool-missing"}
    assert flags(child, eligible=False) == set()
    assert flags({**child, "PreschoolClassification": "2"}) == {"unknown-code"}
    assert flags({**child, **ASSISTANCE}) == set()


# ---- what the answer itself tells ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("people", "members", "seen"),
    [
        ([GOOD, good(**OTHER)], {}, False),
        ([GOOD, good(**OTHER, DisqualificationDate="20260401")], {}, True),
        ([GOOD, good(**OTHER, DisqualificationDate="20260402")], {}, False),
        ([GOOD, good(DisqualificationDate="20260401")], {}, False),
        ([good(DisqualificationDate="20260401")], {}, False),
        ([good(InsurerNumber="", DisqualificationDate="20260401"), GOOD], {}, False),
        ([good(DisqualificationDate="20260401", ReasonOfLoss="03")], {}, True),
        ([good(DisqualificationDate="20260401", ReasonOfLoss="02")], {}, False),
        ([good(**OTHER)], {"QualificationConfirmSearchInfo": ECHO}, True),
        ([GOOD], {"QualificationConfirmSearchInfo": ECHO}, False),
        ([GOOD, good(**OTHER)], {"QualificationConfirmSearchInfo": ECHO}, False),
        ([good(InsurerNumber="")], {"QualificationConfirmSearchInfo": ECHO}, False),
        ([], {"QualificationConfirmSearchInfo": ECHO}, False),
    ],
)
def test_changed_insurer(people: list[dict[str, Any]], members: dict[str, Any], seen: bool) -> None:
    assert ("insurer-changed" in flags(*people, **members)) is seen


@pytest.mark.parametrize("padded", ["130013", "00130013", "  130013"])
def test_padding_of_the_number_asked_by_changes_nothing(padded: str) -> None:
    asked = NumberQuery(padded, "999", date(1970, 1, 1))
    found = check(replace(confirmation(good(InsurerNumber="130013")), search=asked), TODAY, eligible=True)
    assert found == (EligibilityFlag.CONTRADICTION,), "another number, but no other insurer"


@pytest.mark.parametrize(
    ("members", "seen"),
    [
        ({"LimitApplicationCertificateRelatedInfo": {"LimitApplicationCertificateDate": "x"}}, "odd-value"),
        ({"SpecificDiseasesCertificateList": [{"SpecificDiseasesDiseaseCategory": "9"}]}, "unknown-code"),
        ({"PublicExpenseResultList": [{"SelfPayAmount": "x"}]}, "odd-value"),
        ({"PharmacistsInfoConsTime": "x"}, "odd-value"),
        ({"PharmacistsInfoConsFlg": "9"}, "unknown-code"),
        ({"InsuredCardExpirationDate": "99999999"}, "odd-value"),
        ({"ReasonOfLoss": "04"}, "unknown-code"),
    ],
)
def test_what_was_not_understood_is_flagged_wherever_it_stands(members: dict[str, Any], seen: str) -> None:
    assert flags(good(**members)) == {seen}
    assert flags(good(**members), eligible=False) == {seen}
