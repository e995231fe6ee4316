"""What the national system answers, as values: one `Confirmation` with a `Coverage` for each person found.

Pure, any thread. Members and their names: eligibility.md 2.7 (`fields.py` reads and writes them, `codes.py` has the
tables). Days are `date`s, ratios per cent, codes enums; what was not understood stands in `odd`. Personal: no repr.
Raises DeviceError GATEWAY_BAD_ANSWER; its detail names the member, never its value.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final

from firmware.core.queries import NumberQuery
from firmware.core.result import Json
from firmware.eligibility import codes
from firmware.eligibility.fields import (
    Member,
    Members,
    bad_answer,
    clean,
    code,
    day,
    elements_of,
    group,
    is_blank,
    listed,
    moment,
    odd_members,
    ratio,
    read,
    read_day,
    text,
    write,
    write_day,
)
from firmware.eligibility.parts import (
    Consents,
    ElderlyRecipient,
    LimitCertificate,
    MedicalTicket,
    SpecificDiseaseCertificate,
)

MOST_COVERAGES: Final = 8
_MOST_TICKETS: Final = 16
_SEARCH: Final = "QualificationConfirmSearchInfo"
_LIST: Final = "ResultList"
_RESULT: Final = "ResultOfQualificationConfirmation"


@dataclass(frozen=True, slots=True, repr=False)
class Coverage:
    """One ResultOfQualificationConfirmation (資格確認結果). Only birth date and sex are always there."""

    birth_date: date = day("Birthdate", required=True)
    """生年月日"""
    sex: codes.Sex = code("Sex1", codes.Sex, required=True)
    """性別1 (table 007)"""
    classification: codes.CardClassification | None = code("InsuredCardClassification", codes.CardClassification)
    """被保険者証区分 (table 010)"""
    insurer_number: str | None = text("InsurerNumber", 8)
    """保険者番号, 6 or 8 digits"""
    insurer_name: str | None = text("InsurerName", 120)
    """保険者名称"""
    symbol: str | None = text("InsuredCardSymbol", 40)
    """記号"""
    number: str | None = text("InsuredIdentificationNumber", 40)
    """番号"""
    branch: str | None = text("InsuredBranchNumber", 2)
    """枝番"""
    relation: codes.PersonFamily | None = code("PersonalFamilyClassification", codes.PersonFamily)
    """本人・家族の別 (table 009)"""
    insured_name: str | None = text("InsuredName", 120)
    """被保険者氏名(世帯主氏名)"""
    name: str | None = text("Name", 120)
    """氏名; ● stands for a character that could not be delivered"""
    other_name: str | None = text("NameOfOther", 120)
    """氏名(その他)"""
    kana: str | None = text("NameKana", 120)
    """氏名カナ, half width"""
    other_kana: str | None = text("NameOfOtherKana", 120)
    """氏名カナ(その他)"""
    printed_sex: codes.Sex | None = code("Sex2", codes.Sex)
    """性別2(券面記載), table 007"""
    address: str | None = text("Address", 400)
    """住所"""
    post_number: str | None = text("PostNumber", 8)
    """郵便番号"""
    qualified_on: date | None = day("QualificationDate")
    """資格取得年月日"""
    disqualified_on: date | None = day("DisqualificationDate")
    """資格喪失年月日, the first day without"""
    issued_on: date | None = day("InsuredCertificateIssuanceDate")
    """被保険者証交付年月日"""
    valid_from: date | None = day("InsuredCardValidDate")
    """被保険者証有効開始年月日"""
    valid_to: date | None = day("InsuredCardExpirationDate")
    """被保険者証有効終了年月日, the last day"""
    burden_percent: int | None = ratio("InsuredPartialContributionRatio")
    """被保険者証一部負担金割合, per cent: always with 後期高齢者医療, mostly absent otherwise"""
    preschool: codes.Preschool | None = code("PreschoolClassification", codes.Preschool)
    """未就学区分 (table 015)"""
    reason_of_loss: codes.ReasonOfLoss | None = code("ReasonOfLoss", codes.ReasonOfLoss)
    """資格喪失事由 (table 008)"""
    elderly: ElderlyRecipient | None = group("ElderlyRecipientCertificateInfo", ElderlyRecipient)
    """高齢受給者証情報"""
    limit: LimitCertificate | None = group("LimitApplicationCertificateRelatedInfo", LimitCertificate)
    """限度額適用認定証関連情報"""
    specific_diseases: tuple[SpecificDiseaseCertificate, ...] = listed(
        "SpecificDiseasesCertificateList", "SpecificDiseasesCertificateInfo", SpecificDiseaseCertificate, 8
    )
    """特定疾病療養受療証情報"""
    tickets: tuple[MedicalTicket, ...] = listed(
        "PublicExpenseResultList", "MedicalTicketInfo", MedicalTicket, _MOST_TICKETS
    )
    """公費(医療扶助の医療券・調剤券)"""
    reference_number: str | None = text("ReferenceNumber", 50)
    """照会番号: the patient's number in the reception software"""
    consents: Consents = field(default_factory=Consents)
    """同意情報"""
    odd: Mapping[str, str] = odd_members()


