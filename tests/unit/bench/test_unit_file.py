"""The unit's environment (tools/bench/unit_file.py)."""

from pathlib import Path

import pytest

from tools.bench.unit_file import HYGIENE, environment, plain, read

UNIT = Path(__file__).parents[3] / "systemd" / "madoguchi.service"


def test_assignments_of_the_service_section_add_up() -> None:
    text = '[Unit]\nEnvironment=NO=1\n[Service]\nEnvironment=A=1 "B=two words"\n# Environment=C=3\nEnvironment=A=4\n'
    assert environment(text) == {"A": "4", "B": "two words"}


def test_an_empty_line_resets() -> None:
    assert environment("[Service]\nEnvironment=A=1\nEnvironment=\nEnvironment=B=2\n") == {"B": "2"}


@pytest.mark.parametrize("line", ["A=1 \\", "A=%t/x", "A", "=1"])
def test_what_is_not_understood_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"not read|no assignment"):
        environment(f"[Service]\nEnvironment={line}\n")


def test_our_unit_has_the_variables_that_the_bench_compares() -> None:
    full = read(UNIT)
    assert set(HYGIENE) <= full.keys()
    assert set(full) - set(plain(full)) == set(HYGIENE)
