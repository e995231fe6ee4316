"""Values that everybody shares: secrets that do not show, challenges to the byte, errors with a code."""

import copy
import hashlib
import pickle

import pytest

from firmware.core.challenge import Challenge, ChallengePurpose
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import ClockState, VisitOutcome, VisitSummary
from firmware.core.result import RecordKind, VisitRecord
from firmware.core.secret import Secret

CHALLENGE = Challenge(
    id="c-17", nonce="bm9uY2U", device="counter-1", visit=VisitId("0123abcd"), taken=1_800_000_000, offline=False
)


def test_a_secret_does_not_show() -> None:
    secret = Secret(b"4321")
    for text in (repr(secret), str(secret), f"{secret}", f"{[secret]}"):
        assert "4321" not in text
    assert str(secret) == repr(secret) == "Secret(…)"


def test_a_secret_is_wiped_in_place() -> None:
    secret = Secret(b"4321")
    view = secret.view()
    secret.wipe()
    assert bytes(view) == bytes(4)
    assert len(secret) == 4
    with Secret(b"99") as other:
        kept = other.view()
        assert bytes(kept) == b"99"
    assert bytes(kept) == bytes(2)


def test_a_secret_is_a_copy_unless_it_adopts() -> None:
    source = bytearray(b"4321")
    copied, adopted = Secret(source), Secret.adopt(source)
    adopted.wipe()
    assert source == bytes(4)
    assert copied == Secret(b"4321")
    assert Secret() == Secret(b"")


def test_a_secret_compares_with_secrets_only() -> None:
    assert Secret(b"1") == Secret(b"1")
    assert Secret(b"1") != Secret(b"2")
    assert Secret(b"1") != b"1"
    with pytest.raises(TypeError):
        hash(Secret(b"1"))


def test_a_secret_is_never_pickled_or_copied_by_accident() -> None:
    for leave in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="never pickled"):
            leave(Secret(b"1"))


def test_the_challenge_is_hashed_as_the_gateway_rebuilds_it() -> None:
    text = "madoguchi-challenge-v1\nchip\ncounter-1\n0123abcd\nc-17\nbm9uY2U\n1800000000"
    assert CHALLENGE.text(ChallengePurpose.CHIP) == text
    assert CHALLENGE.digest(ChallengePurpose.CHIP) == hashlib.sha256(text.encode()).digest()
    # Written by hand: printf '…' | sha256sum
    assert CHALLENGE.digest(ChallengePurpose.PIN).hex() == (
        "ab77267dee2daec215f2eaeb735fe76834564be141cc31b35580189074650207"
    )


def test_a_chip_proof_is_no_pin_signature() -> None:
    assert CHALLENGE.digest(ChallengePurpose.CHIP) != CHALLENGE.digest(ChallengePurpose.PIN)


def test_an_error_says_its_code_and_what_helps_a_technician() -> None:
    bare, detailed = DeviceError(FaultCode.CARD_SILENT), DeviceError(FaultCode.CARD_GARBAGE, "SW 6F00")
    assert (str(bare), bare.code, bare.detail) == ("CRD-002", FaultCode.CARD_SILENT, "")
    assert (str(detailed), detailed.code, detailed.detail) == ("CRD-003: SW 6F00", FaultCode.CARD_GARBAGE, "SW 6F00")


def test_fault_codes_are_told_apart_by_their_value() -> None:
    values = [code.value for code in FaultCode]
    assert len(set(values)) == len(values)
    assert all(len(value) == 7 and value[3] == "-" and value[4:].isdigit() for value in values)


def test_a_record_does_not_show_what_it_holds() -> None:
    record = VisitRecord(
        visit=VisitId("0123abcd"),
        kind=RecordKind.RESULT,
        summary=VisitSummary(VisitOutcome.ABORTED, 1.0),
        started=1.0,
        ended=2.0,
        clock=ClockState.SYNCED,
        consent_times=None,
        eligibility={"name": "山田 花子"},
    )
    assert "山田" not in repr(record)
