"""Challenges: usable long enough for a visit, each once, and a nonce of our own when there are none."""

import base64

from firmware.core.ids import VisitId
from firmware.eligibility.pool import ChallengePool
from firmware.eligibility.wire import Issued

VISIT = VisitId("0123456789abcdef" * 2)


class Time:
    """Monotonic seconds set by the test."""

    def __init__(self) -> None:
        self.now = 5000.0

    def __call__(self) -> float:
        return self.now


def issued(count: int, life: float = 600.0) -> list[Issued]:
    return [Issued(f"c-{index}", "A" * 43, life) for index in range(count)]


def test_first_in_first_out_and_never_twice() -> None:
    time = Time()
    pool = ChallengePool("counter-1", 2, time)
    assert pool.add(issued(2), time.now) == 2
    taken = [pool.take(VISIT, 1775002800.9) for _ in range(3)]
    assert [each.id for each in taken[:2]] == ["c-0", "c-1"]
    assert [each.offline for each in taken] == [False, False, True]
    assert {(each.device, each.visit, each.taken) for each in taken} == {("counter-1", VISIT, 1775002800)}


def test_challenge_must_outlive_the_visit() -> None:
    time = Time()
    pool = ChallengePool("counter-1", 4, time)
    pool.add(issued(2), time.now)
    time.now += 350
    assert pool.missing() == 2
    time.now += 20
    assert pool.missing() == 4
    assert pool.take(VISIT, 0.0).offline


def test_time_on_the_way_counts() -> None:
    time = Time()
    pool = ChallengePool("counter-1", 4, time)
    assert pool.add(issued(2, life=250.0), time.now - 20) == 0


def test_offline_challenges_are_random_and_well_formed() -> None:
    pool = ChallengePool("counter-1", 1, Time())
    made = [pool.take(VISIT, 1.0) for _ in range(50)]
    assert len({each.nonce for each in made}) == len({each.id for each in made}) == 50
    assert all(len(base64.urlsafe_b64decode(each.nonce + "=")) == 32 for each in made)
