"""Any answer that can be written is read back the same, and any members at all are an answer or a fault."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import EligibilityCode
from firmware.core.queries import NumberQuery
from firmware.eligibility.fields import JAPAN, Wire
from firmware.eligibility.model import (
    MOST_COVERAGES,
    Confirmation,
    Coverage,
    insurer_number,
    read_confirmation,
    to_detail,
    write_confirmation,
)
from firmware.eligibility.outcome import ELIGIBLE, answered, judge
from firmware.eligibility.parts import Consents

PLAIN = st.characters(exclude_categories=("Cc", "Cs"))
MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9998, 12, 31)).map(  # noqa: DTZ001 - the zone is added next
    lambda moment: moment.replace(microsecond=0, tzinfo=JAPAN)
)
TODAY = st.none() | st.dates()


def texts(most: int) -> st.SearchStrategy[str]:
    """What `clean` leaves as it is."""
    return st.text(PLAIN, min_size=1, max_size=most).map(lambda text: text.strip(" ")).filter(bool)


def value_of(wire: Wire) -> st.SearchStrategy[Any]:
    """A value that the member may have."""
    if wire.code is not None:
        return st.sampled_from(list(wire.code))
    match wire.kind:
        case "group":
            return values(wire.group).filter(_says_something)
        case "list":
            return st.lists(values(wire.group).filter(_says_something), max_size=min(wire.most, 3)).map(tuple)
        case "day":
            return st.dates()
        case "moment":
            return MOMENTS
        case "ratio":
            return st.integers(0, 100)
        case "number":
            return st.integers(0, 10**wire.most - 1)
        case _:
            return texts(wire.most)


def _says_something(part: Any) -> bool:
    """An empty group is none."""
    return bool(part != type(part)())


def values(of: Any, **more: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Values of a class of the model, each member there or not."""
    members = {each.name: each.metadata["wire"] for each in fields(of) if "wire" in each.metadata}
    required = {name: value_of(wire) for name, wire in members.items() if wire.required}
    optional = {name: value_of(wire) for name, wire in members.items() if name not in required | more}
    return st.fixed_dictionaries(required | more, optional=optional).map(lambda found: of(**found))


INSURERS = texts(8).map(insurer_number).filter(bool)
QUERIES = st.builds(
    NumberQuery,
    insurer_number=INSURERS,
    number=texts(40),
    birth_date=st.dates(),
    symbol=st.none() | texts(40),
    branch=st.none() | texts(2),
    limit_consent=st.booleans(),
    identifier=st.none() | texts(64),
)
COVERAGES = values(Coverage, insurer_number=st.none() | INSURERS, consents=values(Consents))
CONFIRMATIONS = values(
    Confirmation,
    search=st.none() | QUERIES,
    coverages=st.lists(COVERAGES, max_size=2).map(tuple),
)


@given(CONFIRMATIONS)
@settings(deadline=None, max_examples=25)
def test_what_is_written_is_read_back_the_same(confirmation: Confirmation) -> None:
    members = write_confirmation(confirmation)
    assert read_confirmation(members) == confirmation
    assert to_detail(confirmation) == members


@given(CONFIRMATIONS, TODAY)
@settings(deadline=None, max_examples=25)
def test_every_answer_has_one_outcome_and_its_flags_once(confirmation: Confirmation, today: date | None) -> None:
    judged = judge(confirmation, today)
    assert len(set(judged.flags)) == len(judged.flags)
    believed = judged.code not in {EligibilityCode.CONTRADICTORY, EligibilityCode.PENDING}
    assert (answered(confirmation, judged).detail is not None) is believed
    assert not (judged.code in ELIGIBLE and (not confirmation.coverages or confirmation.validity not in {"1", "6"}))
    assert not (judged.code in {"invalid", "none"} and confirmation.validity not in {"2", "4"})


def names(of: Any) -> set[str]:
    return {name for each in fields(of) if "wire" in each.metadata for name in _names(each.metadata["wire"])}


def _names(wire: Wire) -> set[str]:
    return {wire.name, *wire.others, *(names(wire.group) if wire.group else ())}


KNOWN = sorted(
    {name for of in (Confirmation, Coverage, Consents) for name in names(of)}
    | {"ResultList", "ResultOfQualificationConfirmation", "QualificationConfirmSearchInfo"}
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["1", "2", "01", "A1", "030", "20260401", "19721103", "20260401093000", "", " ", "\x00"])
)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=MOST_COVERAGES + 1)
        | st.dictionaries(st.sampled_from(KNOWN) | st.text(max_size=4), inner, max_size=8)
    ),
    max_leaves=12,
)


def outcome(members: Mapping[str, Any], today: date | None) -> FaultCode | None:
    """The fault that refuses them; None if they were read, judged and written back."""
    try:
        found = read_confirmation(members)
    except DeviceError as error:
        return error.code
    again = read_confirmation(write_confirmation(found))
    assert again == found
    assert judge(again, today) == judge(found, today)
    return None


@given(st.dictionaries(st.sampled_from(KNOWN), ANYTHING, max_size=6), TODAY)
@settings(deadline=None, max_examples=30)
def test_whatever_comes_is_an_answer_or_a_fault(members: dict[str, Any], today: date | None) -> None:
    assert outcome(members, today) in {None, FaultCode.GATEWAY_BAD_ANSWER}


@given(st.dictionaries(st.sampled_from(sorted(names(Coverage) | names(Consents))), LEAVES, max_size=6), TODAY)
@settings(deadline=None, max_examples=30)
def test_whatever_a_coverage_holds(members: dict[str, Any], today: date | None) -> None:
    person = {"Birthdate": "19721103", "Sex1": "1"}
    answer = {"QualificationValidity": "1", "ResultList": [person | members]}
    assert outcome(answer, today) in {None, FaultCode.GATEWAY_BAD_ANSWER}


@given(MOMENTS)
def test_moments_are_of_japan_wherever_they_were_made(moment: datetime) -> None:
    there = write_confirmation(Confirmation(executed_at=moment))
    assert write_confirmation(Confirmation(executed_at=moment.astimezone(UTC))) == there
