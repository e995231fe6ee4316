"""Who answers eligibility at this site: adapters from the settings, each imported only when it is wanted.

Part of `compose` (see there). Raises DeviceError.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware.app import keys
from firmware.core.effects import Progress
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcome_texts import SHIPPED, OutcomeTexts, load
from firmware.core.outcomes import Env
from firmware.core.secret import Secret
from firmware.eligibility.config import GatewayConfig, Patience, ResponderConfig, TlsFiles
from firmware.eligibility.stand_alone import StandAlone
from firmware.ports import Clock, Gateway, Publisher, Queries, RevocationStatus
from firmware.settings.schema import Settings
from firmware.settings.schema_eligibility import Terminal

if TYPE_CHECKING:
    from firmware.eligibility.fhir_part import FhirPart


def asks_consents(settings: Settings) -> bool:
    """Only a gateway can be told of them: the official reader has asked for those of its own results."""
    return settings.gateway is not None


def looks_up(settings: Settings) -> bool:
    """Whether visits get an answer."""
    terminal = settings.terminal
    return settings.gateway is not None or (terminal is not None and terminal.pick_up_faces)


def answers_queries(settings: Settings) -> bool:
    return any(each is not None for each in (settings.gateway, settings.terminal, settings.webapi))


def texts(settings: Settings) -> OutcomeTexts:
    """The shipped words, with what the site words otherwise."""
    path = settings.eligibility.texts
    if path is None:
        return SHIPPED
    try:
        return load(path.read_text("utf-8"), over=SHIPPED)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        if isinstance(error, UnicodeDecodeError):
            reason = "no UTF-8 text: save it as UTF-8"
        raise DeviceError(FaultCode.SETTINGS_INVALID, f"eligibility.texts: {reason}") from None


def gateway(settings: Settings, env: Env, clock: Clock, publisher: Publisher) -> Gateway:
    """Whom a visit's look-up goes to."""
    if settings.gateway is not None:
        from firmware.eligibility.http import HttpGateway

        return HttpGateway(_gateway_config(settings, env, clock))
    terminal = settings.terminal
    if terminal is None or not terminal.pick_up_faces or terminal.faces is None:
        return StandAlone(settings.device.id, clock)
    from firmware.eligibility.official_reader import OfficialReader
    from firmware.eligibility.oqs_config import ReaderConfig

    return OfficialReader(
        ReaderConfig(
            faces=terminal.faces,
            institution=terminal.institution,
            env=env,
            clock=clock,
            device=settings.device.id,
            ask=lambda visit: publisher.progress(visit, Progress.CONFIRM_RESULT),
            password=_terminal_password(terminal),
            mount=terminal.mount,
        )
    )


def queries(settings: Settings, env: Env, clock: Clock) -> Queries | None:
    """Who answers receptions' own queries; None: nobody."""
    if settings.keys.encryption_key is None:
        return None
    if settings.gateway is not None:
        from firmware.eligibility.http_queries import HttpQueries

        return HttpQueries(_gateway_config(settings, env, clock))
    if settings.terminal is not None:
        return _terminal(settings.terminal, env, clock)
    return _webapi(settings, env, clock)


def fhir(settings: Settings) -> FhirPart | None:
    """The FHIR part of messages, where the site switched it on."""
    if not settings.eligibility.fhir:
        return None
    try:
        from firmware.eligibility.fhir_check import validate
    except ModuleNotFoundError:
        raise DeviceError(FaultCode.SETTINGS_INVALID, "eligibility.fhir: the extra madoguchi[fhir] is needed") from None
    from firmware.eligibility.fhir_part import FhirPart

    sections = (settings.eligibility, settings.terminal, settings.webapi)
    known = [each.institution for each in sections if each is not None and each.institution is not None]
    return FhirPart(known[0] if known else None, validate)


def revocation(settings: Settings, clock: Clock) -> RevocationStatus | None:
    """None: nobody is asked, revocation stays unknown."""
    section = settings.revocation
    if section is None:
        return None
    from firmware.eligibility.ocsp import OcspClient

    tls = None if section.ca is None else TlsFiles(section.ca, section.certificate, section.key)
    return OcspClient(ResponderConfig(section.url, tls, clock))


def _gateway_config(settings: Settings, env: Env, clock: Clock) -> GatewayConfig:
    section = settings.gateway
    if section is None:
        raise DeviceError(FaultCode.SETTINGS_INVALID, "gateway")
    return GatewayConfig(
        url=section.url,
        tls=TlsFiles(section.ca, section.certificate, section.key),
        device=settings.device.id,
        site=settings.site.id,
        env=env,
        signing_key=keys.private_key(settings.keys.device_key, "keys.device_key"),
        clock=clock,
        pool_size=section.pool,
        patience=Patience(exchange=section.request_seconds),
    )


def _terminal(section: Terminal, env: Env, clock: Clock) -> Queries:
    from firmware.eligibility.oqs_config import TerminalConfig
    from firmware.eligibility.oqs_folder import OqsQueries
    from firmware.eligibility.oqs_message import Padding
    from firmware.eligibility.oqs_xml import Encoding

    encodings = {"shift_jis": Encoding.SHIFT_JIS, "utf-8": Encoding.UTF_8}
    return OqsQueries(
        TerminalConfig(
            requests=section.requests,
            responses=section.responses,
            institution=section.institution,
            env=env,
            clock=clock,
            encoding=encodings[section.encoding],
            padding=Padding(section.padding),
            password=_terminal_password(section),
            seconds=section.seconds,
            first_number=section.first_number,
            delete_answers=section.delete_answers,
            mount=section.mount,
        )
    )


def _webapi(settings: Settings, env: Env, clock: Clock) -> Queries | None:
    section = settings.webapi
    if section is None:
        return None
    from firmware.eligibility.oqs_message import Padding
    from firmware.eligibility.webapi import WebApi, WebApiConfig

    return WebApi(
        WebApiConfig(
            tls=TlsFiles(section.ca, section.certificate, section.key),
            user=section.user,
            password=keys.password(section.password_file, "webapi.password_file"),
            institution=section.institution,
            env=env,
            clock=clock,
            login_url=section.login,
            query_url=section.search,
            padding=Padding(section.padding),
        )
    )


def _terminal_password(section: Terminal) -> Secret | None:
    path = section.password_file
    return None if path is None else keys.password(path, "terminal.password_file")
