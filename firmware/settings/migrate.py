"""Numbered migrations of the settings file, applied to the parsed tables before the schema sees them.

Pure; any thread. `MIGRATIONS[n]` turns a file of version n into version n + 1 and returns a new mapping; the file on
disk is left alone (`madoguchi settings show` prints the new form). A published migration is never changed again.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from firmware.core.faults import DeviceError, FaultCode
from firmware.settings.schema import VERSION

Tables = dict[str, Any]
Migration = Callable[[Tables], Tables]

MIGRATIONS: Final[Mapping[int, Migration]] = {}


def migrate(tables: Tables, steps: Mapping[int, Migration] = MIGRATIONS, target: int = VERSION) -> Tables:
    """`tables` in version `target`. Raises SETTINGS_INVALID for a missing, unknown or newer version."""
    found = tables.get("version")
    if type(found) is not int or found < 1:
        raise DeviceError(FaultCode.SETTINGS_INVALID, "version: must be a whole number from 1")
    if found > target:
        raise DeviceError(FaultCode.SETTINGS_INVALID, f"version: {found} is newer than this firmware knows ({target})")
    for version in range(found, target):
        if version not in steps:
            raise DeviceError(FaultCode.SETTINGS_INVALID, f"version: no way from {version} to {version + 1}")
        tables = {**steps[version](tables), "version": version + 1}
    return tables
