"""A responder that is away, slow, wrong or somebody else: "unknown" in time, nothing raised, nothing logged."""

import asyncio
import logging
import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import ClockState, Revocation
from firmware.eligibility.config import ResponderConfig, TlsFiles
from firmware.eligibility.ocsp import OcspClient
from tests.contract.gateway.site import Authority
from tests.contract.revocation.conftest import SECONDS, Connect, SetClock
from tests.contract.revocation.responder import http, serving
from tests.unit.eligibility.ocsp_hand import NOBODY_KNOWS, Answer, Party, extension

OUTSIDE = 4.0
"""The test's own bound: far below the ten seconds of one exchange."""


@pytest.fixture(autouse=True)
def _silent(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.DEBUG)
    yield
    assert [record for record in caplog.records if record.name != "asyncio"] == []


class Good:
    """Answers "good" to everything, without a nonce."""

    def __init__(self, ca: Party, card: Party, clock: SetClock) -> None:
        at = clock.at.replace(microsecond=0)
        self.body = Answer(ca, card, begin=at, produced=at, end=None).encoded()

    async def respond(self, _: bytes) -> bytes:
        return http(self.body)


@pytest.fixture
def good(ca: Party, card: Party, clock: SetClock) -> Good:
    return Good(ca, card, clock)


async def test_how_it_is_asked(connect: Connect, good: Good, card: Party, ca: Party) -> None:
    async with serving(good.respond) as served:
        assert await connect(served.port).check(card.der, ca.der, SECONDS) is Revocation.GOOD
        assert await connect(served.port, path="").check(card.der, ca.der, SECONDS) is Revocation.GOOD
    assert served.heads[0].startswith("POST /ocsp/ HTTP/1.1\r\n")
    assert "content-type: application/ocsp-request\r\n" in served.heads[0].lower()
    assert "accept: application/ocsp-response\r\n" in served.heads[0].lower()
    assert served.heads[1].startswith("POST / HTTP/1.1\r\n")


@pytest.mark.parametrize(
    "change",
    [
        lambda body: http(body, status="500 Internal Server Error"),
        lambda body: http(body, status="404 Not Found"),
        lambda body: http(body, status="302 Found", more="Location: /ocsp/again\r\n"),
        lambda body: http(body, media="text/html"),
        lambda body: http(body, more="Content-Encoding: gzip\r\n"),
        lambda body: http(body + b"\x00"),
        lambda body: http(body[:-1]),
        lambda _: http(b""),
        lambda body: http(body + bytes(10_000_000)),
        lambda body: b"HTTP/1.1 200 OK\r\nContent-Type: application/ocsp-response\r\n\r\n" + bytes(10_000_000) + body,
        lambda body: b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1_000_000 + b"\r\n\r\n" + body,
        lambda body: b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n" + body,
        lambda body: b"\x16\x03\x01" + body,
        lambda _: b"",
    ],
)
async def test_answers_that_are_none(connect: Connect, good: Good, card: Party, ca: Party, change: object) -> None:
    assert callable(change)

    async def respond(_: bytes) -> bytes:
        return bytes(change(good.body))

    async with serving(respond) as served:
        assert await connect(served.port).check(card.der, ca.der, SECONDS) is Revocation.UNKNOWN
    assert len(served.heads) == (1 if await respond(b"") else 2), "only a lost connection is tried again"


async def test_a_good_answer_that_is_too_long(connect: Connect, card: Party, ca: Party, clock: SetClock) -> None:
    at = clock.at.replace(microsecond=0)
    answer = Answer(ca, card, begin=at, produced=at, extensions=(extension(NOBODY_KNOWS, bytes(30_000)),), end=None)

    async def respond(_: bytes) -> bytes:
        return http(answer.encoded())

    async with serving(respond) as served:
        assert await connect(served.port).check(card.der, ca.der, SECONDS) is Revocation.GOOD
        answer = replace(answer, extensions=(extension(NOBODY_KNOWS, bytes(33_000)),))
        assert await connect(served.port).check(card.der, ca.der, SECONDS) is Revocation.UNKNOWN


async def test_nobody_listens(connect: Connect, good: Good, card: Party, ca: Party) -> None:
    async with serving(good.respond) as served:
        pass
    assert await connect(served.port).check(card.der, ca.der, SECONDS) is Revocation.UNKNOWN


async def test_silence_ends_in_time(connect: Connect, card: Party, ca: Party) -> None:
    async def never(_: bytes) -> bytes:
        await asyncio.sleep(60)
        return b""

    async with serving(never) as served, asyncio.timeout(OUTSIDE):
        assert await connect(served.port).check(card.der, ca.der, 0.2) is Revocation.UNKNOWN


