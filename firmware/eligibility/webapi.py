"""`WebApi`: number queries by the national system's WebAPI, without a terminal's folder between (eligibility.md 2.9).

**From one public source, and never tried against the real thing**: whoever switches this on has to try it first. It
works in the closed network only, with the institution's own client certificate, user and password.

A query is a login (its id token lives for this query only, in memory) and one POST. A login may be repeated by the next
query; the query itself is sent once, whatever happens to its answer. What the answer echoes has to be what was asked.
The date of a query is today's in Japan, so nothing is asked while the clock is unknown. Loop thread; never blocks it.

Raises DeviceError: GATEWAY_… and KEYS_MISSING (transport.py), GATEWAY_REFUSED (login), QUERY_UNWRITABLE (a query that
cannot be asked), GATEWAY_BAD_ANSWER, QUERY_NOT_OFFERED for a search by person, CLOCK_UNKNOWN; from the constructor
SETTINGS_INVALID, and TERMINAL_ENV_MISMATCH unless the national hosts and env production come together.
"""

import re
import ssl
from dataclasses import dataclass
from typing import Final

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import Env
from firmware.core.queries import NumberQuery, ReceptionQuery
from firmware.core.secret import Secret
from firmware.eligibility import oqs_json
from firmware.eligibility.answers import today_in_japan
from firmware.eligibility.config import Patience, TlsFiles
from firmware.eligibility.exchange import deadline
from firmware.eligibility.fields import bad_answer
from firmware.eligibility.model import Confirmation
from firmware.eligibility.oqs_match import Asked, settled
from firmware.eligibility.oqs_message import NumberRequest, Padding
from firmware.eligibility.transport import Peer, Reply, Request, Transport
from firmware.eligibility.wire import MOST_BYTES
from firmware.ports import Clock, EligibilityAnswer

_NATIONAL: Final = ".onshikaku.org"
_URL: Final = re.compile(r"(https://([A-Za-z0-9.-]{1,253})(?::[0-9]{1,5})?)(/[A-Za-z0-9._~/-]{1,200})")
_INSTITUTION: Final = re.compile(r"[0-9]{10}")
_JSON: Final = "application/json; charset=UTF-8"
_PEER: Final = Peer("WebAPI", "application/json", ssl.TLSVersion.TLSv1_2, MOST_BYTES)
"""Not ours to update, so TLS 1.2 is accepted."""
LOGIN_SECONDS: Final = 15.0
"""The rest of a query's time is its answer's."""
_PATIENCE: Final = Patience(exchange=180.0)
"""As long as in the terminal's folder (eligibility.md 2.5): giving up earlier would lose the answer of a sent query."""


@dataclass(frozen=True, slots=True, repr=False)
class WebApiConfig:
    """`login_url`, `query_url`: https, host and path. `institution`: 医療機関コード, 10 digits.

    `tls`: the CA of both hosts, and the institution's certificate and key.
    """

    tls: TlsFiles
    user: str
    password: Secret
    institution: str
    env: Env
    clock: Clock
    login_url: str = "https://hweb-api.oqs.onshikaku.org/oqs-api-pro/MSA12020/ILI12020SV01/auth"
    query_url: str = "https://hweb-mnc.oqs.onshikaku.org/oqs-api-pro/MSA01030/ILI01030SV01/search"
    padding: Padding = Padding.ZERO
    patience: Patience = _PATIENCE


class WebApi:
    """Implements `ports.Queries`."""

    def __init__(self, config: WebApiConfig) -> None:
        if not _INSTITUTION.fullmatch(config.institution) or not config.user or config.tls.certificate is None:
            raise DeviceError(FaultCode.SETTINGS_INVALID, "WebAPI institution, user or certificate")
        self._config = config
        self._login = _Place(config.login_url, config)
        self._query = _Place(config.query_url, config)

    async def ask(self, query: ReceptionQuery, seconds: float) -> EligibilityAnswer:
        asked = query.query
        if not isinstance(asked, NumberQuery):
            raise DeviceError(FaultCode.QUERY_NOT_OFFERED, "search by person")
        today = today_in_japan(self._config.clock)
        if today is None:
            raise DeviceError(FaultCode.CLOCK_UNKNOWN, "date of a query")
        request = NumberRequest(today, self._config.institution, query.id, asked)
        body = oqs_json.write_request(request, self._config.padding)
        async with deadline(seconds):
            login = oqs_json.write_login(self._config.user, self._config.password)
            async with deadline(LOGIN_SECONDS):
                token = oqs_json.read_login(await self._login.post(login))
            confirmation = oqs_json.read_answer(await self._query.post(body, {"Authorization": token}))
        _check_echo(confirmation, request)
        return settled(confirmation, Asked(request, today))

    async def check(self) -> None:
        """Nothing is known without logging in, which is done for a question only."""

    async def close(self) -> None:
        """Idempotent."""
        await self._login.close()
        await self._query.close()


class _Place:
    """One of the two hosts, and the path that is used there."""

    def __init__(self, url: str, config: WebApiConfig) -> None:
        parts = _URL.fullmatch(url)
        if parts is None:
            raise DeviceError(FaultCode.SETTINGS_INVALID, "WebAPI url")
        if parts[2].lower().endswith(_NATIONAL) != (config.env is Env.PRODUCTION):
            raise DeviceError(FaultCode.TERMINAL_ENV_MISMATCH, f"WebAPI host in env {config.env}")
        self._path = parts[3]
        self._transport = Transport(parts[1], config.tls, config.patience, _PEER)

    async def post(self, body: bytes, headers: dict[str, str] | None = None) -> bytes:
        """Send once; aiohttp repeats no POST either."""
        return _content(await self._transport.exchange(Request("POST", self._path, body, _JSON, headers or {})))

    async def close(self) -> None:
        await self._transport.close()


def _content(reply: Reply) -> bytes:
    if 400 <= reply.status < 500:
        raise DeviceError(FaultCode.GATEWAY_REFUSED, f"WebAPI status {reply.status}")
    if reply.status >= 500:
        raise DeviceError(FaultCode.GATEWAY_ERROR, f"WebAPI status {reply.status}")
    if reply.status != 200:
        raise bad_answer("status")
    return reply.body


def _check_echo(confirmation: Confirmation, request: NumberRequest) -> None:
    """What the answer repeats of the request has to be ours; nothing has to be repeated."""
    if confirmation.identifier not in {None, request.identifier}:
        raise bad_answer("another request's identifier")
    if confirmation.institution not in {None, request.institution}:
        raise bad_answer("another institution")
