"""File names of the terminal's exchange: both ways, in any letters' case, and the next free number."""

from datetime import date

import pytest

from firmware.eligibility.oqs_names import RequestName, exchanged, is_face, left_over, next_number, numbered

DAY = date(2026, 4, 1)
NAME = RequestName(DAY, 12)


def test_a_request_is_named_as_the_terminal_wants_it() -> None:
    assert NAME.request == "OQSsiquc01req_202604010012.xml"


@pytest.mark.parametrize("ending", [".xml", ".zip", ".err", ".XML", ".Zip"])
def test_a_response_has_the_base_of_its_request(ending: str) -> None:
    assert NAME.answers(f"OQSsiquc01res_202604010012{ending}")
    assert NAME.answers(f"OQSSIQUC01RES_202604010012{ending}")


def test_a_refusal_may_keep_the_name_of_the_request() -> None:
    assert NAME.answers("OQSsiquc01req_202604010012.err")
    assert not NAME.answers("OQSsiquc01req_202604010013.err")


@pytest.mark.parametrize(
    "name",
    [
        "OQSsiquc01res_202604010013.xml",
        "OQSsiquc01res_202604020012.xml",
        "OQSsiquc01req_202604010012.xml",
        "OQSsiquc01res_202604010012.tmp",
        "OQSsiquc01res_202604010012.xml.xml",
        "OQSsiquc01res_202604010012 (2).xml",
        "OQSsiquc01res_face_202604010012.xml",
        "OQSmuquc01res_202604010012.zip",
        "xOQSsiquc01res_202604010012.xml",
        "OQSsiquc01res_２０２６04010012.xml",
        "madoguchi-202604010012.tmp",
        "",
    ],
)
def test_nothing_else_answers_it(name: str) -> None:
    assert not NAME.answers(name)


def test_a_day_that_does_not_exist_is_nobodys() -> None:
    assert numbered("OQSsiquc01req_202602300001.xml") is None


def test_our_own_signs_take_a_number_but_are_no_exchange() -> None:
    assert numbered(NAME.take) == numbered(NAME.temporary) == NAME
    assert exchanged(NAME.take) is None
    assert exchanged(NAME.request.upper()) == NAME


def test_the_next_number_follows_the_highest_of_the_day() -> None:
    names = [NAME.request, "OQSsiquc01res_202604010044.zip", "OQSsiquc01res_202603319000.xml", "madoguchi-env"]
    assert next_number(names, DAY) == 45
    assert next_number(["madoguchi-202604010070.take"], DAY) == 71
    assert next_number([], DAY) == 1
    assert next_number(names, DAY, 5001) == 5001
    assert next_number([*names, "OQSsiquc01res_202604015001.zip"], DAY, 5001) == 5002


def test_after_9999_the_first_gap_is_taken_and_then_none() -> None:
    names = [RequestName(DAY, each).request for each in range(1, 10_000)]
    assert next_number(names, DAY) is None
    del names[41]
    assert next_number(names, DAY) == 42
    assert next_number(names, DAY, 43) is None


def test_only_our_own_files_of_earlier_days_are_left_over() -> None:
    assert left_over(RequestName(date(2026, 3, 30), 1).temporary, DAY)
    assert not left_over(RequestName(date(2026, 3, 31), 1).temporary, DAY), "a clock may be a day ahead"
    assert not left_over(RequestName(date(2026, 3, 30), 1).request, DAY)
    assert not left_over("madoguchi-env", DAY)


def test_face_results_are_known_by_their_beginning() -> None:
    assert is_face("OQSsiquc01res_face_131999999900100000000000000001_20260401093000.xml")
    assert is_face("oqssiquc01RES_FACE_x.ZIP")
    assert is_face("OQSsiquc01res_face_顔(2) 1.0_20260401093000.xml"), "the free part says nothing, whatever it is"
    assert not is_face(NAME.request)
    assert not is_face("OQSsiquc01res_face_.xml")
    assert not is_face("OQSsiquc01res_face_x.xml.tmp")
