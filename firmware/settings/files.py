"""Checks of the files that the settings name: there, readable, private where secret, pinned where a CA.

Blocking, called before the loop starts. Raises DeviceError with KEYS_MISSING, SECRET_EXPOSED or SETTINGS_INVALID; the
detail names the key of the settings file, never a path or a content.
"""

import hashlib
import os
import ssl
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final, get_args

from pydantic import BaseModel

from firmware.core.faults import DeviceError, FaultCode
from firmware.settings.fields import FileRule
from firmware.settings.schema import Settings

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO | stat.S_IXUSR
_MOST_BYTES: Final = 64 * 1024


def check_files(settings: Settings) -> None:
    """All files of `settings`."""
    for key, path, rule in named_files(settings):
        try:
            status = path.stat()
        except OSError as error:
            raise DeviceError(FaultCode.KEYS_MISSING, f"{key}: {error.strerror}") from None
        if not stat.S_ISREG(status.st_mode):
            raise DeviceError(FaultCode.KEYS_MISSING, f"{key}: not a file")
        if rule is FileRule.PRIVATE:
            _check_private(key, status)
        if not os.access(path, os.R_OK):
            raise DeviceError(FaultCode.KEYS_MISSING, f"{key}: not readable by this user")
    _check_pins(settings)


def _check_private(key: str, status: os.stat_result) -> None:
    if status.st_mode & _OTHERS:
        mode = stat.S_IMODE(status.st_mode)
        raise DeviceError(FaultCode.SECRET_EXPOSED, f"{key}: mode {mode:04o}, must be 0600 or 0400")
    if status.st_uid != os.geteuid():
        raise DeviceError(FaultCode.SECRET_EXPOSED, f"{key}: belongs to another user")


def named_files(model: BaseModel, prefix: str = "") -> Iterator[tuple[str, Path, FileRule]]:
    """Key path, file and rule of each file that must exist."""
    for name, field in type(model).model_fields.items():
        rule = rule_of((field.annotation, *field.metadata))
        value = getattr(model, name)
        values = enumerate(value) if isinstance(value, tuple) else [(None, value)]
        for index, item in values:
            key = f"{prefix}{name}" + ("" if index is None else f"[{index}]")
            if isinstance(item, BaseModel):
                yield from named_files(item, f"{key}.")
            elif isinstance(item, Path) and rule is not None:
                yield key, item, rule


def rule_of(parts: tuple[object, ...]) -> FileRule | None:
    """The mark inside an annotation and its metadata, such as `tuple[PublicFile, ...]`."""
    for part in parts:
        found = part if isinstance(part, FileRule) else rule_of(get_args(part))
        if found is not None:
            return found
    return None


def _check_pins(settings: Settings) -> None:
    for index, pinned in enumerate(settings.trust.jpki_ca):
        if pinned.file is None:
            continue
        try:
            der = certificate_der(pinned.file)
        except OSError as error:
            raise DeviceError(FaultCode.KEYS_MISSING, f"trust.jpki_ca[{index}].file: {error.strerror}") from None
        if hashlib.sha256(der).hexdigest() != pinned.sha256:
            raise DeviceError(FaultCode.SETTINGS_INVALID, f"trust.jpki_ca[{index}].sha256: the file is another one")


def certificate_der(path: Path) -> bytes:
    """DER bytes of a certificate file in DER or PEM, at most 64 KiB."""
    with path.open("rb") as file:
        data = file.read(_MOST_BYTES)
    if not data.startswith(b"-----"):
        return data
    try:
        return ssl.PEM_cert_to_DER_cert(data.decode("ascii").strip())
    except ValueError:
        return b""
