"""Coverage of the packages that must be covered wholly, measured while pytest runs (`-p tools.check.coverage_plugin`).

Only unit tests count: what a whole visit happens to run through proves nothing about a branch. Collection counts too,
because modules are imported then. A branch that no unit test takes makes the run fail, with its place, before pytest's
closing line. Source: design.md, "Budgets".
"""

import ast
import json
import tempfile
from collections.abc import Generator
from pathlib import Path

import coverage
import pytest

ROOT = Path(__file__).resolve().parents[2]
COUNTED = ROOT / "tests" / "unit"
PACKAGES = ("firmware/core", "firmware/session", "firmware/settings")
FILES = ("firmware/publish/contract.py", "firmware/card/guard.py", "firmware/card/apdu.py", "firmware/card/tlv.py")


def watched() -> list[str]:
    """File patterns of what must be covered, as absolute paths."""
    return [str(ROOT / package / "**" / "*.py") for package in PACKAGES] + [str(ROOT / file) for file in FILES]


class Gate:
    """Switches coverage on for unit tests and off for all others; judges at the end."""

    def __init__(self) -> None:
        self._measure = coverage.Coverage(data_file=None, branch=True, include=watched())
        self._gaps: list[str] = []

    def start(self) -> None:
        """From the first conftest on: modules are imported then."""
        self._measure.start()

    def pytest_collection_finish(self) -> None:
        self._measure.stop()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        if COUNTED not in item.path.parents:
            return (yield)
        self._measure.start()
        try:
            return (yield)
        finally:
            self._measure.stop()

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self._gaps = gaps(self._measure)
        if self._gaps and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for line in self._gaps:
            terminalreporter.write_line(f"not covered by unit tests: {line}", red=True)
        if not self._gaps:
            terminalreporter.write_line("coverage gate: every line and branch that must be covered is")


def gaps(measure: coverage.Coverage) -> list[str]:
    """Lines and branches that no counted test took, and files that none imported."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        try:
            measure.json_report(outfile=file.name)
        except coverage.exceptions.NoDataError:
            return ["nothing at all was measured"]
        files = json.load(file)["files"]
    found = [f"{name}: {_places(data)}" for name, data in files.items() if _places(data)]
    seen = {str((ROOT / name).resolve()) for name in files}
    return found + [
        f"{path.relative_to(ROOT)}: never imported or not there" for path in expected() if str(path) not in seen
    ]


def expected() -> list[Path]:
    """Files that must be covered and hold more than a docstring."""
    found = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")] + [ROOT / file for file in FILES]
    return [path for path in sorted(found) if not path.exists() or len(ast.parse(path.read_bytes()).body) > 1]


def _places(data: dict[str, list[int] | list[list[int]]]) -> str:
    lines = [f"line {line}" for line in data["missing_lines"]]
    branches = [f"branch {branch[0]} to {branch[1]}" for branch in data["missing_branches"] if isinstance(branch, list)]
    return ", ".join(lines + branches)


def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    gate = Gate()
    early_config.pluginmanager.register(gate, "coverage-gate")
    gate.start()
