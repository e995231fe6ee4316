"""Requests made by hand: what a proper client would not send."""

import json
import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from firmware.core.outcomes import Env
from firmware.eligibility.evidence import Signer, look_up_members
from firmware.eligibility.http import GatewayConfig
from firmware.eligibility.transport import Reply, Request, Transport

from .conftest import DEVICE, PATIENCE, VISIT, World
from .holders import signed_request


class Hand:
    """Sends what a proper client would not."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.judge.judging = False
        config = GatewayConfig(
            world.server.url, world.tls, DEVICE, "clinic", Env.SIM, world.device_key, world.clock, patience=PATIENCE
        )
        self.signer = Signer(config)
        self.transport = Transport(config.url, config.tls, PATIENCE)

    def members(self) -> dict[str, Any]:
        client = self.world.client()
        return look_up_members(self.world.holders["taro"].pin(client.take_challenge(VISIT)))

    async def send(self, request: Request) -> tuple[int, str]:
        reply: Reply = await self.transport.exchange(request)
        members = json.loads(reply.body)
        return reply.status, members.get("type", "").removeprefix("/problems/")

    async def post(self, body: bytes, key: str, path: str = "/v1/lookups") -> tuple[int, str]:
        return await self.send(Request("POST", path, body, "application/jose", {"Idempotency-Key": key}))

    async def post_claims(self, **changes: object) -> tuple[int, str]:
        """A well signed look-up with changed claims."""
        return await self.post(self.token(changes).encode(), "by-hand")

    def token(self, changes: Mapping[str, object], header: Mapping[str, object] = MappingProxyType({})) -> str:
        """A look-up with changed claims, signed with changed members of the header."""
        now = int(time.time())
        claims = {
            "iss": DEVICE,
            "site": "clinic",
            "aud": "gateway",
            "jti": "by-hand",
            "iat": now,
            "clock": "synced",
            "env": "sim",
            "visit": VISIT,
            **self.members(),
            **changes,
        }
        return signed_request(self.world.device_key, claims, "lookup+jwt", header)
