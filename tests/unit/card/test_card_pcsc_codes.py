"""Result codes of pcsc-lite to faults; what drivers say about themselves, honest and not."""

import pytest
from smartcard import scard

from firmware.card import pcsc_codes
from firmware.card.pcsc_codes import fault_of, longest_answer, properties_control
from firmware.core.faults import FaultCode

FAULTS = {
    "SCARD_E_NO_SMARTCARD": FaultCode.CARD_GONE,
    "SCARD_W_RESET_CARD": FaultCode.CARD_GONE,
    "SCARD_W_REMOVED_CARD": FaultCode.CARD_GONE,
    "SCARD_E_TIMEOUT": FaultCode.CARD_SILENT,
    "SCARD_E_INVALID_ATR": FaultCode.CARD_SILENT,
    "SCARD_E_NOT_TRANSACTED": FaultCode.CARD_SILENT,
    "SCARD_W_UNRESPONSIVE_CARD": FaultCode.CARD_SILENT,
    "SCARD_W_UNPOWERED_CARD": FaultCode.CARD_SILENT,
    "SCARD_E_UNKNOWN_CARD": FaultCode.CARD_NOT_MYNUMBER,
    "SCARD_E_PROTO_MISMATCH": FaultCode.CARD_NOT_MYNUMBER,
    "SCARD_E_CARD_UNSUPPORTED": FaultCode.CARD_NOT_MYNUMBER,
    "SCARD_W_UNSUPPORTED_CARD": FaultCode.CARD_NOT_MYNUMBER,
    "SCARD_E_INSUFFICIENT_BUFFER": FaultCode.CARD_GARBAGE,
    "SCARD_E_UNKNOWN_READER": FaultCode.READER_LOST,
    "SCARD_E_NOT_READY": FaultCode.READER_LOST,
    "SCARD_E_READER_UNAVAILABLE": FaultCode.READER_LOST,
    "SCARD_E_READER_UNSUPPORTED": FaultCode.READER_LOST,
    "SCARD_E_NO_READERS_AVAILABLE": FaultCode.READER_LOST,
    "SCARD_E_SHARING_VIOLATION": FaultCode.READER_BUSY,
    "SCARD_W_SECURITY_VIOLATION": FaultCode.READER_NO_ACCESS,
    "SCARD_E_INVALID_HANDLE": FaultCode.PCSC_DOWN,
    "SCARD_E_NO_MEMORY": FaultCode.PCSC_DOWN,
    "SCARD_E_SYSTEM_CANCELLED": FaultCode.PCSC_DOWN,
    "SCARD_F_COMM_ERROR": FaultCode.PCSC_DOWN,
    "SCARD_E_NO_SERVICE": FaultCode.PCSC_DOWN,
    "SCARD_E_SERVICE_STOPPED": FaultCode.PCSC_DOWN,
    "SCARD_F_INTERNAL_ERROR": FaultCode.CARD_SILENT,
    "SCARD_F_UNKNOWN_ERROR": FaultCode.CARD_SILENT,
    "SCARD_E_INVALID_PARAMETER": FaultCode.CARD_SILENT,
}


@pytest.mark.parametrize(("name", "fault"), FAULTS.items())
def test_result_codes_by_pcsc_lites_own_names(name: str, fault: FaultCode) -> None:
    assert fault_of(getattr(scard, name) & 0xFFFF_FFFF) is fault


def test_the_request_is_pcsc_lites() -> None:
    assert scard.SCARD_CTL_CODE(pcsc_codes.FEATURE_REQUEST) == 0x42000D48


@pytest.mark.parametrize(
    ("features", "control"),
    [
        ("", None),
        ("120442330012", 0x42330012),
        ("060442330006 120442330012", 0x42330012),
        ("1204423300", None),  # cut off
        ("12", None),
        ("1200", None),  # without a code
        ("06ff42330006 120442330012", None),  # a length that lies
        ("0600 120442330012", 0x42330012),
    ],
)
def test_the_control_code_of_the_properties(features: str, control: int | None) -> None:
    assert properties_control(bytes.fromhex(features)) == control


@pytest.mark.parametrize(
    ("properties", "longest"),
    [
        ("", 65_536),
        ("0a0400000100", 65_536),
        ("0a0400000000", 256),  # short APDUs only
        ("01020200 0a0400000000 0b02e604", 256),
        ("0a0400010000", 256),
        ("0a0401000000", 256),  # forbidden: 1 to 255
        ("0a0405010000", 261),
        ("0a04ffff0000", 65_535),
        ("0a04ffffffff", 65_536),  # forbidden: more than an APDU can carry
        ("0a04000000", 65_536),  # cut off
        ("0a00", 65_536),
        ("0bff0a0400000000", 65_536),  # a length that lies
    ],
)
def test_the_longest_answer(properties: str, longest: int) -> None:
    assert longest_answer(bytes.fromhex(properties)) == longest
