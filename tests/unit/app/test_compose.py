"""Settings to devices: what is built, what is missing, and which `env` it makes (firmware/app/compose.py)."""

from pathlib import Path
from typing import Any

import pytest

from firmware.app.compose import Composed, compose, policy
from firmware.app.environment import checked_env, derived_env
from firmware.app.observed import ObservedPanel
from firmware.camera.files import FileCamera
from firmware.card.certificates import JPKI_AUTH_CA_SHA256, CertificateTrust, load_trust
from firmware.card.service import CardService
from firmware.core.events import Part
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import Env, Method
from firmware.eligibility.http import HttpGateway
from firmware.eligibility.ocsp import OcspClient
from firmware.eligibility.stand_alone import StandAlone
from firmware.face.matcher import FaceMatcher
from firmware.publish.service import MqttPublisher
from firmware.settings.schema import Settings
from firmware.settings.schema_links import Revocation, Trust
from firmware.sim.panel import SimInputs


def _with(settings: Settings, **tables: Any) -> Settings:
    """The settings with some members of their tables replaced."""
    changes = {name: getattr(settings, name).model_copy(update=members) for name, members in tables.items()}
    return settings.model_copy(update=changes)


def _real_hardware(settings: Settings, env: str) -> Settings:
    return _with(
        settings,
        site={"env": Env(env)},
        face_camera={"adapter": "v4l2", "files": (), "device": "/dev/video-of-nobody"},
        display={"adapter": "none"},
        inputs={"adapter": "gpio"},
        control={"socket": None},
    )


def _composed(settings: Settings) -> Composed:
    composed = compose(settings)
    assert composed.devices.face is not None
    composed.devices.face.close()
    return composed


def test_a_simulated_site_is_built_of_the_real_parts(settings: Settings) -> None:
    composed = _composed(settings)
    devices = composed.devices
    assert isinstance(devices.card, CardService)
    assert isinstance(devices.camera, FileCamera)
    assert isinstance(devices.face, FaceMatcher)
    assert isinstance(devices.gateway, HttpGateway)
    assert isinstance(devices.publisher, MqttPublisher)
    assert isinstance(devices.inputs, SimInputs)
    assert isinstance(devices.panel, ObservedPanel)
    assert composed.policy.env is Env.SIM
    assert devices.missing == ()


def test_env_follows_from_parts_and_trust(settings: Settings) -> None:
    assert derived_env(settings) is Env.SIM
    hardware = _real_hardware(settings, "test")
    assert derived_env(hardware) is Env.TEST
    assert derived_env(_with(hardware, trust={"face_issuers_are_official": True})) is Env.TEST
    real_ca = hardware.trust.jpki_ca[0].model_copy(update={"sha256": min(JPKI_AUTH_CA_SHA256)})
    assert derived_env(_with(hardware, trust={"jpki_ca": (real_ca,), "face_issuers": ()})) is Env.PRODUCTION


def test_one_ca_of_a_test_is_enough_to_be_no_production_device(settings: Settings) -> None:
    hardware = _with(_real_hardware(settings, "production"), display={"adapter": "ssd1322"}, trust={"face_issuers": ()})
    official = Trust().jpki_ca
    assert checked_env(_with(hardware, trust={"jpki_ca": official})) is Env.PRODUCTION
    for pins in (hardware.trust.jpki_ca, (*official, *hardware.trust.jpki_ca)):
        mixed = _with(hardware, trust={"jpki_ca": pins})
        with pytest.raises(DeviceError, match="this device is test") as caught:
            compose(mixed)
        assert caught.value.code is FaultCode.SETTINGS_INVALID
        assert checked_env(_with(mixed, site={"env": Env.TEST})) is Env.TEST


def test_face_issuers_are_official_only_by_the_sites_word(settings: Settings) -> None:
    hardware = _real_hardware(settings, "production")
    real_ca = hardware.trust.jpki_ca[0].model_copy(update={"sha256": min(JPKI_AUTH_CA_SHA256)})
    issuers = _with(hardware, trust={"jpki_ca": (real_ca,)}, display={"adapter": "ssd1322"})
    assert derived_env(issuers) is Env.TEST
    with pytest.raises(DeviceError, match="face_issuers_are_official"):
        checked_env(issuers)
    assert checked_env(_with(issuers, trust={"face_issuers_are_official": True})) is Env.PRODUCTION


