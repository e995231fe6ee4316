"""Settings of the gateway simulator and their TOML file, as `tools/site` writes it.

Blocking file reads, any thread. Paths in the file are relative to it. Raises ValueError that names the member.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from firmware.sim.gateway.evidence import Trust
from firmware.sim.gateway.insured import Insured
from firmware.sim.gateway.people import read_people

_ENVS: Final = frozenset({"production", "test", "sim"})


@dataclass(frozen=True, slots=True)
class ServerFiles:
    """PEM files of the HTTPS server and the CA of its clients."""

    certificate: Path
    key: Path
    client_ca: Path


@dataclass(frozen=True, slots=True, repr=False)
class SimConfig:
    """What a gateway simulator is told.

    `port` 0 takes a free one. `database` None keeps the registry in memory. `devices`: signing keys by id, which is
    also the name in the device's client certificate. `delay`: seconds until a look-up is answered. `offer_queries`:
    whether receptions' own questions are answered; `disaster_until`: end of disaster mode (wall seconds), None: off.
    """

    env: str
    site: str
    files: ServerFiles
    devices: Mapping[str, ec.EllipticCurvePublicKey]
    trust: Trust
    host: str = "127.0.0.1"
    port: int = 0
    people: tuple[tuple[str, Insured], ...] = ()
    database: Path | None = None
    delay: float = 0.0
    accept_offline: bool = True
    challenge_seconds: int = 600
    offer_queries: bool = True
    disaster_until: float | None = None


def load(path: Path) -> SimConfig:
    """Read a `gateway.toml`."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        return _built(table, path.parent)
    except KeyError as error:
        raise ValueError(f"{path.name}: {error.args[0]} is missing") from error
    except (OSError, TypeError, AttributeError) as error:
        raise ValueError(f"{path.name}: {error}") from error


def _built(table: Mapping[str, Any], folder: Path) -> SimConfig:
    if table["env"] not in _ENVS:
        raise ValueError("env")
    people = table.get("people")
    database = table.get("database")
    return SimConfig(
        env=table["env"],
        site=table["site"],
        files=ServerFiles(folder / table["certificate"], folder / table["key"], folder / table["client_ca"]),
        devices={name: _ec_key(folder / file) for name, file in table["devices"].items()},
        trust=Trust(
            jpki=[_certificate(folder / name) for name in table["jpki_ca"]],
            receptions={name: _ec_key(folder / file) for name, file in table.get("receptions", {}).items()},
            face_issuers=[_rsa_key(folder / name) for name in table.get("face_issuers", [])],
            require_face_issuer=bool(table.get("require_face_issuer", False)),
        ),
        host=table.get("host", "127.0.0.1"),
        port=int(table["port"]),
        people=tuple(read_people(folder / people)) if people else (),
        database=folder / database if database else None,
        delay=float(table.get("delay_seconds", 0.0)),
        accept_offline=bool(table.get("accept_offline", True)),
        offer_queries=bool(table.get("offer_queries", True)),
        disaster_until=_wall(table.get("disaster_until")),
    )


def _wall(value: object) -> float | None:
    """A TOML offset date-time."""
    if value is None:
        return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError("disaster_until")
    return value.timestamp()


def _certificate(path: Path) -> x509.Certificate:
    data = path.read_bytes()
    return x509.load_pem_x509_certificate(data) if data.startswith(b"-----") else x509.load_der_x509_certificate(data)


def _ec_key(path: Path) -> ec.EllipticCurvePublicKey:
    """A public key, or the one in a certificate."""
    data = path.read_bytes()
    if b"BEGIN CERTIFICATE" in data:
        key: object = x509.load_pem_x509_certificate(data).public_key()
    else:
        key = serialization.load_pem_public_key(data)
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise TypeError(f"{path.name} is no P-256 public key")
    return key


def _rsa_key(path: Path) -> rsa.RSAPublicKey:
    key = serialization.load_pem_public_key(path.read_bytes())
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError(f"{path.name} is no RSA public key")
    return key
