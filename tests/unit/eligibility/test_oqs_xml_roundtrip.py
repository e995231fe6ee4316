"""D1: what is written is read back as it was, in every encoding and in JSON, unknown codes and odd days included."""

import json
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.queries import NumberQuery
from firmware.eligibility import oqs_json, oqs_xml
from firmware.eligibility.model import Confirmation, read_query
from firmware.eligibility.oqs_message import NumberRequest, Padding
from firmware.eligibility.oqs_xml import Encoding
from firmware.sim.terminal.xml import decode_request
from tests.unit.eligibility.oqs_samples import GOLDEN
from tests.unit.eligibility.oqs_strategies import REPERTOIRE, SHIFT_JIS, UNICODE, confirmations, queries

QUICK = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
REQUESTED = date(2026, 4, 1)


@QUICK
@given(confirmations(UNICODE))
def test_an_answer_survives_utf_8(confirmation: Confirmation) -> None:
    assert oqs_xml.read_answer(oqs_xml.write_answer(confirmation, Encoding.UTF_8)) == confirmation


@QUICK
@given(confirmations(SHIFT_JIS))
def test_an_answer_survives_shift_jis(confirmation: Confirmation) -> None:
    data = oqs_xml.write_answer(confirmation, Encoding.SHIFT_JIS)
    # Two signs that nobody has for a name, alone in a file, are UTF-8 as well (繖－); whole answers never are.
    assume(data.isascii() or not is_utf_8(data))
    assert oqs_xml.read_answer(data) == confirmation


def is_utf_8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def test_what_is_utf_8_in_spite_of_its_declaration_is_refused_rather_than_misread() -> None:
    with pytest.raises(DeviceError, match="declared encoding"):
        oqs_xml.read_answer(oqs_xml.write_answer(Confirmation(error_code="繖－"), Encoding.SHIFT_JIS))


def test_every_character_of_shift_jis_survives() -> None:
    assert len(REPERTOIRE) > 7000
    for at in range(0, len(REPERTOIRE), 300):
        answer = Confirmation(error_message=f"|{''.join(REPERTOIRE[at : at + 300])}|")
        assert oqs_xml.read_answer(oqs_xml.write_answer(answer, Encoding.SHIFT_JIS)) == answer


@QUICK
@given(confirmations(UNICODE))
def test_an_answer_survives_json(confirmation: Confirmation) -> None:
    assert oqs_json.read_answer(oqs_json.write_answer(confirmation)) == confirmation


@QUICK
@given(queries(SHIFT_JIS), st.sampled_from(Encoding), st.sampled_from(Padding))
def test_a_query_survives_the_file_that_the_simulated_terminal_reads(
    query: NumberQuery, encoding: Encoding, padding: Padding
) -> None:
    data = oqs_xml.write_request(NumberRequest(REQUESTED, "1319999999", "DEV01-1", query), encoding, padding)
    request = decode_request(data)
    assert read_query(request.search) == query
    assert request.encoding == encoding
    assert request.header == {
        "QualificationConfirmationDate": "20260401",
        "MedicalInstitutionCode": "1319999999",
        "ArbitraryFileIdentifier": "DEV01-1",
    }
    assert len(request.search["InsurerNumber"]) == 8


@QUICK
@given(queries(UNICODE), st.sampled_from(Padding))
def test_a_query_survives_json(query: NumberQuery, padding: Padding) -> None:
    data = oqs_json.write_request(NumberRequest(REQUESTED, "1319999999", "DEV01-1", query), padding)
    search = json.loads(data)["XmlMsg"]["MessageBody"]["QualificationConfirmSearchInfo"]
    assert read_query(search) == query
    assert len(search["InsurerNumber"]) == 8


# ---- chance ------------------------------------------------------------------------------------------------------


@st.composite
def damaged(draw: st.DrawFn, pattern: str) -> bytes:
    """A golden file with some stretches replaced: by other bytes, by pieces of the same file, or by nothing."""
    data = draw(st.sampled_from(sorted(GOLDEN.glob(pattern)))).read_bytes()
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        length = draw(st.integers(0, 30))
        copied = draw(st.integers(0, len(data)))
        piece = draw(st.binary(max_size=8) | st.just(data[copied : copied + length]))
        data = data[:at] + piece + data[at + draw(st.integers(0, 30)) :]
    return data


def fault(read: Callable[[bytes], Confirmation], data: bytes) -> FaultCode | None:
    try:
        read(data)
    except DeviceError as error:
        return error.code
    return None


@settings(QUICK, max_examples=50)
@given(damaged("*.xml"))
def test_a_damaged_file_is_read_or_refused_nothing_else(data: bytes) -> None:
    assert fault(oqs_xml.read_answer, data) in {None, FaultCode.TERMINAL_BAD_FILE}


@settings(QUICK, max_examples=50)
@given(damaged("*.json"))
def test_a_damaged_answer_is_read_or_refused_nothing_else(data: bytes) -> None:
    assert fault(oqs_json.read_answer, data) in {None, FaultCode.GATEWAY_BAD_ANSWER}
