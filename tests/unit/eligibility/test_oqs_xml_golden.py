"""D1: golden files, written by hand in both encodings, with each name variant and each padding."""

from dataclasses import replace

import pytest

from firmware.eligibility.model import Confirmation
from firmware.eligibility.oqs_xml import Encoding, Padding, read_answer, write_request
from tests.unit.eligibility.oqs_samples import (
    EXCHANGE_ERROR,
    FACE,
    GOLDEN,
    NONE,
    NUMBER,
    ODD,
    REQUEST,
    TWO_RESULTS,
)

ANSWERS = {
    "number-space": NUMBER,
    "number-zero": NUMBER,
    "face-newer": FACE,
    "face-older": FACE,
    "face-mixed": FACE,
    "two-results": TWO_RESULTS,
    "exchange-error": EXCHANGE_ERROR,
    "none": NONE,
    "odd": ODD,
}
FILES = sorted(file.name for file in GOLDEN.glob("*.xml") if not file.name.startswith("request"))


@pytest.mark.parametrize("name", FILES)
def test_a_golden_answer_says_what_was_written_into_it(name: str) -> None:
    answer = read_answer((GOLDEN / name).read_bytes())
    assert replace(answer, character_code=None) == ANSWERS[name.partition(".")[0]]


def test_every_golden_answer_is_there() -> None:
    assert {name.partition(".")[0] for name in FILES} == set(ANSWERS)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("number-space.sjis.xml", "1"),
        ("number-space.utf8.xml", "0"),
        ("number-zero.sjis.xml", "0"),
        ("number-zero.utf8.xml", "1"),
    ],
)
def test_the_character_code_is_a_hint_that_decides_nothing(name: str, code: str) -> None:
    answer = read_answer((GOLDEN / name).read_bytes())
    assert answer.character_code == code
    assert answer.coverages[0].name == "髙見本　花子"


@pytest.mark.parametrize("padding", list(Padding))
@pytest.mark.parametrize(("encoding", "ending"), [(Encoding.SHIFT_JIS, "sjis"), (Encoding.UTF_8, "utf8")])
def test_a_request_is_byte_for_byte_the_golden_one(encoding: Encoding, ending: str, padding: Padding) -> None:
    golden = (GOLDEN / f"request-{padding}.{ending}.xml").read_bytes()
    assert write_request(REQUEST, encoding, padding) == golden


def test_half_width_kana_that_look_like_utf_8_are_still_kana() -> None:
    kana = "ﾄｼ".encode("cp932")
    assert kana.decode("utf-8")  # two bytes that both encodings know
    data = b'<?xml version="1.0" encoding="Shift_JIS"?><XmlMsg><MessageHeader><ErrorMessage>' + kana
    answer = read_answer(data + b"</ErrorMessage></MessageHeader></XmlMsg>")
    assert answer == Confirmation(error_message="ﾄｼ")


def test_members_count_only_where_they_belong() -> None:
    """A code of the header inside of the body, and the other way round, is dropped."""
    answer = read_answer(
        b"<XmlMsg><MessageHeader><SegmentOfResult>1</SegmentOfResult><QualificationValidity>1</QualificationValidity>"
        b"</MessageHeader><MessageBody><ErrorCode>E1</ErrorCode></MessageBody></XmlMsg>"
    )
    assert (answer.segment, answer.validity, answer.error_code) == ("1", None, None)


@pytest.mark.parametrize("empty", ["", "<ResultList/>", "<ResultList>\r\n  </ResultList>"])
def test_an_empty_list_is_no_result(empty: str) -> None:
    data = f"<XmlMsg><MessageHeader><SegmentOfResult>1</SegmentOfResult></MessageHeader><MessageBody>{empty}"
    assert read_answer(f"{data}</MessageBody></XmlMsg>".encode()).coverages == ()


def test_a_group_with_nothing_but_line_breaks_is_absent() -> None:
    data = (GOLDEN / "number-space.utf8.xml").read_bytes()
    start, end = b"<LimitApplicationCertificateRelatedInfo>", b"</LimitApplicationCertificateRelatedInfo>"
    emptied = data[: data.index(start)] + start + b"\r\n\t " + data[data.index(end) :]
    assert read_answer(emptied).coverages[0].limit is None
