"""Asking the site's responder for the certificate that was read: network work on the loop, beside everything else.

Loop thread. Ends with the card's scope. Every failure, a missing responder and an issuer that is not pinned are
answered "unknown", within the effect's seconds, so that a dead responder holds no patient up (card.md 4.3).
"""

import asyncio

from firmware.core import effects as fx
from firmware.core import events as ev
from firmware.core.outcomes import Revocation
from firmware.runtime.devices import Devices
from firmware.runtime.visits import OpenVisit
from firmware.runtime.work import Post, fault_of, now, timed


class RevocationWorker:
    """The effect `CheckRevocation`. Loop thread."""

    def __init__(self, devices: Devices, post: Post) -> None:
        self._status = devices.revocation
        self._observe = devices.observe
        self._post = post

    def check(self, visit: OpenVisit, effect: fx.CheckRevocation) -> None:
        """Spawn the question in the visit's card scope: what a card that went away said is not asked about."""
        visit.card.spawn(self._answer(visit, effect.seconds))

    async def _answer(self, visit: OpenVisit, seconds: float) -> None:
        try:
            answer = await timed(self._observe, visit.id, "revocation", self._ask(visit, seconds))
        except Exception as error:  # noqa: BLE001  (nothing that goes wrong here may keep the visit waiting)
            fault_of(error)
            answer = Revocation.UNKNOWN
        self._post(ev.RevocationChecked(at=now(), visit=visit.id, revocation=answer))

    async def _ask(self, visit: OpenVisit, seconds: float) -> Revocation:
        found, status = visit.vault.certificate, self._status
        if found is None or found.issuer is None or status is None:
            return Revocation.UNKNOWN
        try:
            async with asyncio.timeout(seconds):
                return await status.check(bytes(found.der.view()), found.issuer, seconds)
        except TimeoutError:
            return Revocation.UNKNOWN