def test_production_needs_a_display_for_the_notice(settings: Settings) -> None:
    hardware = _real_hardware(settings, "production")
    real_ca = hardware.trust.jpki_ca[0].model_copy(update={"sha256": min(JPKI_AUTH_CA_SHA256)})
    blind = _with(hardware, trust={"jpki_ca": (real_ca,), "face_issuers": ()})
    with pytest.raises(DeviceError, match=r"display\.adapter") as caught:
        compose(blind)
    assert caught.value.code is FaultCode.SETTINGS_INVALID
    assert checked_env(_with(blind, display={"adapter": "ssd1306"})) is Env.PRODUCTION
    assert checked_env(_real_hardware(settings, "test")) is Env.TEST


@pytest.mark.parametrize("member", [{"face_camera": {"adapter": "files"}}, {"display": {"adapter": "sim"}}])
def test_one_simulated_part_is_enough_for_sim(settings: Settings, member: dict[str, Any]) -> None:
    assert derived_env(_with(_real_hardware(settings, "test"), **member)) is Env.SIM


@pytest.mark.parametrize("env", ["production", "test"])
def test_a_site_file_of_another_env_is_refused(settings: Settings, env: str) -> None:
    with pytest.raises(DeviceError, match=r"site\.env") as caught:
        compose(_with(settings, site={"env": Env(env)}))
    assert caught.value.code is FaultCode.SETTINGS_INVALID


def test_parts_that_cannot_be_built_are_missing_not_fatal(settings: Settings) -> None:
    composed = _composed(_real_hardware(settings, "test"))
    assert composed.simulated is None
    assert (Part.KEYPAD, FaultCode.KEYPAD_FAILED) in composed.devices.missing
    assert composed.devices.inputs is None


def test_a_site_without_face_camera_does_not_offer_the_face(settings: Settings) -> None:
    composed = compose(_with(settings, face_camera={"adapter": "none", "files": ()}))
    assert composed.policy.methods == (Method.PIN, Method.STAFF)
    assert composed.devices.face is None
    assert composed.devices.camera is None
    assert composed.devices.missing == ()


@pytest.mark.parametrize(
    ("adapter", "methods"),
    [
        ("evdev", (Method.FACE, Method.PIN, Method.STAFF)),
        ("gpio", (Method.STAFF,)),
        ("none", (Method.STAFF,)),
    ],
)
def test_without_a_keypad_nothing_is_offered_that_must_be_typed(
    settings: Settings, adapter: str, methods: tuple[Method, ...]
) -> None:
    hardware = _with(_real_hardware(settings, "test"), inputs={"adapter": adapter})
    assert policy(hardware, Env.TEST).methods == methods


def test_a_policy_that_leaves_no_method_is_refused(settings: Settings) -> None:
    hardware = _with(_real_hardware(settings, "test"), policy={"methods": (Method.PIN,)})
    with pytest.raises(DeviceError, match=r"policy\.methods") as caught:
        compose(hardware)
    assert caught.value.code is FaultCode.SETTINGS_INVALID


@pytest.mark.parametrize("setting", ["device.data_dir", "journal.dir"])
def test_a_folder_that_cannot_be_made_is_shown_not_crashed(settings: Settings, tmp_path: Path, setting: str) -> None:
    (tmp_path / "file").write_text("in the way")
    section, _, member = setting.partition(".")
    broken = _with(settings, **{section: {member: tmp_path / "file" / "inside"}})
    with pytest.raises(DeviceError, match=rf"{setting}: Not a directory") as caught:
        _composed(broken).journal(broken)
    assert caught.value.code is FaultCode.SETTINGS_INVALID
    assert str(tmp_path) not in str(caught.value)


def test_the_file_cameras_picture_is_turned(settings: Settings) -> None:
    def size(rotation: int) -> tuple[int, int]:
        camera = _composed(_with(settings, face_camera={"rotation": rotation})).devices.camera
        assert camera is not None
        camera.open(0.0)
        frame = camera.read(5.0)
        camera.close()
        return frame.width, frame.height

    assert size(90) == size(0)[::-1]


