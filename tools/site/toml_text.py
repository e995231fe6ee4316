"""Writes the small TOML files of a site. Pure."""

import json
from collections.abc import Iterator, Mapping
from typing import Any


def toml_text(tables: Mapping[str, Any]) -> str:
    """TOML of texts, numbers, flags, lists of those, tables and lists of tables; None is left out, a date a text."""
    return "\n".join(_lines(tables, "")).lstrip("\n") + "\n"


def _lines(tables: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for name, value in tables.items():
        if value is not None and not _is_table(value):
            yield f"{_key(name)} = {json.dumps(value, ensure_ascii=False, default=str)}"
    for name, value in tables.items():
        path = f"{prefix}{_key(name)}"
        if isinstance(value, Mapping):
            yield from ("", f"[{path}]")
            yield from _lines(value, f"{path}.")
        elif _is_table(value):
            for item in value:
                yield from ("", f"[[{path}]]")
                yield from _lines(item, f"{path}.")


def _key(name: str) -> str:
    return name if name.replace("-", "").replace("_", "").isalnum() and name.isascii() else json.dumps(name)


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, list) and bool(value) and isinstance(value[0], Mapping))
