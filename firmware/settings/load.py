"""Read, migrate and check the settings file and the files that it names.

Blocking, called once by `compose` and by the CLI, before the loop starts. Raises DeviceError: UNPROVISIONED (no file),
SETTINGS_INVALID (every wrong key with its full path, never its value), KEYS_MISSING, SECRET_EXPOSED.
Source: design.md, "Names, places, target".
"""

import json
import tomllib
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from firmware.core.faults import DeviceError, FaultCode
from firmware.settings.files import check_files
from firmware.settings.migrate import migrate
from firmware.settings.schema import Settings
from firmware.settings.suggest import closest_key

_MOST_BYTES: Final = 256 * 1024


def load(path: Path) -> Settings:
    """The settings of `path`, with every file they name checked."""
    settings = parse(read_text(path), path.parent.absolute())
    check_files(settings)
    return settings


def read_text(path: Path) -> str:
    """The file's text, at most 256 KiB."""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        raise DeviceError(FaultCode.UNPROVISIONED, "there is no settings file") from None
    except OSError as error:
        raise DeviceError(FaultCode.SETTINGS_INVALID, f"cannot be read: {error.strerror}") from None
    if len(data) > _MOST_BYTES:
        raise DeviceError(FaultCode.SETTINGS_INVALID, "larger than 256 KiB")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise DeviceError(FaultCode.SETTINGS_INVALID, f"not UTF-8 at byte {error.start}") from None


def parse(text: str, base: Path) -> Settings:
    """Settings out of TOML text; relative paths are joined to `base`. Looks at no other file."""
    try:
        tables: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DeviceError(FaultCode.SETTINGS_INVALID, _place_of(error)) from None
    except RecursionError:
        raise DeviceError(FaultCode.SETTINGS_INVALID, "not TOML (nested too deep)") from None
    # JSON is pydantic's strict mode with lists and texts where the schema has tuples, paths and enumerations.
    document = json.dumps(migrate(tables), default=str)
    try:
        return Settings.model_validate_json(document, context={"base": base})
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise DeviceError(FaultCode.SETTINGS_INVALID, "; ".join(describe(each) for each in found)) from None


def _place_of(error: tomllib.TOMLDecodeError) -> str:
    """Only where: the message itself may quote a value."""
    place = str(error).rpartition("(")[2].rstrip(")")
    return f"not TOML {place}"


def describe(error: ErrorDetails) -> str:
    """One line: full path of the key and what is wrong with it."""
    where = path_of(error["loc"])
    if error["type"] == "extra_forbidden":
        known = closest_key(Settings, error["loc"])
        return f"{where}: unknown key" + (f" (did you mean {known}?)" if known else "")
    if error["type"] == "missing":
        return f"{where}: missing"
    return f"{where}: {error['msg'].removeprefix('Value error, ')}"


def path_of(loc: tuple[int | str, ...]) -> str:
    """`("receptions", 0, "id")` as `receptions[0].id`; the root as `file`."""
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".") or "file"
