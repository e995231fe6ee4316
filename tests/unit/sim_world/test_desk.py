"""What staff do and read in a scenario, against a crew that writes down what it was asked for; and who answers."""

import asyncio
import json
from pathlib import Path
from typing import Any, cast

import pytest

from firmware.sim.answerers import Answerer, WorldError, disaster_settings, questions, terminal_settings
from firmware.sim.control import Message
from firmware.sim.gateway.people import SEED
from firmware.sim.gateway.seed import CONFLICTS
from firmware.sim.parts import Parts, WorldOptions
from firmware.sim.processes import CHECKOUT, Children
from firmware.sim.scenario.crew import Crew
from firmware.sim.scenario.desk import Staff, ask, lines, tell
from firmware.sim.scenario.inbox import Inbox
from firmware.sim.scenario.plan import Flags, Question
from firmware.sim.scenario.story import Story
from firmware.sim.scenario.wishes import make_plan

ANSWER: dict[str, Any] = {
    "code": "invalid",
    "staff": {"en": "No longer valid.", "ja": "無効です。"},
    "flags": ["insurer-changed"],
    "ways": ["declaration"],
    "remarks": [{"code": "insurer-changed", "en": "It changed.", "ja": "変わりました。"}],
    "detail": {"ResultList": [{"Name": "窓口 太郎"}]},
}
MESSAGE: Message = {"event": "message", "typ": "lookup", "aud": "front", "body": {"eligibility": ANSWER}}


class FakeCrew:
    """Answers as the device would. `asks`: whether staff are asked to confirm."""

    def __init__(self, *, asks: bool = True) -> None:
        self.inbox = Inbox()
        self.done: list[str] = []
        self._asks = asks

    async def ask(self, verb: str) -> Inbox:
        self.done.append(verb)
        asked = Inbox()
        asked.take(json.dumps({"event": "response", "status": "ok"}).encode())
        asked.take(json.dumps(MESSAGE).encode())
        return asked

    async def leave_result(self, who: str, *, namesake: bool = False) -> None:
        self.done.append(f"{who} {namesake}")
        if self._asks:
            self.inbox.take(b'{"event": "progress", "progress": "confirm-result"}')

    async def confirm_result(self, visit: str) -> None:
        self.done.append(f"confirm {visit}")


def _story() -> Story:
    story = Story(tell=lambda _: None)
    story.visit = "v1"
    return story


def _said(story: Story) -> str:
    return "\n".join(f"{line.who}: {line.what}" for line in story.lines)


async def test_a_question_is_asked_and_its_answer_told_without_details() -> None:
    crew, story = FakeCrew(), _story()
    (message,) = await ask(Question.NUMBER, cast("Crew", crew), story)
    assert message["typ"] == "lookup"
    assert crew.done == ["lookup"]
    for text in ("answers the request: ok", "sealed to front alone", "reads lookup: invalid", "way on: declaration: "):
        assert text in _said(story)
    assert "太郎" not in _said(story)


def test_what_staff_read_has_the_device_s_words_and_the_shipped_ones() -> None:
    told = lines(ANSWER)
    assert told[:3] == ["staff: No longer valid.", "staff: 無効です。", "remark: insurer-changed: It changed."]
    assert told[3].startswith("way on: declaration: Have the statement")
    assert lines({"flags": "no list", "ways": None, "staff": 7}) == []
    assert lines({"ways": ["of-a-later-version"]}) == ["way on: of-a-later-version: "]


@pytest.mark.parametrize("body", [None, "text", {}, {"eligibility": None}])
def test_a_message_without_an_answer_tells_nothing(body: object) -> None:
    story = _story()
    tell({"typ": "result", "body": body}, story)
    assert story.lines == []


