"""The locks: hashed, complete, without an address of any index."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LOCKS = [ROOT / "requirements.lock", ROOT / "build-constraints.txt", ROOT / "locks" / "bootstrap.txt"]


def pinned(lock: Path) -> list[str]:
    """Names; one that differs by Python version stands there more than once."""
    return re.findall(r"^([a-z0-9._-]+)==[^ \\]+", lock.read_text(encoding="utf-8"), re.MULTILINE)


def normal(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[ <>=!~;\[]", requirement)[0]).lower()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_no_lock_contains_an_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert re.findall(r"https?:|file:|git\+|ssh:|ftp:|@ ?/|--(?:extra-)?index-url|--find-links|-i ", text) == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_package_is_pinned_and_hashed(lock: Path) -> None:
    blocks = re.split(r"\n(?=\S)", lock.read_text(encoding="utf-8"))
    packages = [block for block in blocks if block.strip() and not block.startswith("#")]
    assert len(packages) == len(pinned(lock)) > 0
    for block in packages:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block.splitlines()[0]


def test_the_lock_holds_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    development = (ROOT / "locks" / "dev.in").read_text(encoding="utf-8").splitlines()
    asked = [*project["dependencies"], *(line for line in development if line and not line.startswith("#"))]
    assert {normal(each) for each in asked} - {normal(name) for name in pinned(ROOT / "requirements.lock")} == set()
