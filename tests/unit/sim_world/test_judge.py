"""What is collected of a visit, and what it is judged by."""

import base64
from typing import Any

import pytest

from firmware.sim.control import Message
from firmware.sim.scenario.judge import expect, judge, member
from firmware.sim.scenario.outcomes import ANSWERS
from firmware.sim.scenario.plan import PULLABLE, Flags
from firmware.sim.scenario.story import Story
from firmware.sim.scenario.wishes import make_plan

ROWS = base64.b64encode(bytes(256 * 64 // 8)).decode()
REFUSED: Message = {"event": "apdu", "header": "00200080", "lc": 4, "le": None, "rlen": 0, "sw": "63C2", "ms": 1.0}


def _story(*states: str, events: tuple[Message, ...] = ()) -> Story:
    story = Story(tell=lambda _: None, zero=100.0)
    for state in states:
        story.take({"event": "state", "state": state, "visit": "v1", "at": 101.0})
    for event in events:
        story.take(event)
    return story


def _result(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "outcome": "identified",
        "method": "face",
        "assurance": "face-issuer-verified",
        "eligibility": {"code": "valid"},
        "consent": {"answer": "given"},
        "checks": {"issuer": "verified"},
        "match": {"code": "match"},
        "flags": [],
    }
    return {"typ": "result", "env": "sim", "body": {**body, **changes}}


def _screen(view: str, asks: str | None = None) -> Message:
    return {"event": "screen", "view": view, "asks": asks, "rows": ROWS, "width": 256, "height": 64, "at": 100.5}


GOOD = ("Identifying", "ChoosingMethod", "ReadingFront", "Unlocking", "Matching", "Consenting", "LookingUp", "Showing")


def test_a_good_visit_has_no_fault() -> None:
    assert judge(make_plan(Flags()), _story(*GOOD), [_result()], []) == []


@pytest.mark.parametrize(
    ("messages", "violations", "words"),
    [
        ([], [], "opened 0 results"),
        ([_result(), _result()], [], "opened 2 results"),
        ([_result(), {**_result(), "typ": "late"}], [], "1 late amendments"),
        ([{**_result(), "env": "production"}], [], "env production"),
        ([_result(assurance="face-issuer-unknown")], [], "assurance is face-issuer-unknown"),
        ([_result(eligibility={"code": "invalid"})], [], "eligibility.code is invalid"),
        ([_result(eligibility=None)], [], "eligibility.code is (missing)"),
        ([_result()], ["READ of 0003"], "something forbidden: READ of 0003"),
    ],
)
def test_every_difference_is_named(messages: list[dict[str, Any]], violations: list[str], words: str) -> None:
    wrong = judge(make_plan(Flags()), _story(*GOOD), messages, violations)
    assert len(wrong) == 1
    assert words in wrong[0]


def test_a_visit_that_took_another_road_is_found_out() -> None:
    wrong = judge(make_plan(Flags()), _story("Identifying", "AwaitingStaff"), [_result()], [])
    assert "did not come to Consenting" in wrong[0]


def test_an_accepted_impostor_is_named() -> None:
    plan = make_plan(Flags(impostor=True))
    refused = _result(
        outcome="aborted",
        method=None,
        assurance="none",
        eligibility={"code": "not-asked"},
        consent={"answer": "not-given"},
    )
    assert judge(plan, _story("Matching", "ChoosingMethod"), [refused], []) == []
    wrong = judge(plan, _story("Matching", "Consenting"), [_result()], [])
    assert "the impostor was accepted" in wrong


def test_one_wrong_pin_means_one_refused_verify() -> None:
    plan = make_plan(Flags(wrong_pin=True))
    result = _result(method="pin", assurance="pin")
    assert judge(plan, _story(*GOOD, events=(REFUSED,)), [result], []) == []
    for events in ((), (REFUSED, REFUSED)):
        assert "refused" in judge(plan, _story(*GOOD, events=events), [result], [])[0]


@pytest.mark.parametrize("asks", [None, "glare", "turn-over"])
def test_a_back_that_the_device_said_nothing_about_is_named(asks: str | None) -> None:
    story = _story(*GOOD, events=(_screen("NumberBView", asks),))
    wrong = judge(make_plan(Flags(back_first=True)), story, [_result()], [])
    assert wrong == ([] if asks == "turn-over" else ["the device did not say that the card's back is up"])


@pytest.mark.parametrize("asks", ["show-card", "put-back"])
def test_a_card_that_was_shown_and_not_read_is_named(asks: str) -> None:
    story = _story(*GOOD, events=(_screen("NumberBView", asks),))
    wrong = judge(make_plan(Flags(one_camera=True)), story, [_result()], [])
    assert wrong == ([] if asks == "put-back" else ["the device did not read the card while it was shown"])


@pytest.mark.parametrize("liveness", ["passed", "off", "unsure"])
def test_a_challenge_has_to_be_passed(liveness: str) -> None:
    result = _result(match={"code": "match", "liveness": liveness})
    wrong = judge(make_plan(Flags(liveness=True)), _story(*GOOD), [result], [])
    assert wrong == ([] if liveness == "passed" else [f"match.liveness is {liveness}, not passed"])


def test_a_print_has_to_fail_the_challenge() -> None:
    plan = make_plan(Flags(liveness=True, printed=True))
    refused = {
        "outcome": "aborted",
        "method": None,
        "assurance": "none",
        "eligibility": {"code": "not-asked"},
        "consent": {"answer": "not-given"},
    }
    asked_again = _story("Matching", "ChoosingMethod")
    for liveness in ("failed", "unsure"):
        assert judge(plan, asked_again, [_result(**refused, match={"liveness": liveness})], []) == []
    wrong = judge(plan, asked_again, [_result(**refused, match={"liveness": "passed"})], [])
    assert wrong == ["match.liveness is passed, not failed or unsure"]
    assert "the print was accepted" in judge(plan, _story("Matching", "Consenting"), [_result()], [])


def test_a_result_that_was_not_held_is_named() -> None:
    plan = make_plan(Flags(broker_down=True))
    held: Message = {"event": "committed", "visit": "v1", "bytes": 2300, "held": 1}
    assert judge(plan, _story(*GOOD, events=(held,)), [_result()], []) == []
    assert "did not hold" in judge(plan, _story(*GOOD), [_result()], [])[0]


def test_lost_events_spoil_the_evidence() -> None:
    story = _story(*GOOD, events=({"event": "dropped", "count": 3}, {"event": "screen", "view": "X"}))
    assert "1 events could not be read, 3 were lost" in judge(make_plan(Flags()), story, [_result()], [])[0]


@pytest.mark.parametrize("state", PULLABLE)
def test_every_pull_has_an_expectation(state: str) -> None:
    expected = expect(make_plan(Flags(pull_card_at=state)))
    assert expected.states == (state,)
    settled = expected.members["outcome"] == ("identified",)
    assert settled == (state in {"Consenting", "LookingUp", "Showing"})
    assert expected.late == ((1,) if state in {"Consenting", "LookingUp"} else (0,))


def test_members_are_found_by_path() -> None:
    assert member({"a": {"b": 1}}, "a.b") == 1
    assert member({"a": None}, "a.b") == "(missing)"


def test_the_story_keeps_what_the_device_says() -> None:
    lines: list[str] = []
    story = Story(tell=lines.append, zero=100.0)
    events: tuple[Message, ...] = (
        _screen("IdleView"),
        _screen("FaceView", "turn-left"),
        {"event": "state", "state": "Unlocking", "visit": "v7", "at": 101.0},
        {"event": "stage", "name": "read-photo", "start": 101.0, "end": 101.25, "visit": "v7"},
        REFUSED,
        {"event": "fault", "code": "CRD-002"},
        {"event": "unknown-kind"},
    )
    for event in events:
        story.take(event)
    assert story.views == ["IdleView", "FaceView"]
    assert story.asked == ["turn-left"]
    assert story.visit == "v7"
    told = ["IdleView", "FaceView: turn-left", "Unlocking", "read-photo took 250.0 ms", "CRD-002"]
    assert [line.what for line in story.lines] == told
    assert str(story.apdus[0]).startswith("00200080  Lc   4  Le     -  got     0  SW 63C2")
    assert len(story.film.frames) == 2
    assert len(lines) == 5 + 2 * 18
    assert story.unreadable == 0


@pytest.mark.parametrize(
    "change",
    [
        {"rows": "!!"},
        {"rows": "AAAA"},
        {"width": 100_000},
        {"width": 0},
        {"height": True},
        {"at": "now"},
        {"width": None},
    ],
)
def test_broken_screens_are_counted_and_left_out(change: Message) -> None:
    story = Story(tell=lambda _: None)
    story.take({"event": "screen", "view": "X", "rows": ROWS, "width": 256, "height": 64, "at": 1.0, **change})
    assert story.unreadable == 1
    assert story.views == []


# ---- eligibility -----------------------------------------------------------------------------------------------

INVALID = {"code": "invalid", "flags": ["insurer-changed"], "ways": ANSWERS["jiro"].ways}


def _answered(**changes: Any) -> dict[str, Any]:
    return _result(eligibility={**INVALID, **changes})


@pytest.mark.parametrize(
    ("changes", "step", "words"),
    [
        ({}, "counter", None),
        ({"code": "valid"}, "counter", "eligibility.code is valid"),
        ({"flags": []}, "counter", "eligibility.flags is []"),
        ({"ways": ["go-on"]}, "counter", "eligibility.ways is ['go-on']"),
        ({}, "done", "the result screen did not say counter"),
    ],
)
def test_a_chosen_answer_has_its_code_flags_ways_and_screen(
    changes: dict[str, Any], step: str, words: str | None
) -> None:
    story = _story(*GOOD, events=(_screen("ResultView", step),))
    wrong = judge(make_plan(Flags(answer="jiro")), story, [_answered(**changes)], [])
    assert [words in each if words else each for each in wrong] == ([True] if words else [])


def test_who_may_register_has_to_be_asked() -> None:
    plan = make_plan(Flags(answer="nozomi"))
    result = _result(eligibility={"code": "valid", "flags": [], "ways": ["go-on"]})
    done, asked = _screen("ResultView", "done"), _screen("RegisterView")
    assert judge(plan, _story(*GOOD, events=(asked, done)), [result], []) == []
    assert "whether to register" in judge(plan, _story(*GOOD, events=(done,)), [result], [])[0]


def test_an_amendment_carries_the_answer() -> None:
    plan = make_plan(Flags(answer="jiro", pull_card_at="LookingUp"))
    pending = {"code": "pending", "flags": [], "ways": ANSWERS["matsu"].ways}
    first = _result(eligibility=pending, flags=["card-removed-early"])
    assert judge(plan, _story("LookingUp"), [first, {**_answered(), "typ": "late"}], []) == []
    wrong = judge(plan, _story("LookingUp"), [first, {**_answered(code="valid"), "typ": "late"}], [])
    assert wrong == ["eligibility.code is valid, not invalid"]


@pytest.mark.parametrize("asked", [False, True])
def test_where_the_official_reader_asks_the_device_must_not(asked: bool) -> None:
    plan = make_plan(Flags(terminal=True, pick_up=True))
    eligibility = {"code": "valid", "flags": ["staff-confirmed"], "ways": ANSWERS["taro"].ways}
    states = ("Matching", "Consenting", "LookingUp") if asked else ("Matching", "LookingUp")
    screens = (*((_screen("ConsentView"),) if asked else ()), _screen("ResultView", "done"))
    result = _result(eligibility=eligibility, consent={"answer": "given" if asked else "not-given"})
    wrong = judge(plan, _story(*states, events=screens), [result], [])
    assert len(wrong) == (2 if asked else 0)
    if asked:
        assert wrong[0] == "consent.answer is given, not not-given"
        assert "passed on to nobody" in wrong[1]


def test_a_question_has_one_answer_and_is_no_visit() -> None:
    plan = make_plan(Flags(number=True, answer="jiro"))
    answer = {**_answered(), "typ": "lookup"}
    assert judge(plan, _story("Starting", "Idle"), [answer], []) == []
    assert judge(plan, _story("Idle"), [], []) == ["the reception opened 0 answers to questions, not 1"]
    assert "a question is no visit" in judge(plan, _story("Idle", "Identifying"), [answer], [])[0]


@pytest.mark.parametrize(
    ("flags", "code", "remarks"),
    [
        (Flags(number=True, gateway_down=True), "not-reachable", []),
        (Flags(terminal=True, pick_up=True), "valid", ["staff-confirmed"]),
        (Flags(terminal=True, pick_up=True, twins=True), "not-attributed", []),
        (Flags(terminal=True, pick_up=True, pull_card_at="LookingUp"), "pending", []),
        (Flags(disaster=True), "valid", []),
    ],
)
def test_who_answers_decides_what_must_come(flags: Flags, code: str, remarks: list[str]) -> None:
    members = expect(make_plan(flags)).members
    assert (members["eligibility.code"], members["eligibility.flags"]) == ((code,), (remarks,))
