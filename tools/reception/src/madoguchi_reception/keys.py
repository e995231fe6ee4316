"""Reads P-256 keys from PEM or JWK files. Raises KeyFileError; texts name the file, never key material."""

import json
from pathlib import Path

from joserfc.errors import JoseError
from joserfc.jwk import ECKey


class KeyFileError(Exception):
    """A key file is missing, unreadable, or of the wrong kind."""


def load_key(path: Path, *, private: bool) -> ECKey:
    """The key of one file; `private` says which half must be there."""
    try:
        raw = path.read_bytes()
        key = ECKey.import_key(json.loads(raw) if raw.lstrip().startswith(b"{") else raw)
        if key.curve_name != "P-256":
            raise KeyFileError(f"{path.name}: not a P-256 key")
    except OSError as error:
        raise KeyFileError(f"{path.name}: {error.strerror}") from error
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise KeyFileError(f"{path.name}: not an EC key in PEM or JWK") from error
    if private and not key.is_private:
        raise KeyFileError(f"{path.name}: the private key is needed")
    return key


def kid(key: ECKey) -> str:
    """The key's name in headers: its RFC 7638 thumbprint."""
    return key.thumbprint()
