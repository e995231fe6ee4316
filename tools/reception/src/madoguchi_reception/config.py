"""`reception.toml`: who we are, whom we trust, where the broker is. Relative paths count from the file's folder.

An unknown or missing member is a ConfigError that names its place.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from joserfc.jwk import ECKey

from madoguchi_reception.keys import KeyFileError, load_key

ENVS = ("production", "test", "sim")
_ID = re.compile(r"[a-z0-9-]{1,32}")
_TABLES = {"broker", "keys", "devices", "device_encryption"}
_MEMBERS = {"site", "reception", "env", "language", "database", "keep_days", *_TABLES}
_BROKER = {"host", "port", "ca", "certificate", "key", "mqtt5"}
_KEYS = {"encryption", "signing", "previous"}

T = TypeVar("T")


class ConfigError(Exception):
    """The file cannot be used; the text says where and why."""


@dataclass(frozen=True)
class Broker:
    """Address and TLS files (PEM). The certificate's CN is `rx-{reception}`."""

    host: str
    port: int
    ca: Path
    certificate: Path
    key: Path
    mqtt5: bool


@dataclass(frozen=True, repr=False)
class Config:
    """Everything in the file, keys loaded. `opening`: private keys messages may be sealed to, newest first.

    `devices`: public keys that sign a device's messages. `sealing`: the public key that queries to it are sealed to.
    """

    site: str
    reception: str
    env: str
    language: str
    database: Path
    keep_days: int
    broker: Broker
    opening: tuple[ECKey, ...]
    signing: ECKey
    devices: Mapping[str, tuple[ECKey, ...]]
    sealing: Mapping[str, ECKey] = field(default_factory=dict)


def load(path: Path) -> Config:
    """Read and check the file."""
    try:
        with path.open("rb") as file:
            data = tomllib.load(file)
    except OSError as error:
        raise ConfigError(f"{path.name}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.name}: {error}") from error
    try:
        return _config(data, path.parent)
    except KeyFileError as error:
        raise ConfigError(str(error)) from error


def _config(data: dict[str, Any], base: Path) -> Config:
    _only(data, _MEMBERS, "")
    keys, broker = _get(data, "keys", dict), _get(data, "broker", dict)
    _only(keys, _KEYS, "keys.")
    private = [_get(keys, "encryption", str, "keys."), *_texts(keys.get("previous", []), "keys.previous")]
    devices = _get(data, "devices", dict)
    return Config(
        site=_id(_get(data, "site", str), "site"),
        reception=_id(_get(data, "reception", str), "reception"),
        env=_choice(_get(data, "env", str), ENVS, "env"),
        language=_choice(data.get("language", "ja"), ("ja", "en"), "language"),
        database=base / _get(data, "database", str),
        keep_days=_typed(data.get("keep_days", 30), int, "keep_days"),
        broker=_broker(broker, base),
        opening=tuple(load_key(base / name, private=True) for name in private),
        signing=load_key(base / _get(keys, "signing", str, "keys."), private=True),
        devices={_id(name, "devices"): _device(value, base, name) for name, value in devices.items()},
        sealing=_sealing(data.get("device_encryption", {}), base, set(devices)),
    )


def _broker(data: dict[str, Any], base: Path) -> Broker:
    _only(data, _BROKER, "broker.")
    return Broker(
        host=_get(data, "host", str, "broker."),
        port=_typed(data.get("port", 8883), int, "broker.port"),
        ca=base / _get(data, "ca", str, "broker."),
        certificate=base / _get(data, "certificate", str, "broker."),
        key=base / _get(data, "key", str, "broker."),
        mqtt5=_typed(data.get("mqtt5", True), bool, "broker.mqtt5"),
    )


def _device(value: object, base: Path, name: str) -> tuple[ECKey, ...]:
    files = [value] if isinstance(value, str) else _texts(value, f"devices.{name}")
    return tuple(load_key(base / file, private=False) for file in files)


def _sealing(data: object, base: Path, known: set[str]) -> dict[str, ECKey]:
    files = _typed(data, dict, "device_encryption")
    _only(files, known, "device_encryption.")
    return {name: load_key(base / _get(files, name, str, "device_encryption."), private=False) for name in files}


def _only(data: dict[str, Any], known: set[str], where: str) -> None:
    if unknown := sorted(set(data) - known):
        raise ConfigError(f"{where}{unknown[0]}: unknown")


def _typed(value: object, kind: type[T], where: str) -> T:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise ConfigError(f"{where}: {kind.__name__} wanted")
    return value


def _get(data: dict[str, Any], name: str, kind: type[T], where: str = "") -> T:
    if name not in data:
        raise ConfigError(f"{where}{name}: missing")
    return _typed(data[name], kind, f"{where}{name}")


def _texts(value: object, where: str) -> list[str]:
    return [_typed(item, str, where) for item in _typed(value, list, where)]


def _choice(value: object, choices: tuple[str, ...], where: str) -> str:
    if value not in choices:
        raise ConfigError(f"{where}: one of {', '.join(choices)}")
    return str(value)


def _id(text: str, where: str) -> str:
    if not _ID.fullmatch(text):
        raise ConfigError(f"{where}: 1 to 32 characters of a-z, 0-9 and -")
    return text
