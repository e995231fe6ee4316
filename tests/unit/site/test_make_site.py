"""A made site: files fit together, chains hold, secrets are private, mistakes leave nothing behind."""

import json
import ssl
import stat
import subprocess
import tomllib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from firmware.core.outcomes import Env
from firmware.settings.load import load
from firmware.sim.gateway import config as gateway_config
from madoguchi_reception import config as reception_config
from tools.site.authority import Authority, public_pem
from tools.site.make_site import main, setting
from tools.site.site_files import SiteError, merged
from tools.site.toml_text import toml_text


@pytest.fixture(scope="session")
def cards(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A CA in DER and an issuer's public key, as card issuing hands them over."""
    folder = tmp_path_factory.mktemp("cards")
    ca = folder / "jpki.der"
    ca.write_bytes(Authority.make("cards").certificate.public_bytes(serialization.Encoding.DER))
    issuer = folder / "issuer.pem"
    key = rsa.generate_private_key(65537, 2048).public_key()
    issuer.write_bytes(key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
    return ca, issuer


@pytest.fixture(scope="session")
def site(cards: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sites") / "site"
    words = [str(out), "--jpki-ca", str(cards[0]), "--face-issuer", str(cards[1])]
    words += ["--reception", "front", "--reception", "back", "--broker-port", "1883", "--gateway-port", "4443"]
    assert main([*words, "--set", "policy.show_seconds=2", "--set", "reader.name=Virtual PCD*"]) == 0
    return out


def private(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def test_the_device_settings_load(site: Path) -> None:
    settings = load(site / "device" / "madoguchi.toml")
    assert settings.site.env is Env.SIM
    assert (settings.broker.host, settings.broker.port) == ("127.0.0.1", 1883)
    assert settings.gateway is not None
    assert settings.gateway.url == "https://127.0.0.1:4443"
    assert settings.policy.show_seconds == 2.0
    assert settings.reader.name == "Virtual PCD*"
    assert [reception.id for reception in settings.receptions] == ["front", "back"]
    assert len(settings.trust.face_issuers) == 1


def test_a_site_without_gateway_names_who_answers_or_nobody(cards: tuple[Path, Path], tmp_path: Path) -> None:
    words = [str(tmp_path / "site"), "--jpki-ca", str(cards[0]), "--no-gateway"]
    folders = [f'terminal.{name}="{tmp_path / name}"' for name in ("requests", "responses")]
    wanted = [*folders, 'terminal.institution="1319999999"']
    assert main([*words, *(word for each in wanted for word in ("--set", each))]) == 0
    settings = load(tmp_path / "site" / "device" / "madoguchi.toml")
    assert settings.gateway is None
    assert settings.terminal is not None
    assert not (tmp_path / "site" / "gateway").exists()


def test_reception_and_gateway_hold_the_other_halves(site: Path) -> None:
    device = load(site / "device" / "madoguchi.toml")
    for made in device.receptions:
        folder = site / f"reception-{made.id}"
        theirs = reception_config.load(folder / "reception.toml")
        assert (theirs.site, theirs.reception, theirs.env) == ("clinic-1", made.id, "sim")
        assert theirs.opening[0].as_pem(private=False) == made.encryption_key.read_bytes()
        assert theirs.signing.as_pem(private=False) == made.signing_key.read_bytes()
        assert theirs.devices["counter-1"][0].as_pem() == public_pem(private(device.keys.device_key))
        assert device.keys.encryption_key is not None
        assert theirs.sealing["counter-1"].as_pem() == public_pem(private(device.keys.encryption_key))
        assert theirs.sealing["counter-1"].thumbprint() != theirs.devices["counter-1"][0].thumbprint()
        assert (theirs.broker.host, theirs.broker.port) == ("127.0.0.1", 1883)
    gateway = gateway_config.load(site / "gateway" / "gateway.toml")
    assert gateway.devices["counter-1"] == private(device.keys.device_key).public_key()
    assert gateway.trust.receptions.keys() == {"back", "front"}
    assert (gateway.env, gateway.site, gateway.port) == ("sim", "clinic-1", 4443)
    assert (len(gateway.trust.jpki), len(gateway.trust.face_issuers)) == (1, 1)


@pytest.mark.parametrize(
    ("file", "purpose"),
    [
        ("device/tls.pem", "sslclient"),
        ("reception-front/tls.pem", "sslclient"),
        ("gateway/server.pem", "sslserver"),
        ("broker/server.pem", "sslserver"),
    ],
)
def test_openssl_accepts_every_chain_for_its_purpose_only(site: Path, file: str, purpose: str) -> None:
    other = {"sslclient": "sslserver", "sslserver": "sslclient"}[purpose]
    command = ["openssl", "verify", "-x509_strict", "-CAfile", str(site / "ca.pem")]
    good = subprocess.run([*command, "-purpose", purpose, str(site / file)], capture_output=True, check=False)
    assert good.returncode == 0, good.stderr
    bad = subprocess.run([*command, "-purpose", other, str(site / file)], capture_output=True, check=False)
    assert bad.returncode != 0


def test_tls_with_client_certificates_shakes_hands_in_memory(site: Path) -> None:
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(site / "gateway" / "ca.pem"))
    server.load_cert_chain(site / "gateway" / "server.pem", site / "gateway" / "server.key")
    server.verify_mode = ssl.CERT_REQUIRED
    client = ssl.create_default_context(cafile=str(site / "device" / "ca.pem"))
    client.load_cert_chain(site / "device" / "tls.pem", site / "device" / "tls.key")
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    left = client.wrap_bio(to_client, to_server, server_hostname="127.0.0.1")
    right = server.wrap_bio(to_server, to_client, server_side=True)
    for side in (left, right, left, right):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    peer = right.getpeercert()
    assert peer is not None
    assert (("commonName", "counter-1"),) in peer["subject"]


def test_no_secret_is_readable_by_others(site: Path) -> None:
    secrets = [*site.rglob("*.key"), *site.rglob("*.toml")]
    assert len(secrets) >= 12
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in site.rglob("*") if path.is_dir()} == {0o700}


def test_the_device_folder_holds_no_key_of_others(site: Path) -> None:
    assert sorted(path.name for path in (site / "device").glob("*.key")) == ["device.key", "encryption.key", "tls.key"]
    assert not list((site / "gateway").glob("device.key"))


def test_a_site_is_replaced_only_when_told(
    cards: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(tmp_path / "site"), "--jpki-ca", str(cards[0]), "--json"]
    assert main(words) == 0
    paths = json.loads(capsys.readouterr().out)
    first = Path(paths["ca"]).read_bytes()
    assert sorted(paths) == ["broker", "ca", "device", "gateway", "receptions"]
    assert main(words) == 2
    assert "--force" in capsys.readouterr().err
    assert Path(paths["ca"]).read_bytes() == first
    assert main([*words, "--force"]) == 0
    assert Path(paths["ca"]).read_bytes() != first


def test_force_never_removes_something_else(cards: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("mine")
    assert main([str(tmp_path), "--jpki-ca", str(cards[0]), "--force"]) == 2
    assert (tmp_path / "letters.txt").read_text() == "mine"


@pytest.mark.parametrize(
    "words",
    [
        ["--device", "Counter 1"],
        ["--set", "policy.show_secs=2"],
        ["--set", "policy"],
        ["--set", "a b=1"],
        ["--face-issuer", "IS-A-CERTIFICATE"],
        ["--jpki-ca", "missing.pem"],
    ],
)
def test_mistakes_leave_nothing_behind(cards: tuple[Path, Path], tmp_path: Path, words: list[str]) -> None:
    words = [str(cards[0]) if word == "IS-A-CERTIFICATE" else word for word in words]
    out = tmp_path / "site"
    assert main([str(out), "--jpki-ca", str(cards[0]), *words]) == 2
    assert not out.exists()


def test_settings_from_the_command_line() -> None:
    assert setting("a.b=2") == {"a": {"b": 2}}
    assert setting('a.b=["x"]') == {"a": {"b": ["x"]}}
    assert setting("a.b=plain words") == {"a": {"b": "plain words"}}
    assert merged({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}, "d": 4}) == {"a": {"b": 3, "c": 2}, "d": 4}
    with pytest.raises(SiteError):
        setting("no equals sign")


def test_a_date_on_the_command_line_is_a_setting(cards: tuple[Path, Path], tmp_path: Path) -> None:
    words = ["--jpki-ca", str(cards[0]), "--set", "disaster.until=2026-12-01T00:00:00+09:00"]
    assert main([str(tmp_path / "site"), *words]) == 0
    disaster = load(tmp_path / "site" / "device" / "madoguchi.toml").disaster
    assert disaster is not None
    assert disaster.ends == 1796050800.0


def test_written_toml_reads_back() -> None:
    tables = {
        "text": 'quote " and 窓口',
        "flag": True,
        "numbers": [1, 2.5],
        "none": None,
        "table": {"with.dot": "x", "inner": {"a": 1}},
        "rows": [{"id": 1, "deep": {"b": 2}}, {"id": 2}],
    }
    tables_without_none = {name: value for name, value in tables.items() if value is not None}
    assert tomllib.loads(toml_text(tables)) == tables_without_none
