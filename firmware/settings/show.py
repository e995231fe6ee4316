"""The effective settings as a person or a program reads them: defaults filled in, secret files not named.

Pure; any thread. `changed` keeps only what the site's file says differently from the defaults.
"""

import json
from collections.abc import Iterator
from typing import Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from firmware.core.result import Json
from firmware.settings.fields import FileRule
from firmware.settings.files import rule_of
from firmware.settings.schema import Settings

HIDDEN: Final = "(secret file)"


def show(settings: Settings, *, changed: bool = False, as_json: bool = False) -> str:
    """The effective settings, or only those `changed`, as TOML or JSON text that ends with a line feed."""
    tables = effective(settings, changed=changed)
    if as_json:
        return json.dumps(tables, indent=2, ensure_ascii=False) + "\n"
    return "\n".join(_toml(tables)).lstrip("\n") + "\n"


def effective(model: BaseModel, *, changed: bool = False) -> dict[str, Json]:
    """Tables of `model` as JSON values."""
    tables: dict[str, Json] = {}
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if changed and not field.is_required() and value == field.get_default():
            continue
        tables[name] = _plain(value, field, changed=changed)
    return tables


def _plain(value: object, field: FieldInfo, *, changed: bool) -> Json:
    if value is not None and rule_of((field.annotation, *field.metadata)) is FileRule.PRIVATE:
        return HIDDEN
    if isinstance(value, BaseModel):
        return effective(value, changed=changed)
    if isinstance(value, tuple):
        return [_plain(item, field, changed=changed) for item in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return str(value)


def _toml(tables: dict[str, Json], prefix: str = "") -> Iterator[str]:
    """Lines of TOML: plain keys first, then tables; JSON's texts, numbers and lists are TOML's as well."""
    for name, value in tables.items():
        if value is not None and not _is_table(value):
            yield f"{name} = {json.dumps(value, ensure_ascii=False)}"
    for name, value in tables.items():
        path = f"{prefix}{name}"
        if isinstance(value, dict):
            yield from ("", f"[{path}]")
            yield from _toml(value, f"{path}.")
        elif isinstance(value, list) and _is_table(value):
            for item in value:
                yield from ("", f"[[{path}]]")
                yield from _toml(item if isinstance(item, dict) else {}, f"{path}.")


def _is_table(value: Json) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))
