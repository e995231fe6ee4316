"""Pinned CAs with and without files, and the responder for revocation."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from firmware.card.certificates import JPKI_AUTH_CA_SHA256
from firmware.core.faults import DeviceError, FaultCode
from firmware.settings.files import named_files
from firmware.settings.load import load, parse
from firmware.settings.schema import Settings
from firmware.settings.show import HIDDEN, show

Write = Callable[[str, str], Path]

PLAIN = 'url = "http://ocsp.example:8080/jpki/"'
TLS = 'url = "HTTPS://ocsp.example/jpki"\nca = "ca.pem"'


def with_responder(site: Path, lines: str) -> Settings:
    return parse(site.read_text() + f"[revocation]\n{lines}\n", site.parent)


def without_pins(site: Path) -> str:
    return site.read_text().partition("[trust]")[0] + "[models]" + site.read_text().partition("[models]")[2]


# ---- pinned CAs ------------------------------------------------------------------------------------------------


def test_a_site_that_writes_no_ca_trusts_the_official_ones(site: Path) -> None:
    """The list stands twice, as settings and card may not import each other."""
    site.write_text(without_pins(site))
    trust = load(site).trust
    assert [ca.file for ca in trust.jpki_ca] == [None] * 3
    assert {ca.sha256 for ca in trust.jpki_ca} == JPKI_AUTH_CA_SHA256
    assert trust.face_issuers == ()


def test_a_pinned_ca_needs_no_file(edit: Write, settings: Settings) -> None:
    trust = load(edit('file = "jpki.der"\n', "")).trust
    assert [(ca.file, ca.sha256) for ca in trust.jpki_ca] == [(None, settings.trust.jpki_ca[0].sha256)]


def test_a_ca_without_a_pin_is_refused(edit: Write, settings: Settings) -> None:
    with pytest.raises(DeviceError, match=r"trust\.jpki_ca\[0\]\.sha256: missing"):
        load(edit(f'sha256 = "{settings.trust.jpki_ca[0].sha256}"\n', ""))


def test_an_empty_list_is_no_trust(site: Path) -> None:
    site.write_text(without_pins(site) + "[trust]\njpki_ca = []\n")
    with pytest.raises(DeviceError, match=r"trust\.jpki_ca"):
        load(site)


def test_the_official_pins_are_shown_and_are_settings_again(site: Path) -> None:
    settings = parse(without_pins(site), site.parent)
    shown = show(settings)
    assert parse(shown, site.parent).trust == settings.trust
    assert "trust" not in tomllib.loads(show(settings, changed=True))


# ---- revocation ------------------------------------------------------------------------------------------------


def test_without_the_table_nobody_is_asked(settings: Settings) -> None:
    assert settings.revocation is None


def test_a_responder_by_http(site: Path) -> None:
    section = with_responder(site, PLAIN).revocation
    assert section is not None
    assert (section.url, section.seconds) == ("http://ocsp.example:8080/jpki/", 3.0)
    assert (section.ca, section.certificate, section.key) == (None, None, None)


def test_a_responder_by_https_with_a_client_certificate(site: Path) -> None:
    lines = f'{TLS}\nseconds = 2\ncertificate = "device.pem"\nkey = "tls.key"'
    settings = with_responder(site, lines)
    section = settings.revocation
    assert section is not None
    assert (section.url, section.seconds) == ("https://ocsp.example/jpki", 2.0)
    assert (section.ca, section.key) == (site.parent / "ca.pem", site.parent / "tls.key")
    private = [key for key, _, rule in named_files(settings) if rule.value == "private"]
    assert private == ["keys.device_key", "gateway.key", "revocation.key", "broker.key"]
    assert tomllib.loads(show(settings))["revocation"]["key"] == HIDDEN


def test_a_key_that_is_not_there_is_not_shown_as_hidden(site: Path) -> None:
    shown = tomllib.loads(show(with_responder(site, TLS)))["revocation"]
    assert shown.keys() == {"url", "seconds", "ca"}


def test_an_exposed_key_is_refused(site: Path) -> None:
    (site.parent / "ocsp.key").write_text("not a real key")
    (site.parent / "ocsp.key").chmod(0o644)
    site.write_text(f'{site.read_text()}[revocation]\n{TLS}\ncertificate = "device.pem"\nkey = "ocsp.key"\n')
    with pytest.raises(DeviceError, match=r"revocation\.key: mode 0644") as caught:
        load(site)
    assert caught.value.code is FaultCode.SECRET_EXPOSED


@pytest.mark.parametrize(
    ("lines", "detail"),
    [
        ("seconds = 2", "revocation.url: missing"),
        ('url = "ocsp.example"', "revocation.url: must be an http or https address"),
        ('url = "ldap://ocsp.example"', "revocation.url: must be an http or https address"),
        ('url = "http://u:p@ocsp.example"', "revocation.url: must hold no user name"),
        ('url = "http://ocsp.example/?a"', "revocation.url: must hold no user name"),
        ('url = "https://ocsp.example"', "revocation: an https address needs `ca`"),
        (f'{PLAIN}\nca = "ca.pem"', "revocation: an https address needs `ca`, an http address has none"),
        (f'{TLS}\nkey = "tls.key"', "revocation: `certificate` and `key` belong together"),
        (f'{TLS}\ncertificate = "device.pem"', "revocation: `certificate` and `key` belong together"),
        (f'{PLAIN}\ncertificate = "device.pem"\nkey = "tls.key"', "revocation: `certificate` needs an https address"),
        (f"{PLAIN}\nsecond = 1", "revocation.second: unknown key (did you mean seconds?)"),
        (f"{PLAIN}\nseconds = 0", "revocation.seconds"),
    ],
)
def test_responders_that_do_not_fit(site: Path, lines: str, detail: str) -> None:
    with pytest.raises(DeviceError) as caught:
        with_responder(site, lines)
    assert caught.value.code is FaultCode.SETTINGS_INVALID
    assert detail in caught.value.detail


@pytest.mark.parametrize("word", ["auto", "short"])
def test_the_length_of_commands(edit: Write, word: str) -> None:
    assert load(edit("[models]", f'[reader]\napdus = "{word}"\n[models]')).reader.apdus == word
