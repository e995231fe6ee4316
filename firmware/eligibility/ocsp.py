"""`OcspClient`: asks the site's approved OCSP responder whether a certificate was revoked (RFC 6960, HTTP POST).

Loop thread. The responder's address comes from the site's settings, never from the certificate: JPKI's own responder
answers approved parties only (card.md 4.3), and a certificate must not choose whom the device calls. Nothing is logged
and nothing is raised but from the constructor (SETTINGS_INVALID, KEYS_MISSING): no proved answer in time is UNKNOWN.

Over plain HTTP whoever listens learns the certificate's serial number; what the answer says cannot be changed.
"""

import asyncio
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import ClockState, Revocation
from firmware.eligibility.config import Patience, ResponderConfig
from firmware.eligibility.ocsp_answer import UNREADABLE, proved, question
from firmware.eligibility.transport import RESPONDER, Request, Transport

_MEDIA: Final = "application/ocsp-request"


class OcspClient:
    """Implements `ports.RevocationStatus`."""

    def __init__(self, config: ResponderConfig) -> None:
        parts = urlsplit(config.url)
        self._clock = config.clock
        self._path = parts.path
        self._transport = Transport(f"{parts.scheme}://{parts.netloc}", config.tls, Patience(), RESPONDER)

    async def check(self, certificate: bytes, issuer: bytes, seconds: float) -> Revocation:
        """With an unknown clock nobody is asked: no answer could be held against its dates."""
        if self._clock.state() is ClockState.UNKNOWN:
            return Revocation.UNKNOWN
        try:
            asked = question(certificate, issuer)
            async with asyncio.timeout(seconds):
                answer = await self._answer(Request("POST", self._path, asked.body, _MEDIA))
            return proved(answer, asked, datetime.fromtimestamp(self._clock.now(), UTC))
        except (DeviceError, OSError, *UNREADABLE):  # a TimeoutError is an OSError
            return Revocation.UNKNOWN

    async def close(self) -> None:
        await self._transport.close()

    async def _answer(self, request: Request) -> bytes:
        """Sent twice at most: that the responder closed a kept connection meanwhile shows only when it is used."""
        try:
            reply = await self._transport.exchange(request)
        except DeviceError as error:
            if error.code is not FaultCode.GATEWAY_UNREACHABLE:
                raise
            reply = await self._transport.exchange(request)
        if reply.status != 200 or reply.media != RESPONDER.accept:
            raise DeviceError(FaultCode.GATEWAY_BAD_ANSWER, "responder")
        return reply.body
