"""Version 1 of `madoguchi.toml`: every key with its type, bounds, default and description.

Source: design.md ("Names, places, target", "A visit, step by step", "Assurance"). Pure; any thread. `docs/settings.md`
is generated from this file. Times are seconds. `compose` turns sections into the adapters' own small config
dataclasses; no adapter imports this module.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from firmware.core.outcomes import Env, Method
from firmware.settings.fields import (
    JPKI_CA_SHA256,
    Host,
    Http,
    Https,
    Id,
    Pin,
    Port,
    PublicFile,
    Seconds,
    SecretFile,
    Section,
    Sha256,
    SitePath,
)

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
    """The device's own key."""

    device_key: SecretFile = Field(description="EC P-256 private key (PEM) that signs results and look-ups (ES256).")


class Reader(Section):
    """Card reader."""

    adapter: Literal["pcsc"] = Field(default="pcsc", description="PC/SC is the only way to a reader.")
    name: str = Field(
        default="*",
        min_length=1,
        max_length=127,
        description="Part of the reader's PC/SC name, letter case ignored, `*` for a gap; the first that fits.",
    )
    apdu_seconds: Seconds = Field(default=5.0, description="Longest wait for the answer to one command.")
    apdus: Literal["auto", "short"] = Field(
        default="auto",
        description="`auto`: extended length is tried once per card; `short` for readers that break on it.",
    )


class FaceCamera(Section):
    """Camera that sees the patient."""

    adapter: Literal["picamera", "v4l2", "files", "none"] = Field(
        default="picamera",
        description="`files` shows pictures from disk (simulated); `none`: only PIN and staff check.",
    )
    device: str = Field(
        default="0",
        max_length=128,
        description="Number of the CSI camera, or path of the video device.",
    )
    rotation: Literal[0, 90, 180, 270] = Field(
        default=0, description="Degrees by which the picture is turned clockwise to stand upright."
    )
    files: tuple[SitePath, ...] = Field(default=(), max_length=64, description="Pictures for `files`, shown in turn.")

    @model_validator(mode="after")
    def _files_belong_to_files(self) -> Self:
        if (self.adapter == "files") != bool(self.files):
            raise ValueError("`files` needs adapter = 'files' and at least one picture, other adapters none")
        return self


class Display(Section):
    """OLED."""

    adapter: Literal["ssd1322", "ssd1306", "sim", "none"] = Field(
        default="ssd1322",
        description="Controller of the OLED; `sim` keeps pictures for the control socket; `none` is refused in "
        "production, where the notice must be shown.",
    )
    bus: Literal["spi", "i2c"] = Field(default="spi", description="How the OLED is wired.")
    port: int = Field(default=0, ge=0, le=10, description="Number of the SPI or I2C bus.")
    chip_select: int = Field(default=0, ge=0, le=2, description="SPI: which chip-select line.")
    address: int = Field(default=0x3C, ge=0x08, le=0x77, description="I2C: address of the OLED.")
    data_pin: Pin = Field(default=24, description="SPI: BCM number of the data/command line.")
    reset_pin: Pin = Field(default=25, description="SPI: BCM number of the reset line.")
    rotate: Literal[0, 180] = Field(default=0, description="Degrees by which the picture is turned.")
    contrast: int = Field(default=128, ge=0, le=255, description="Brightness of the OLED.")


class Inputs(Section):
    """Buttons, keypad, sound."""

    adapter: Literal["gpio", "evdev", "sim", "none"] = Field(
        default="evdev",
        description="`evdev`: three buttons and a USB keypad; `gpio`: buttons only: neither number B (face) nor "
        "PIN can be typed, and only the staff check is offered; `sim`: from the control socket.",
    )
    left_pin: Pin = Field(default=5, description="BCM number of the left button.")
    middle_pin: Pin = Field(default=6, description="BCM number of the middle button.")
    right_pin: Pin = Field(default=13, description="BCM number of the right button.")
    buzzer_pin: Pin = Field(default=18, description="BCM number of the buzzer.")
    light_pin: Pin = Field(default=23, description="BCM number of the light at the tray.")
    keypad: str = Field(
        default="", max_length=128, description="Path of the keypad's input device; empty: the first one found."
    )


