"""The paths of docs/gateway.yaml for a reception's own questions: by number, and in a disaster by the person's data.

Loop thread. Disaster mode ends by itself: `disaster_until` is a wall time, None or past means off. Raises ProblemError.
Source: eligibility.md 1.8, 2.6.
"""

import secrets

from aiohttp import web

from firmware.sim.gateway.claims import EmergencySearchRequest, NumberLookUpRequest, QueryClaims, parsed
from firmware.sim.gateway.desk import Desk, body_of
from firmware.sim.gateway.evidence import check_reception
from firmware.sim.gateway.insured import NumberSearch, PersonSearch, Search
from firmware.sim.gateway.problems import ProblemError
from firmware.sim.gateway.registry import LookUpRow, Repeatable


class QueryApi:
    """Handlers. `offered`: whether this gateway answers such questions at all."""

    def __init__(self, desk: Desk) -> None:
        self.disaster_until = desk.config.disaster_until
        self._desk = desk
        self._offered = desk.config.offer_queries

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v1/number-lookups", self._number),
            web.post("/v1/emergency-searches", self._emergency),
        ]

    async def _number(self, request: web.Request) -> web.Response:
        device, body = await self._received(request)
        asked = parsed(NumberLookUpRequest, self._desk.opened(body, "number-lookup+jwt", device))
        repeatable = self._desk.checked(request, asked, device, body)
        check_reception(asked, "lookup", self._desk.config.trust)
        search = asked.search
        wanted = NumberSearch(
            insurer=search.InsurerNumber,
            number=search.InsuredIdentificationNumber,
            birth_date=search.Birthdate,
            symbol=search.InsuredCardSymbol,
            branch=search.InsuredBranchNumber,
        )
        return await self._answered(asked, wanted, repeatable)

    async def _emergency(self, request: web.Request) -> web.Response:
        device, body = await self._received(request)
        asked = parsed(EmergencySearchRequest, self._desk.opened(body, "emergency-search+jwt", device))
        repeatable = self._desk.checked(request, asked, device, body)
        # A repeat is answered even if disaster mode has ended meanwhile: it is the same question.
        if await self._desk.stored(self._desk.registry.repeated, repeatable) is None and not self._disaster():
            raise ProblemError("disaster-mode-off")
        check_reception(asked, "emergency-search", self._desk.config.trust)
        search = asked.search
        wanted = PersonSearch(search.Name, search.Birthdate, search.Sex1, search.Address)
        return await self._answered(asked, wanted, repeatable)

    async def _received(self, request: web.Request) -> tuple[str, bytes]:
        device = self._desk.device(request)
        if not self._offered:
            raise ProblemError("not-offered")
        return device, await body_of(request, "application/jose")

    def _disaster(self) -> bool:
        return self.disaster_until is not None and self._desk.now() < self.disaster_until

    async def _answered(self, asked: QueryClaims, wanted: Search, repeatable: Repeatable) -> web.Response:
        desk = self._desk
        known = await desk.stored(desk.registry.repeated, repeatable)
        if known is None:
            found = await desk.stored(desk.registry.find, wanted)
            row = LookUpRow(
                id=secrets.token_hex(12),
                device=repeatable.device,
                visit=asked.visit,
                person=found[0] if len(found) == 1 else "",
                method="number" if isinstance(wanted, NumberSearch) else "emergency",
                ready=desk.now() + desk.delay,
                code="several" if len(found) > 1 else None,
                registered=False,
            )
            known = await desk.stored(desk.registry.create, repeatable, row)
        return await desk.state(known, repeatable.device)
