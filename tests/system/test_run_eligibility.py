"""`make run` where it is about eligibility: every answer, a reception's own questions, the official reader's results.

The whole stack is real but for card, pictures, panel, people and the official terminal, which is a process of its own.
"""

from pathlib import Path

import pytest

from firmware.sim.scenario.outcomes import ANSWERS, DEFAULT
from tests.system.runs import end, start

pytestmark = pytest.mark.system

OTHERS = [
    "--disaster",
    "--disaster --answer mirai",
    "--number --gateway-down",
    "--disaster --gateway-down",
    "--number --answer jiro",
    "--number --answer tsunagu",
    "--number --terminal --answer saburo",
    "--number --terminal --answer kigen",
    "--terminal --pick-up --answer jiro",
    "--terminal --pick-up --answer fumi",
    "--terminal --pick-up --pull-card-at LookingUp",
    "--answer sachi --pin",
    "--answer kigen --refuse-consent",
    "--answer jiro --pull-card-at LookingUp",
    "--answer mirai --pull-card-at Consenting",
    "--answer fumi --front",
]


@pytest.mark.long
def test_a_number_is_asked_for_over_the_terminal_without_a_card(films: Path) -> None:
    question = end(start(films, "--number --terminal --json")).told
    assert question["wrong"] == []
    (answer,) = question["reception"]
    assert (answer["typ"], answer["aud"], answer["env"]) == ("lookup", "front", "sim")
    assert answer["body"]["eligibility"]["detail"]["ResultList"][0]["InsuredIdentificationNumber"] == "100001"
    assert question["visit"] is None
    assert question["apdus"] == [], "no card is touched"


@pytest.mark.long
def test_the_official_reader_s_result_is_shown_once_staff_confirm_it(films: Path) -> None:
    visit = end(start(films, "--terminal --pick-up --json")).told
    assert visit["wrong"] == []
    (result,) = visit["reception"]
    assert result["body"]["eligibility"]["flags"] == ["staff-confirmed"]
    assert [each["Name"] for each in result["body"]["eligibility"]["detail"]["ResultList"]] == ["窓口 太郎"]
    told = [line["what"] for line in visit["story"] if line["who"] == "staff"]
    assert told == ["are asked whether the result is this patient's, and say yes"]


@pytest.mark.long
def test_an_answer_that_is_not_valid_is_told_with_its_ways_on(films: Path) -> None:
    ended = end(start(films, "--answer invalid"))
    assert ended.code == 0, ended.out + ended.errors
    assert "ResultView: counter" in ended.out, "before or after the reception reads: those are two processes"
    told = [
        "the answer about jiro",
        "reads result: invalid",
        "staff: The system answered",
        "remark: insurer-changed: The insurer has changed",
        "way on: mynaportal: ",
        "way on: declaration: Have the statement of eligibility",
        "eligibility.flags    insurer-changed",
        "result screen counter",
        "PASSED",
    ]
    place = 0
    for text in told:
        place = ended.out.find(text, place)
        assert place >= 0, f"{text!r} is missing or out of order:\n{ended.out}"


def test_somebody_unknown_is_answered_with_the_list(films: Path) -> None:
    ended = end(start(films, "--answer nemo"))
    assert ended.code == 2
    assert "--answer nemo: nobody has that name or outcome" in ended.errors
    assert all(name in ended.errors for name in ANSWERS)


@pytest.mark.long
def test_a_number_is_asked_for_over_the_gateway(films: Path) -> None:
    told = end(start(films, "--number --json")).told
    assert told["wrong"] == []
    (answer,) = told["reception"]
    assert answer["body"]["eligibility"]["code"] == "valid"
    assert "gateway over HTTPS (mutual TLS)" in told["real"]


@pytest.mark.long
def test_of_two_results_that_fit_none_is_shown(films: Path) -> None:
    told = end(start(films, "--terminal --pick-up --twins --json")).told
    assert told["wrong"] == []
    (result,) = told["reception"]
    assert result["body"]["eligibility"]["code"] == "not-attributed"
    assert result["body"]["eligibility"].get("detail") is None
    assert not [line for line in told["story"] if line["who"] == "staff"], "staff are not even asked"


@pytest.mark.long
@pytest.mark.parametrize("name", sorted(set(ANSWERS) - {DEFAULT, "jiro"}))
def test_every_answer_is_told_as_it_must(films: Path, name: str) -> None:
    ended = end(start(films, f"--answer {name} --json"))
    assert ended.told["wrong"] == []
    assert ended.code == 0


@pytest.mark.long
@pytest.mark.parametrize("flags", OTHERS)
def test_every_combination_ends_as_it_must(films: Path, flags: str) -> None:
    ended = end(start(films, f"{flags} --json"))
    assert ended.told["wrong"] == []
    assert ended.code == 0
