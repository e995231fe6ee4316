"""Version 1 of `madoguchi.toml`: every key with its type, bounds, default and description.

The sections stand in `schema_parts.py`, `schema_links.py` and `schema_policy.py`; those of a few lines here. Source:
design.md ("Names, places, target", "A visit, step by step", "Assurance"). Pure; any thread. `docs/settings.md` is
generated from them. Times are seconds. `compose` turns sections into the adapters' own small config dataclasses; no
adapter imports these modules.
"""

from typing import Literal, Self

from pydantic import Field, model_validator

from firmware.core.outcomes import Env
from firmware.settings.fields import Id, SecretFile, Section, SitePath
from firmware.settings.schema_eligibility import Disaster, Eligibility, Queries, Terminal, WebApi
from firmware.settings.schema_links import Broker, Gateway, Outbox, Reception, Revocation, Trust
from firmware.settings.schema_parts import CardCamera, Control, Display, FaceCamera, Inputs, Reader
from firmware.settings.schema_policy import PolicySection

VERSION = 1


class Site(Section):
    """The facility."""

    id: Id = Field(description="Opaque id of the facility; second level of every topic.")
    env: Env = Field(
        description="`production`, `test` or `sim`. The device derives its own from what it is built of and whom it "
        "trusts, and refuses to start when that is another one."
    )


class Device(Section):
    """This counter device."""

    id: Id = Field(description="Opaque id of the device; also the common name of its certificate.")
    language: Literal["ja", "en"] = Field(
        default="ja", description="Language of the screens before a patient chose another."
    )
    data_dir: SitePath = Field(description="Folder for outbox, journal and clock floor; `/var/lib/madoguchi` on a Pi.")


class Keys(Section):
    """The device's own keys."""

    device_key: SecretFile = Field(description="EC P-256 private key (PEM) that signs results and look-ups (ES256).")
    encryption_key: SecretFile | None = Field(
        default=None,
        description="Another EC P-256 private key (PEM), to which receptions seal their own queries (ECDH-ES). Without "
        "it they cannot ask.",
    )


class Models(Section):
    """Models for detection and recognition."""

    dir: SitePath = Field(description="Folder with `manifest.toml` and the models it names.")


class Journal(Section):
    """The replayable record of what the session decided; holds no personal data."""

    dir: SitePath = Field(description="Folder of the journal.")
    keep: int = Field(
        default=14,
        ge=1,
        le=365,
        description="How many older files are kept; a new one is begun at each start, and when one has 4 MB.",
    )


class Settings(Section):
    """`madoguchi.toml`."""

    version: Literal[1] = Field(description="Version of this file's schema.")
    site: Site
    device: Device
    keys: Keys
    reader: Reader = Reader()
    face_camera: FaceCamera = FaceCamera()
    card_camera: CardCamera = CardCamera()
    display: Display = Display()
    inputs: Inputs = Inputs()
    control: Control = Control()
    trust: Trust = Trust()
    models: Models
    gateway: Gateway | None = None
    revocation: Revocation | None = None
    terminal: Terminal | None = None
    webapi: WebApi | None = None
    eligibility: Eligibility = Eligibility()
    queries: Queries = Queries()
    disaster: Disaster | None = None
    broker: Broker
    receptions: tuple[Reception, ...] = Field(min_length=1, max_length=8)
    outbox: Outbox
    policy: PolicySection = PolicySection()
    journal: Journal

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        ids = [reception.id for reception in self.receptions]
        if len(set(ids)) != len(ids):
            raise ValueError("`receptions` names an id twice")
        simulated = "sim" in {self.display.adapter, self.inputs.adapter}
        if simulated and self.control.socket is None:
            raise ValueError("`control.socket` is needed by the simulated adapters")
        self._check_cameras()
        self._check_eligibility()
        return self

    def _check_eligibility(self) -> None:
        asked = [name for name in ("gateway", "terminal", "webapi") if getattr(self, name) is not None]
        if len(asked) > 1:
            raise ValueError(f"only one of {', '.join(asked)} can answer")
        if self.disaster is not None and self.gateway is None:
            raise ValueError("`disaster` needs a `gateway`")
        if self.keys.encryption_key is not None and self.keys.encryption_key == self.keys.device_key:
            raise ValueError("`keys.encryption_key` must be a key of its own")
        picks_up = self.terminal is not None and self.terminal.pick_up_faces
        if asked and asked[0] != "gateway" and self.keys.encryption_key is None and not picks_up:
            raise ValueError(f"`{asked[0]}` needs `keys.encryption_key`: receptions seal their queries to it")

    def _check_cameras(self) -> None:
        face, card = self.face_camera, self.card_camera
        if card.adapter == "face" and face.adapter == "none":
            raise ValueError("`card_camera.adapter` is 'face', and there is no face camera")
        if card.adapter == face.adapter and card.adapter in {"picamera", "v4l2"} and card.device == face.device:
            raise ValueError("`card_camera` and `face_camera` are one device: write card_camera.adapter = 'face'")
