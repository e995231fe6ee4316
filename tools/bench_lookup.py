"""`python tools/bench_lookup.py`: what the device's own code adds to a look-up, without the gateway (D5).

A server on loopback, TLS 1.3 with certificates on both sides, answers every question at once with the same final
answer (all groups of docs/gateway.yaml). In turns, in one process:
  ours   a whole look-up: members, signature, sending, reading, judging, comparing with the chip, detail
  bare   the same bytes posted by aiohttp alone, on a connection that is kept open too, the answer's bytes read
Added is the median of the differences of neighbouring turns. By card (a face's evidence) and by number.

Exit codes: 0 within the goal, 1 beyond it. Nothing is left behind.
"""

import argparse
import asyncio
import json
import secrets
import ssl
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import aiohttp
from aiohttp import web

ROOT: Final = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

# Started as a script: the checkout is put on the path first.
from firmware.core.evidence import ChipEvidence, FaceRecord  # noqa: E402
from firmware.core.ids import VisitId  # noqa: E402
from firmware.core.outcomes import (  # noqa: E402
    ChipCheck,
    ClockState,
    EligibilityCode,
    Env,
    IssuerCheck,
    MatchBand,
    MatchCode,
    MatchVerdict,
    Method,
    RecordCheck,
)
from firmware.core.queries import NumberQuery, ReceptionQuery  # noqa: E402
from firmware.core.secret import Secret  # noqa: E402
from firmware.eligibility.http import GatewayConfig, HttpGateway, TlsFiles  # noqa: E402
from firmware.eligibility.http_queries import HttpQueries  # noqa: E402
from firmware.ports import EligibilityAnswer, LookUpEvidence  # noqa: E402
from firmware.sim.gateway.people import SEED  # noqa: E402
from tools.measure import record  # noqa: E402
from tools.site.authority import Authority, new_key, private_pem  # noqa: E402

GOAL_MS: Final = 5.0
COMMAND: Final = "make bench-lookup"
VISIT: Final = VisitId("0123456789abcdef0123456789abcdef")
_PERSON: Final = SEED["ooi"]
_BORN: Final = str(_PERSON.coverages[0]["Birthdate"])
_SECONDS: Final = 10.0
_WARM: Final = 30


class WallClock:
    """`ports.Clock` that is right."""

    def now(self) -> float:
        return time.time()

    def state(self) -> ClockState:
        return ClockState.SYNCED

    def wall(self, at: float) -> float:
        return time.time() + at - time.monotonic()


@dataclass(frozen=True, slots=True)
class Row:
    """Medians in milliseconds. `added`: of the differences of neighbouring turns."""

    way: str
    ours: float
    bare: float
    added: float
    slowest: float


class Server:
    """Answers at once. Keeps the last body and path, which the bare client then sends again."""

    def __init__(self) -> None:
        self.body = b""
        self.path = ""
        self.jti = ""
        result = {"QualificationValidity": "1", **_PERSON.members, "ResultList": list(_PERSON.coverages)}
        answer = {"env": "sim", "id": "x1", "visit": VISIT, "status": "final", "code": "valid"}
        self._answer = json.dumps(answer | {"registration_offered": False, "result": result}).encode()

    async def handle(self, request: web.Request) -> web.Response:
        self.body = await request.read()
        self.path, self.jti = request.path, request.headers["Idempotency-Key"]
        return web.Response(body=self._answer, content_type="application/json")


def tls_files(folder: Path) -> tuple[TlsFiles, ssl.SSLContext]:
    """The device's files, and the server's context."""
    authority = Authority.make("bench")
    (folder / "ca.pem").write_bytes(authority.pem())
    for name in ("server", "device"):
        key = new_key()
        issued = authority.client(name, key) if name == "device" else authority.server(name, key, ["127.0.0.1"])
        (folder / f"{name}.pem").write_bytes(issued)
        (folder / f"{name}.key").write_bytes(private_pem(key))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    context.load_verify_locations(folder / "ca.pem")
    return TlsFiles(folder / "ca.pem", folder / "device.pem", folder / "device.key"), context


def client_context(files: TlsFiles) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(files.ca))
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    if files.certificate is not None:
        context.load_cert_chain(files.certificate, files.key)
    return context


