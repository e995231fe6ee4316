"""The simulated terminal's own encoder against the device's reader, in every habit that was seen in the field."""

import random
from dataclasses import replace
from itertools import product

import pytest

from firmware.eligibility import codes
from firmware.eligibility.oqs_xml import Encoding, Padding, read_answer, write_request
from firmware.sim.terminal.xml import Response, Style, decode_request, encode_response
from tests.unit.eligibility.oqs_samples import REQUEST

HEADER = {
    "ProcessExecutionTime": "20260401093012",
    "MedicalInstitutionCode": "1319999999",
    "ArbitraryFileIdentifier": "DEV01-000123",
    "ReferenceClassification": "2",
    "SegmentOfResult": "1",
    "CharacterCodeIdentifier": "0",
}
BODY = {"ProcessingResultStatus": "1", "QualificationValidity": "1"}
SEARCH = {
    "InsurerNumber": "130013",
    "InsuredCardSymbol": "見本",
    "InsuredIdentificationNumber": "7",
    "Birthdate": "19850506",
    "LimitApplicationCertificateRelatedConsFlg": "0",
}
PERSON = {
    "InsuredCardClassification": "01",
    "InsurerNumber": "130013",
    "Name": "例示　<次郎> & 表",
    "NameKana": "ﾚｲｼﾞ ｼﾞﾛｳ",
    "Sex1": "1",
    "Birthdate": "19850506",
    "QualificationDate": "20240401",
    "PharmacistsInfoConsFlg": "1",
    "PharmacistsInfoConsTime": "20260401093000",
    "PharmacistsInfoAvailableTime": "20260402093000",
    "ElderlyRecipientCertificateInfo": {"ElderlyRecipientContributionRatio": "020"},
    "SpecificDiseasesCertificateList": [{"SpecificDiseasesDiseaseCategory": "1"}, {"SpecificDiseasesSelfPay": "10000"}],
}
RESPONSE = Response(HEADER, BODY, SEARCH, (PERSON, {**PERSON, "Name": "例示　花子", "Sex1": "2"}))

STYLES = [
    Style(encoding, pad, older, indent)
    for encoding, pad, older, indent in product(("Shift_JIS", "UTF-8"), (" ", "0"), (False, True), (False, True))
]
STYLES += [
    Style("UTF-8", mark=True),
    Style(line_end="\n", indent=True),
    Style(empty=("ReasonOfLoss", "ReferenceNumber")),
]
STYLES += [
    Style(encoding, shuffle=random.Random(seed))  # noqa: S311  # an order, no secret
    for encoding in ("Shift_JIS", "UTF-8")
    for seed in range(5)
]


@pytest.mark.parametrize("style", STYLES, ids=lambda style: repr(style)[6:-1])
def test_every_habit_says_the_same(style: Style) -> None:
    answer = read_answer(encode_response(RESPONSE, style))
    assert answer == read_answer(encode_response(RESPONSE, Style("UTF-8")))
    first, second = answer.coverages
    assert (first.name, second.name) == ("例示　<次郎> & 表", "例示　花子")
    assert first.insurer_number == second.insurer_number == "130013"
    assert first.consents.medicines is codes.ConsentFlag.GIVEN
    assert first.consents.medicines_until is not None
    assert [each.self_pay for each in first.specific_diseases] == [None, 10_000]
    assert answer.search is not None
    assert answer.search.insurer_number == "130013"
    assert not answer.odd
    assert not first.odd


@pytest.mark.parametrize(
    "declaration",
    [
        '<?xml version = "1.0" encoding = "Shift_JIS" standalone = "no" ?>',
        "<?xml version='1.0' encoding='shift_jis'?>",
        '<?xml\tversion="1.0"\r\nencoding="Windows-31J"?>',
    ],
)
def test_an_encoding_may_be_declared_in_every_way_that_xml_knows(declaration: str) -> None:
    _, _, rest = encode_response(RESPONSE).partition(b"?>")
    assert read_answer(declaration.encode() + rest).coverages[0].name == "例示　<次郎> & 表"


def test_what_shift_jis_does_not_have_comes_as_a_black_circle() -> None:
    person = {**PERSON, "Name": "𠮷見本　太郎"}
    for encoding, name in (("Shift_JIS", "●見本　太郎"), ("UTF-8", "𠮷見本　太郎")):
        answer = read_answer(encode_response(replace(RESPONSE, results=(person,)), Style(encoding)))
        assert answer.coverages[0].name == name


def test_an_error_of_the_exchange_has_no_body_worth_reading() -> None:
    header = {**HEADER, "SegmentOfResult": "9", "ErrorCode": "X0001", "ErrorMessage": "見本のエラー"}
    answer = read_answer(encode_response(Response(header)))
    assert (answer.segment, answer.error_code, answer.error_message) == ("9", "X0001", "見本のエラー")


@pytest.mark.parametrize("padding", list(Padding))
@pytest.mark.parametrize("encoding", list(Encoding))
def test_the_terminal_understands_the_device(encoding: Encoding, padding: Padding) -> None:
    request = decode_request(write_request(REQUEST, encoding, padding))
    assert request.encoding == encoding
    assert request.search == {
        "InsurerNumber": "  130013" if padding is Padding.SPACE else "00130013",
        "InsuredCardSymbol": "ソ・表",
        "InsuredIdentificationNumber": "４５６７",
        "InsuredBranchNumber": "01",
        "Birthdate": "19700101",
        "LimitApplicationCertificateRelatedConsFlg": "1",
        "ArbitraryIdentifier": "P&88",
    }


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<XmlMsg>", b"<Message>"),
        (b"Shift_JIS", b"EUC-JP"),
        (b"<Birthdate>19700101</Birthdate>", b""),
        (b"<MessageHeader>", b"<MessageHeader><Unknown>1</Unknown>"),
        (b"<Birthdate>", b"<InsurerNumber>1</InsurerNumber><Birthdate>"),
    ],
)
def test_the_terminal_refuses_what_is_no_request(old: bytes, new: bytes) -> None:
    data = write_request(REQUEST, Encoding.SHIFT_JIS, Padding.SPACE)
    assert old in data
    with pytest.raises(ValueError, match=r"element|declaration"):
        decode_request(data.replace(old, new))
