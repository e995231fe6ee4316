"""A made site with the simulator's test CA, as `make run` makes it."""

from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from PIL import Image

from firmware.settings.load import load
from firmware.settings.schema import Settings
from firmware.sim.card.issuers import create_issuers
from tools.site.site_files import SitePlan, make_site


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The settings file of a simulated device."""
    folder = tmp_path_factory.mktemp("site")
    issuers = create_issuers(date(2026, 11, 22))
    ca = folder / "auth-ca.der"
    ca.write_bytes(issuers.auth_ca_der)
    issuer = folder / "face-issuer.pem"
    issuer.write_bytes(issuers.record_issuer_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    picture = folder / "somebody.jpg"
    Image.new("RGB", (64, 48)).save(picture)
    plan = SitePlan(
        out=folder / "site",
        env="sim",
        site="clinic-1",
        device="counter-1",
        receptions=("front", "back"),
        models=Path("models").absolute(),
        jpki_ca=(ca,),
        face_issuers=(issuer,),
        settings={
            "face_camera": {"adapter": "files", "files": [str(picture)]},
            "display": {"adapter": "sim"},
            "inputs": {"adapter": "sim"},
            "control": {"socket": str(folder / "control.sock")},
        },
    )
    make_site(plan)
    return plan.out / "device" / "madoguchi.toml"


@pytest.fixture
def settings(site: Path) -> Settings:
    return load(site)


@pytest.fixture(autouse=True)
def unsealed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `seal_process` does to a process cannot be undone, and this one runs other tests too."""
    monkeypatch.setattr("firmware.app.daemon.seal_process", lambda **_: ())