@dataclass(frozen=True, slots=True, repr=False)
class Confirmation:
    """資格確認結果: an answer with its header. Of a gateway's answer the header's members are mostly absent."""

    executed_at: datetime | None = moment("ProcessExecutionTime")
    """処理実行日時"""
    confirmed_on: date | None = day("QualificationConfirmationDate")
    """資格確認日"""
    institution: str | None = text("MedicalInstitutionCode", 10)
    """医療機関コード"""
    identifier: str | None = text("ArbitraryFileIdentifier", 64)
    """任意のファイル識別子: the request's, echoed"""
    reference: codes.ReferenceClassification | None = code("ReferenceClassification", codes.ReferenceClassification)
    """照会区分 (table 002)"""
    segment: codes.SegmentOfResult | None = code("SegmentOfResult", codes.SegmentOfResult)
    """処理結果区分 (table 003)"""
    error_code: str | None = text("ErrorCode", 32)
    """エラーコード"""
    error_message: str | None = text("ErrorMessage", 400)
    """エラーメッセージ"""
    character_code: codes.CharacterCode | None = code("CharacterCodeIdentifier", codes.CharacterCode)
    """文字コード識別 (table 005)"""
    status: codes.ProcessingStatus | None = code("ProcessingResultStatus", codes.ProcessingStatus)
    """処理結果状況 (table 004)"""
    processing_code: str | None = text("ProcessingResultCode", 32)
    """処理結果コード"""
    processing_message: str | None = text("ProcessingResultMessage", 400)
    """処理結果メッセージ"""
    validity: codes.Validity | None = code("QualificationValidity", codes.Validity)
    """資格有効性 (table 006)"""
    prescription: codes.PrescriptionIssue | None = code("PrescriptionIssueSelect", codes.PrescriptionIssue)
    """処方箋発行形態 (table 017)"""
    search: NumberQuery | None = None
    """The number query as it was echoed"""
    coverages: tuple[Coverage, ...] = ()
    """One for each ResultOfQualificationConfirmation"""
    odd: Mapping[str, str] = odd_members()


HEADER_MEMBERS: Final = (
    "ProcessExecutionTime",
    "QualificationConfirmationDate",
    "MedicalInstitutionCode",
    "ArbitraryFileIdentifier",
    "ReferenceClassification",
    "SegmentOfResult",
    "ErrorCode",
    "ErrorMessage",
    "CharacterCodeIdentifier",
)
"""Members of MessageHeader, in the order they are written; all others are MessageBody's."""


def read_confirmation(members: Members) -> Confirmation:
    """From the members of header and body together; each echo, list and coverage within bounds."""
    elements = elements_of(members.get(_LIST), _RESULT, MOST_COVERAGES, _LIST)
    return replace(
        read(Confirmation, members, "answer"),
        search=_echo(members.get(_SEARCH)),
        coverages=tuple(read_coverage(each) for each in elements),
    )


def _echo(found: Member | None) -> NumberQuery | None:
    if found is None or is_blank(found):
        return None
    if not isinstance(found, Mapping):
        raise bad_answer(f"member {_SEARCH}")
    return read_query(found)


def write_confirmation(confirmation: Confirmation) -> dict[str, Member]:
    """All members flat; the coverages as a list under ResultList, the query's echo as a group."""
    members = write(confirmation)
    if confirmation.search is not None:
        members[_SEARCH] = write_query(confirmation.search)
    if confirmation.coverages:
        members[_LIST] = [write_coverage(each) for each in confirmation.coverages]
    return members


def read_coverage(members: Member) -> Coverage:
    """One coverage with its consents, which stand among its members."""
    coverage = read(Coverage, members, _RESULT)
    return replace(
        coverage,
        consents=read(Consents, members, _RESULT),
        insurer_number=insurer_number(coverage.insurer_number),
    )


def write_coverage(coverage: Coverage) -> dict[str, Member]:
    return write(coverage) | write(coverage.consents)


def insurer_number(value: str | None) -> str | None:
    """Without the padding to 8 that some interfaces add to numbers of 6 (spaces, zeros; eligibility.md 2.6)."""
    if value is None:
        return None
    plain = value.strip(" ")
    return plain[2:] if re.fullmatch(r"00[0-9]{6}", plain) else plain


_QUERY_TEXTS: Final = {
    "insurer_number": ("InsurerNumber", 8),
    "symbol": ("InsuredCardSymbol", 40),
    "number": ("InsuredIdentificationNumber", 40),
    "branch": ("InsuredBranchNumber", 2),
    "identifier": ("ArbitraryIdentifier", 64),
}
_LIMIT_FLAG: Final = "LimitApplicationCertificateRelatedConsFlg"


def read_query(members: Members) -> NumberQuery | None:
    """The echo of a number query; None if it lacks what every query has."""
    texts = {name: clean(members.get(wire) or "", most, wire) for name, (wire, most) in _QUERY_TEXTS.items()}
    born = read_day(clean(members.get("Birthdate") or "", 32, "Birthdate"))
    if born is None or not texts["insurer_number"] or not texts["number"]:
        return None
    limit = clean(members.get(_LIMIT_FLAG) or "", 32, _LIMIT_FLAG) == codes.LimitConsent.YES
    return NumberQuery(
        insurer_number=insurer_number(texts["insurer_number"]) or "",
        number=texts["number"],
        birth_date=born,
        symbol=texts["symbol"] or None,
        branch=texts["branch"] or None,
        limit_consent=limit,
        identifier=texts["identifier"] or None,
    )


def write_query(query: NumberQuery) -> dict[str, Member]:
    """QualificationConfirmSearchInfo; the insurer number unpadded."""
    known = {wire: getattr(query, name) for name, (wire, _) in _QUERY_TEXTS.items()}
    members: dict[str, Member] = {wire: value for wire, value in known.items() if value}
    members["Birthdate"] = write_day(query.birth_date)
    members[_LIMIT_FLAG] = str(codes.LimitConsent.YES if query.limit_consent else codes.LimitConsent.NO)
    return members


def to_detail(confirmation: Confirmation) -> dict[str, Json]:
    """The answer as members of the message to the reception, under their national names."""
    return {name: _json(value) for name, value in write_confirmation(confirmation).items()}


def _json(value: Member) -> Json:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return {name: _json(each) for name, each in value.items()}
    return [_json(each) for each in value]
