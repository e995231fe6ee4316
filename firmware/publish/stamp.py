"""Turns a body into the sealed message of one reception: claims, number, id, expiry. Any thread."""

from collections.abc import Mapping
from os import urandom

from firmware.core.outcomes import ClockState
from firmware.publish.body import uuid7
from firmware.publish.config import PublishConfig
from firmware.publish.contract import (
    VERSION,
    ExpiredBody,
    ExpiredItem,
    LookupBody,
    Message,
    MessageType,
    VisitBody,
)
from firmware.publish.outbox import Row, Seal, Sealed
from firmware.publish.seal import PublicEcKey, Sealer, token_hash


class Stamper:
    """Makes the functions that the outbox calls inside its transaction."""

    def __init__(self, config: PublishConfig, sealer: Sealer, encryption: Mapping[str, PublicEcKey]) -> None:
        self._config, self._sealer, self._encryption = config, sealer, encryption

    @property
    def receptions(self) -> tuple[str, ...]:
        """Everybody who gets each result."""
        return tuple(self._encryption)

    def seal(self, kind: MessageType, body: VisitBody | ExpiredBody | LookupBody, clock: ClockState) -> Seal:
        """`clock`: what the times in `body` rest on. Raises MESSAGE_TOO_LARGE when called."""
        config = self._config
        now = config.clock.now()
        dated = config.clock.state() is ClockState.SYNCED and clock is ClockState.SYNCED

        def sealed(reception: str, seq: int) -> Sealed:
            message = Message(
                iss=config.device,
                aud=reception,
                jti=uuid7(now, urandom),
                iat=int(now),
                exp=int(now + config.retention) if dated else None,
                seq=seq,
                env=config.env,
                clock=clock,
                site=config.site,
                ver=VERSION,
                typ=kind,
                body=body,
            )
            token = self._sealer.seal(message, self._encryption[reception])
            return Sealed(message.jti, token, token_hash(token))

        return sealed

    def notice(self, reception: str, rows: list[Row]) -> Seal | None:
        """Tells a reception what was deleted undelivered; None if the site no longer knows it."""
        if reception not in self._encryption:
            return None
        body = ExpiredBody(expired=tuple(ExpiredItem(jti=row.jti, seq=row.seq) for row in rows))
        return self.seal(MessageType.EXPIRED, body, self._config.clock.state())
