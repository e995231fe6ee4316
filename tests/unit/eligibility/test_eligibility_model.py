"""An answer as values: bounds on every member, unknown ones dropped, the rest unchanged on its way back."""

from dataclasses import fields
from datetime import UTC, date, datetime
from typing import Any

import pytest

from firmware.core.faults import DeviceError, FaultCode
from firmware.eligibility import codes
from firmware.eligibility.fields import JAPAN, Wire
from firmware.eligibility.model import (
    HEADER_MEMBERS,
    MOST_COVERAGES,
    Confirmation,
    Coverage,
    insurer_number,
    read_confirmation,
    read_coverage,
    to_detail,
    write_confirmation,
    write_coverage,
    write_query,
)
from firmware.eligibility.parts import Consents
from tests.unit.eligibility.coverages import DAY, ECHO, FULL, GOOD, HEADER, PERSON, query

CONSENTS = {
    wire.name: "1" if wire.kind == "code" else "20260401093000"
    for wire in (each.metadata["wire"] for each in fields(Consents) if "wire" in each.metadata)
}
ANSWER: dict[str, Any] = {
    **HEADER,
    "ErrorCode": "E1",
    "ErrorMessage": "誤り",
    "ProcessingResultStatus": "1",
    "ProcessingResultCode": "P1",
    "ProcessingResultMessage": "済",
    "QualificationValidity": "1",
    "PrescriptionIssueSelect": "2",
    "QualificationConfirmSearchInfo": {**ECHO, "InsuredBranchNumber": "01", "ArbitraryIdentifier": "P-88"},
    "ResultList": [FULL | CONSENTS, PERSON],
}
WIRES = [each.metadata["wire"] for of in (Coverage, Consents) for each in fields(of) if "wire" in each.metadata]


def named(wire: Wire) -> str:
    return wire.name


def refused(members: Any) -> str:
    """The member that the refusal names."""
    with pytest.raises(DeviceError) as raised:
        read_confirmation(members)
    assert raised.value.code is FaultCode.GATEWAY_BAD_ANSWER
    return raised.value.detail


def coverage(**members: Any) -> Coverage:
    return read_coverage({**PERSON, **members})


# ---- back and forth ------------------------------------------------------------------------------------------------


def test_every_member_comes_back_unchanged() -> None:
    assert set(FULL) | set(CONSENTS) == {wire.name for wire in WIRES}
    assert write_confirmation(read_confirmation(ANSWER)) == ANSWER
    assert to_detail(read_confirmation(ANSWER)) == ANSWER


def test_every_member_of_the_answer_itself_is_in_the_example() -> None:
    own = {each.metadata["wire"].name for each in fields(Confirmation) if "wire" in each.metadata}
    assert set(ANSWER) == own | {"QualificationConfirmSearchInfo", "ResultList"}
    assert set(HEADER_MEMBERS) == set(HEADER) | {"ErrorCode", "ErrorMessage"}


def test_absent_members_stay_absent_and_unknown_ones_are_dropped() -> None:
    assert write_coverage(coverage(FavouriteColour="blue", Name=None, Address="")) == PERSON
    assert write_confirmation(read_confirmation({"Other": {"deep": ["1"]}})) == {}


def test_values_are_what_they_mean() -> None:
    found = read_confirmation(ANSWER)
    first = found.coverages[0]
    assert found.executed_at == datetime(2026, 4, 1, 0, 30, 12, tzinfo=UTC)
    assert found.confirmed_on == date(2026, 4, 1)
    assert (first.birth_date, first.sex) == (date(1972, 11, 3), codes.Sex.MALE)
    assert first.burden_percent == 30
    assert first.elderly is not None
    assert first.elderly.burden_percent == 20
    assert first.specific_diseases[0].self_pay == 10000
    assert first.tickets[0].self_pay == 0
    assert first.consents.medicines is codes.ConsentFlag.GIVEN
    assert first.consents.medicines_at == datetime(2026, 4, 1, 9, 30, tzinfo=JAPAN)
    assert found.search == query(InsuredBranchNumber="01", ArbitraryIdentifier="P-88")
    assert found.search is not None
    assert found.search.limit_consent


def test_padding_and_line_breaks_are_no_part_of_a_text() -> None:
    assert coverage(Name="\n   窓口\r\n太郎\t ").name == "窓口 太郎"
    assert coverage(Birthdate=" 19721103\n").birth_date == date(1972, 11, 3)


@pytest.mark.parametrize(
    ("sent", "plain"),
    [
        *(("06130017", "06130017"), ("  130013", "130013"), ("00130013", "130013"), ("130013", "130013")),
        *(("00", "00"), ("00X", "00X"), (None, None)),
    ],
)
def test_padding_of_an_insurer_number(sent: str | None, plain: str | None) -> None:
    assert insurer_number(sent) == plain
    assert coverage(InsurerNumber=sent).insurer_number == plain
    assert (query(InsurerNumber=sent).insurer_number if sent else None) == plain


