"""Who may answer beside a gateway, receptions' own queries, disaster mode, and how an answer is passed on."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from firmware.core.faults import DeviceError
from firmware.settings.load import parse
from firmware.settings.schema import Settings
from firmware.settings.show import HIDDEN, show

TERMINAL = """
[terminal]
requests = "oqs/req"
responses = "oqs/res"
institution = "1319999999"
"""
WEBAPI = """
[webapi]
institution = "1319999999"
user = "clinic"
password_file = "tls.key"
ca = "ca.pem"
certificate = "device.pem"
key = "tls.key"
"""
PICKED_UP = TERMINAL + 'faces = "oqs/face"\npick_up_faces = true\n'
DISASTER = '[disaster]\nuntil = "2026-12-01T00:00:00+09:00"\n'


def _with(site: Path, more: str, *, gateway: bool = True, key: bool = True) -> Settings:
    """`key`: whether a site without gateway has one that receptions seal their queries to."""
    text = site.read_text()
    if not gateway:
        text = text.partition("[gateway]")[0] + "[broker]" + text.partition("[broker]")[2]
        text = text.replace("[keys]", '[keys]\nencryption_key = "encryption.key"') if key else text
    return parse(text + more, site.parent)


def test_nothing_of_it_is_on_by_default(settings: Settings) -> None:
    assert (settings.terminal, settings.webapi, settings.disaster) == (None, None, None)
    assert settings.keys.encryption_key is None
    assert not settings.eligibility.fhir


def test_a_terminal_instead_of_a_gateway(site: Path) -> None:
    terminal = _with(site, TERMINAL, gateway=False).terminal
    assert terminal is not None
    assert (terminal.requests, terminal.seconds, terminal.pick_up_faces) == (site.parent / "oqs/req", 180.0, False)
    with pytest.raises(DeviceError, match="only one of gateway, terminal"):
        _with(site, TERMINAL)
    alone = _with(site, PICKED_UP, gateway=False)
    assert alone.terminal is not None
    assert alone.terminal.pick_up_faces


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (TERMINAL + "pick_up_faces = true\n", "needs `faces`"),
        (TERMINAL.replace("oqs/res", "oqs/req"), "folders of their own"),
        (TERMINAL.replace("oqs/res", "oqs/res/../req"), "folders of their own"),
        (TERMINAL.replace("1319999999", "131999999"), r"terminal\.institution"),
        (TERMINAL + 'encoding = "euc-jp"\n', r"terminal\.encoding"),
        (TERMINAL + WEBAPI, "can answer"),
        (WEBAPI, "can answer"),
        ('[disaster]\nuntil = "tomorrow"\n', "must be a date and time"),
        ('[disaster]\nuntil = "2026-12-01T00:00:00"\n', "needs an offset"),
        ("[queries]\nper_minute = 0\n", r"queries\.per_minute"),
        ('[eligibility]\ntexts = "nowhere.toml"\nwords = 1\n', r"eligibility\.words"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(site: Path, more: str, complaint: str) -> None:
    with pytest.raises(DeviceError, match=complaint):
        _with(site, more)


def test_disaster_mode_ends_at_its_time_and_needs_a_gateway(site: Path) -> None:
    disaster = _with(site, DISASTER).disaster
    assert disaster is not None
    assert disaster.ends == datetime(2026, 11, 30, 15, tzinfo=UTC).timestamp()
    with pytest.raises(DeviceError, match="needs a `gateway`"):
        _with(site, DISASTER, gateway=False)


def test_the_two_keys_of_the_device_are_two(site: Path) -> None:
    text = site.read_text()
    with pytest.raises(DeviceError, match="a key of its own"):
        parse(text.replace("[keys]\n", '[keys]\nencryption_key = "device.key"\n'), site.parent)


@pytest.mark.parametrize("more", [TERMINAL, WEBAPI])
def test_nobody_answers_queries_that_no_reception_could_seal(site: Path, more: str) -> None:
    with pytest.raises(DeviceError, match=r"needs `keys\.encryption_key`"):
        _with(site, more, gateway=False, key=False)


def test_secrets_are_hidden_and_the_view_is_a_settings_file_again(site: Path) -> None:
    settings = _with(site, WEBAPI, gateway=False)
    shown = show(settings)
    assert tomllib.loads(shown)["webapi"]["password_file"] == HIDDEN
    assert parse(show(_with(site, DISASTER)), site.parent).disaster is not None
    assert parse(show(_with(site, PICKED_UP, gateway=False, key=False)), site.parent).terminal is not None
