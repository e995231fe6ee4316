"""Our OCSP client against OpenSSL as the responder: an implementation of RFC 6960 that is not ours."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from firmware.core.outcomes import Revocation
from tests.contract.revocation.conftest import SECONDS, VALID, Connect, SetClock
from tests.contract.revocation.responder import OpenSsl, serving
from tests.unit.eligibility.ocsp_hand import Party, issue


@pytest.fixture
def openssl(tmp_path: Path, ca: Party, card: Party) -> OpenSsl:
    """A responder with the CA's word that knows the card as good."""
    made = OpenSsl(tmp_path, ca, issue("responder", ec.generate_private_key(ec.SECP384R1()), ca, VALID))
    made.list((card, "V"))
    return made


async def asked(connect: Connect, openssl: OpenSsl, card: Party, ca: Party) -> Revocation:
    async with serving(openssl.respond) as served:
        return await connect(served.port).check(card.der, ca.der, SECONDS)


@pytest.mark.parametrize(
    ("state", "revocation"), [("V", Revocation.GOOD), ("R", Revocation.REVOKED), ("", Revocation.UNKNOWN)]
)
@pytest.mark.parametrize("delegated", [True, False])
async def test_each_status(
    connect: Connect, openssl: OpenSsl, card: Party, ca: Party, state: str, revocation: Revocation, delegated: bool
) -> None:
    openssl.list(*([(card, state)] if state else []))
    responder = openssl if delegated else replace(openssl, signer=ca)
    assert await asked(connect, responder, card, ca) is revocation


@pytest.mark.parametrize(
    "options", [("-nmin", "5"), ("-ndays", "1", "-resp_key_id"), ("-ndays", "1", "-rmd", "sha512"), ()]
)
async def test_other_ways_to_answer(
    connect: Connect, openssl: OpenSsl, card: Party, ca: Party, options: tuple[str, ...]
) -> None:
    assert await asked(connect, replace(openssl, options=options), card, ca) is Revocation.GOOD


@pytest.mark.parametrize("options", [("-badsig",), ("-resp_no_certs",), ("-rmd", "sha1")])
async def test_answers_that_prove_nothing(
    connect: Connect, openssl: OpenSsl, card: Party, ca: Party, options: tuple[str, ...]
) -> None:
    assert await asked(connect, replace(openssl, options=("-ndays", "1", *options)), card, ca) is Revocation.UNKNOWN


async def test_a_responder_without_the_cas_word(connect: Connect, openssl: OpenSsl, card: Party, ca: Party) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    for signer in (issue("responder", key, ca, replace(VALID, purposes=())), issue("CA", key, None, VALID)):
        assert await asked(connect, replace(openssl, signer=signer), card, ca) is Revocation.UNKNOWN


async def test_an_answer_for_a_card_of_another_ca(connect: Connect, openssl: OpenSsl, card: Party, ca: Party) -> None:
    other = issue("CA", ec.generate_private_key(ec.SECP256R1()), None, VALID)
    assert await asked(connect, openssl, card, other) is Revocation.UNKNOWN


@pytest.mark.parametrize("ahead", [timedelta(days=1, minutes=6), -timedelta(minutes=6)])
async def test_an_answer_outside_of_its_time(
    connect: Connect, openssl: OpenSsl, card: Party, ca: Party, clock: SetClock, ahead: timedelta
) -> None:
    clock.at += ahead
    assert await asked(connect, openssl, card, ca) is Revocation.UNKNOWN


async def test_an_answer_of_yesterday_is_not_taken_again(
    connect: Connect, openssl: OpenSsl, card: Party, ca: Party
) -> None:
    kept: list[bytes] = []

    async def first_answer_for_ever(request: bytes) -> bytes:
        kept.append(kept[0] if kept else await openssl.respond(request))
        return kept[0]

    async with serving(first_answer_for_ever) as served:
        client = connect(served.port)
        assert await client.check(card.der, ca.der, SECONDS) is Revocation.GOOD
        assert await client.check(card.der, ca.der, SECONDS) is Revocation.UNKNOWN, "its nonce is another question's"
    assert served.connections == 1
