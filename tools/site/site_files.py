"""Makes the files of one site: CA, certificates, keys and the settings of device, reception, gateway and broker.

Blocking. Layout: `device/madoguchi.toml`, `reception-<id>/reception.toml`, `gateway/gateway.toml`, `broker/`, each
with all files it names, so that a folder can be carried to its machine as it is. Every private key has mode 0600, every
folder 0700. `ca.key` stays with the site's owner. Raises SiteError with one line that says what is wrong.
"""

import hashlib
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from firmware.app.environment import checked_env
from firmware.core.faults import DeviceError
from firmware.settings.load import load
from tools.site.authority import Authority, new_key, private_pem, public_pem
from tools.site.toml_text import toml_text

Tables = dict[str, Any]
INSTALLED_DATA = "/var/lib/madoguchi"
INSTALLED_MODELS = Path("/usr/share/madoguchi/models")


class SiteError(Exception):
    """One line for the person at the terminal; what was written so far is removed."""


@dataclass(frozen=True)
class SitePlan:
    """What to make. `hosts`: names and addresses of broker and gateway servers, the first is written into settings.

    `jpki_ca`: CAs of test cards; none: JPKI's own, which the device knows by their fingerprints. `settings`: tables
    merged over the device's settings. `gateway`: whether there is one.
    Ports 0 are for the caller to replace. `installed`: the device settings name the
    places of `systemd/install.sh`, otherwise everything stays in the device's folder.
    """

    out: Path
    env: str
    site: str
    device: str
    receptions: tuple[str, ...]
    models: Path
    jpki_ca: tuple[Path, ...] = ()
    face_issuers: tuple[Path, ...] = ()
    people: Path | None = None
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost")
    broker_port: int = 8883
    gateway_port: int = 8443
    gateway_delay: float = 0.0
    gateway: bool = True
    settings: Tables = field(default_factory=dict)
    installed: bool = False

    @property
    def data_dir(self) -> str:
        return INSTALLED_DATA if self.installed else "data"


def make_site(plan: SitePlan, *, force: bool = False) -> dict[str, Any]:
    """Write everything; paths of the settings files by role. `force` replaces the former site in `plan.out`."""
    if plan.out.exists() and any(plan.out.iterdir()):
        if not force:
            raise SiteError(f"{plan.out} is not empty; --force replaces the site in it")
        if not (plan.out / "ca.pem").exists():
            raise SiteError(f"{plan.out} holds no site; --force replaces nothing else")
        shutil.rmtree(plan.out)
    try:
        return _Writer(plan).write()
    except (DeviceError, ValueError, OSError) as error:
        shutil.rmtree(plan.out, ignore_errors=True)
        raise SiteError(f"not made: {error}") from error


