"""A complete site in a folder: `site` writes files and settings, tests then break one thing."""

import hashlib
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from firmware.settings.load import load
from firmware.settings.schema import Settings

TEXT = """
version = 1
[site]
id = "clinic-1"
env = "sim"
[device]
id = "counter-1"
data_dir = "data"
[keys]
device_key = "device.key"
[face_camera]
adapter = "files"
files = ["one.jpg", "/two.jpg"]
[trust]
face_issuers = ["issuer.pem"]
[[trust.jpki_ca]]
file = "jpki.der"
sha256 = "HASH"
[models]
dir = "../models"
[gateway]
url = "https://localhost:8443/"
ca = "ca.pem"
certificate = "device.pem"
key = "tls.key"
[broker]
host = "127.0.0.1"
ca = "ca.pem"
certificate = "device.pem"
key = "tls.key"
[[receptions]]
id = "front"
encryption_key = "front-open.pem"
signing_key = "front-sign.pem"
[outbox]
path = "data/outbox.sqlite"
[policy]
show_seconds = 2
[journal]
dir = "data/journal"
"""

FILES = ("device.pem", "issuer.pem", "jpki.der", "ca.pem", "front-open.pem", "front-sign.pem")
SECRETS = ("device.key", "tls.key")

Write = Callable[[str, str], Path]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The settings file of a site that loads."""
    for name in FILES:
        (tmp_path / name).write_bytes(b"0 " + name.encode())
    for name in SECRETS:
        (tmp_path / name).write_text("not a real key")
        (tmp_path / name).chmod(0o600)
    pin = hashlib.sha256((tmp_path / "jpki.der").read_bytes()).hexdigest()
    path = tmp_path / "madoguchi.toml"
    path.write_text(TEXT.replace("HASH", pin))
    return path


@pytest.fixture
def edit(site: Path) -> Write:
    """Replaces one piece of the settings file."""

    def replace(old: str, new: str) -> Path:
        text = site.read_text()
        assert old in text
        site.write_text(text.replace(old, new, 1))
        tomllib.loads(site.read_text())
        return site

    return replace


@pytest.fixture
def settings(site: Path) -> Settings:
    return load(site)
