"""`make run` with the product's own device process: every flag ends as it must, as root and as an ordinary user.

The whole stack is real but for card, pictures, panel and people. Runs go two at a time: they must not touch each other.
"""

from pathlib import Path

import pytest

from firmware.sim.processes import OrdinaryUser
from tests.system.runs import Ended, end, start

pytestmark = pytest.mark.system

MATRIX = [
    "--wrong-pin",
    "--staff",
    "--refuse-consent",
    "--broker-down",
    "--reception-down",
    "--forged-chip",
    "--forged-chip --accept-unknown-issuer",
    "--gateway-down --pin",
    "--human",
    "--pull-card-at Identifying",
    "--pull-card-at ChoosingMethod",
    "--pull-card-at ReadingFront",
    "--pull-card-at Unlocking",
    "--pull-card-at Matching",
    "--pull-card-at EnteringPin",
    "--pull-card-at AwaitingStaff",
    "--pull-card-at LookingUp",
    "--pull-card-at Showing",
]


@pytest.fixture(scope="module")
def pulled_and_pin(films: Path) -> tuple[Ended, Ended]:
    """Two further visits, at the same time."""
    pulled = start(films, "--pull-card-at Consenting --json")
    pin = start(films, "--pin --gateway-down")
    return end(pulled), end(pin)


def test_face_and_impostor_at_the_same_time_as_root_and_as_ordinary_user(
    films: Path, user: OrdinaryUser | None
) -> None:
    holder = start(films, "--json", user.prefix if user else ())
    impostor = start(films, "--impostor --json")
    first, second = end(holder), end(impostor)
    good, bad = first.told, second.told
    assert (good["wrong"], bad["wrong"]) == ([], [])
    assert (first.code, second.code) == (0, 0)
    assert "root" not in {good["user"], bad["user"]}
    (message,) = good["reception"]
    assert message["env"] == "sim"
    assert message["body"]["match"]["code"] == "match"
    assert message["body"]["eligibility"]["code"] == "valid"
    assert good["visit"] != bad["visit"]
    assert bad["states"].count("ChoosingMethod") == 2
    assert [stage["name"] for stage in bad["stages"]].count("match") == 3
    assert "Consenting" not in bad["states"]
    assert {path.name for path in films.iterdir()} >= {"--json.png", "--impostor--json.png"}


def test_a_card_pulled_early_still_brings_the_answer_and_no_command_leaves_the_rules(
    pulled_and_pin: tuple[Ended, Ended],
) -> None:
    told = pulled_and_pin[0].told
    assert told["wrong"] == []
    assert [message["typ"] for message in told["reception"]] == ["result", "late"]
    assert {apdu["header"][:4] for apdu in told["apdus"]} <= {"00A4", "0020", "00B0", "802A"}
    assert sum(apdu["header"] == "00200080" and apdu["lc"] == 14 for apdu in told["apdus"]) == 1
    assert not any(apdu["lc"] == 12 for apdu in told["apdus"] if apdu["header"].startswith("0020"))


def test_a_visit_is_told_so_that_a_reader_can_follow(pulled_and_pin: tuple[Ended, Ended]) -> None:
    ended = pulled_and_pin[1]
    assert ended.code == 0, ended.out + ended.errors
    told = [
        "Playing a visit of the invented holder, by pin, gateway down",
        "places the card",
        "chooses: pin",
        "types the PIN",
        "⣿",
        "APDU log",
        "SW 9000",
        "The reception opened a sealed message of",
        "not-reachable",
        "PASSED",
        "Real parts: pcscd, vpcd, mosquitto",
    ]
    place = 0
    for text in told:
        place = ended.out.find(text, place)
        assert place >= 0, f"{text!r} is missing or out of order:\n{ended.out}"
    assert "gateway over HTTPS" not in ended.out.splitlines()[-1]


@pytest.mark.long
@pytest.mark.parametrize("flags", MATRIX)
def test_every_flag_ends_as_it_must(films: Path, flags: str) -> None:
    ended = end(start(films, f"{flags} --json"))
    assert ended.told["wrong"] == []
    assert ended.code == 0
