"""What the fuzzing starts from: a simulated card with valid files, the same bytes in every run, and its issuers.

The simulator issues cards with random keys and serials. Here chance is replaced while a card is issued, so that a
failure named by (seed, number) comes back in another process. The keys are made from primes that anybody can compute:
they are good for nothing but this. Nothing is committed or written outside a private folder that is removed again.
"""

import hashlib
import random
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from itertools import combinations
from pathlib import Path
from unittest import mock

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from firmware.card.certificates import CertificateTrust, load_trust
from firmware.card.keys import FaceIssuer
from firmware.sim.card.image import CardImage
from firmware.sim.card.issue import issue_card
from firmware.sim.card.issuers import TestIssuers, create_issuers
from firmware.sim.card.person import Person, invented_person
from firmware.sim.card.pictures import stand_in_photo

TODAY = date(2026, 1, 10)
NOW = datetime(2026, 1, 10, tzinfo=UTC).timestamp()
SMALL_PHOTO, WHOLE_PHOTO = (96, 128), (240, 320)
_EXPONENT = 65_537
_PRIME_OFFSETS = (476, 328, 1724, 3466, 1000, 224)
"""Distance from 1024 bits of SHAKE-256 to the next prime; six primes make fifteen keys."""


@dataclass(frozen=True, slots=True, repr=False)
class Corpus:
    """One valid card and everything that is needed to read and to judge it."""

    person: Person
    image: CardImage
    issuers: TestIssuers

    @property
    def record(self) -> bytes:
        """EF 0002 of the card face without filler."""
        return _content(self.image.surface[0x0002], 2)

    @property
    def face_certificate(self) -> bytes:
        """EF 0004 of the card face without filler."""
        return _content(self.image.surface[0x0004], 2)

    @property
    def certificate(self) -> bytes:
        """EF 000A of JPKI in DER."""
        return self.image.certificate

    @property
    def token(self) -> bytes:
        return self.image.jpki[0x0006]

    def trust(self) -> CertificateTrust:
        return load_trust([self.issuers.auth_ca_der], frozenset({self.issuers.auth_ca_sha256}))

    def face_issuers(self) -> list[FaceIssuer]:
        return [FaceIssuer(self.issuers.record_issuer_id, self.issuers.record_issuer_key)]


def _content(file: bytes, tag_size: int) -> bytes:
    """A file whose length stands as 82 xx xx behind its tag, cut at its end."""
    start = tag_size + 3
    if file[tag_size] != 0x82:
        raise ValueError("another length form than expected")
    return file[: start + int.from_bytes(file[tag_size + 1 : start], "big")]


@cache
def corpus(photo_size: tuple[int, int] = SMALL_PHOTO) -> Corpus:
    """The card with a photo of that many pixels; made once per process."""
    person = invented_person(TODAY)
    with tempfile.TemporaryDirectory() as folder, _without_chance():
        issuers = create_issuers(TODAY)
        image = issue_card(Path(folder), person, stand_in_photo(photo_size), issuers)
    return Corpus(person, image, issuers)


@cache
def elliptic_key() -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(20260110, ec.SECP384R1())


def elliptic_signature(message: bytes) -> bytes:
    """In DER, by `elliptic_key`, the same each time (RFC 6979)."""
    return elliptic_key().sign(message, ec.ECDSA(hashes.SHA384(), deterministic_signing=True))


def elliptic_certificate(valid: Corpus) -> bytes:
    """The card's certificate as the next generation may have it: a P-384 key, signed by the same CA."""
    plain = x509.load_der_x509_certificate(valid.certificate)
    public = elliptic_key().public_key()
    builder = x509.CertificateBuilder(
        plain.issuer,
        plain.subject,
        public,
        plain.serial_number,
        plain.not_valid_before_utc,
        plain.not_valid_after_utc,
        list(plain.extensions),
    )
    return builder.sign(valid.issuers.auth.key, hashes.SHA256()).public_bytes(Encoding.DER)


@contextmanager
def _without_chance() -> Iterator[None]:
    """Inside, `secrets` and RSA key generation give the same values each time."""
    chance = random.Random(20260110)  # noqa: S311 - the point is that it repeats
    keys = _keys()

    def next_key(**_: int) -> rsa.RSAPrivateKey:
        return next(keys)

    def hexadecimal(size: int) -> str:
        return chance.randbytes(size).hex()

    with ExitStack() as stack:
        replaced = ((secrets, "choice", chance.choice), (secrets, "randbits", chance.getrandbits))
        more = ((secrets, "token_bytes", chance.randbytes), (secrets, "token_hex", hexadecimal))
        for module, name, value in (*replaced, *more, (rsa, "generate_private_key", next_key)):
            stack.enter_context(mock.patch.object(module, name, value))
        yield


def _keys() -> Iterator[rsa.RSAPrivateKey]:
    for p, q in combinations([_prime(number) for number in range(len(_PRIME_OFFSETS))], 2):
        d = pow(_EXPONENT, -1, (p - 1) * (q - 1))
        public = rsa.RSAPublicNumbers(_EXPONENT, p * q)
        chinese = (rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q))
        numbers = rsa.RSAPrivateNumbers(p, q, d, *chinese, public)
        yield numbers.private_key(unsafe_skip_rsa_key_validation=True)


def _prime(number: int) -> int:
    name = f"madoguchi fuzzing prime {number}"
    start = int.from_bytes(hashlib.shake_256(name.encode()).digest(128), "big")
    return (start | 3 << 1022 | 1) + _PRIME_OFFSETS[number]
