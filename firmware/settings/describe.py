"""`docs/settings.md`, generated from the schema: `python -m firmware.settings.describe` prints it. Pure; any thread."""

import inspect
import json
import sys
from collections.abc import Iterator
from typing import Any, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from firmware.settings.fields import FileRule
from firmware.settings.files import rule_of
from firmware.settings.schema import Settings
from firmware.settings.suggest import model_in

_HEAD: Final = """# Settings

Generated from `firmware/settings/schema*.py` by `make docs`; do not edit. The file is `/etc/madoguchi/madoguchi.toml`.
An unknown key is an error that names its full path. Relative paths are relative to the file's own folder. Times are
seconds. A *secret file* must belong to the device's user and have mode 0600 or 0400. `madoguchi settings show` says
what is wrong (exit code 78).

At most one of `[gateway]`, `[terminal]` and `[webapi]` can answer; `[disaster]` needs a gateway, and without
`keys.encryption_key` no reception can ask. How to get at the official terminal's folders: [terminal.md](terminal.md).
"""

_BOUNDS: Final = {
    "minimum": "from {}",
    "exclusiveMinimum": "above {}",
    "maximum": "to {}",
    "maxLength": "at most {} characters",
    "minItems": "at least {}",
    "maxItems": "at most {}",
}

Schema = dict[str, Any]


def markdown() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *_table("", Settings, repeated=False)]).rstrip() + "\n"


def _table(path: str, model: type[BaseModel], *, repeated: bool) -> Iterator[str]:
    title = f"`[[{path}]]`" if repeated else f"`[{path}]`"
    yield f"## {title}" if path else "## Top of the file"
    yield from ("", inspect.getdoc(model) or "", "")
    schema = model.model_json_schema()
    fields = model.model_fields.items()
    rows = [_row(name, field, schema) for name, field in fields if model_in(field.annotation) is None]
    yield from ("| key | value | default | meaning |", "|---|---|---|---|", *rows, "")
    for name, field in fields:
        inner = model_in(field.annotation)
        if inner is not None:
            many = schema["properties"][name].get("type") == "array"
            yield from _table(f"{path}.{name}".removeprefix("."), inner, repeated=many)


def _row(name: str, field: FieldInfo, schema: Schema) -> str:
    own: Schema = schema["properties"][name]
    default = "required" if field.is_required() else f"`{json.dumps(own['default'], ensure_ascii=False)}`"
    value = _value(own, schema.get("$defs", {}))
    rule = rule_of((field.annotation, *field.metadata))
    if rule is not None:
        value = value.replace("file or folder", "secret file" if rule is FileRule.PRIVATE else "file")
    return f"| `{name}` | {value} | {default} | {field.description} |"


def _value(schema: Schema, definitions: Schema) -> str:
    """A JSON schema in words."""
    if "$ref" in schema:
        return _value(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if "anyOf" in schema:
        return " or ".join(_value(each, definitions) for each in schema["anyOf"] if each.get("type") != "null")
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "enum" in schema:
        return " · ".join(f"`{json.dumps(each)}`" for each in schema["enum"])
    name = "file or folder" if schema.get("format") == "path" else schema["type"]
    if "items" in schema:
        name = f"list of: {_value(schema['items'], definitions)}"
    return ", ".join([name, *(words.format(schema[key]) for key, words in _BOUNDS.items() if key in schema)])


if __name__ == "__main__":
    sys.stdout.write(markdown())
