"""Stand-alone mode: no gateway is configured, so nothing is looked up and nobody is told to be "not eligible".

Loop thread. Source: design.md, "Modes and limits". Challenges are the device's own.
"""

import base64
import secrets

from firmware.core.challenge import Challenge
from firmware.core.ids import VisitId
from firmware.core.outcomes import EligibilityCode
from firmware.ports import Clock, EligibilityAnswer, LookUpEvidence


class StandAlone:
    """Implements `ports.Gateway` without one."""

    def __init__(self, device: str, clock: Clock) -> None:
        self._device = device
        self._clock = clock

    async def refill(self) -> None:
        """There is no pool."""

    def take_challenge(self, visit: VisitId) -> Challenge:
        nonce = base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
        return Challenge(secrets.token_hex(16), nonce, self._device, visit, int(self._clock.now()), offline=True)

    async def look_up(self, evidence: LookUpEvidence, seconds: float) -> EligibilityAnswer:  # noqa: ARG002  (the port's)
        return EligibilityAnswer(EligibilityCode.NOT_ASKED)

    async def register(self, visit: VisitId, seconds: float) -> EligibilityAnswer:  # noqa: ARG002  (the port's)
        return EligibilityAnswer(EligibilityCode.NOT_ASKED)

    async def send_consent(self, visit: VisitId, given: bool, at: float, expires: float | None) -> None:
        """Nobody to tell: the consent stands in the result."""

    def confirm(self, visit: VisitId, approved: bool) -> None:
        """There is no candidate."""

    async def close(self) -> None:
        """Nothing to close."""
