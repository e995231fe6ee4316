"""Issue 2, A6: what passes through the device is found nowhere afterwards; and the search would find it."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from firmware.sim.processes import CHECKOUT, clean_environment
from tools.bench.rig import UNIT
from tools.bench.unit_file import read
from tools.stack import mixed, terminal
from tools.stack.face_marks import FACE_KINDS, FACES, faces
from tools.stack.marks import Mark
from tools.stack.privacy import Examined
from tools.stack.search import Found, Needles, search_files, search_memory
from tools.stack.stack import Stack

pytestmark = pytest.mark.system

WIPED = {"photo (JP2)", "number B", "PIN"} | FACE_KINDS
"""Kept in buffers of our own, so wiped for certain; of the others Python and libraries may keep copies."""


def check(found: Examined) -> None:
    """What holds after any visits."""
    assert found.played.wrong == []
    assert found.not_found == []
    assert (found.in_files.told(), found.while_held.told(), found.in_topics.told()) == ([], [], [])
    assert found.in_files.places > 40
    assert found.violations == []
    assert found.commands > 30
    assert set(found.envs) == {"sim"}
    assert found.results_retained == 0
    assert any(topic.endswith("/counter-1/state") for topic in found.retained)


def test_nothing_personal_is_left_in_files_or_on_the_broker(examined: Examined) -> None:
    check(examined)
    assert len(examined.played.messages) == len(mixed.FEW)


def test_what_is_wiped_is_not_in_the_memory_of_the_idle_device(examined: Examined) -> None:
    assert examined.hygienic.searched > 50_000_000
    assert WIPED & set(examined.hygienic.left()) == set()


def test_only_loopback_listens(examined: Examined) -> None:
    assert examined.exposed == []


@pytest.mark.long
@pytest.mark.timeout(400)
def test_nothing_personal_is_left_after_all_kinds_of_visits(examined_long: Examined) -> None:
    check(examined_long)
    assert len(examined_long.played.visits) == len(mixed.ALL) + len(mixed.FEW)
    assert WIPED & set(examined_long.hygienic.left()) == set()
    assert examined_long.bare is not None
    foreign = examined_long.foreign
    assert foreign is not None
    assert foreign.noticed
    assert (foreign.opened, foreign.stored, foreign.why) == (0, 1, "wrong-env")
    assert "message of another environment: not taken" in foreign.refusal
    assert "message of sim, we are test" in foreign.refusal


@pytest.mark.long
@pytest.mark.timeout(200)
def test_nothing_personal_is_left_after_queries_over_the_terminal() -> None:
    asked = asyncio.run(_asked_over_the_terminal())
    assert asked.wrong == []
    assert asked.not_found == []
    assert asked.hits() == []
    assert asked.in_files.places > 40
    assert asked.in_topics.places > 10


async def _asked_over_the_terminal() -> terminal.Asked:
    async with Stack(terminal.WORLD) as stack:
        return await terminal.examine(stack, lambda _: None)


# ---- the search itself -----------------------------------------------------------------------------------------------

MARKS = [Mark("word", (b"unmistakable",)), Mark("PIN", (), (b"2963",))]


@pytest.mark.parametrize("before", range(5))
def test_a_mark_is_found_wherever_it_begins(before: int) -> None:
    data = b"x" * before + b"unmistakable" + b"y" * before
    assert Needles(MARKS).count(data) == {"word": 1}
    assert Needles(MARKS).count(data[:-1] if not before else data[: before + 11]) == {}


@pytest.mark.parametrize(
    ("data", "hits"), [(b"2963", 1), (b'"2963"', 1), (b"\x042963\0", 1), (b"12963", 0), (b"0.2963", 0), (b"x2963=", 0)]
)
def test_short_digits_count_only_alone(data: bytes, hits: int) -> None:
    assert Needles(MARKS).count(data)["PIN"] == hits


def test_files_are_searched_by_name_and_content_but_for_those_excluded(tmp_path: Path) -> None:
    for name, text in (("unmistakable.txt", ""), ("a/plain", "an unmistakable word"), ("b/own", "unmistakable")):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    found = search_files(tmp_path, [tmp_path / "b"], Needles(MARKS))
    assert found.told() == ["word in a/plain: 1", "word in unmistakable.txt: 1"]


def test_memory_of_another_process_is_searched() -> None:
    # Read, not written down: the word must not stand in the command line.
    code = "import sys; kept = sys.stdin.buffer.readline(); print(len(kept), flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert search_memory(child.pid, Needles(MARKS[:1])).told() == []
        child.stdin.write(b"unmistakable\n")
        child.stdin.flush()
        child.stdout.readline()
        found: Found = search_memory(child.pid, Needles(MARKS[:1]))
        child.stdin.close()
    assert found.kinds()["word"] >= 1


# ---- what a comparison of faces leaves -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def face_marks() -> list[Mark]:
    return faces((FACES / "chip.jp2").read_bytes())


def compared(kind: str, environment: dict[str, str], marks: list[Mark]) -> Found:
    """What is found in a process that compared faces some times, by `face_process.py`."""
    command = [sys.executable, str(Path(__file__).with_name("face_process.py")), str(FACES), kind]
    env = {**clean_environment(), "PYTHONPATH": str(CHECKOUT), **environment}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=CHECKOUT, env=env) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == b"match\n"
        found = search_memory(child.pid, Needles(marks))
        child.stdin.close()
    return found


def test_a_comparison_leaves_nothing_of_photo_frames_crops_tensors_and_embeddings(face_marks: list[Mark]) -> None:
    found = compared("careful", read(UNIT), face_marks)
    assert found.searched > 30_000_000
    assert found.told() == []


@pytest.mark.long
def test_pictures_and_embeddings_that_were_not_wiped_are_found(face_marks: list[Mark]) -> None:
    # The unit's environment alone does not save who forgets to wipe.
    for environment in ({}, read(UNIT)):
        found = compared("careless", environment, face_marks).kinds()
        assert set(found) == {mark.kind for mark in face_marks}
