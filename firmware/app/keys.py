"""Key files to key objects. Raises DeviceError(KEYS_MISSING) naming the setting, never the file's content."""

from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from joserfc.jwk import ECKey

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.secret import Secret

_MOST_PASSWORD = 256


def private_key(path: Path, setting: str) -> ec.EllipticCurvePrivateKey:
    """A P-256 private key in PEM."""
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError):
        raise DeviceError(FaultCode.KEYS_MISSING, setting) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise DeviceError(FaultCode.KEYS_MISSING, f"{setting}: not a P-256 key")
    return key


def public_jwk(path: Path, setting: str) -> Mapping[str, str]:
    """A P-256 public key in PEM as JWK members."""
    try:
        members = ECKey.import_key(path.read_bytes()).as_dict(private=False)
    except (OSError, ValueError):
        raise DeviceError(FaultCode.KEYS_MISSING, setting) from None
    return {name: str(value) for name, value in members.items()}


def password(path: Path, setting: str) -> Secret:
    """The one line of a password file."""
    try:
        with path.open("rb") as file:
            line = file.read(_MOST_PASSWORD + 1).rstrip(b"\r\n")
    except OSError:
        raise DeviceError(FaultCode.KEYS_MISSING, setting) from None
    if not 0 < len(line) <= _MOST_PASSWORD or b"\n" in line:
        raise DeviceError(FaultCode.KEYS_MISSING, f"{setting}: one line is needed")
    return Secret(line)


def rsa_public(path: Path, setting: str) -> rsa.RSAPublicKey:
    """An RSA public key in PEM."""
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError):
        raise DeviceError(FaultCode.KEYS_MISSING, setting) from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise DeviceError(FaultCode.KEYS_MISSING, f"{setting}: not an RSA key")
    return key