def evidence(gateway: HttpGateway) -> LookUpEvidence:
    """A face's evidence in its usual sizes; nobody verifies it here."""
    made = FaceRecord(
        photo=Secret(b""),
        birth_date=Secret(_BORN.encode()),
        sex=Secret(str(_PERSON.coverages[0]["Sex1"]).encode()),
        chip_key=Secret(secrets.token_bytes(266)),
        text_hash=secrets.token_bytes(32),
        photo_hash=secrets.token_bytes(32),
        signature=secrets.token_bytes(256),
        expiry=Secret(b"20330101"),
    )
    chip = ChipEvidence(
        ChipCheck.PROVED, RecordCheck.SIGNED, IssuerCheck.UNKNOWN, secrets.token_bytes(256), secrets.token_bytes(568)
    )
    verdict = MatchVerdict(MatchCode.MATCH, None, MatchBand.STRICT, "sface-strict", "0" * 64)
    certificate = Secret(secrets.token_bytes(1_700))
    challenge = gateway.take_challenge(VISIT)
    return LookUpEvidence(VISIT, Method.FACE, challenge, certificate, made, chip, verdict)


def number_query() -> ReceptionQuery:
    coverage = _PERSON.coverages[0]
    born = date(int(_BORN[:4]), int(_BORN[4:6]), int(_BORN[6:]))
    asked = NumberQuery(str(coverage["InsurerNumber"]), str(coverage["InsuredIdentificationNumber"]), born)
    return ReceptionQuery(VISIT, "desk", "r-1", asked, ".".join(secrets.token_urlsafe(400) for _ in range(3)))


async def compare(way: str, turns: int, ours: Callable[[], Awaitable[EligibilityAnswer]], bare: Any) -> Row:
    """Both in turns; the first ones, which open connections, do not count."""
    pairs: list[tuple[float, float]] = []
    for turn in range(_WARM + turns):
        begun = time.perf_counter()
        answer = await ours()
        between = time.perf_counter()
        await bare()
        ended = time.perf_counter()
        if answer.code is not EligibilityCode.VALID or answer.detail is None:
            raise SystemExit(f"{way}: {answer.code}")
        if turn >= _WARM:
            pairs.append(((between - begun) * 1000, (ended - between) * 1000))
    added = [one - other for one, other in pairs]
    return Row(
        way,
        statistics.median(one for one, _ in pairs),
        statistics.median(other for _, other in pairs),
        statistics.median(added),
        max(added),
    )


async def measure(turns: int, folder: Path) -> list[Row]:
    server, (files, context) = Server(), tls_files(folder)
    application = web.Application()
    application.router.add_post("/{path:.*}", server.handle)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    url = f"https://127.0.0.1:{site.port}"
    config = GatewayConfig(url, files, "counter-1", "clinic", Env.SIM, new_key(), WallClock())
    gateway, queries = HttpGateway(config), HttpQueries(config)
    connector = aiohttp.TCPConnector(ssl=client_context(files))
    try:
        async with aiohttp.ClientSession(connector=connector) as session:

            async def bare() -> None:
                headers = {"Content-Type": "application/jose", "Idempotency-Key": server.jti}
                async with session.post(url + server.path, data=server.body, headers=headers) as response:
                    await response.read()

            face, query = evidence(gateway), number_query()
            by_card = await compare("by card", turns, lambda: gateway.look_up(face, _SECONDS), bare)
            by_number = await compare("by number", turns, lambda: queries.ask(query, _SECONDS), bare)
    finally:
        await gateway.close()
        await queries.close()
        await runner.cleanup()
    return [by_card, by_number]


def keep(rows: list[Row]) -> None:
    worst = max(rows, key=lambda row: row.added)
    record(
        id="D5",
        what="time our code adds to a look-up: sign, send, read, judge, detail, over the same bytes by bare aiohttp "
        f"({', '.join(f'{row.way}: {row.ours:.1f} ms, bare {row.bare:.1f} ms' for row in rows)}; median)",
        figure=round(worst.added, 2),
        unit="ms",
        goal=f"≤ {GOAL_MS:g} ms",
        met=worst.added <= GOAL_MS,
        command=COMMAND,
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--turns", type=int, default=300, metavar="N", help="look-ups of each way (default 300)")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of text")
    parser.add_argument("--no-record", action="store_true", help="do not write the figure into docs/measurements.json")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = asyncio.run(measure(max(1, arguments.turns), Path(folder)))
    if arguments.json:
        print(json.dumps([{name: getattr(row, name) for name in row.__slots__} for row in rows], indent=2))
    else:
        print("median ms     ours    bare   added   ratio   slowest added")
        for row in rows:
            ratio = row.ours / row.bare
            print(
                f"{row.way:<11}{row.ours:>7.2f} {row.bare:>7.2f} {row.added:>7.2f} {ratio:>7.2f} {row.slowest:>15.2f}"
            )
    if not arguments.no_record:
        keep(rows)
    return 0 if all(row.added <= GOAL_MS for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
