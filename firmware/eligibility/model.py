"""The gateway's answer as values: `Answer` with its `Coverage`s, parsed within bounds from JSON and written back.

Pure, any thread. Member names and value formats are the national system's own (eligibility.md 2.7, 2.8;
docs/gateway.yaml, `Result` and `Coverage`): dates are YYYYMMDD strings, a burden ratio is per cent. Members that are
not known are dropped. Raises DeviceError GATEWAY_BAD_ANSWER; its detail names the member, never its value.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import EligibilityCode
from firmware.core.result import Json

_MOST_COVERAGES: Final = 8

CODES: Final = frozenset(EligibilityCode) - {EligibilityCode.IDENTITY_CONFLICT, EligibilityCode.NOT_ASKED}
"""What a gateway may say; the other two are the device's own words."""

_PRINTABLE: Final = r"[^\x00-\x1f\x7f\ud800-\udfff]"
"""No control characters (they would reach printers and terminals) and no lone surrogates (no UTF-8 form)."""

_RESULT_MEMBERS: Final = {
    "QualificationConfirmationDate": re.compile(r"[0-9]{8}"),
    "QualificationValidity": re.compile(r"[0-9A-Za-z]{1,4}"),
    "ProcessingResultCode": re.compile(rf"{_PRINTABLE}{{0,32}}"),
    "ProcessingResultMessage": re.compile(rf"{_PRINTABLE}{{0,400}}"),
}


def bad_answer(what: str) -> DeviceError:
    return DeviceError(FaultCode.GATEWAY_BAD_ANSWER, what)


def _member(wire: str, pattern: str) -> Any:
    """A field of `Coverage`: its name on the wire and what the whole value must look like."""
    return field(default=None, metadata={"wire": wire, "pattern": re.compile(pattern)})


def _text(wire: str, most: int) -> Any:
    return _member(wire, rf"{_PRINTABLE}{{0,{most}}}")


def _date(wire: str) -> Any:
    return _member(wire, r"[0-9]{8}")