class Control(Section):
    """Control socket of the simulated adapters."""

    socket: SitePath | None = Field(default=None, description="Path of the socket; needed by the adapters `sim`.")


class PinnedCa(Section):
    """A CA of the user-authentication certificate, trusted because its fingerprint stands here.

    None written: the three official ones. With any other the device is no production device (`env` is `test`).
    """

    file: PublicFile | None = Field(
        default=None,
        description="The CA certificate, DER or PEM. Without: it is taken from the card, and counts only if it is the "
        "pinned one.",
    )
    sha256: Sha256 = Field(description="SHA-256 of its DER bytes, lower-case hex.")


class Trust(Section):
    """Whose signatures on a card count."""

    jpki_ca: tuple[PinnedCa, ...] = Field(
        default=tuple(PinnedCa(sha256=pin) for pin in JPKI_CA_SHA256),
        min_length=1,
        max_length=16,
        description="CAs of the user-authentication certificate, pinned by fingerprint.",
    )
    face_issuers: tuple[PublicFile, ...] = Field(
        default=(),
        max_length=16,
        description="Public keys (PEM) of issuers of the card-face record. None: issuer unknown.",
    )
    face_issuers_are_official: bool = Field(
        default=False,
        description="The site's written word that `face_issuers` are the real ones: no public list exists to compare "
        "them with. With keys installed and without this, the device is no production device (`env` is `test`).",
    )
    policies: tuple[Annotated[str, Field(pattern=r"^\d+(\.\d+){2,20}$")], ...] = Field(
        default=("1.2.392.200149.8.5.1.3.30",),
        min_length=1,
        max_length=8,
        description="Certificate policies (OIDs); a certificate must name one of them.",
    )


class Models(Section):
    """Models for detection and recognition."""

    dir: SitePath = Field(description="Folder with `manifest.toml` and the models it names.")


class Gateway(Section):
    """Eligibility gateway. Without this table the device works stand-alone, without eligibility."""

    url: Https = Field(description="Address of the gateway, https only.")
    ca: PublicFile = Field(description="CA certificate (PEM) of the gateway's server; no public root is trusted.")
    certificate: PublicFile = Field(description="Client certificate (PEM) shown to the gateway.")
    key: SecretFile = Field(description="Private key (PEM) of that certificate.")
    request_seconds: Seconds = Field(default=5.0, description="Longest wait for one answer of the gateway.")
    pool: int = Field(
        default=8, ge=1, le=64, description="Challenges fetched in advance; each serves one visit, 10 minutes."
    )


class Revocation(Section):
    """OCSP responder that the site is approved to ask whether a card's certificate was revoked (RFC 6960).

    Without this table revocation stays unknown. The address in the certificate is never called.
    """

    url: Http = Field(
        description="Address of the responder, http or https. Its answers are signed; over http others on the network "
        "can see which certificate (serial number) is asked about."
    )
    seconds: Seconds = Field(default=3.0, description="Longest wait for its answer.")
    ca: PublicFile | None = Field(
        default=None, description="https: CA certificate (PEM) of the responder's server; no public root is trusted."
    )
    certificate: PublicFile | None = Field(
        default=None, description="https: client certificate (PEM), where the responder wants one."
    )
    key: SecretFile | None = Field(default=None, description="Private key (PEM) of that certificate.")

    @model_validator(mode="after")
    def _files_fit(self) -> Self:
        if self.url.startswith("https:") != (self.ca is not None):
            raise ValueError("an https address needs `ca`, an http address has none")
        if (self.certificate is None) != (self.key is None):
            raise ValueError("`certificate` and `key` belong together")
        if self.certificate is not None and self.ca is None:
            raise ValueError("`certificate` needs an https address")
        return self


