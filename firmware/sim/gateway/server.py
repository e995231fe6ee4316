"""`GatewayServer`: listens, keeps the registry's thread, and makes troubles on demand.

Loop thread of whoever starts it. TLS 1.3 only, client certificates required. Raises OSError when it cannot listen or
its files cannot be read.
"""

import asyncio
import ssl
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Middleware

from firmware.sim.gateway.api import MOST_BYTES, Api, problems_middleware
from firmware.sim.gateway.config import ServerFiles, SimConfig
from firmware.sim.gateway.desk import Desk
from firmware.sim.gateway.faults import Fault, FaultKind, Faults
from firmware.sim.gateway.insured import Insured, fingerprint
from firmware.sim.gateway.queries import QueryApi
from firmware.sim.gateway.registry import Registry

_GOODBYE: Final = 0.5


class GatewayServer:
    """One simulated gateway. `middlewares`: aiohttp middlewares that see every request and its true answer."""

    def __init__(
        self, config: SimConfig, *, middlewares: Iterable[Middleware] = (), now: Callable[[], float] = time.time
    ) -> None:
        self._config = config
        self._middlewares = tuple(middlewares)
        self._now = now
        self._faults = Faults(config.env)
        self._store = ThreadPoolExecutor(1, "gateway-registry")
        self._port = config.port
        self._registry: Registry | None = None
        self._desk: Desk | None = None
        self._queries: QueryApi | None = None
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None

    @property
    def url(self) -> str:
        host = f"[{self._config.host}]" if ":" in self._config.host else self._config.host
        return f"https://{host}:{self._port}"

    @property
    def desk(self) -> Desk:
        if self._desk is None:
            raise RuntimeError("not started")
        return self._desk

    @property
    def queries(self) -> QueryApi:
        if self._queries is None:
            raise RuntimeError("not started")
        return self._queries

    async def start(self) -> None:
        """Open the registry and listen."""
        loop = asyncio.get_running_loop()
        registry = await loop.run_in_executor(self._store, Registry, self._config.database)
        self._registry = registry
        desk = self._desk = Desk(self._config, registry, self._store, self._now)
        self._queries = QueryApi(desk)
        await desk.stored(registry.add_people, self._config.people)
        application = web.Application(
            middlewares=[self._faults.middleware(), *self._middlewares, problems_middleware(self._config.env)],
            client_max_size=MOST_BYTES,
        )
        application.add_routes([*Api(desk).routes(), *self._queries.routes()])
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=_GOODBYE)
        await self._runner.setup()
        await self._listen()

    async def stop(self) -> None:
        """Idempotent."""
        self._faults.set(None)
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = self._site = None
        if self._registry is not None:
            await self.desk.stored(self._registry.close)
            self._registry = None
        self._store.shutdown(wait=False)

    async def fault(self, fault: Fault | None) -> None:
        """Make this trouble from now on; None ends it."""
        self._faults.set(fault)
        if fault is not None and fault.kind is FaultKind.DOWN:
            if self._site is not None:
                await self._site.stop()
                self._site = None
        elif self._site is None:
            await self._listen()

    async def add_person(self, certificate: bytes, person: Insured) -> None:
        """Whoever shows this certificate (DER) gets this person's answer."""
        if self._registry is not None:
            await self.desk.stored(self._registry.add_people, [(fingerprint(certificate), person)])

    async def consents(self) -> dict[str, int]:
        """How many were given and refused."""
        return {} if self._registry is None else await self.desk.stored(self._registry.count_consents)

    async def look_ups(self) -> dict[str, int]:
        """How many by method, in all, and registered."""
        return {} if self._registry is None else await self.desk.stored(self._registry.count_look_ups)

    async def _listen(self) -> None:
        if self._runner is None:
            raise RuntimeError("not started")
        tls = _tls_context(self._config.files)
        self._site = web.TCPSite(self._runner, self._config.host, self._port, ssl_context=tls)
        await self._site.start()
        self._port = self._site.port


def _tls_context(files: ServerFiles) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(files.certificate, files.key)
    context.load_verify_locations(cafile=files.client_ca)
    return context