async def test_a_slow_drip_ends_in_time(connect: Connect, good: Good, card: Party, ca: Party) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for byte in http(good.body):
            writer.write(bytes([byte]))
            await asyncio.sleep(0.02)

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with asyncio.timeout(OUTSIDE):
        assert await connect(port).check(card.der, ca.der, 0.3) is Revocation.UNKNOWN
    server.close()


async def test_cancelling_the_visit_is_no_answer(connect: Connect, card: Party, ca: Party) -> None:
    reached = asyncio.Event()

    async def never(_: bytes) -> bytes:
        reached.set()
        await asyncio.sleep(60)
        return b""

    async with serving(never) as served:
        asking = asyncio.create_task(connect(served.port).check(card.der, ca.der, SECONDS))
        await reached.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking


async def test_a_kept_connection_that_was_closed_is_opened_again(
    connect: Connect, good: Good, card: Party, ca: Party
) -> None:
    turns = iter([http(good.body), b"", http(good.body)])

    async def respond(_: bytes) -> bytes:
        return next(turns)

    async with serving(respond) as served:
        client = connect(served.port)
        assert await client.check(card.der, ca.der, SECONDS) is Revocation.GOOD
        assert await client.check(card.der, ca.der, SECONDS) is Revocation.GOOD
    assert served.connections == 2


async def test_an_unknown_clock_asks_nobody(
    connect: Connect, good: Good, card: Party, ca: Party, clock: SetClock
) -> None:
    clock.trust = ClockState.UNKNOWN
    async with serving(good.respond) as served:
        assert await connect(served.port).check(card.der, ca.der, SECONDS) is Revocation.UNKNOWN
        assert served.connections == 0
        clock.trust = ClockState.HOLDOVER
        assert await connect(served.port).check(card.der, ca.der, SECONDS) is Revocation.GOOD


async def test_certificates_that_are_none_ask_nobody(connect: Connect, good: Good, card: Party, ca: Party) -> None:
    async with serving(good.respond) as served:
        client = connect(served.port)
        for certificate, issuer in ((b"", ca.der), (card.der, b"0"), (card.der[:-1], ca.der)):
            assert await client.check(certificate, issuer, SECONDS) is Revocation.UNKNOWN
    assert served.connections == 0


# ---- TLS -------------------------------------------------------------------------------------------------------


def server_context(authority: Authority) -> ssl.SSLContext:
    files = authority.server()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    return context


async def test_https_with_and_without_a_client_certificate(
    connect: Connect, good: Good, card: Party, ca: Party, tmp_path: Path
) -> None:
    authority = Authority.make(tmp_path / "site")
    context = server_context(authority)
    bare, whole = TlsFiles(authority.ca), authority.client("counter-1")
    async with serving(good.respond, context) as served:
        for tls in (bare, whole):
            assert await connect(served.port, tls).check(card.der, ca.der, SECONDS) is Revocation.GOOD
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(authority.ca)
    context.verify_mode = ssl.CERT_REQUIRED
    async with serving(good.respond, context) as served:
        assert await connect(served.port, bare).check(card.der, ca.der, SECONDS) is Revocation.UNKNOWN
        assert await connect(served.port, whole).check(card.der, ca.der, SECONDS) is Revocation.GOOD


async def test_a_server_of_another_ca(connect: Connect, good: Good, card: Party, ca: Party, tmp_path: Path) -> None:
    mine, theirs = Authority.make(tmp_path / "mine"), Authority.make(tmp_path / "theirs")
    async with serving(good.respond, server_context(theirs)) as served:
        assert await connect(served.port, TlsFiles(mine.ca)).check(card.der, ca.der, SECONDS) is Revocation.UNKNOWN
    assert served.heads == []


def test_addresses_and_files_that_do_not_fit(tmp_path: Path, clock: SetClock) -> None:
    authority = Authority.make(tmp_path / "site")
    wrong = (
        ("https://127.0.0.1/", None, FaultCode.SETTINGS_INVALID),
        ("http://127.0.0.1/", TlsFiles(authority.ca), FaultCode.SETTINGS_INVALID),
        ("https://127.0.0.1/", TlsFiles(tmp_path / "missing.pem"), FaultCode.KEYS_MISSING),
    )
    for url, tls, code in wrong:
        with pytest.raises(DeviceError) as caught:
            OcspClient(ResponderConfig(url, tls, clock))
        assert caught.value.code is code
        assert "responder" in caught.value.detail
