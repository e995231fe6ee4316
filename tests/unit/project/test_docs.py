"""Pages and text files: generated ones are current, none names a machine path of the place it was written at."""

import importlib.util
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
BINARY = {".png", ".jpg", ".jp2", ".onnx", ".pcf", ".der", ".bin", ".gz", ".woff2"}
SKIPPED = {".git", ".venv", ".cache", "build", "run", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"}
HOME = re.compile(r"(?<![\w.$}~/-])/(?:work|root|home|Users|workspace)/\w")
"""An absolute path of somebody's machine: `/home/…` and the like at the start of a path, not inside one."""


def text_files() -> list[Path]:
    """What git tracks or would track; every file where there is no git."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        found = [ROOT / line for line in listed.stdout.splitlines()]
    else:
        found = [path for path in ROOT.rglob("*") if not SKIPPED & set(path.relative_to(ROOT).parts)]
    return [path for path in found if path.is_file() and path.suffix not in BINARY]


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    own = Path(__file__).resolve()
    named = []
    for path in text_files():
        if path.resolve() != own:
            text = path.read_text(encoding="utf-8", errors="replace")
            named += [f"{path.relative_to(ROOT)}: {found.group()}" for found in HOME.finditer(text)]
    assert named == []


@pytest.mark.parametrize("text", ["see /" + "home/x", "'/" + "root/a'", "(/" + "work/a)"])
def test_the_search_finds_such_paths(text: str) -> None:
    assert HOME.search(text)


@pytest.mark.parametrize("text", ["https://host/home/x", "out/root/x", "$DIR/work/x", "/var/lib/madoguchi", "~/work/x"])
def test_the_search_leaves_others_alone(text: str) -> None:
    assert not HOME.search(text)


def test_the_measurements_page_is_generated_from_the_records() -> None:
    from tools import measure  # noqa: PLC0415  # a tool, not a package of the product

    assert (ROOT / "docs" / "measurements.md").read_text(encoding="utf-8") == measure.page(measure.load(measure.STORE))


def test_records_replace_each_other_by_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tools import measure  # noqa: PLC0415  # a tool, not a package of the product

    monkeypatch.setattr(measure, "STORE", tmp_path / "measurements.json")
    measure.record(id="b", what="time | cold", figure=3, unit="s", goal="≤ 2", met=False, command="make b")
    measure.record(id="a", what="memory", figure=1, unit="MB", goal="≤ 2", met=True, command="make a")
    made = measure.record(id="b", what="time | cold", figure=1.5, unit="s", goal="≤ 2", met=True, command="make b")
    records = measure.load(measure.STORE)
    assert [each["id"] for each in records] == ["a", "b"]
    assert records[1] == made
    page = (tmp_path / "measurements.md").read_text()
    assert f"| time \\| cold | 1.5 s | ≤ 2 | yes | `make b` | {made['date']} | {measure.machine()} |" in page
    assert re.search(r"\d+ cores, .*Python 3\.\d+", measure.machine())


def test_ci_runs_the_test_command_of_the_readme() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    commands = [line for line in lines if line and not line.startswith(("#", "set ", "cd "))]
    assert commands == ["exec make test"]
    assert "make test" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_bare_make_lists_every_target_with_a_description() -> None:
    shown = subprocess.run(["make", "-C", str(ROOT), "-s"], capture_output=True, text=True, check=True).stdout
    listed = dict(re.findall(r"^\s+make ([a-z-]+)\s+(\S.*)$", shown, re.MULTILINE))
    wanted = (
        "setup run test test-long check bench-visit bench-daemon models fonts faces screens docs clean measurements"
    )
    assert set(wanted.split()) <= set(listed)


def test_every_tool_a_target_runs_is_there() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    scripts = set(re.findall(r"\btools/[\w/]+\.(?:py|sh)", text))
    assert sorted(script for script in scripts if not (ROOT / script).exists()) == []
    modules = set(re.findall(r"-m ((?:firmware|tests)[\w.]+)", text))
    assert sorted(module for module in modules if importlib.util.find_spec(module) is None) == []
