"""What the codec refuses: hostile files (D3), cut ones, and requests that a file cannot carry."""

from dataclasses import replace
from datetime import date

import pytest

from firmware.core.faults import DeviceError, FaultCode
from firmware.eligibility.model import Confirmation
from firmware.eligibility.oqs_message import NumberRequest
from firmware.eligibility.oqs_xml import MOST_DEPTH, Encoding, Padding, read_answer, write_answer, write_request
from tests.unit.eligibility.oqs_samples import GOLDEN, QUERY, REQUEST
from tests.unit.eligibility.xml_attacks import ATTACKS, HEAVY, message
from tools.measure_xml import MOST_BYTES, costs


def refusal(data: bytes) -> DeviceError:
    with pytest.raises(DeviceError) as raised:
        read_answer(data)
    assert raised.value.code is FaultCode.TERMINAL_BAD_FILE
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__ or raised.value.__context__ is None
    return raised.value


@pytest.mark.parametrize("name", list(ATTACKS))
def test_an_attack_is_refused(name: str) -> None:
    refusal(ATTACKS[name]())


@pytest.mark.long  # `make measure-xml` has all of them
def test_attacks_take_no_memory() -> None:
    for each in costs(HEAVY):
        assert each.came == "ELG-021", each
        assert each.bytes <= MOST_BYTES, each


def test_what_is_harmless_beside_the_attacks_is_read() -> None:
    """Each bound is reached, none is passed; else the attacks would prove nothing."""
    deep = "<a>" * (MOST_DEPTH - 1) + "</a>" * (MOST_DEPTH - 1)
    wide = "<x " + " ".join(f"a{number}='1'" for number in range(1000)) + "/>"
    for inside in (
        "",
        deep,
        wide,
        f"<x>{'y' * 16_000}</x>",
        "<a/>" * 16_000,
        "<!-- comment --><?instruction?>",
        "<x xmlns:xi='http://www.w3.org/2001/XInclude'><xi:include href='file:///etc/hostname'/></x>",
    ):
        assert read_answer(message(inside)).validity == "4"


@pytest.mark.parametrize("name", ["number-space.sjis.xml", "number-zero.utf8.xml"])
def test_a_cut_file_is_refused_at_every_length(name: str) -> None:
    data = (GOLDEN / name).read_bytes()
    for length in range(0, len(data.rstrip()), 7):
        refusal(data[:length])


def test_a_fault_tells_nothing_of_the_file() -> None:
    for name in ("number-space.utf8.xml", "face-newer.sjis.xml"):
        good = (GOLDEN / name).read_bytes()
        for bad in (good[:-20], good.replace(b"<Sex1>", b"<Sex1>&"), good.replace(b"<Name>", b"<Name>" + b"x" * 200)):
            error = refusal(bad)
            text = f"{error!r} {error}"
            assert not any(said in text for said in ("見本", "19700101", "1319999999", "x" * 9))


# ---- requests ---------------------------------------------------------------------------------------------------


def unasked(request: NumberRequest, encoding: Encoding = Encoding.UTF_8) -> str:
    with pytest.raises(DeviceError) as raised:
        write_request(request, encoding, Padding.SPACE)
    assert raised.value.code is FaultCode.QUERY_UNWRITABLE
    assert raised.value.__suppress_context__ or raised.value.__context__ is None
    return raised.value.detail


@pytest.mark.parametrize("symbol", ["𠮷", "é", "¥", "‾", "한", "👪", "\U000200a2", "见"])
def test_what_shift_jis_does_not_have_is_refused_never_replaced(symbol: str) -> None:
    request = replace(REQUEST, query=replace(QUERY, symbol=symbol))
    assert "InsuredCardSymbol" in unasked(request, Encoding.SHIFT_JIS)
    assert symbol.encode() in write_request(request, Encoding.UTF_8, Padding.SPACE)


@pytest.mark.parametrize(
    ("typed", "same"), [("〜", "～"), ("−", "－"), ("‖", "∥"), ("—", "―"), ("¢", "￠"), ("£", "￡"), ("¬", "￢")]
)
def test_the_two_readings_of_one_sign_are_one_in_shift_jis(typed: str, same: str) -> None:
    files = [
        write_request(replace(REQUEST, query=replace(QUERY, symbol=sign)), Encoding.SHIFT_JIS, Padding.SPACE)
        for sign in (typed, same)
    ]
    assert files[0] == files[1]


@pytest.mark.parametrize("encoding", list(Encoding))
@pytest.mark.parametrize("symbol", ["\x1b", "\x85", "\ue000", "\ufffe", "\ud800", "\n", ""])
def test_no_file_carries_controls_or_private_signs(symbol: str, encoding: Encoding) -> None:
    request = replace(REQUEST, query=replace(QUERY, symbol=f"1{symbol}" if symbol else "　"))
    assert "InsuredCardSymbol" in unasked(request, encoding)


@pytest.mark.parametrize(
    ("request_", "member"),
    [
        (replace(REQUEST, institution="131999999"), "MedicalInstitutionCode"),
        (replace(REQUEST, identifier="../x"), "ArbitraryFileIdentifier"),
        (replace(REQUEST, identifier=""), "ArbitraryFileIdentifier"),
        (replace(REQUEST, confirmed_on=date(999, 1, 1)), "QualificationConfirmationDate"),
        (replace(REQUEST, query=replace(QUERY, insurer_number="1234567")), "InsurerNumber"),
        (replace(REQUEST, query=replace(QUERY, insurer_number="０１２３４５")), "InsurerNumber"),
        (replace(REQUEST, query=replace(QUERY, insurer_number="")), "InsurerNumber"),
        (replace(REQUEST, query=replace(QUERY, number="1" * 21)), "InsuredIdentificationNumber"),
        (replace(REQUEST, query=replace(QUERY, number="  ")), "InsuredIdentificationNumber"),
        (replace(REQUEST, query=replace(QUERY, branch="1")), "InsuredBranchNumber"),
        (replace(REQUEST, query=replace(QUERY, identifier="x" * 65)), "ArbitraryIdentifier"),
    ],
)
def test_a_request_in_a_form_that_cannot_be_asked_is_refused(request_: NumberRequest, member: str) -> None:
    assert unasked(request_) == f"request: member {member}"


def test_an_answer_that_the_encoding_does_not_carry_is_not_written() -> None:
    with pytest.raises(DeviceError, match="ErrorMessage"):
        write_answer(Confirmation(error_message="𠮷"), Encoding.SHIFT_JIS)