class _Writer:
    """One run; keeps the CA and the keys that several folders need."""

    def __init__(self, plan: SitePlan) -> None:
        self._plan = plan
        self._authority = Authority.make(plan.site)
        self._device_key, self._device_open_key = new_key(), new_key()
        self._open_keys = {reception: new_key() for reception in plan.receptions}
        self._sign_keys = {reception: new_key() for reception in plan.receptions}

    def write(self) -> dict[str, Any]:
        plan = self._plan
        plan.out.mkdir(parents=True, exist_ok=True, mode=0o700)
        _public(plan.out / "ca.pem", self._authority.pem())
        _private(plan.out / "ca.key", private_pem(self._authority.key))
        return {
            "ca": str(plan.out / "ca.pem"),
            "device": str(self._device()),
            "receptions": {reception: str(self._reception(reception)) for reception in plan.receptions},
            **({"gateway": str(self._gateway())} if plan.gateway else {}),
            "broker": str(self._broker()),
        }

    def _folder(self, name: str) -> Path:
        folder = self._plan.out / name
        folder.mkdir(mode=0o700)
        _public(folder / "ca.pem", self._authority.pem())
        return folder

    def _client(self, folder: Path, common_name: str) -> Tables:
        key = new_key()
        _private(folder / "tls.key", private_pem(key))
        _public(folder / "tls.pem", self._authority.client(common_name, key))
        return {"ca": "ca.pem", "certificate": "tls.pem", "key": "tls.key"}

    def _server(self, folder: Path, common_name: str) -> Tables:
        key = new_key()
        _private(folder / "server.key", private_pem(key))
        _public(folder / "server.pem", self._authority.server(common_name, key, self._plan.hosts))
        return {"certificate": "server.pem", "key": "server.key"}

    def _trust(self, folder: Path) -> tuple[list[str], list[str]]:
        """Copies of the card's CAs and face issuers under names of ours."""
        cas = [(f"jpki-ca-{index}.pem", path) for index, path in enumerate(self._plan.jpki_ca)]
        issuers = [(f"face-issuer-{index}.pem", path) for index, path in enumerate(self._plan.face_issuers)]
        for name, path in cas:
            _public(folder / name, certificate(path).public_bytes(serialization.Encoding.PEM))
        for name, path in issuers:
            serialization.load_pem_public_key(path.read_bytes())
            _public(folder / name, path.read_bytes())
        return [name for name, _ in cas], [name for name, _ in issuers]

    def _device(self) -> Path:
        plan = self._plan
        folder = self._folder("device")
        _private(folder / "device.key", private_pem(self._device_key))
        _private(folder / "encryption.key", private_pem(self._device_open_key))
        cas, issuers = self._trust(folder)
        for reception in plan.receptions:
            _public(folder / f"{reception}-encryption.pem", public_pem(self._open_keys[reception]))
            _public(folder / f"{reception}-signing.pem", public_pem(self._sign_keys[reception]))
        tables = self._device_tables(self._client(folder, plan.device), cas, issuers)
        path = folder / "madoguchi.toml"
        _private(path, toml_text(merged(tables, plan.settings)).encode())
        settings = load(path)
        if plan.installed:
            checked_env(settings)  # otherwise the device would be the first to say it
        return path

    def _device_tables(self, client: Tables, cas: list[str], issuers: list[str]) -> Tables:
        plan = self._plan
        gateway = {"url": f"https://{_in_url(plan.hosts[0])}:{plan.gateway_port}", **client}
        pinned = [{"file": name, "sha256": _fingerprint(path)} for name, path in zip(cas, plan.jpki_ca, strict=True)]
        return {
            "version": 1,
            "site": {"id": plan.site, "env": plan.env},
            "device": {"id": plan.device, "data_dir": plan.data_dir},
            "keys": {"device_key": "device.key", "encryption_key": "encryption.key"},
            "trust": {"face_issuers": issuers, **({"jpki_ca": pinned} if pinned else {})},
            "models": {"dir": str(plan.models if plan.installed else plan.models.absolute())},
            **({"gateway": gateway} if plan.gateway else {}),
            "broker": {"host": plan.hosts[0], "port": plan.broker_port, **client},
            "outbox": {"path": f"{plan.data_dir}/outbox.sqlite"},
            "journal": {"dir": f"{plan.data_dir}/journal"},
            "receptions": [
                {"id": each, "encryption_key": f"{each}-encryption.pem", "signing_key": f"{each}-signing.pem"}
                for each in plan.receptions
            ],
        }

    def _reception(self, reception: str) -> Path:
        plan = self._plan
        folder = self._folder(f"reception-{reception}")
        _private(folder / "encryption.key", private_pem(self._open_keys[reception]))
        _private(folder / "signing.key", private_pem(self._sign_keys[reception]))
        _public(folder / f"{plan.device}.pem", public_pem(self._device_key))
        _public(folder / f"{plan.device}-encryption.pem", public_pem(self._device_open_key))
        tables = {
            "site": plan.site,
            "reception": reception,
            "env": plan.env,
            "database": "reception.sqlite",
            "keys": {"encryption": "encryption.key", "signing": "signing.key"},
            "broker": {
                "host": plan.hosts[0],
                "port": plan.broker_port,
                **self._client(folder, f"rx-{reception}"),
            },
            "devices": {plan.device: f"{plan.device}.pem"},
            "device_encryption": {plan.device: f"{plan.device}-encryption.pem"},
        }
        path = folder / "reception.toml"
        _private(path, toml_text(tables).encode())
        return path

    def _gateway(self) -> Path:
        plan = self._plan
        folder = self._folder("gateway")
        _public(folder / f"{plan.device}.pem", public_pem(self._device_key))
        cas, issuers = self._trust(folder)
        for reception in plan.receptions:
            _public(folder / f"{reception}-signing.pem", public_pem(self._sign_keys[reception]))
        tables = {
            "env": plan.env,
            "site": plan.site,
            "host": plan.hosts[0],
            "port": plan.gateway_port,
            **self._server(folder, "gateway"),
            "client_ca": "ca.pem",
            "jpki_ca": cas,
            "face_issuers": issuers,
            "people": None if plan.people is None else str(plan.people.absolute()),
            "database": "gateway.sqlite",
            "delay_seconds": plan.gateway_delay,
            "devices": {plan.device: f"{plan.device}.pem"},
            "receptions": {reception: f"{reception}-signing.pem" for reception in plan.receptions},
        }
        path = folder / "gateway.toml"
        _private(path, toml_text(tables).encode())
        return path

    def _broker(self) -> Path:
        folder = self._folder("broker")
        self._server(folder, "broker")
        return folder


def merged(tables: Tables, over: Tables) -> Tables:
    """`tables` with `over` laid on top, table by table."""
    result = dict(tables)
    for name, value in over.items():
        old = result.get(name)
        result[name] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result


def certificate(path: Path) -> x509.Certificate:
    """A certificate file in DER or PEM. Raises ValueError."""
    data = path.read_bytes()
    return x509.load_pem_x509_certificate(data) if data.startswith(b"-----") else x509.load_der_x509_certificate(data)


def _fingerprint(path: Path) -> str:
    return hashlib.sha256(certificate(path).public_bytes(serialization.Encoding.DER)).hexdigest()


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _public(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    path.chmod(0o644)


def _private(path: Path, data: bytes) -> None:
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(data)
