"""Taking a request's name and sending under it, call by call: who comes first, and what stands there already."""

from datetime import date
from pathlib import Path

import pytest

from firmware.core.faults import DeviceError, FaultCode
from firmware.eligibility import oqs_files
from firmware.eligibility.oqs_config import TerminalConfig
from firmware.eligibility.oqs_names import RequestName
from tests.unit.eligibility.oqs_exchange import config

DAY = date(2026, 4, 1)
FIRST, SECOND = RequestName(DAY, 1), RequestName(DAY, 2)


@pytest.fixture
def folders(tmp_path: Path) -> TerminalConfig:
    for name in ("req", "res"):
        (tmp_path / name).mkdir()
        (tmp_path / name / oqs_files.MARK).write_text("sim")
    return config(tmp_path)


def requests(folders: TerminalConfig) -> set[str]:
    return {path.name for path in folders.requests.iterdir()} - {oqs_files.MARK}


def never() -> bool:
    return False


def always() -> bool:
    return True


def refused(code: FaultCode) -> pytest.RaisesExc[DeviceError]:
    return pytest.raises(DeviceError, match=code.value)


def test_who_finished_between_listing_and_taking_keeps_the_name(
    folders: TerminalConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, first = oqs_files._names, [True]
    (folders.responses / "OQSsiquc01res_202604010001.xml").touch()
    monkeypatch.setattr(oqs_files, "_names", lambda of: [] if first and first.pop() else real(of))
    assert oqs_files.take(folders, DAY, (), never).name == SECOND
    assert requests(folders) == {SECOND.take}


def test_a_name_that_was_taken_for_somebody_who_left_is_given_back(folders: TerminalConfig) -> None:
    with refused(FaultCode.TERMINAL_UNREACHABLE):
        oqs_files.take(folders, DAY, (), always)
    assert requests(folders) == set()


def test_names_used_before_are_passed_over(folders: TerminalConfig) -> None:
    assert oqs_files.take(folders, DAY, (FIRST,), never).name == SECOND


def test_a_request_never_replaces_one_that_stands_there(folders: TerminalConfig) -> None:
    (folders.requests / FIRST.request).write_text("of somebody else")
    (folders.requests / FIRST.take).touch()
    with refused(FaultCode.TERMINAL_UNREACHABLE):
        oqs_files.send(folders, FIRST, b"ours", never)
    assert (folders.requests / FIRST.request).read_text() == "of somebody else"
    assert requests(folders) == {FIRST.request}


def test_what_was_given_up_is_not_sent(folders: TerminalConfig) -> None:
    (folders.requests / FIRST.take).touch()
    with refused(FaultCode.TERMINAL_UNREACHABLE):
        oqs_files.send(folders, FIRST, b"ours", always)
    assert requests(folders) == set()


def test_what_was_given_up_while_it_was_sent_is_taken_back(folders: TerminalConfig) -> None:
    (folders.requests / FIRST.take).touch()
    oqs_files.send(folders, FIRST, b"ours", (folders.requests / FIRST.request).exists)
    assert requests(folders) == {FIRST.take}


def test_a_request_is_sent_whole_and_under_its_own_name(folders: TerminalConfig) -> None:
    (folders.requests / FIRST.take).touch()
    oqs_files.send(folders, FIRST, b"ours", never)
    assert (folders.requests / FIRST.request).read_bytes() == b"ours"
    assert requests(folders) == {FIRST.request, FIRST.take}


def test_a_folder_may_hold_as_many_files_as_allowed(folders: TerminalConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mark is one of them."""
    monkeypatch.setattr(oqs_files, "MOST_ENTRIES", 3)
    for name in (FIRST.request, SECOND.request):
        (folders.requests / name).touch()
    assert len(oqs_files.listing(folders.requests, lambda name: name != oqs_files.MARK)) == 2
    assert sorted(oqs_files._names(folders)) == [FIRST.request, SECOND.request]
    (folders.requests / "other.xml").touch()
    with refused(FaultCode.TERMINAL_UNREACHABLE):
        oqs_files.listing(folders.requests, lambda name: name == FIRST.request)
    with refused(FaultCode.TERMINAL_UNREACHABLE):
        oqs_files._names(folders)