@pytest.mark.parametrize(
    ("flags", "left"),
    [
        (Flags(terminal=True, pick_up=True), ["taro False", "hanako False"]),
        (Flags(terminal=True, pick_up=True, answer="hanako"), ["hanako False", "taro False"]),
        (Flags(terminal=True, pick_up=True, twins=True), ["taro False", "taro True"]),
    ],
)
async def test_staff_confirm_once_the_face_is_compared_and_they_are_asked(flags: Flags, left: list[str]) -> None:
    crew = FakeCrew()
    staff = Staff(make_plan(flags), cast("Crew", crew), _story())
    task = asyncio.create_task(staff.confirm())
    staff.notice({"event": "state", "state": "Unlocking"})
    await asyncio.sleep(0)
    assert crew.done == []
    staff.notice({"event": "state", "state": "Matching"})
    await asyncio.wait_for(task, 5)
    assert crew.done == [*left, "confirm v1"]


async def test_who_leaves_early_takes_the_card_to_the_official_reader() -> None:
    crew = FakeCrew()
    flags = Flags(terminal=True, pick_up=True, pull_card_at="LookingUp")
    staff = Staff(make_plan(flags), cast("Crew", crew), _story())
    task = asyncio.create_task(staff.confirm())
    for state in ("Idle", "Matching", "LookingUp"):
        staff.notice({"event": "state", "state": state})
        await asyncio.sleep(0)
        assert crew.done == []
    staff.notice({"event": "state", "state": "Idle"})
    await asyncio.wait_for(task, 5)
    assert crew.done == ["taro False", "hanako False", "confirm v1"]


async def test_staff_who_are_not_asked_say_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firmware.sim.scenario.desk._CONFIRM", 0.01)
    crew = FakeCrew(asks=False)
    staff = Staff(make_plan(Flags(terminal=True, pick_up=True)), cast("Crew", crew), _story())
    staff.notice({"event": "state", "state": "Matching"})
    await asyncio.wait_for(staff.confirm(), 5)
    assert crew.done == ["taro False", "hanako False"]


# ---- who answers -----------------------------------------------------------------------------------------------


def test_what_can_be_asked_about_somebody() -> None:
    found = questions(SEED["taro"])
    assert found["lookup"] == {
        "InsurerNumber": "06130017",
        "InsuredCardSymbol": "9901",
        "InsuredIdentificationNumber": "100001",
        "InsuredBranchNumber": "00",
        "Birthdate": "19721103",
        "LimitApplicationCertificateRelatedConsFlg": "0",
    }
    assert found["emergency-search"]["Name"] == "窓口 太郎"
    assert questions(SEED["mirai"])["emergency-search"]["Name"] == "ｶｸｳ ﾐﾗｲ", "● is in nobody's name"
    assert questions(SEED["goro"]) == {}


@pytest.mark.parametrize("name", SEED)
def test_the_card_is_of_who_the_answer_is_about_unless_they_are_to_differ(name: str, tmp_path: Path) -> None:
    if not (CHECKOUT / ".cache" / "faces" / "chip.jp2").exists():
        pytest.skip("face pictures are not built")
    person = Parts(tmp_path, WorldOptions(answer=name), Children()).cards.person
    card = (f"{person.birth:%Y%m%d}", person.sex.value)
    for coverage in (*SEED[name].coverages, *SEED[name].after_registration):
        same = card == (coverage["Birthdate"], coverage["Sex1"])
        assert same == (name not in CONFLICTS)


def test_a_namesake_differs_by_the_number_alone() -> None:
    (own,), (other,) = SEED["taro"].coverages, SEED["taro"].namesake().coverages
    assert {name for name in own if own[name] != other[name]} == {"InsuredIdentificationNumber"}


def test_settings_of_the_sites(tmp_path: Path) -> None:
    assert f'terminal.faces="{tmp_path}/face"' in terminal_settings(tmp_path)
    (until,) = disaster_settings()
    assert until.startswith('disaster.until="')
    assert until.endswith('+00:00"')


async def test_an_answerer_that_ends_at_once_is_named_with_its_words(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    answerer = Answerer("terminal", ("--no-such-flag",), tmp_path, Children())
    with pytest.raises(WorldError, match="the terminal did not come up") as raised:
        await answerer.start(answerer.is_listening)
    assert "--root" in str(raised.value)
    assert answerer.pid is None
