"""Writes the JSON Schemas (2020-12) of all payloads: `python -m firmware.publish.schemas docs/schemas`.

Readers are tolerant, so the published schemas allow unknown members; the device itself forbids them when writing.
"""

import json
import sys
from pathlib import Path

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from firmware.core.result import Json
from firmware.publish import contract, contract_read

SCHEMAS: dict[str, type[BaseModel]] = {
    "state": contract.State,
    "desc": contract.Description,
    "session": contract.SessionEvent,
    "alert": contract.Alert,
    "message": contract.Message,
    "request": contract_read.Request,
    "response": contract.Response,
    "ack": contract_read.Ack,
    "presence": contract_read.Presence,
    "lookup": contract_read.SealedLookup,
    "emergency-search": contract_read.SealedSearch,
}
SEALED = ("lookup", "emergency-search")
"""Content of sealed requests; the request around them names env, device and verb."""


def schema(name: str) -> dict[str, Json]:
    """The schema of one payload, open for members of later minor versions."""
    made: dict[str, Json] = SCHEMAS[name].model_json_schema()
    return {"$schema": GenerateJsonSchema.schema_dialect, **_opened_members(made)}


def _opened_members(node: dict[str, Json]) -> dict[str, Json]:
    return {key: _opened(value) for key, value in node.items() if (key, value) != ("additionalProperties", False)}


def _opened(node: Json) -> Json:
    if isinstance(node, dict):
        return _opened_members(node)
    return [_opened(item) for item in node] if isinstance(node, list) else node


def text(name: str) -> str:
    """The file's content."""
    return json.dumps(schema(name), ensure_ascii=False, indent=2) + "\n"


def main(folder: Path) -> None:
    """Write one file per payload into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in SCHEMAS:
        (folder / f"{name}.json").write_text(text(name), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
