"""PSO: COMPUTE DIGITAL SIGNATURE with the chip's own key, the user-authentication key or the signing key.

Driven by the card's one thread; an RSA operation takes about a millisecond. Raises StatusError. Source: facts card.md
3 (P1 and P2), 4.4 (curve keys); that the card hashes with SHA-256 beside RSA and SHA-384 beside P-384, and that PSS
salts are as long as the hash, is our assumption.
"""

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from firmware.sim.card.apdu import Command, StatusError
from firmware.sim.card.applications import SigningKey
from firmware.sim.card.keys import sign_block
from firmware.sim.card.state import SHORT_ID, ChipState
from firmware.sim.card.tlv import sha256

_DEFAULT, _SELECTED = 0x00, 0x80
_BY_SHORT_ID = {0x97, 0x9A}
_VARIANTS = range(6)
# P1: the block as it is; hashed here, bare; ready hash; hashed here; ready hash with PSS; hashed here with PSS.
_BLOCK, _HASHED_BARE, _READY, _HASHED, _READY_PSS, _HASHED_PSS = _VARIANTS
_PKCS1_OVERHEAD = 11
_SHA256_SIZE, _SHA384_SIZE = 32, 48
_PSS = padding.PSS(padding.MGF1(hashes.SHA256()), _SHA256_SIZE)


def sign(state: ChipState, command: Command) -> bytes:
    if command.p1 not in _VARIANTS:
        raise StatusError(0x6A86)
    signer = _signer(state, command.p2)
    if signer.opened_by is not None and signer.opened_by not in state.verified:
        raise StatusError(0x6982)
    room = command.expected or 0
    if not command.data or room < _longest_signature(signer):
        raise StatusError(0x6700)
    key = signer.key
    if isinstance(key, rsa.RSAPrivateKey):
        return _sign_rsa(key, command.p1, command.data)
    return _sign_curve(key, command.p1, command.data)


def _signer(state: ChipState, p2: int) -> SigningKey:
    if p2 not in {_DEFAULT, _SELECTED, *_BY_SHORT_ID}:
        raise StatusError(0x6A86)
    application = state.application
    if application is None:
        raise StatusError(0x6985)
    if p2 == _DEFAULT:
        signer, missing = application.default_key, 0x6A88
    elif p2 == _SELECTED:
        signer, missing = application.keys.get(state.selected()), 0x6981
    else:
        signer, missing = application.keys.get(p2 & SHORT_ID), 0x6A88
    if signer is None:
        raise StatusError(missing)
    return signer


def _longest_signature(signer: SigningKey) -> int:
    """RSA: the modulus. A curve: two numbers in DER, each with a sign byte at most."""
    size = (signer.key.key_size + 7) // 8
    if isinstance(signer.key, rsa.RSAPrivateKey):
        return size
    return 2 * (size + 3) + 2


def _sign_rsa(key: rsa.RSAPrivateKey, variant: int, data: bytes) -> bytes:
    if variant in {_READY, _READY_PSS} and len(data) != _SHA256_SIZE:
        raise StatusError(0x6700)
    match variant:
        case 0:
            if len(data) > key.key_size // 8 - _PKCS1_OVERHEAD:
                raise StatusError(0x6700)
            return sign_block(key, data)
        case 1:
            return sign_block(key, sha256(data))
        case 2:
            return key.sign(data, padding.PKCS1v15(), Prehashed(hashes.SHA256()))
        case 3:
            return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        case 4:
            return key.sign(data, _PSS, Prehashed(hashes.SHA256()))
        case _:
            return key.sign(data, _PSS, hashes.SHA256())


def _sign_curve(key: ec.EllipticCurvePrivateKey, variant: int, data: bytes) -> bytes:
    """A ready SHA-384, or hashed here; RSA's PSS makes no sense with it."""
    if variant in {_READY_PSS, _HASHED_PSS}:
        raise StatusError(0x6A86)
    if variant in {_HASHED_BARE, _HASHED}:
        return key.sign(data, ec.ECDSA(hashes.SHA384()))
    if len(data) != _SHA384_SIZE:
        raise StatusError(0x6700)
    return key.sign(data, ec.ECDSA(Prehashed(hashes.SHA384())))