@pytest.mark.parametrize("consent", ["PharmacistsInfo", "PharmaceuticalInfo"])
@pytest.mark.parametrize("until", ["AvailableTime", "AcquisitionTime"])
def test_both_names_of_a_consent_are_read(consent: str, until: str) -> None:
    found = coverage(**{f"{consent}ConsFlg": "1", f"{consent}{until}": "20260402093000"}).consents
    assert found.medicines is codes.ConsentFlag.GIVEN
    assert found.medicines_until == datetime(2026, 4, 2, 9, 30, tzinfo=JAPAN)


@pytest.mark.parametrize(
    "results",
    [
        [PERSON],
        {"ResultOfQualificationConfirmation": PERSON},
        {"ResultOfQualificationConfirmation": [PERSON]},
        [{"ResultOfQualificationConfirmation": PERSON}],
    ],
)
def test_each_form_of_a_list(results: Any) -> None:
    assert [write_coverage(each) for each in read_confirmation({"ResultList": results}).coverages] == [PERSON]


@pytest.mark.parametrize("results", ["", " \n ", None, [], {}, {"ResultOfQualificationConfirmation": ""}])
def test_each_form_of_nothing(results: Any) -> None:
    assert read_confirmation({"ResultList": results}).coverages == ()
    assert coverage(SpecificDiseasesCertificateList=results).specific_diseases == ()


@pytest.mark.parametrize("empty", ["\n  ", {}, {"ElderlyRecipientCertificateDate": " "}, {"Unheard": "of"}])
def test_empty_elements_are_no_groups(empty: Any) -> None:
    assert coverage(ElderlyRecipientCertificateInfo=empty).elderly is None
    diseases = [empty, {"SpecificDiseasesDiseaseCategory": "1"}, empty]
    assert len(coverage(SpecificDiseasesCertificateList=diseases).specific_diseases) == 1


HOLLOW = {"Name": "", "Birthdate": "\n", "ElderlyRecipientCertificateInfo": {"ElderlyRecipientCertificateDate": ""}}


@pytest.mark.parametrize("result", ["", {}, HOLLOW])
def test_an_empty_result_is_none(result: Any) -> None:
    """Some write the frame of a result though there is none."""
    for results in ([result], {"ResultOfQualificationConfirmation": result}, [result, result]):
        assert read_confirmation({"ResultList": results}).coverages == ()


def test_an_empty_echo_is_none() -> None:
    assert read_confirmation({"QualificationConfirmSearchInfo": "\n"}).search is None


# ---- what is not understood ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("member", "text"),
    [
        ("QualificationDate", "20260230"),
        ("QualificationDate", "99999999"),
        ("QualificationDate", "00000000"),
        ("QualificationDate", "2026-04-01"),
        ("QualificationDate", "令和8年4月1日"),
        ("QualificationDate", "２０２６０４０１"),
        ("InsuredPartialContributionRatio", "30"),
        ("InsuredPartialContributionRatio", "101"),
        ("InsuredPartialContributionRatio", "３割"),
        ("PharmacistsInfoConsTime", "20260401250000"),
        ("PharmacistsInfoConsTime", "20260401"),
        ("InsuredCardClassification", "ZZ"),
    ],
)
def test_odd_text_is_kept_as_it_came(member: str, text: str) -> None:
    found = coverage(**{member: text})
    assert write_coverage(found) == {**PERSON, member: text}
    assert {**found.odd, **found.consents.odd} == {member: text}


def test_ratios_end_at_the_whole() -> None:
    assert coverage(InsuredPartialContributionRatio="100").burden_percent == 100
    assert coverage(InsuredPartialContributionRatio="000").burden_percent == 0


@pytest.mark.parametrize("text", ["1" * 10, "-1", "1.5", "１"])
def test_odd_amounts(text: str) -> None:
    disease = {"SpecificDiseasesSelfPay": text}
    assert coverage(SpecificDiseasesCertificateList=[disease]).specific_diseases[0].odd == disease


def test_years_before_1000_keep_their_zeros() -> None:
    members = {**PERSON, "Birthdate": "00010101", "PharmacistsInfoConsTime": "09990101000000"}
    assert write_coverage(read_coverage(members)) == members
    assert write_query(query(Birthdate="09990101"))["Birthdate"] == "09990101"


# ---- hostile members -----------------------------------------------------------------------------------------------


HOSTILE = [7, 0, True, 1.5, b"x", object(), "x" * 401, "x" * 5000, " " * 5000, "a\x00b", "\x1b[2J", "\x85", "\ud800"]


@pytest.mark.parametrize("wire", WIRES, ids=named)
@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: ascii(value)[:12])
def test_member_out_of_bounds_is_named_but_not_shown(wire: Wire, value: object) -> None:
    assert refused({"ResultList": [{**PERSON, wire.name: value}]}) == f"member {wire.name}"