def test_every_policy_of_the_list_is_accepted(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[CertificateTrust] = []

    def spy(ders: list[bytes], pins: frozenset[str], policies: tuple[str, ...]) -> CertificateTrust:
        loaded.append(load_trust(ders, pins, policies))
        return loaded[0]

    monkeypatch.setattr("firmware.app.compose.load_trust", spy)
    _composed(_with(settings, trust={"policies": ("1.2.3.4", "1.2.3.5")}))
    assert {policy.dotted_string for policy in loaded[0].policies} == {"1.2.3.4", "1.2.3.5"}


def test_pins_without_files_are_handed_on_for_the_card_to_fill(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, frozenset[str]]] = []

    def spy(ders: list[bytes], pins: frozenset[str], policies: tuple[str, ...]) -> CertificateTrust:
        asked.append((len(ders), pins))
        return load_trust(ders, pins, policies)

    monkeypatch.setattr("firmware.app.compose.load_trust", spy)
    known = settings.trust.jpki_ca[0]
    _composed(_with(settings, trust={"jpki_ca": (known, *Trust().jpki_ca)}))
    assert asked == [(1, JPKI_AUTH_CA_SHA256 | {known.sha256})]


@pytest.mark.parametrize("apdus", ["auto", "short"])
def test_the_readers_word_about_long_commands_reaches_the_card(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, apdus: str
) -> None:
    told: list[bool] = []

    def spy(*parts: Any, short_apdus: bool, **more: Any) -> CardService:
        told.append(short_apdus)
        return CardService(*parts, short_apdus=short_apdus, **more)

    monkeypatch.setattr("firmware.app.compose.CardService", spy)
    _composed(_with(settings, reader={"apdus": apdus}))
    _composed(_with(_real_hardware(settings, "test"), reader={"apdus": apdus}))
    assert told == [apdus == "short"] * 2


def test_without_a_responder_revocation_is_not_asked(settings: Settings) -> None:
    composed = _composed(settings)
    assert composed.devices.revocation is None
    assert composed.policy.check_revocation is False


@pytest.mark.parametrize("https", [False, True])
async def test_a_sites_responder_is_asked(settings: Settings, https: bool) -> None:
    assert settings.gateway is not None
    files = {"ca": settings.gateway.ca, "certificate": settings.gateway.certificate, "key": settings.gateway.key}
    address = {"url": "https://ocsp.example/", **files} if https else {"url": "http://ocsp.example/"}
    composed = _composed(settings.model_copy(update={"revocation": Revocation(**address, seconds=2.0)}))
    assert isinstance(composed.devices.revocation, OcspClient)
    assert composed.policy.check_revocation is True
    assert composed.policy.revocation_seconds == 2.0
    await composed.devices.revocation.close()


def test_a_gateway_is_looked_up_only_where_there_is_one(settings: Settings) -> None:
    assert policy(settings, Env.SIM).look_up
    assert not policy(settings.model_copy(update={"gateway": None}), Env.SIM).look_up


def test_without_a_gateway_the_device_stands_alone(settings: Settings) -> None:
    composed = _composed(settings.model_copy(update={"gateway": None}))
    assert isinstance(composed.devices.gateway, StandAlone)


def test_a_ca_that_is_not_the_pinned_one_is_refused(settings: Settings) -> None:
    other = settings.trust.jpki_ca[0].model_copy(update={"sha256": "0" * 64})
    with pytest.raises(DeviceError) as caught:
        compose(_with(settings, trust={"jpki_ca": (other,)}))
    assert caught.value.code is FaultCode.CERTIFICATE_UNTRUSTED


def test_a_key_of_the_wrong_kind_is_named_by_its_setting(settings: Settings) -> None:
    wrong = settings.trust.face_issuers[0]
    with pytest.raises(DeviceError, match=r"keys\.device_key") as caught:
        compose(_with(settings, keys={"device_key": wrong}))
    assert caught.value.code is FaultCode.KEYS_MISSING
