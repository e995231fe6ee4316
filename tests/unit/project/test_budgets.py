"""Sizes of files, functions and classes (design.md, "Budgets"): hard limits, and soft ones unless a reason is given."""

import ast
import functools
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
FOLDERS = ("firmware", "tools", "tests")
SOFT = {"file": 350, "function": 40, "class": 250}
HARD = {"file": 450, "function": 60, "class": 250}
ALLOWED = Path(__file__).with_name("budgets.toml")


@functools.cache
def sizes() -> tuple[tuple[str, str, int], ...]:
    """Kind, place and number of lines of everything that has a budget."""
    return tuple(_sizes())


def _sizes() -> Iterator[tuple[str, str, int]]:
    for folder in FOLDERS:
        for file in sorted((ROOT / folder).rglob("*.py")):
            name = str(file.relative_to(ROOT))
            text = file.read_text(encoding="utf-8")
            yield "file", name, text.count("\n")
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield "function", f"{name}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1
                elif isinstance(node, ast.ClassDef):
                    yield "class", f"{name}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


def allowed() -> dict[str, str]:
    return {each["place"]: each["reason"] for each in tomllib.loads(ALLOWED.read_text(encoding="utf-8"))["allowed"]}


def test_nothing_is_over_the_hard_limit() -> None:
    assert [f"{place}: {lines} lines" for kind, place, lines in sizes() if lines > HARD[kind]] == []


def test_what_is_over_the_soft_limit_says_why() -> None:
    over = {place: lines for kind, place, lines in sizes() if lines > SOFT[kind]}
    reasons = allowed()
    assert {place: lines for place, lines in over.items() if not reasons.get(place)} == {}
    assert sorted(set(reasons) - set(over)) == [], "these are small enough now: take them off the list"