@dataclass(frozen=True, slots=True, repr=False)
class Coverage:
    """One ResultOfQualificationConfirmation (資格情報). Personal: no repr. Only birth date and sex are always there."""

    birth_date: str = field(metadata={"wire": "Birthdate", "pattern": re.compile(r"[0-9]{8}")})
    """生年月日"""
    sex: str = field(metadata={"wire": "Sex1", "pattern": re.compile(r"[123]")})
    """性別1: 1 male, 2 female, 3 not set (table 007)"""
    classification: str | None = _text("InsuredCardClassification", 4)
    """被保険者証区分 (table 010)"""
    insurer_number: str | None = _member("InsurerNumber", r"[0-9]{6,8}")
    """保険者番号"""
    insurer_name: str | None = _text("InsurerName", 120)
    """保険者名称"""
    symbol: str | None = _text("InsuredCardSymbol", 20)
    """記号"""
    number: str | None = _text("InsuredIdentificationNumber", 20)
    """番号"""
    branch: str | None = _text("InsuredBranchNumber", 2)
    """枝番"""
    relation: str | None = _text("PersonalFamilyClassification", 4)
    """本人・家族の別 (table 009)"""
    insured_name: str | None = _text("InsuredName", 120)
    """被保険者氏名(世帯主氏名)"""
    name: str | None = _text("Name", 120)
    """氏名; ● stands for a character that could not be delivered"""
    other_name: str | None = _text("NameOfOther", 120)
    """氏名(その他)"""
    kana: str | None = _text("NameKana", 120)
    """氏名カナ, half width"""
    other_kana: str | None = _text("NameOfOtherKana", 120)
    """氏名カナ(その他)"""
    printed_sex: str | None = _text("Sex2", 4)
    """性別2(券面記載)"""
    address: str | None = _text("Address", 400)
    """住所"""
    post_number: str | None = _text("PostNumber", 8)
    """郵便番号"""
    qualified_on: str | None = _date("QualificationDate")
    """資格取得年月日"""
    disqualified_on: str | None = _date("DisqualificationDate")
    """資格喪失年月日"""
    issued_on: str | None = _date("InsuredCertificateIssuanceDate")
    """被保険者証交付年月日"""
    valid_from: str | None = _date("InsuredCardValidDate")
    """被保険者証有効開始年月日"""
    valid_to: str | None = _date("InsuredCardExpirationDate")
    """被保険者証有効終了年月日"""
    burden_ratio: str | None = _member("InsuredPartialContributionRatio", r"[0-9]{3}")
    """一部負担金割合 as sent, 030 = 30 %; `burden_percent` is the number"""
    preschool: str | None = _text("PreschoolClassification", 4)
    """未就学区分 (table 015)"""
    reason_of_loss: str | None = _text("ReasonOfLoss", 4)
    """資格喪失事由 (table 008)"""
    reference_number: str | None = _text("ReferenceNumber", 50)
    """照会番号"""

    @property
    def burden_percent(self) -> int | None:
        return None if self.burden_ratio is None else int(self.burden_ratio)

    def to_detail(self) -> dict[str, Json]:
        """JSON members under their national names; absent ones stay absent."""
        values = ((each.metadata["wire"], getattr(self, each.name)) for each in fields(self))
        return {wire: value for wire, value in values if value is not None}


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """A final answer of the gateway. `result`: the answer's own members beside the coverages. Personal: no repr."""

    code: EligibilityCode
    coverages: tuple[Coverage, ...] = ()
    result: Mapping[str, str] = field(default_factory=dict)
    registration_offered: bool = False

    def to_detail(self) -> dict[str, Json]:
        """The answer as members of the message to the reception."""
        detail: dict[str, Json] = dict(self.result)
        if self.coverages:
            detail["ResultList"] = [coverage.to_detail() for coverage in self.coverages]
        return detail


def _value(members: Mapping[str, Json], wire: str, pattern: re.Pattern[str], *, required: bool = False) -> str | None:
    value = members.get(wire)
    if value is None and not required:
        return None
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise bad_answer(f"member {wire}")
    return value


def parse_coverage(members: Json) -> Coverage:
    """`Coverage` of docs/gateway.yaml."""
    if not isinstance(members, dict):
        raise bad_answer("member ResultList")
    required = {"birth_date", "sex"}
    values = {
        each.name: _value(members, each.metadata["wire"], each.metadata["pattern"], required=each.name in required)
        for each in fields(Coverage)
    }
    return Coverage(**values)  # type: ignore[arg-type]  # the two required members were checked not to be None


def _parse_coverages(result: Mapping[str, Json]) -> tuple[Coverage, ...]:
    coverages = result.get("ResultList", [])
    if not isinstance(coverages, list) or len(coverages) > _MOST_COVERAGES:
        raise bad_answer("member ResultList")
    return tuple(parse_coverage(each) for each in coverages)


def parse_answer(members: Mapping[str, Json]) -> Answer:
    """`Answer` of docs/gateway.yaml without its envelope (env, id, visit, status)."""
    code = members.get("code")
    if not isinstance(code, str) or code not in CODES:
        raise bad_answer("member code")
    result = members.get("result", {})
    if not isinstance(result, dict):
        raise bad_answer("member result")
    offered = members.get("registration_offered")
    if not isinstance(offered, bool) or (offered and code != EligibilityCode.NOT_REGISTERED):
        raise bad_answer("member registration_offered")
    coverages = _parse_coverages(result)
    if code == EligibilityCode.VALID and not coverages:
        raise bad_answer("valid without a coverage")
    own = {name: _value(result, name, pattern) for name, pattern in _RESULT_MEMBERS.items()}
    kept = {name: value for name, value in own.items() if value is not None}
    return Answer(EligibilityCode(code), coverages, kept, offered)
