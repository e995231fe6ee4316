"""Loading: good files, every kind of wrong key with its full path, and the files a site names."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import Env, Method
from firmware.settings.files import certificate_der, named_files
from firmware.settings.load import load, parse, path_of
from firmware.settings.migrate import MIGRATIONS, Tables, migrate
from firmware.settings.schema import Settings
from firmware.settings.suggest import closest_key

Write = Callable[[str, str], Path]


def refused(path: Path) -> DeviceError:
    with pytest.raises(DeviceError) as caught:
        load(path)
    return caught.value


def test_a_whole_site_loads_with_paths_beside_the_file(settings: Settings, site: Path) -> None:
    assert settings.site.env is Env.SIM
    assert settings.policy.methods == (Method.FACE, Method.PIN, Method.STAFF)
    assert settings.policy.show_seconds == 2.0
    assert settings.policy.face_without_issuer == "staff"
    assert settings.keys.device_key == site.parent / "device.key"
    assert settings.face_camera.files == (site.parent / "one.jpg", Path("/two.jpg"))
    assert settings.gateway is not None
    assert settings.gateway.url == "https://localhost:8443"


def test_without_a_gateway_the_device_stands_alone(site: Path) -> None:
    text = re.sub(r"\[gateway\].*?\[broker\]", "[broker]", site.read_text(), flags=re.DOTALL)
    site.write_text(text)
    assert load(site).gateway is None


@pytest.mark.parametrize(
    ("old", "new", "detail"),
    [
        ("show_seconds", "show_secs", "policy.show_secs: unknown key (did you mean show_seconds?)"),
        ("[journal]", "[zebra]", "journal: missing; zebra: unknown key"),
        ('id = "front"', 'id = "front"\nkolor = 1', "receptions[0].kolor: unknown key"),
        ('host = "127.0.0.1"', "host = 1", "broker.host: Input should be a valid string"),
        ("show_seconds = 2", 'show_seconds = "2"', "policy.show_seconds: Input should be a valid number"),
        ("show_seconds = 2", "show_seconds = nan", "policy.show_seconds"),
        ("show_seconds = 2", "show_seconds = 0", "policy.show_seconds: Input should be greater than 0"),
        ("show_seconds = 2", 'methods = ["pin", "pin"]', "policy: `methods` names a method twice"),
        ("show_seconds = 2", "methods = []", "policy.methods"),
        ('id = "clinic-1"', 'id = "Clinic 1"', "site.id"),
        ('id = "clinic-1"', 'id = "clinic-"', "site.id"),
        ('dir = "../models"', 'dir = ""', "models.dir: must name a file"),
        ("https://localhost:8443/", "http://localhost:8443/", "gateway.url: must be an https address"),
        ("https://localhost:8443/", "https://", "gateway.url: must be an https address"),
        ("https://localhost:8443/", "https://u:p@localhost", "gateway.url: must hold no user name"),
        ("https://localhost:8443/", "https://localhost?x=1", "gateway.url: must hold no user name"),
        ('adapter = "files"', 'adapter = "v4l2"', "face_camera: `files` needs"),
        ("[models]", '[display]\nadapter = "sim"\n[models]', "file: `control.socket` is needed"),
        ("[outbox]", '[[receptions]]\nid = "front"\nencryption_key = "a"\nsigning_key = "b"\n[outbox]', "an id twice"),
        ("version = 1", 'version = "1"', "version: must be a whole number"),
        ("version = 1", "version = 0", "version: must be a whole number"),
        ("version = 1", "", "version: must be a whole number"),
        ("version = 1", "version = 2", "version: 2 is newer than this firmware knows (1)"),
    ],
)
def test_wrong_keys_are_named_with_their_path(edit: Write, old: str, new: str, detail: str) -> None:
    error = refused(edit(old, new))
    assert error.code is FaultCode.SETTINGS_INVALID
    assert detail in error.detail


def test_an_address_is_refused_for_what_it_is(edit: Write) -> None:
    assert "gateway.url: must be an https address" in refused(edit("https://localhost", "ftp://localhost")).detail


def test_an_error_never_repeats_the_value(edit: Write) -> None:
    assert "marker-4711" not in str(refused(edit('host = "127.0.0.1"', 'host = "marker-4711 "')))


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (b'version = 1\nsecret = "marker-4711', "not TOML at end of document"),
        (b"version = 1\n= marker", "not TOML at line 2, column 1"),
        (b"version = \xff", "not UTF-8 at byte 10"),
        (b"#" * (256 * 1024 + 1), "larger than 256 KiB"),
        (b"a = " + b"[" * 100_000, "nested too deep"),
    ],
)
def test_files_that_are_no_settings(tmp_path: Path, content: bytes, detail: str) -> None:
    path = tmp_path / "madoguchi.toml"
    path.write_bytes(content)
    error = refused(path)
    assert error.code is FaultCode.SETTINGS_INVALID
    assert detail in error.detail
    assert "marker" not in str(error)


def test_a_missing_file_is_an_unprovisioned_device(tmp_path: Path) -> None:
    assert refused(tmp_path / "madoguchi.toml").code is FaultCode.UNPROVISIONED


def test_a_folder_is_no_settings_file(tmp_path: Path) -> None:
    assert refused(tmp_path).code is FaultCode.SETTINGS_INVALID


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o700, 0o620])
def test_a_secret_others_may_use_is_refused(site: Path, mode: int) -> None:
    (site.parent / "tls.key").chmod(mode)
    error = refused(site)
    assert error.code is FaultCode.SECRET_EXPOSED
    assert error.detail.startswith("gateway.key: mode")
    (site.parent / "tls.key").chmod(0o400)
    load(site)


def test_a_secret_of_another_user_is_refused(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: other)
    error = refused(site)
    assert error.code is FaultCode.SECRET_EXPOSED
    assert "another user" in error.detail


def test_a_missing_file_is_named_by_its_key(site: Path) -> None:
    (site.parent / "front-sign.pem").unlink()
    error = refused(site)
    assert error.code is FaultCode.KEYS_MISSING
    assert error.detail == "receptions[0].signing_key: No such file or directory"


def test_a_folder_instead_of_a_key(site: Path) -> None:
    (site.parent / "issuer.pem").unlink()
    (site.parent / "issuer.pem").mkdir()
    assert refused(site).detail == "trust.face_issuers[0]: not a file"


def test_an_unreadable_file(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)  # root may read everything
    error = refused(site)
    assert error.code is FaultCode.KEYS_MISSING
    assert "not readable" in error.detail


def test_another_ca_than_the_pinned_one(site: Path) -> None:
    (site.parent / "jpki.der").write_bytes(b"0 another one")
    error = refused(site)
    assert error.code is FaultCode.SETTINGS_INVALID
    assert error.detail == "trust.jpki_ca[0].sha256: the file is another one"


def test_a_ca_that_vanishes_while_it_is_read(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def vanished(_path: Path) -> bytes:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr("firmware.settings.files.certificate_der", vanished)
    error = refused(site)
    assert error.code is FaultCode.KEYS_MISSING
    assert error.detail == "trust.jpki_ca[0].file: No such file or directory"


def test_certificates_in_pem_are_pinned_by_their_der(tmp_path: Path) -> None:
    pem = tmp_path / "ca.pem"
    pem.write_text("-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n")
    assert certificate_der(pem) == b"hello"
    pem.write_text("-----BEGIN SOMETHING-----\n")
    assert certificate_der(pem) == b""


def test_every_private_key_is_checked(settings: Settings) -> None:
    private = [key for key, _path, rule in named_files(settings) if rule.value == "private"]
    assert private == ["keys.device_key", "gateway.key", "broker.key"]


def test_migrations_run_in_order_and_need_no_gap() -> None:
    def rename(tables: Tables) -> Tables:
        return {"b" if key == "a" else key: value for key, value in tables.items()}

    def double(tables: Tables) -> Tables:
        return {**tables, "b": tables["b"] * 2}

    old = {"version": 1, "a": 4}
    assert migrate(old, {1: rename, 2: double}, 3) == {"version": 3, "b": 8}
    assert old == {"version": 1, "a": 4}
    with pytest.raises(DeviceError, match="no way from 2 to 3"):
        migrate({"version": 1, "a": 4}, {1: rename}, 3)
    with pytest.raises(DeviceError, match="whole number"):
        migrate({"version": True})
    assert sorted(MIGRATIONS) == list(range(1, 1 + len(MIGRATIONS)))


@pytest.mark.parametrize(
    ("loc", "known"),
    [
        (("brokker",), "broker"),
        (("gateway", "urll"), "url"),
        (("receptions", 0, "signing_kee"), "signing_key"),
        (("version", "deeper", "still"), None),
        (("version", "deeper"), None),
        (("quite-different",), None),
    ],
)
def test_suggestions(loc: tuple[int | str, ...], known: str | None) -> None:
    assert closest_key(Settings, loc) == known


def test_paths_of_errors() -> None:
    assert path_of(()) == "file"
    assert path_of(("trust", "jpki_ca", 2, "file")) == "trust.jpki_ca[2].file"


def test_parse_looks_at_no_file(site: Path) -> None:
    assert parse(site.read_text(), Path("/nowhere")).keys.device_key == Path("/nowhere/device.key")
