"""The mutation tool itself: it changes what it says, nothing else, and finds a test that looks away."""

import ast
from pathlib import Path

import pytest

from tools.check import mutants
from tools.check.mutation import mutated, mutations

SOURCE = '''"""Text."""
LIMIT: Annotated[int, 3] = 5

@dataclass(frozen=True)
class Value:
    """Text."""

def judge(a: int, b: int) -> bool:
    """Text."""
    log(a)
    if a:
        raise ValueError
    if a < b and b is not None:
        return a in (1, b"x")
    return None
'''


def test_every_kind_of_change_is_offered_once() -> None:
    assert [(each.line, each.change) for each in mutations(SOURCE)] == [
        (2, "5 changed"),
        (10, "statement dropped"),
        (11, "condition negated"),
        (12, "statement dropped"),
        (13, "and to or"),
        (13, "Lt to LtE"),
        (13, "IsNot to Is"),
        (14, "returns None"),
        (14, "In to NotIn"),
        (14, "1 changed"),
        (14, "b'x' changed"),
    ]


def test_each_change_changes_exactly_one_line() -> None:
    plain = ast.unparse(ast.parse(SOURCE)).splitlines()
    for each in mutations(SOURCE):
        changed = mutated(SOURCE, each.number).splitlines()
        assert len(changed) == len(plain)
        assert sum(old != new for old, new in zip(plain, changed, strict=True)) == 1, each


def test_a_number_too_far_is_an_error() -> None:
    with pytest.raises(IndexError):
        mutated(SOURCE, 99)


@pytest.mark.parametrize(
    ("line", "noticed"),
    [
        ("assert migrate({'version': 1}) == {'version': 1}", True),
        ("with pytest.raises(DeviceError): migrate({'version': 9})", False),
    ],
)
def test_a_test_that_looks_is_told_from_one_that_does_not(tmp_path: Path, line: str, noticed: bool) -> None:
    source = mutants.ROOT / "firmware" / "settings" / "migrate.py"
    change = next(each for each in mutations(source.read_text()) if "found > target" in each.text)
    imports = (
        "import pytest",
        "from firmware.core.faults import DeviceError",
        "from firmware.settings.migrate import migrate",
    )
    test = tmp_path / "test_it.py"
    test.write_text("\n".join([*imports, "def test_it():", f"    {line}", ""]))
    assert mutants.noticed(mutants.Mutant(source, (test,), change), tmp_path) is noticed


def test_every_target_is_in_a_small_sample() -> None:
    pool = list(mutants.all_mutants())
    size = 2 * len(mutants.TARGETS)
    sample = mutants.choose(pool, size, seed=1)
    assert {mutant.target for mutant in sample} == set(mutants.TARGETS)
    assert len({id(mutant) for mutant in sample}) == size
    assert sample == mutants.choose(pool, size, seed=1)
    assert sample != mutants.choose(pool, size, seed=2)


def test_a_sample_may_be_everything() -> None:
    pool = list(mutants.all_mutants())
    assert {str(mutant) for mutant in mutants.choose(pool, len(pool), seed=1)} == {str(mutant) for mutant in pool}
