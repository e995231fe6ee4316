"""`madoguchi models`: every model of the manifest with its role, source, licence, thresholds, and its hash checked.

Main thread; reads and hashes the files, half a second on a small machine. The manifest is the one source of everything
told here; the command line around it is in `cli.py`. Source: face.md sections 1 and 7 by way of models/manifest.toml.
"""

import json
import sys
import textwrap
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from firmware.core.fault_texts import CATALOGUE
from firmware.core.faults import DeviceError, FaultCode
from firmware.inference.models import MANIFEST, ModelStore, read_manifest

_WIDTH: Final = 120
_INDENT: Final = 15


class Check(StrEnum):
    """The file against the manifest's SHA-256."""

    RIGHT = "right"
    WRONG = "wrong"
    MISSING = "missing"


_FAULTS: Final = {Check.WRONG: FaultCode.MODEL_HASH_WRONG, Check.MISSING: FaultCode.MODEL_MISSING}
_CHECKS: Final = {fault: check for check, fault in _FAULTS.items()}


@dataclass(frozen=True, slots=True)
class Rates:
    """Shares of 1, as measured at `measured_at`; None where nobody measured them."""

    false_accepts: float | None
    true_accepts: float | None


@dataclass(frozen=True, slots=True)
class Limit:
    """A threshold. `use`: what it decides; `general` and `east_asian`: whom the pairs it was measured on show."""

    use: str
    id: str
    cosine: float
    measured_at: float | None
    general: Rates
    east_asian: Rates


@dataclass(frozen=True, slots=True)
class Source:
    """The package that carries the weights, and the file inside that ours is made of."""

    package: str
    package_sha256: str
    member: str
    member_sha256: str


@dataclass(frozen=True, slots=True)
class Model:
    """All that is told of one model."""

    name: str
    role: str
    file: str
    bytes: int
    sha256: str
    check: Check
    licence: str
    source: Source
    thresholds: tuple[Limit, ...]
    caveat: str


def show(folder: Path, *, as_json: bool) -> int:
    """Print all models of the manifest in `folder`, and on standard error what to do where one is not right.

    The exit code: 1 if a model or the manifest is missing or wrong.
    """
    try:
        found = tuple(read(folder))
    except DeviceError as error:
        _tell(error.code, f"{error.detail}, in {folder}")
        return 1
    if as_json:
        text = json.dumps({"folder": str(folder), "models": [asdict(each) for each in found]}, ensure_ascii=False)
    else:
        text = "\n\n".join("\n".join(lines(each)) for each in found)
    sys.stdout.write(f"{text}\n")
    wrong = [each for each in found if each.check is not Check.RIGHT]
    for each in wrong:
        _tell(_FAULTS[each.check], f"{each.name}: {folder / each.file}")
    return 1 if wrong else 0


def read(folder: Path) -> Iterator[Model]:
    """Every model of the manifest in `folder`, checked. Raises MODEL_MISSING and MODEL_FAILED for the manifest."""
    path = folder / MANIFEST
    entries = read_manifest(path)  # the strict reading, so that what follows holds together
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    store = ModelStore(folder)
    for name, entry in entries.items():
        table = document["models"][name]
        yield Model(
            name=name,
            role=_text(table, "role"),
            file=entry.file,
            bytes=entry.size,
            sha256=entry.sha256,
            check=_check(store, name),
            licence=_text(table, "licence"),
            source=_source(document.get("sources", {}).get(table.get("source"), {}), table),
            thresholds=tuple(_limit(use, each) for use, each in table.get("thresholds", {}).items()),
            caveat=" ".join(_text(table, "caveat").split()),
        )


def lines(model: Model) -> Iterator[str]:
    """One model for people."""
    yield f"{model.name}: {model.role}"
    yield from _line("file", f"{model.file}, {model.bytes:,} bytes")
    yield from _line("hash", f"{model.check}; has to be SHA-256 {model.sha256}")
    yield from _line("licence", model.licence)
    yield from _line("source", f"{model.source.package}, SHA-256 {model.source.package_sha256}")
    yield from _line("", f"{model.source.member}, SHA-256 {model.source.member_sha256}")
    for limit in model.thresholds:
        yield from _line(f"{limit.use} from", _told(limit))
    yield from _line("mind", model.caveat)


def _check(store: ModelStore, name: str) -> Check:
    try:
        with store.verified(name):
            return Check.RIGHT
    except DeviceError as error:
        if error.code not in _CHECKS:
            raise
        return _CHECKS[error.code]


def _source(package: Mapping[str, object], table: Mapping[str, object]) -> Source:
    return Source(
        _text(package, "requirement"), _text(package, "sha256"), _text(table, "member"), _text(table, "member_sha256")
    )


def _limit(use: str, table: Mapping[str, object]) -> Limit:
    rates = (
        Rates(_number(table, f"false_accept_rate{group}"), _number(table, f"true_accept_rate{group}"))
        for group in ("", "_east_asian")
    )
    return Limit(use, _text(table, "id"), _number(table, "cosine") or 0.0, _number(table, "measured_at"), *rates)


def _text(table: Mapping[str, object], key: str) -> str:
    found = table.get(key)
    return found if isinstance(found, str) and found else "not stated"


def _number(table: Mapping[str, object], key: str) -> float | None:
    found = table.get(key)
    return float(found) if isinstance(found, int | float) else None


def _told(limit: Limit) -> str:
    start = f"cosine {limit.cosine} ({limit.id})"
    if limit.measured_at is None:
        return f"{start}; no rates of its own"
    groups = (("everybody", limit.general), ("East Asian people among themselves", limit.east_asian))
    measured = "; ".join(f"{who}: {_rates(rates)}" for who, rates in groups)
    return f"{start}; measured at {limit.measured_at}: {measured}"


def _rates(rates: Rates) -> str:
    if rates.false_accepts is None or rates.true_accepts is None:
        return "not measured"
    return f"strangers accepted {rates.false_accepts:.1e}, holders accepted {rates.true_accepts:.2%}"


def _line(name: str, text: str) -> list[str]:
    start = f"  {name}".ljust(_INDENT)
    return textwrap.wrap(text, _WIDTH, initial_indent=start, subsequent_indent=" " * _INDENT, break_long_words=False)


def _tell(code: FaultCode, what: str) -> None:
    text = CATALOGUE[code]
    sys.stderr.write(f"madoguchi: {code}: {what}\n  {text.staff.en}\n  {text.remedy.en}\n")
