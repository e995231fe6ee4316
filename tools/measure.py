"""Records of measured figures: `docs/measurements.json`, and the page `docs/measurements.md` generated from it.

`record(...)` writes one figure, replacing the former one of that id, and generates the page again. As a program:
without arguments it only generates the page. Benches call `record`; nobody writes a figure by hand. Not safe for two
writers at once.
"""

import argparse
import datetime as dt
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parents[1] / "docs"
STORE = DOCS / "measurements.json"

HEAD = """# Measurements

Generated from `docs/measurements.json` by `make measurements`; do not edit. Every figure comes from the command beside
it, on the machine named there. A figure of a Raspberry Pi stands here only once somebody measured it on one.

| id | what | figure | goal | met | command | date | machine |
|---|---|---|---|---|---|---|---|
"""

Record = dict[str, Any]


def record(*, id: str, what: str, figure: float | str, unit: str, goal: str, met: bool, command: str) -> Record:  # noqa: A002, PLR0913  # the record's members
    """Store one figure with today's date and this machine; the stored record."""
    made: Record = {"id": id, "what": what, "figure": figure, "unit": unit, "goal": goal, "met": met}
    made |= {"command": command, "date": dt.datetime.now(dt.UTC).date().isoformat(), "machine": machine()}
    records = [each for each in load(STORE) if each["id"] != id]
    records.append(made)
    records.sort(key=lambda each: str(each["id"]))
    STORE.write_text(json.dumps(records, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    generate()
    return made


def load(store: Path) -> list[Record]:
    return list(json.loads(store.read_text(encoding="utf-8"))) if store.exists() else []


def page(records: list[Record]) -> str:
    """The Markdown page."""
    return HEAD + "".join(_row(each) for each in records)


def _row(each: Record) -> str:
    figure = f"{each['figure']} {each['unit']}".strip()
    met = "yes" if each["met"] else "**no**"
    cells = (each["id"], each["what"], figure, each["goal"], met, f"`{each['command']}`", each["date"], each["machine"])
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |\n"


def generate() -> None:
    (STORE.parent / "measurements.md").write_text(page(load(STORE)), encoding="utf-8")


def machine() -> str:
    """Such as "x86-64, 2 cores, Debian GNU/Linux 12, Python 3.11.7"; a Pi names its board."""
    board = Path("/proc/device-tree/model")
    try:
        system = platform.freedesktop_os_release()
    except OSError:
        system = {}
    name = f"{system.get('NAME', platform.system())} {system.get('VERSION_ID', '')}".strip()
    kind = board.read_text(encoding="utf-8").strip("\0\n ") if board.exists() else platform.machine().replace("_", "-")
    return f"{kind}, {os.cpu_count()} cores, {name}, Python {platform.python_version()}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Generate docs/measurements.md, or record one figure.")
    parser.add_argument(
        "--record", metavar="JSON", help="id, what, figure, unit, goal, met, command as one JSON object"
    )
    arguments = parser.parse_args()
    if arguments.record is None:
        generate()
        return 0
    try:
        record(**json.loads(arguments.record))
    except (TypeError, ValueError) as error:
        print(f"measure: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
