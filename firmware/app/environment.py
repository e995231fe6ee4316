"""`env`: what this device is, from its parts and whom it trusts; never a setting (design.md, "env"). Pure; any thread.

A simulated adapter makes it `sim`. A CA that is not JPKI's own, or issuer keys of card-face records that the site did
not declare official (nobody publishes a list to compare them with), make it `test`. Raises DeviceError.
"""

from firmware.card.certificates import JPKI_AUTH_CA_SHA256
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import Env
from firmware.settings.schema import Settings


def derived_env(settings: Settings) -> Env:
    """What the device is."""
    if "files" in {settings.face_camera.adapter, settings.card_camera.adapter}:
        return Env.SIM
    if "sim" in {settings.display.adapter, settings.inputs.adapter}:
        return Env.SIM
    trust = settings.trust
    real_cas = all(ca.sha256.lower() in JPKI_AUTH_CA_SHA256 for ca in trust.jpki_ca)
    real_issuers = not trust.face_issuers or trust.face_issuers_are_official
    return Env.PRODUCTION if real_cas and real_issuers else Env.TEST


def checked_env(settings: Settings) -> Env:
    """The same, refused where the site's file names another, or where production could not show the notice."""
    env = derived_env(settings)
    if env is not settings.site.env:
        unsure = settings.trust.face_issuers and not settings.trust.face_issuers_are_official
        hint = " (trust.face_issuers_are_official is not set)" if unsure and env is Env.TEST else ""
        raise DeviceError(FaultCode.SETTINGS_INVALID, f"site.env is {settings.site.env}, this device is {env}{hint}")
    if env is Env.PRODUCTION and settings.display.adapter == "none":
        raise DeviceError(FaultCode.SETTINGS_INVALID, "display.adapter: none is refused in production")
    return env
