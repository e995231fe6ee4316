"""What is said of an eligibility answer, in results and in the answer to a reception's own query."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from firmware.core.eligibility import EligibilityFlag, WayOn
from firmware.core.faults import DeviceError
from firmware.core.ids import VisitId
from firmware.core.outcome_texts import SHIPPED, load
from firmware.core.outcomes import ClockState, EligibilityCode
from firmware.core.queries import NumberQuery, ReceptionQuery
from firmware.core.result import QueryRecord, RecordKind
from firmware.publish.body import lookup_body, visit_body
from firmware.publish.outbox import Limits
from tests.unit.publish.keys import NOW, record
from tests.unit.publish.scene import Scene

QUERY = ReceptionQuery(
    VisitId("f" * 32), "front", "jti-of-request", NumberQuery("06130017", "４５６７", date(1970, 1, 31)), "a.b.c"
)
FLAGS = (EligibilityFlag.REPLACED_CHARACTER, EligibilityFlag.UNKNOWN_CODE)


def answer(**changed: Any) -> QueryRecord:
    base = QueryRecord(
        query=QUERY,
        code=EligibilityCode.VALID,
        flags=FLAGS,
        detail={"Name": "架空 ●子", "InsurerNumber": "06130017"},
        asked=NOW - 9,
        answered=NOW,
        clock=ClockState.SYNCED,
    )
    return replace(base, **changed)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.publisher.close()


def test_the_answer_goes_to_who_asked_alone_and_like_a_result(scene: Scene) -> None:
    publisher = scene.start()
    publisher.commit(record())
    assert publisher.commit_query(answer()) == 3
    assert len(scene.tokens("pharmacy")) == 1
    _result, claims = scene.opened()
    assert (claims["typ"], claims["seq"], claims["ver"], claims["exp"]) == ("lookup", 2, "1.3", int(NOW) + 7 * 86400)
    body = claims["body"]
    assert isinstance(body, dict)
    assert (body["request"], body["id"]) == ("jti-of-request", "f" * 32)
    assert (body["asked"], body["answered"]) == ("2026-09-21T14:13:11.000Z", "2026-09-21T14:13:20.000Z")
    assert body["eligibility"]["detail"]["Name"] == "架空 ●子"
    scene.arrive("counter-1/ack/front", scene.ack(scene.tokens()[1]))
    assert len(scene.tokens()) == 1


def test_nothing_of_a_query_lies_readable_in_the_outbox(scene: Scene, tmp_path: Path) -> None:
    scene.start().commit_query(answer())
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("outbox.db*"))
    for secret in ("06130017", "４５６７", "架空", "jti-of-request"):
        assert secret.encode() not in stored


def test_faults_of_committing_an_answer(scene: Scene) -> None:
    with pytest.raises(DeviceError, match="MSG-005"):
        scene.publisher.commit_query(answer())
    publisher = scene.start()
    with pytest.raises(DeviceError, match="SET-004"):
        publisher.commit_query(answer(query=replace(QUERY, reception="elsewhere")))
    assert publisher.commit_query(answer(detail=None)) == 1
    with pytest.raises(DeviceError, match="MSG-004"):
        scene.restart(limits=Limits(rows=1)).commit_query(answer())


@pytest.mark.parametrize("code", list(EligibilityCode))
def test_every_outcome_has_staff_words_and_ways(code: EligibilityCode) -> None:
    told = lookup_body(answer(code=code, flags=())).eligibility
    assert told.staff is not None
    assert (told.staff.ja, told.staff.en) == (SHIPPED.outcomes[code].staff.ja, SHIPPED.outcomes[code].staff.en)
    assert told.ways == SHIPPED.outcomes[code].ways
    assert told.remarks == ()


@pytest.mark.parametrize("kind", list(RecordKind))
def test_flags_of_results_and_amendments_come_with_their_words(kind: RecordKind) -> None:
    whole = record(kind=kind)
    told = visit_body(replace(whole, summary=replace(whole.summary, flags=FLAGS))).eligibility
    assert told.flags == FLAGS
    assert [(each.code, each.ja) for each in told.remarks] == [(flag.value, SHIPPED.flags[flag].ja) for flag in FLAGS]


def test_of_another_persons_answer_nothing_is_shown() -> None:
    whole = record()
    summary = replace(whole.summary, eligibility=EligibilityCode.IDENTITY_CONFLICT, flags=FLAGS)
    for told in (
        visit_body(replace(whole, summary=summary)).eligibility,
        lookup_body(answer(code=EligibilityCode.IDENTITY_CONFLICT)).eligibility,
    ):
        assert (told.detail, told.flags, told.remarks) == (None, (), ())
        assert told.staff is not None


def test_a_sites_own_words_go_out() -> None:
    own = load(
        '[ways]\ncall-centre = { ja = "内線 9", en = "Extension 9" }\n'
        '[outcomes.not-reachable]\nways = ["call-centre", "wait"]\n'
        'staff = { ja = "院長へ", en = "Tell the director" }\n',
        SHIPPED,
    )
    told = lookup_body(answer(code=EligibilityCode.NOT_REACHABLE, flags=()), own).eligibility
    assert told.staff is not None
    assert told.staff.en == "Tell the director"
    assert told.ways == (WayOn.CALL_CENTRE, WayOn.WAIT)
    assert [(each.code, each.en) for each in told.remarks] == [("call-centre", "Extension 9")]


def test_a_code_of_remarks_means_one_thing() -> None:
    assert not set(EligibilityFlag) & set(WayOn)
