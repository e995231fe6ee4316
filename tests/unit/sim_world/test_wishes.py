"""Flags about eligibility: what they make, and which make no sense; and the table of what must come of each answer."""

import pytest

from firmware.core.eligibility import EligibilityFlag
from firmware.core.outcome_texts import Told as Step
from firmware.core.outcomes import EligibilityCode
from firmware.sim.gateway.people import SEED
from firmware.sim.run import main, parser
from firmware.sim.scenario.outcomes import ANSWERS, has_number, listed, named
from firmware.sim.scenario.plan import Flags, Question
from firmware.sim.scenario.wishes import PlanError, make_plan

NONSENSE = [
    (Flags(answer="jiro", gateway_down=True), "a gateway that answers"),
    (Flags(answer="jiro", impostor=True), "nobody is asked"),
    (Flags(answer="jiro", liveness=True, printed=True), "nobody is asked"),
    (Flags(answer="jiro", forged_chip=True), "nobody is asked"),
    (Flags(answer="jiro", pull_card_at="Matching"), "nobody is asked"),
    (Flags(answer="betsu", pin=True), "only by face"),
    (Flags(answer="betsu", staff=True), "only by face"),
    (Flags(answer="nozomi", pull_card_at="LookingUp"), "needs the card"),
    (Flags(answer="shiro", number=True), "no data of their own"),
    (Flags(answer="betsu", number=True), "no data of their own"),
    (Flags(answer="goro", terminal=True, pick_up=True), "no data of their own"),
    (Flags(number=True, disaster=True), "two questions"),
    (Flags(number=True, pin=True), "no flag of a visit"),
    (Flags(disaster=True, pull_card_at="Showing"), "no flag of a visit"),
    (Flags(number=True, one_camera=True), "no flag of a visit"),
    (Flags(number=True, terminal=True, pick_up=True), "is about a visit"),
    (Flags(number=True, broker_down=True), "needs broker and reception"),
    (Flags(disaster=True, reception_down=True), "needs broker and reception"),
    (Flags(disaster=True, terminal=True), "not over the terminal"),
    (Flags(terminal=True), "needs --number or --pick-up"),
    (Flags(terminal=True, number=True, gateway_down=True), "has no gateway"),
    (Flags(pick_up=True), "needs --terminal"),
    (Flags(twins=True), "needs --pick-up"),
    (Flags(twins=True, pick_up=True, terminal=True, answer="jiro"), "whatever the answer"),
    (Flags(pick_up=True, terminal=True, staff=True), "known by face"),
    (Flags(pick_up=True, terminal=True, impostor=True), "known by face"),
    (Flags(pick_up=True, terminal=True, pull_card_at="Consenting"), "pulled at LookingUp if at all"),
    (Flags(pick_up=True, terminal=True, refuse_consent=True), "asked by the official reader"),
    (Flags(pick_up=True, terminal=True, reception_down=True), "staff confirm"),
]


@pytest.mark.parametrize(("flags", "why"), NONSENSE)
def test_what_makes_no_sense_is_refused_with_a_sentence(flags: Flags, why: str) -> None:
    with pytest.raises(PlanError, match=why):
        make_plan(flags)


@pytest.mark.parametrize("words", [["--terminal"], ["--number", "--disaster"], ["--answer", "nemo"]])
def test_it_ends_with_2_before_anything_is_started(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert capsys.readouterr().err.startswith("make run: --")


def test_who_is_unknown_is_answered_with_everybody() -> None:
    with pytest.raises(PlanError) as raised:
        make_plan(Flags(answer="nemo"))
    assert all(name in str(raised.value) for name in SEED)


def test_help_lists_everybody_by_outcome() -> None:
    text = parser().format_help()
    assert listed() in text
    rows = {line[:36].strip(): line[36:].strip() for line in listed().splitlines()}
    assert rows["several"] == "goro"
    assert rows["not-registered"] == "nozomi"
    assert rows["valid, replaced-character"] == "mirai, ooi"


@pytest.mark.parametrize(
    ("text", "name"),
    [("jiro", "jiro"), ("invalid", "jiro"), ("replaced-character", "mirai"), ("not-registered", "nozomi")],
)
def test_an_answer_is_chosen_by_name_outcome_or_remark(text: str, name: str) -> None:
    assert named(text) == name
    assert make_plan(Flags(answer=text)).insured == name


def test_there_is_a_demand_for_everybody_in_codes_of_the_contract() -> None:
    assert ANSWERS.keys() == SEED.keys()
    for told in ANSWERS.values():
        assert told.code in set(EligibilityCode)
        assert set(told.flags) <= set(EligibilityFlag)
        assert told.step in set(Step)
        assert told.ways


def test_every_outcome_that_a_gateway_can_give_has_somebody() -> None:
    not_by_gateway = {"timed-out", "not-attributed", "not-asked"}
    assert {told.outcome for told in ANSWERS.values()} == set(EligibilityCode) - not_by_gateway


def test_questions_and_plans_in_words() -> None:
    plan = make_plan(Flags(number=True, terminal=True, answer="jiro"))
    assert plan.question is Question.NUMBER
    assert plan.name == (
        "a question of the reception by insured number, over the official terminal's folders, about jiro"
    )
    plan = make_plan(Flags(disaster=True, gateway_down=True))
    assert plan.question is Question.PERSON
    assert plan.name.endswith("by the person's own data, in disaster mode, over the gateway, gateway down")
    assert make_plan(Flags(answer="jiro")).name.endswith("by face, the answer about jiro")
    assert "two results" in make_plan(Flags(terminal=True, pick_up=True, twins=True)).name


def test_only_some_have_a_number() -> None:
    assert has_number("taro")
    assert not any(map(has_number, ("shiro", "nozomi", "betsu")))
