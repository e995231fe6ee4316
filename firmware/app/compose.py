"""Settings to devices and policy: the only place that builds adapters, each imported only when it is wanted.

Blocking; runs before the loop. Raises DeviceError, for files and folders that cannot be used as well: under systemd a
DeviceError is shown and waited for, anything else would be a crash loop.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from firmware.app import eligibility, keys
from firmware.app.cameras import Missing, build_cameras, build_card_front, build_face
from firmware.app.environment import checked_env
from firmware.app.panel import build_display, build_inputs, build_sounder
from firmware.card.certificates import load_trust
from firmware.card.keys import FaceIssuer
from firmware.card.pcsc import PcscTransport
from firmware.card.service import CardService
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcome_texts import OutcomeTexts
from firmware.core.outcomes import Env, Method
from firmware.panel.screen import Screen
from firmware.ports import Clock, MatchLimits, Publisher
from firmware.runtime.clock import SystemClock
from firmware.runtime.devices import Devices, PartReports
from firmware.runtime.journal import Journal
from firmware.session.policy import FaceWithoutIssuer, Policy
from firmware.settings.files import certificate_der
from firmware.settings.schema import Settings
from firmware.version import SOFTWARE

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

    from firmware.app.observed import Simulated


@dataclass(frozen=True, slots=True)
class Composed:
    """Everything `daemon.py` runs. `simulated`: the control socket and its adapters, None on a real device."""

    devices: Devices
    policy: Policy
    limits: MatchLimits
    clock: SystemClock
    simulated: Simulated | None

    def journal(self, settings: Settings) -> Journal:
        with _usable("journal.dir"):
            settings.journal.dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            return Journal(settings.journal.dir, self.policy, settings.journal.keep)


@contextmanager
def _usable(setting: str) -> Iterator[None]:
    """What the system refuses becomes a fault that names the setting, never the path."""
    try:
        yield
    except OSError as error:
        raise DeviceError(FaultCode.SETTINGS_INVALID, f"{setting}: {error.strerror or type(error).__name__}") from None


def compose(settings: Settings) -> Composed:
    """Build everything. A part that cannot be built is missing, not fatal, where the device can do without it."""
    env = checked_env(settings)
    rules = policy(settings, env)
    with _usable("device.data_dir"):
        settings.device.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        clock = SystemClock(settings.device.data_dir / "clock-floor")
    simulated = _simulated(settings, env)
    missing: Missing = []
    reports = PartReports()
    transport = PcscTransport(settings.reader.name, settings.reader.apdu_seconds)
    texts = eligibility.texts(settings)
    display = build_display(settings, simulated)
    screen = Screen(display, build_sounder(settings), settings.device.language, env, texts)
    card = _card(settings, transport, simulated)
    camera, card_camera = build_cameras(settings, simulated, missing)
    publisher = _publisher(settings, env, clock, texts)
    devices = Devices(
        reader=transport,
        card=card,
        panel=screen if simulated is None else simulated.watched(screen),
        inputs=build_inputs(settings, simulated, missing, reports),
        camera=camera,
        face=build_face(settings, missing),
        card_camera=card_camera,
        card_front=build_card_front(settings, missing),
        gateway=eligibility.gateway(settings, env, clock, publisher),
        publisher=publisher,
        clock=clock,
        missing=tuple(missing),
        observe=(lambda _: None) if simulated is None else simulated.observe,
        reports=reports,
        revocation=eligibility.revocation(settings, clock),
        queries=eligibility.queries(settings, env, clock),
    )
    return Composed(devices, rules, _limits(settings, rules), clock, simulated)


def _simulated(settings: Settings, env: Env) -> Simulated | None:
    if env is not Env.SIM or settings.control.socket is None:
        return None
    from firmware.app.observed import Simulated

    return Simulated(settings.control.socket)


def policy(settings: Settings, env: Env) -> Policy:
    """The rules of a visit, frozen from the settings."""
    section, responder = settings.policy, settings.revocation
    rules = Policy(
        env=env,
        methods=_methods(settings),
        face_without_issuer=FaceWithoutIssuer(section.face_without_issuer),
        look_up=eligibility.looks_up(settings),
        consents=eligibility.asks_consents(settings),
        liveness=section.liveness,
        keypad=_has_keypad(settings),
        front_camera=settings.card_camera.adapter != "none",
        front_lifted=settings.card_camera.adapter == "face",
        match_attempts=section.match_attempts,
        notice_seconds=section.notice_seconds,
        choice_seconds=section.choice_seconds,
        front_seconds=section.front_seconds,
        front_read_seconds=section.front_read_seconds,
        entry_seconds=section.entry_seconds,
        match_seconds=section.match_seconds,
        liveness_seconds=section.liveness_seconds,
        staff_seconds=section.staff_seconds,
        consent_seconds=section.consent_seconds,
        look_up_seconds=section.look_up_seconds,
        show_seconds=section.show_seconds,
        absence_seconds=section.absence_seconds,
        remind_seconds=section.remind_seconds,
    )
    if responder is None:
        return rules
    return replace(rules, check_revocation=True, revocation_seconds=responder.seconds)


def _has_keypad(settings: Settings) -> bool:
    return settings.inputs.adapter in {"evdev", "sim"}


def _methods(settings: Settings) -> tuple[Method, ...]:
    """What the site allows and the chosen parts can do: a PIN is typed, number B (for the face) typed or read."""
    possible = {Method.STAFF}
    keypad = _has_keypad(settings)
    if keypad:
        possible.add(Method.PIN)
    if settings.face_camera.adapter != "none" and (keypad or settings.card_camera.adapter != "none"):
        possible.add(Method.FACE)
    offered = tuple(method for method in settings.policy.methods if method in possible)
    if not offered:
        raise DeviceError(FaultCode.SETTINGS_INVALID, "policy.methods: none works without keypad or camera")
    return offered


def _limits(settings: Settings, rules: Policy) -> MatchLimits:
    return MatchLimits(rules.attempt_seconds, threshold=settings.policy.threshold, liveness=rules.liveness)


def _card(settings: Settings, transport: PcscTransport, simulated: Simulated | None) -> CardService:
    trust = settings.trust
    with _usable("trust.jpki_ca"):
        ders = [certificate_der(ca.file) for ca in trust.jpki_ca if ca.file is not None]
    pins = frozenset(ca.sha256.lower() for ca in trust.jpki_ca)
    certificates = load_trust(ders, pins, trust.policies)
    issuers = [FaceIssuer(None, keys.rsa_public(path, "trust.face_issuers")) for path in trust.face_issuers]
    short = settings.reader.apdus == "short"
    if simulated is None:
        return CardService(transport, certificates, issuers, short_apdus=short)
    return CardService(transport, certificates, issuers, report=simulated.apdu, short_apdus=short)


def _publisher(settings: Settings, env: Env, clock: Clock, texts: OutcomeTexts) -> Publisher:
    from firmware.publish.config import DAY, BrokerConfig, PublishConfig
    from firmware.publish.outbox import Limits
    from firmware.publish.seal import ReceptionKeys
    from firmware.publish.service import MqttPublisher

    broker = settings.broker
    receptions = tuple(
        ReceptionKeys(
            item.id,
            keys.public_jwk(item.encryption_key, "receptions.encryption_key"),
            keys.public_jwk(item.signing_key, "receptions.signing_key"),
        )
        for item in settings.receptions
    )
    return MqttPublisher(
        PublishConfig(
            site=settings.site.id,
            device=settings.device.id,
            env=env,
            broker=BrokerConfig(
                broker.host, broker.ca, broker.certificate, broker.key, broker.port, broker.protocol == "5"
            ),
            signing_key=keys.private_key(settings.keys.device_key, "keys.device_key"),
            receptions=receptions,
            outbox=settings.outbox.path,
            software=SOFTWARE,
            clock=clock,
            retention=settings.outbox.retention_days * DAY,
            limits=Limits(rows=settings.outbox.max_rows),
            encryption_key=_encryption_key(settings),
            offers_lookup=eligibility.answers_queries(settings),
            disaster_until=None if settings.disaster is None else settings.disaster.ends,
            queries_per_minute=settings.queries.per_minute,
            texts=texts,
            fhir=eligibility.fhir(settings),
        )
    )


def _encryption_key(settings: Settings) -> EllipticCurvePrivateKey | None:
    path = settings.keys.encryption_key
    return None if path is None else keys.private_key(path, "keys.encryption_key")
