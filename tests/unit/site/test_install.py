"""`systemd/install.sh` in a scratch root: what lies where, with which mode, and that the settings load from there.

Not run here: the part that makes the user, and systemd itself. The libraries are left out (LIBRARIES=no): they need a
package index.
"""

import os
import shutil
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from firmware.app.environment import checked_env
from firmware.core.outcomes import Env
from firmware.settings.load import load
from firmware.settings.schema_links import Trust
from tools.site import product_lock
from tools.site.authority import Authority
from tools.site.make_site import main

ROOT = Path(__file__).parents[3]
NOBODY = 65534

LOAD = (
    "import sys\n"
    "from pathlib import Path\n"
    "from firmware.settings.load import load\n"
    "print(load(Path(sys.argv[1])).device.data_dir)\n"
)


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "jpki.der"
    path.write_bytes(Authority.make("cards").certificate.public_bytes(serialization.Encoding.DER))
    return path


@pytest.fixture(scope="module")
def site(ca: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sites") / "site"
    assert main([str(out), "--target", "device", "--env", "test", "--jpki-ca", str(ca)]) == 0
    return out


def install(site: Path, dest: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DESTDIR": str(dest), "LIBRARIES": "no"}
    command = ["sh", str(ROOT / "systemd" / "install.sh"), str(site / "device")]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.fixture(scope="module")
def installed(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not list((ROOT / "models").glob("*.onnx")):
        pytest.skip("models are not built")
    dest = tmp_path_factory.mktemp("root")
    assert install(site, dest).returncode == 0
    assert install(site, dest).returncode == 0, "a second run replaces the first"
    return dest


def test_the_device_target_names_installed_places(site: Path) -> None:
    tables = tomllib.loads((site / "device" / "madoguchi.toml").read_text())
    assert tables["device"]["data_dir"] == "/var/lib/madoguchi"
    assert tables["outbox"]["path"] == "/var/lib/madoguchi/outbox.sqlite"
    assert tables["journal"]["dir"] == "/var/lib/madoguchi/journal"
    assert tables["models"]["dir"] == "/usr/share/madoguchi/models"
    assert not any(name in tables for name in ("display", "inputs", "control"))


@pytest.mark.parametrize("words", [[], ["--env", "sim"]])
def test_a_site_that_the_device_would_refuse_is_not_made(
    ca: Path, tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "site"), "--target", "device", "--jpki-ca", str(ca), *words]) == 2
    assert "site.env" in capsys.readouterr().err
    assert not (tmp_path / "site").exists()


def test_a_production_site_needs_no_ca_file(tmp_path: Path) -> None:
    assert main([str(tmp_path / "site"), "--target", "device"]) == 0
    settings = load(tmp_path / "site" / "device" / "madoguchi.toml")
    assert settings.site.env is Env.PRODUCTION
    assert settings.trust == Trust()
    assert checked_env(settings) is Env.PRODUCTION


def test_every_file_of_the_site_and_the_system_lies_in_its_place(site: Path, installed: Path) -> None:
    ours = {path.name for path in (site / "device").iterdir() if path.is_file()}
    assert {path.name for path in (installed / "etc/madoguchi").iterdir()} == ours
    for place in (
        "usr/lib/systemd/system/madoguchi.service",
        "usr/lib/sysusers.d/madoguchi.conf",
        "usr/lib/tmpfiles.d/madoguchi.conf",
        "usr/lib/udev/rules.d/60-madoguchi.rules",
        "etc/polkit-1/rules.d/60-madoguchi.rules",
        "usr/share/madoguchi/models/manifest.toml",
    ):
        assert (installed / place).is_file(), place
    models = {path.name for path in (ROOT / "models").glob("*.onnx")}
    assert {path.name for path in (installed / "usr/share/madoguchi/models").glob("*.onnx")} == models


def test_keys_are_private_and_nothing_else_is_for_everybody(installed: Path) -> None:
    folder = installed / "etc/madoguchi"
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert {name: mode for name, mode in modes.items() if name.endswith(".key")} == {
        "device.key": 0o400,
        "encryption.key": 0o400,
        "tls.key": 0o400,
    }
    assert {mode for name, mode in modes.items() if not name.endswith(".key")} == {0o640}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o750


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("setpriv") is None, reason="needs root and setpriv")
def test_another_user_than_root_loads_the_installed_settings(installed: Path, tmp_path: Path) -> None:
    """As on a device: root owns what is public and the group reads it, the device's user owns the keys."""
    folder = installed / "etc/madoguchi"
    for path in (folder, *folder.iterdir()):
        os.chown(path, NOBODY if path.suffix == ".key" else 0, NOBODY)
    for parent in folder.parents:
        if parent.is_relative_to(installed.parent.parent):
            parent.chmod(0o755)
    command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", sys.executable, "-c", LOAD]
    done = subprocess.run(
        [*command, str(folder / "madoguchi.toml")], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert (done.stdout, done.stderr) == ("/var/lib/madoguchi\n", "")


def test_a_folder_without_settings_is_refused(tmp_path: Path) -> None:
    (tmp_path / "device").mkdir()
    done = install(tmp_path, tmp_path / "root")
    assert done.returncode == 1
    assert "madoguchi.toml" in done.stderr
    assert not (tmp_path / "root").exists()


def test_the_products_lock_holds_what_the_device_imports_and_no_developers_tools() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    made = product_lock.product_lock(lock, product_lock.closure("madoguchi"))
    names = {name for name, _ in product_lock.blocks(made)}
    assert {"aiohttp", "cryptography", "onnxruntime", "pyscard", "pydantic-core", "cffi", "luma-core"} <= names
    assert not names & {"pytest", "ruff", "mypy", "hypothesis", "setuptools", "onnx"}
    assert made.count("--hash=sha256:") > len(names)
    with pytest.raises(ValueError, match="absent-thing"):
        product_lock.product_lock(lock, frozenset({"absent-thing"}))
