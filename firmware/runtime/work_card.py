"""Card effects on the card lane: identify, unlock, read, prove, PIN. Results go to the vault, codes to the session."""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable, Coroutine
from typing import TypeVar

from firmware.core import effects as fx
from firmware.core import events as ev
from firmware.core.challenge import ChallengePurpose
from firmware.core.evidence import CardIdentity, TryResult
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import TryCode
from firmware.core.secret import Secret
from firmware.runtime.devices import Devices
from firmware.runtime.lane import Lane
from firmware.runtime.vault import PHOTO, wipe_record
from firmware.runtime.visits import OpenVisit
from firmware.runtime.work import Post, fault_of, now, timed

T = TypeVar("T")

CardEffect = (
    fx.IdentifyCard
    | fx.UnlockFace
    | fx.ReadPhoto
    | fx.CheckChip
    | fx.ReadCertificate
    | fx.CountPinTries
    | fx.SignWithPin
)

CALL_SECONDS = 12.0
"""A card call's deadline: the adapter's own deadlines per APDU end before it; beyond it the lane counts as stuck."""


class CardWorker:
    """Effects of the card lane. Loop thread; the port's calls run on `lane`.

    One effect after the other, in the order of the session: a later one needs what the earlier put into the vault.
    """

    def __init__(self, devices: Devices, lane: Lane, post: Post) -> None:
        self._card = devices.card
        self._clock = devices.clock
        self._observe = devices.observe
        self._lane = lane
        self._post = post
        self._token_key = secrets.token_bytes(32)
        self._in_order = asyncio.Lock()

    def start(self, visit: OpenVisit, effect: CardEffect) -> None:
        """Spawn the effect's task in the visit's card scope."""
        visit.card.spawn(self._answer(visit, effect))

    async def release(self) -> None:
        """Unpower the card."""
        try:
            await self._lane.run(self._card.release, CALL_SECONDS)
        except Exception as error:  # noqa: BLE001  (nothing may keep the shut-down from going on)
            fault_of(error)

    async def _answer(self, visit: OpenVisit, effect: CardEffect) -> None:
        try:
            async with self._in_order:
                event = await self._task(visit, effect)
        except Exception as error:  # noqa: BLE001  (one place turns any failure of a card effect into an event)
            event = ev.CardFailed(at=now(), visit=visit.id, fault=fault_of(error))
        self._post(event)

    def _task(self, visit: OpenVisit, effect: CardEffect) -> Coroutine[None, None, ev.Event]:
        match effect:
            case fx.IdentifyCard():
                return self._identify(visit)
            case fx.UnlockFace():
                return self._unlock(visit)
            case fx.ReadPhoto():
                return self._read_photo(visit)
            case fx.CheckChip():
                return self._check_chip(visit)
            case fx.ReadCertificate():
                return self._read_certificate(visit)
            case fx.CountPinTries():
                return self._count_pin(visit)
            case fx.SignWithPin():
                return self._sign(visit)

    async def _on_lane(
        self, visit: OpenVisit, name: str, work: Callable[[], T], discard: Callable[[T], object] = lambda _: None
    ) -> T:
        """`discard` wipes what was read from a card that was taken away meanwhile."""
        return await timed(self._observe, visit.id, name, self._lane.run(work, CALL_SECONDS, discard))

    async def _identify(self, visit: OpenVisit) -> ev.Event:
        identity = await self._on_lane(visit, "identify", self._card.identify, _wipe_token)
        same = identity.token is not None and self._same(visit, identity.token)
        return ev.CardIdentified(at=now(), visit=visit.id, kind=identity.kind, same_card=same)

    def _same(self, visit: OpenVisit, token: Secret) -> bool:
        """Compare by a keyed digest, so that no serial is kept."""
        digest = hmac.digest(self._token_key, token.view(), hashlib.sha256)
        token.wipe()
        if visit.vault.token is None:
            visit.vault.token = Secret(digest)
            return True
        return hmac.compare_digest(visit.vault.token.view(), digest)

    async def _unlock(self, visit: OpenVisit) -> ev.Event:
        number_b = visit.vault.entry
        if number_b is None:
            raise DeviceError(FaultCode.EFFECT_FAILED, "nothing typed")
        try:
            result = await self._on_lane(visit, "unlock", lambda: self._card.unlock(number_b))
        finally:
            visit.vault.wipe_entry()
        return ev.NumberBChecked(
            at=now(), visit=visit.id, code=result.code, tries_left=result.tries_left, counter=result.counter
        )

    async def _read_photo(self, visit: OpenVisit) -> ev.Event:
        visit.vault.record = await self._on_lane(visit, "read-photo", self._card.read_record, wipe_record)
        return ev.PhotoRead(at=now(), visit=visit.id, photo=PHOTO)

    async def _check_chip(self, visit: OpenVisit) -> ev.Event:
        record = visit.vault.record
        if record is None:
            raise DeviceError(FaultCode.EFFECT_FAILED, "no record")
        digest = visit.challenge.digest(ChallengePurpose.CHIP)
        chip = await self._on_lane(visit, "check-chip", lambda: self._card.check_chip(record, digest))
        visit.vault.chip = chip
        return ev.ChipChecked(
            at=now(), visit=visit.id, chip=chip.chip, record=chip.record, issuer=chip.issuer, holder=chip.holder
        )

    async def _read_certificate(self, visit: OpenVisit) -> ev.Event:
        wall, state = self._clock.now(), self._clock.state()
        found = await self._on_lane(
            visit,
            "read-certificate",
            lambda: self._card.read_certificate(wall, state),
            lambda late: late.der.wipe(),
        )
        visit.vault.certificate = found
        return ev.CertificateRead(
            at=now(), visit=visit.id, check=found.check, expires_soon=found.expires_soon, holder=found.holder
        )

    async def _count_pin(self, visit: OpenVisit) -> ev.Event:
        tries = await self._on_lane(visit, "count-pin", self._card.pin_tries)
        return ev.PinCounted(at=now(), visit=visit.id, tries_left=tries)

    async def _sign(self, visit: OpenVisit) -> ev.Event:
        pin = visit.vault.entry
        if pin is None:
            raise DeviceError(FaultCode.EFFECT_FAILED, "nothing typed")
        message = visit.challenge.message(ChallengePurpose.PIN)
        try:
            result: TryResult = await self._on_lane(visit, "sign", lambda: self._card.sign_with_pin(pin, message))
        finally:
            visit.vault.wipe_entry()
        if result.code is TryCode.ACCEPTED:
            visit.vault.pin_signature = result.signature
        return ev.PinChecked(
            at=now(), visit=visit.id, code=result.code, tries_left=result.tries_left, counter=result.counter
        )


def _wipe_token(identity: CardIdentity) -> None:
    if identity.token is not None:
        identity.token.wipe()