class Broker(Section):
    """MQTT broker."""

    host: Host = Field(description="Name or address of the broker.")
    port: Port = Field(default=8883, description="TLS port of the broker.")
    ca: PublicFile = Field(description="CA certificate (PEM) of the broker; no public root is trusted.")
    certificate: PublicFile = Field(description="Client certificate (PEM); its common name is the device id.")
    key: SecretFile = Field(description="Private key (PEM) of that certificate.")
    protocol: Literal["5", "3.1.1"] = Field(default="5", description="MQTT version.")


class Reception(Section):
    """One reception software that gets every result, sealed to its own key."""

    id: Id = Field(description="Opaque id of the reception; last level of its result topic.")
    encryption_key: PublicFile = Field(description="Its public key to seal to (EC P-256, PEM, ECDH-ES).")
    signing_key: PublicFile = Field(
        description="Its public key for acknowledgements and requests (EC P-256, PEM, ES256)."
    )


class Outbox(Section):
    """Results that no reception has acknowledged yet."""

    path: SitePath = Field(description="The SQLite file; everything in it is sealed.")
    retention_days: int = Field(
        default=7, ge=1, le=90, description="After this time an undelivered result is dropped, with an alert."
    )
    max_rows: int = Field(
        default=10_000, ge=10, le=1_000_000, description="Bound of the outbox; full: no visit is started."
    )


class PolicySection(Section):
    """How a visit goes at this site."""

    notice_seconds: Seconds = Field(
        default=1.0, description="How long the notice is shown before the face camera may see."
    )
    choice_seconds: Seconds = Field(default=60.0, description="How long the choice of method waits.")
    front_seconds: Seconds = Field(
        default=30.0, description="Single camera: how long the card may be lifted to show its front."
    )
    entry_seconds: Seconds = Field(default=60.0, description="How long an entry on the keypad may pause.")
    match_seconds: Seconds = Field(default=10.0, description="Length of one attempt to match the face.")
    match_attempts: int = Field(default=3, ge=1, le=10, description="Attempts before PIN or staff check is offered.")
    threshold: Literal["accept", "strict"] = Field(
        default="accept", description="Which threshold of the models' manifest accepts."
    )
    staff_seconds: Seconds = Field(default=120.0, description="How long a staff check waits for the staff.")
    consent_seconds: Seconds = Field(
        default=30.0, description="How long the consent question waits; no answer is not given."
    )
    look_up_seconds: Seconds = Field(default=20.0, description="How long the screen waits for the look-up.")
    show_seconds: Seconds = Field(default=5.0, description="How long the end of a visit is shown.")
    absence_seconds: Seconds = Field(default=1.5, description="Shorter absences of the card publish nothing.")
    remind_seconds: Seconds = Field(default=10.0, description="How long until the forgotten card is reminded of again.")
    methods: tuple[Method, ...] = Field(
        default=(Method.FACE, Method.PIN, Method.STAFF),
        min_length=1,
        max_length=3,
        description="What patients may choose from.",
    )
    face_without_issuer: Literal["staff", "accept"] = Field(
        default="staff",
        description="What a face match is worth while no issuer key proves the photo: `staff` turns it into a staff "
        "check; `accept` must be written here by the site on purpose.",
    )
    liveness: Literal["off"] = Field(default="off", description="Liveness challenge; only `off` in this version.")

    @model_validator(mode="after")
    def _methods_once(self) -> Self:
        if len(set(self.methods)) != len(self.methods):
            raise ValueError("`methods` names a method twice")
        return self


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
    display: Display = Display()
    inputs: Inputs = Inputs()
    control: Control = Control()
    trust: Trust = Trust()
    models: Models
    gateway: Gateway | None = None
    revocation: Revocation | None = None
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
        return self
