"""One HTTP exchange with the gateway or an OCSP responder, bounded in size and time.

The gateway: TLS 1.3, both sides with certificates. A responder: its answers are signed and hold no name, so plain HTTP
and TLS without a client certificate are possible too, if the site's settings say so. Never a public root.

Loop thread. The only file that imports aiohttp here; its exceptions and ssl's become fault codes here and nowhere
else: GATEWAY_UNTRUSTED (either side refused the other's certificate, or no TLS at all), GATEWAY_UNREACHABLE (refused,
reset, name unknown, cut off), GATEWAY_TIMEOUT (connected, no answer), GATEWAY_BAD_ANSWER (not HTTP, too large,
compressed), KEYS_MISSING.

Limit: OpenSSL compares certificate dates with the system clock. With an unknown clock (1970) a good gateway certificate
looks not yet valid and the exchange ends with GATEWAY_UNTRUSTED; that is kept, trust is not lowered because of time.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import aiohttp

from firmware.core.faults import DeviceError, FaultCode
from firmware.eligibility.config import Patience, TlsFiles
from firmware.eligibility.wire import MOST_BYTES

_CONNECTIONS: Final = 16
"""More than questions can be open at once: one that waits for a connection while the gateway holds the others would
count as unreachable."""
_KEEP_ALIVE: Final = 30.0
_LONGEST_RETRY_AFTER: Final = 3600


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """`path` starts with a slash. `headers` beside the transport's own. A body always has its media type in `media`."""

    method: str
    path: str
    body: bytes | None = None
    media: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, repr=False)
class Reply:
    """`media`: without parameters, lower case. `retry_after`: seconds, None if absent or not whole seconds."""

    status: int
    media: str
    location: str | None
    retry_after: int | None
    body: bytes


@dataclass(frozen=True, slots=True)
class Peer:
    """What is expected of one kind of server. `name`: for fault details."""

    name: str
    accept: str
    oldest_tls: ssl.TLSVersion
    most_bytes: int


GATEWAY: Final = Peer("gateway", "application/json, application/problem+json", ssl.TLSVersion.TLSv1_3, MOST_BYTES)
RESPONDER: Final = Peer("responder", "application/ocsp-response", ssl.TLSVersion.TLSv1_2, 32 * 1024)
"""Not ours to update, so TLS 1.2 is accepted. An answer has about 2 KB, with a certificate in it 4 KB."""


def _tls_context(files: TlsFiles, peer: Peer) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = peer.oldest_tls
    context.hostname_checks_common_name = False  # a subject's name is no host name (RFC 9525)
    try:
        context.load_verify_locations(cafile=files.ca)
        if files.certificate is not None:
            context.load_cert_chain(files.certificate, files.key)
    except OSError as error:  # ssl.SSLError is one
        raise DeviceError(FaultCode.KEYS_MISSING, f"{peer.name} TLS files: {type(error).__name__}") from error
    return context


class Transport:
    """Keeps connections open between exchanges. `url`: scheme, host and port; `tls` None: plain HTTP."""

    def __init__(self, url: str, tls: TlsFiles | None, patience: Patience, peer: Peer = GATEWAY) -> None:
        if url.startswith("https://") != (tls is not None):
            raise DeviceError(FaultCode.SETTINGS_INVALID, f"{peer.name} url")
        self._url = url.rstrip("/")
        self._peer = peer
        self._tls: ssl.SSLContext | bool = True if tls is None else _tls_context(tls, peer)
        self._timeout = aiohttp.ClientTimeout(total=patience.exchange, connect=patience.connect)
        self._session: aiohttp.ClientSession | None = None

    async def exchange(self, request: Request) -> Reply:
        """Send once, read the whole answer."""
        try:
            return await self._exchange(request)
        except (aiohttp.ClientError, ssl.SSLError, OSError) as error:
            raise _fault(error) from error

    async def close(self) -> None:
        """Idempotent."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _exchange(self, request: Request) -> Reply:
        headers = {"Accept": self._peer.accept, "Accept-Encoding": "identity"}
        headers.update(request.headers)
        if request.media is not None:
            headers["Content-Type"] = request.media
        async with self._open().request(
            request.method, self._url + request.path, data=request.body, headers=headers, allow_redirects=False
        ) as response:
            if response.headers.get("Content-Encoding", "identity") != "identity":
                raise DeviceError(FaultCode.GATEWAY_BAD_ANSWER, "compressed")
            return Reply(
                status=response.status,
                media=response.content_type.lower(),
                location=response.headers.get("Location"),
                retry_after=_whole_seconds(response.headers.get("Retry-After")),
                body=await _bounded_body(response, self._peer.most_bytes),
            )

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._tls, limit=_CONNECTIONS, keepalive_timeout=_KEEP_ALIVE),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self._timeout,
                auto_decompress=False,
                trust_env=False,
            )
        return self._session


async def _bounded_body(response: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > most_bytes:
            response.close()
            raise DeviceError(FaultCode.GATEWAY_BAD_ANSWER, f"over {most_bytes} bytes")
    return bytes(body)


def _whole_seconds(value: str | None) -> int | None:
    if value is None or len(value) > 6 or not (value.isascii() and value.isdecimal()):
        return None
    return min(int(value), _LONGEST_RETRY_AFTER)


def _fault(error: BaseException) -> DeviceError:
    name = type(error).__name__
    if _refused_by_tls(error):
        return DeviceError(FaultCode.GATEWAY_UNTRUSTED, name)
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return DeviceError(FaultCode.GATEWAY_UNREACHABLE, name)
    if isinstance(error, TimeoutError):
        return DeviceError(FaultCode.GATEWAY_TIMEOUT, name)
    if isinstance(error, aiohttp.ClientResponseError | aiohttp.InvalidURL):
        return DeviceError(FaultCode.GATEWAY_BAD_ANSWER, name)
    return DeviceError(FaultCode.GATEWAY_UNREACHABLE, name)


def _refused_by_tls(error: BaseException) -> bool:
    """An end of stream inside TLS is a lost connection; any other TLS error: one side does not trust the other."""
    seen: BaseException | None = error
    while seen is not None:
        cause = seen.__cause__ or seen.__context__
        for each in (seen, getattr(seen, "os_error", None)):
            if isinstance(each, ssl.SSLError):
                return not isinstance(each, ssl.SSLEOFError | ssl.SSLZeroReturnError | ssl.SSLSyscallError)
        seen = cause
    return False
