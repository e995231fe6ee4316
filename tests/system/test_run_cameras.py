"""`make run` where a camera decides: one camera for face and card, and the liveness challenge, passed and failed.

Detector, embedder, judge and reader of the card's front are the product's; the pictures are drawn and rendered.
"""

import itertools
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.system.runs import end, start

pytestmark = pytest.mark.system
_CHALLENGE = 200.0
_FACE = "FaceView: "


def _asked(told: dict[str, Any]) -> list[str]:
    """What the screens asked for during the challenges, each once in a row."""
    lines = [line["what"] for line in told["story"] if line["who"] == "screen"]
    asked = [line.removeprefix(_FACE) for line in lines if line.startswith(_FACE)]
    return [word for word, _ in itertools.groupby(asked)]


def test_with_one_camera_the_card_is_lifted_shown_and_put_back(tmp_path: Path) -> None:
    ended = end(start(tmp_path, "--front --one-camera --json"))
    told = ended.told
    assert (told["wrong"], ended.code) == ([], 0)
    assert told["states"].index("ReadingFront") < told["states"].index("Matching") < told["states"].index("Consenting")
    did = [line["what"] for line in told["story"] if line["who"] == "patient"]
    assert did[1:4] == [
        "chooses: face",
        "lifts the card and shows its front to the camera",
        "puts the card back",
    ]
    stages = [stage["name"] for stage in told["stages"]]
    assert stages.count("identify") == 2
    assert "match" in stages[stages.index("read-front") :]
    assert sum(apdu["header"] == "00200080" and apdu["lc"] == 14 for apdu in told["apdus"]) == 1


@pytest.mark.long
@pytest.mark.timeout(3 * _CHALLENGE)
def test_who_moves_as_the_screen_asks_passes_the_challenge(tmp_path: Path) -> None:
    """In one of three visits: a rendered head is refused about half the time (C4-pictures), more on a busy machine."""
    visits = (end(start(tmp_path, "--liveness --json"), _CHALLENGE) for _ in range(3))
    told = next((ended.told for ended in visits if ended.code == 0), None)
    assert told is not None
    assert told["wrong"] == []
    (message,) = told["reception"]
    assert message["body"]["match"]["liveness"] == "passed"
    assert {"turn-left", "turn-right", "come-closer"} & set(_asked(told))
    did = {line["what"] for line in told["story"] if line["who"] == "patient"}
    assert "holds still" in did
    (film,) = tmp_path.iterdir()
    with Image.open(film) as strip:
        assert strip.width > 3 * 256 + 200  # a column of what the camera saw


@pytest.mark.long
def test_a_print_that_is_moved_as_the_screen_asks_does_not(tmp_path: Path) -> None:
    ended = end(start(tmp_path, "--liveness --print --json"), _CHALLENGE)
    told = ended.told
    assert (told["wrong"], ended.code) == ([], 0)
    (message,) = told["reception"]
    assert message["body"]["match"]["liveness"] in {"failed", "unsure"}
    assert (message["body"]["method"], message["body"]["assurance"]) == (None, "none")
    # Asked to move and found out each time; then the other ways are offered.
    assert "liveness" in _asked(told)
    assert told["states"].count("ChoosingMethod") == 2
    assert not {"Consenting", "LookingUp", "Showing"} & set(told["states"])


@pytest.mark.long
@pytest.mark.parametrize("flags", ["--one-camera --back-first", "--one-camera --liveness", "--back-first", "--front"])
def test_cameras_together(tmp_path: Path, flags: str) -> None:
    ended = end(start(tmp_path, f"{flags} --json"), _CHALLENGE)
    assert (ended.told["wrong"], ended.code) == ([], 0)
