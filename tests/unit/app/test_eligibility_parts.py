"""Who answers eligibility: which adapter each setting makes (firmware/app/eligibility.py)."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from firmware.app import eligibility
from firmware.app.compose import policy
from firmware.core.eligibility import WayOn
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcome_texts import SHIPPED
from firmware.core.outcomes import EligibilityCode, Env
from firmware.eligibility.fhir_check import validate
from firmware.eligibility.fhir_part import FhirPart
from firmware.eligibility.http import HttpGateway
from firmware.eligibility.http_queries import HttpQueries
from firmware.eligibility.official_reader import OfficialReader
from firmware.eligibility.oqs_folder import OqsQueries
from firmware.eligibility.stand_alone import StandAlone
from firmware.eligibility.webapi import WebApi
from firmware.runtime.clock import SystemClock
from firmware.settings.schema import Settings
from firmware.settings.schema_eligibility import Eligibility, Terminal
from firmware.settings.schema_eligibility import WebApi as WebApiSection
from tests.unit.runtime.fakes import FakePublisher

Make = Callable[..., Settings]


@pytest.fixture
def clock(tmp_path: Path) -> SystemClock:
    return SystemClock(tmp_path / "floor")


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    folders: dict[str, Any] = {name: tmp_path / name for name in ("requests", "responses", "faces")}
    for folder in folders.values():
        folder.mkdir()
        (folder / "madoguchi-env").write_text("sim\n")
    return Terminal(**folders, institution="1319999999")


def _changed(settings: Settings, **tables: BaseModel | None) -> Settings:
    return settings.model_copy(update=tables)


def _without_key(settings: Settings) -> Settings:
    return _changed(settings, keys=settings.keys.model_copy(update={"encryption_key": None}))


def _webapi(settings: Settings, tmp_path: Path) -> WebApiSection:
    password = tmp_path / "password"
    password.write_text("not-a-secret\n")
    gateway = settings.gateway
    assert gateway is not None
    members: dict[str, Any] = {"ca": gateway.ca, "certificate": gateway.certificate, "key": gateway.key}
    return WebApiSection(
        institution="1319999999",
        user="clinic",
        password_file=password,
        login="https://localhost/login",
        search="https://localhost/search",
        **members,
    )


def test_a_made_site_with_a_gateway_asks_it_for_both(settings: Settings, clock: SystemClock) -> None:
    assert isinstance(eligibility.gateway(settings, Env.SIM, clock, FakePublisher()), HttpGateway)
    assert isinstance(eligibility.queries(settings, Env.SIM, clock), HttpQueries)
    assert eligibility.looks_up(settings)
    assert policy(settings, Env.SIM).consents
    assert eligibility.answers_queries(settings)


def test_without_an_encryption_key_nobody_can_ask(settings: Settings, clock: SystemClock) -> None:
    assert eligibility.queries(_without_key(settings), Env.SIM, clock) is None


def test_the_terminals_folder_answers_queries_only(settings: Settings, clock: SystemClock, terminal: Terminal) -> None:
    changed = _changed(settings, gateway=None, terminal=terminal)
    assert isinstance(eligibility.queries(changed, Env.SIM, clock), OqsQueries)
    assert isinstance(eligibility.gateway(changed, Env.SIM, clock, FakePublisher()), StandAlone)
    assert not eligibility.looks_up(changed)


def test_the_official_readers_results_are_picked_up_only_where_it_is_written(
    settings: Settings, clock: SystemClock, terminal: Terminal
) -> None:
    wanted = terminal.model_copy(update={"pick_up_faces": True})
    changed = _changed(settings, gateway=None, terminal=wanted)
    assert isinstance(eligibility.gateway(changed, Env.SIM, clock, FakePublisher()), OfficialReader)
    rules = policy(changed, Env.SIM)
    assert (rules.look_up, rules.consents) == (True, False), "the official reader has asked for them"


def test_the_webapi_answers_queries(settings: Settings, clock: SystemClock, tmp_path: Path) -> None:
    changed = _changed(settings, gateway=None, webapi=_webapi(settings, tmp_path))
    assert isinstance(eligibility.queries(changed, Env.SIM, clock), WebApi)
    assert not eligibility.looks_up(changed)


@pytest.mark.parametrize("content", [b"", b"\n", b"two\nlines", b"x" * 300])
def test_a_password_file_holds_one_line(settings: Settings, clock: SystemClock, tmp_path: Path, content: bytes) -> None:
    section = _webapi(settings, tmp_path)
    section.password_file.write_bytes(content)
    with pytest.raises(DeviceError, match=r"webapi\.password_file"):
        eligibility.queries(_changed(settings, gateway=None, webapi=section), Env.SIM, clock)


def test_nobody_to_ask(settings: Settings, clock: SystemClock) -> None:
    alone = _changed(settings, gateway=None)
    assert eligibility.queries(alone, Env.SIM, clock) is None
    assert not eligibility.answers_queries(alone)


def test_a_sites_own_words(settings: Settings, tmp_path: Path) -> None:
    assert eligibility.texts(settings) is SHIPPED
    words = tmp_path / "words.toml"
    words.write_text('[ways]\ncall-centre = { ja = "電話してください", en = "Please call us" }\n', "utf-8")
    texts = eligibility.texts(_changed(settings, eligibility=Eligibility(texts=words)))
    assert texts.ways[WayOn.CALL_CENTRE].en == "Please call us"
    assert texts.outcomes[EligibilityCode.VALID] == SHIPPED.outcomes[EligibilityCode.VALID]


@pytest.mark.parametrize("content", ["[ways", '[words]\na = "b"\n', '[ways]\nfly = { ja = "あ", en = "a" }\n'])
def test_words_that_do_not_fit_name_the_setting(settings: Settings, tmp_path: Path, content: str) -> None:
    words = tmp_path / "words.toml"
    words.write_text(content, "utf-8")
    with pytest.raises(DeviceError, match=r"eligibility\.texts") as caught:
        eligibility.texts(_changed(settings, eligibility=Eligibility(texts=words)))
    assert caught.value.code is FaultCode.SETTINGS_INVALID


def test_words_in_another_encoding_are_told_which_one_is_wanted(settings: Settings, tmp_path: Path) -> None:
    words = tmp_path / "words.toml"
    words.write_bytes('[ways]\ncall-centre = { ja = "電話", en = "Call" }\n'.encode("cp932"))
    with pytest.raises(DeviceError, match="save it as UTF-8"):
        eligibility.texts(_changed(settings, eligibility=Eligibility(texts=words)))


def test_fhir_is_made_only_where_it_is_switched_on(
    settings: Settings, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert eligibility.fhir(settings) is None
    wanted = _changed(settings, eligibility=Eligibility(fhir=True))
    assert eligibility.fhir(wanted) == FhirPart(None, validate)
    assert eligibility.fhir(_changed(wanted, terminal=terminal)) == FhirPart("1319999999", validate)
    monkeypatch.setitem(sys.modules, "firmware.eligibility.fhir_check", None)
    with pytest.raises(DeviceError, match=r"madoguchi\[fhir\]"):
        eligibility.fhir(wanted)