@pytest.mark.parametrize("wire", [wire for wire in WIRES if wire.group is None], ids=named)
@pytest.mark.parametrize("value", [{"a": "b"}, ["x"], []], ids=ascii)
def test_a_text_is_no_group(wire: Wire, value: object) -> None:
    assert refused({"ResultList": [{**PERSON, wire.name: value}]}) == f"member {wire.name}"


@pytest.mark.parametrize("wire", [wire for wire in WIRES if wire.kind == "text"], ids=named)
def test_bounds_are_exact(wire: Wire) -> None:
    longest = "x" * wire.most
    assert write_coverage(coverage(**{wire.name: longest})) == {**PERSON, wire.name: longest}
    assert refused({"ResultList": [{**PERSON, wire.name: longest + "x"}]}) == f"member {wire.name}"


@pytest.mark.parametrize("wire", ["Birthdate", "Sex1"])
@pytest.mark.parametrize("value", [None, "", "9", "20260230"])
def test_what_the_chip_is_compared_with_must_be_there(wire: str, value: str | None) -> None:
    assert refused({"ResultList": [{**PERSON, wire: value}]}) == f"member {wire}"


@pytest.mark.parametrize(
    ("members", "member"),
    [
        ({"ResultList": [PERSON] * (MOST_COVERAGES + 1)}, "ResultList"),
        ({"ResultList": {"ResultOfQualificationConfirmation": [PERSON] * 9}}, "ResultList"),
        ({"ResultList": 1}, "ResultList"),
        ({"ResultList": "x"}, "ResultList"),
        ({"ResultList": b"x"}, "ResultList"),
        ({"ResultList": {"ResultOfQualificationConfirmation": 1}}, "ResultList"),
        ({"ResultList": ["x"]}, "ResultOfQualificationConfirmation"),
        ({"ResultList": [None]}, "ResultOfQualificationConfirmation"),
        ({"ResultList": [[PERSON]]}, "ResultOfQualificationConfirmation"),
        ({"ResultList": [{"Sex1": "1"}]}, "Birthdate"),
        ({"QualificationValidity": 1}, "QualificationValidity"),
        ({"QualificationConfirmSearchInfo": [ECHO]}, "QualificationConfirmSearchInfo"),
        ({"QualificationConfirmSearchInfo": 5}, "QualificationConfirmSearchInfo"),
        ({"QualificationConfirmSearchInfo": ECHO | {"InsurerNumber": 6130017}}, "InsurerNumber"),
        ({"QualificationConfirmSearchInfo": ECHO | {"InsuredBranchNumber": "001"}}, "InsuredBranchNumber"),
        ({"ResultList": [{**PERSON, "PublicExpenseResultList": [{}] * 17}]}, "PublicExpenseResultList"),
        ({"ResultList": [{**PERSON, "SpecificDiseasesCertificateList": [{}] * 9}]}, "SpecificDiseasesCertificateList"),
        ({"ResultList": [{**PERSON, "SpecificDiseasesCertificateList": [1]}]}, "SpecificDiseasesCertificateList"),
        ({"ResultList": [{**PERSON, "PublicExpenseResultList": [{"IssueNumber": {"a": "b"}}]}]}, "IssueNumber"),
    ],
)
def test_structure_out_of_bounds(members: dict[str, Any], member: str) -> None:
    assert refused(members) == f"member {member}"


def test_an_answer_is_a_group() -> None:
    assert refused({"ResultList": [PERSON]} | {"ErrorCode": "x" * 33}) == "member ErrorCode"


def test_nesting_is_not_followed() -> None:
    deep: Any = "x"
    for _ in range(50_000):
        deep = {"a": deep}
    assert read_confirmation({"Unknown": deep}).coverages == ()
    assert refused({"ErrorCode": deep}) == "member ErrorCode"


@pytest.mark.parametrize("lacking", ["InsurerNumber", "InsuredIdentificationNumber", "Birthdate"])
def test_an_echo_without_what_every_query_has_is_none(lacking: str) -> None:
    echo = {name: value for name, value in ECHO.items() if name != lacking}
    assert read_confirmation({"QualificationConfirmSearchInfo": echo}).search is None
    assert read_confirmation({"QualificationConfirmSearchInfo": echo | {lacking: None}}).search is None


def test_no_personal_data_in_reprs() -> None:
    found = read_confirmation(ANSWER)
    parts = (found, found.search, found.coverages, found.coverages[0].elderly, found.coverages[0].tickets)
    for part in (*parts, found.coverages[0].consents):
        text = repr(part)
        assert "窓口" not in text
        assert "1972" not in text
        assert DAY not in text
        assert GOOD["InsuredIdentificationNumber"] not in text
