"""When a message is sent, and when again."""

from firmware.publish.delivery import Delivery, Presence
from firmware.publish.outbox import Row, RowState


def row(number: int, reception: str = "front", state: RowState = RowState.NEW) -> Row:
    return Row(f"{reception}-{number}", reception, number, f"hash-{reception}-{number}", state)


def delivery(count: int = 1, window: int = 20) -> Delivery:
    made = Delivery(spread=lambda: 0.0, base=30.0, cap=100.0, window=window)
    for number in range(1, count + 1):
        made.add(row(number))
    return made


def test_a_new_message_goes_out_without_waiting_for_presence() -> None:
    plan = delivery()
    assert plan.take(0.0) == ["front-1"]
    assert plan.take(0.0) == []
    assert plan.held == plan.held_for("front") == 1


def test_puback_is_not_delivery_and_resending_backs_off_while_online() -> None:
    plan = delivery()
    plan.presence("front", Presence.ONLINE, 1)
    sent = []
    for now in range(0, 600, 5):
        for jti in plan.take(float(now)):
            sent.append(now)
            plan.acked(jti)
    assert sent == [0, 30, 90, 190, 290, 390, 490, 590]
    assert plan.held == 1


def test_spread_adds_up_to_half() -> None:
    plan = Delivery(spread=lambda: 1.0, base=30.0)
    plan.presence("front", Presence.ONLINE, 1)
    plan.add(row(1))
    plan.acked(plan.take(0.0)[0])
    assert plan.take(44.9) == []
    assert plan.take(45.0) == ["front-1"]


def test_nothing_is_repeated_to_an_absent_reception_and_everything_when_it_is_back() -> None:
    plan = delivery(2)
    plan.presence("front", Presence.ONLINE, 1)
    for jti in plan.take(0.0):
        plan.acked(jti)
    assert plan.presence("front", Presence.AWAY, 1)
    assert plan.take(1000.0) == []
    plan.presence("front", Presence.ONLINE, 2)
    assert plan.take(1000.0) == ["front-1", "front-2"]


def test_back_at_once_even_before_the_timer() -> None:
    plan = delivery()
    plan.presence("front", Presence.ONLINE, 1)
    plan.acked(plan.take(0.0)[0])
    plan.presence("front", Presence.ONLINE, 1)
    assert plan.take(1.0) == []
    plan.presence("front", Presence.ONLINE, 2)
    assert plan.take(1.0) == ["front-1"]


def test_a_late_last_will_of_an_older_connection_is_ignored() -> None:
    plan = delivery()
    plan.presence("front", Presence.ONLINE, 5)
    assert not plan.presence("front", Presence.AWAY, 4)
    assert plan.present("front") is Presence.ONLINE
    assert plan.presence("front", Presence.AWAY, 5)
    assert plan.present("front") is Presence.AWAY


def test_a_reception_of_another_env_gets_nothing_until_it_is_ours() -> None:
    plan = delivery()
    plan.presence("front", Presence.FOREIGN, 1)
    assert plan.take(0.0) == []
    plan.presence("front", Presence.ONLINE, 1)
    assert plan.take(0.0) == ["front-1"]


def test_the_window_bounds_what_waits_for_a_puback() -> None:
    plan = delivery(5, window=2)
    assert plan.take(0.0) == ["front-1", "front-2"]
    assert plan.take(0.0) == []
    plan.acked("front-1")
    assert plan.take(0.0) == ["front-3"]
    plan.remove("front-2")
    assert plan.take(0.0) == ["front-4"]


def test_a_broken_connection_sends_again_what_had_no_puback() -> None:
    plan = delivery(2)
    assert plan.take(0.0) == ["front-1", "front-2"]
    plan.acked("front-1")
    plan.disconnected()
    assert plan.present("front") is Presence.UNKNOWN
    assert plan.take(1.0) == ["front-2"]
    plan.returned("front-2")
    plan.returned("never-heard-of")
    assert plan.take(2.0) == ["front-2"]


def test_the_same_reception_found_again_after_reconnecting_keeps_its_timers() -> None:
    plan = delivery(2)
    plan.presence("front", Presence.ONLINE, 1)
    for jti in plan.take(0.0):
        plan.acked(jti)
    plan.disconnected()
    assert plan.take(40.0) == []
    plan.presence("front", Presence.ONLINE, 1)
    assert plan.take(41.0) == ["front-1", "front-2"]


def test_rejected_messages_stay_held_and_wait_for_a_replay() -> None:
    plan = delivery()
    plan.add(row(2, state=RowState.REJECTED))
    plan.presence("front", Presence.ONLINE, 1)
    assert plan.take(0.0) == ["front-1"]
    plan.acked("front-1")
    plan.reject("front-1")
    plan.reject("never-heard-of")
    plan.presence("front", Presence.ONLINE, 2)
    assert plan.take(1000.0) == []
    assert plan.held == 2
    plan.replay("front")
    assert plan.take(1000.0) == ["front-1", "front-2"]


def test_removed_messages_and_receptions_apart() -> None:
    plan = delivery()
    plan.add(row(1, "pharmacy"))
    plan.add(row(1, "pharmacy"))
    assert plan.held == 2
    assert plan.remove("front-1")
    assert not plan.remove("front-1")
    assert (plan.held_for("front"), plan.held_for("pharmacy")) == (0, 1)
    assert plan.reception_of("pharmacy-1") == "pharmacy"
    assert plan.reception_of("front-1") is None
    plan.replay("front")
    assert plan.take(0.0) == ["pharmacy-1"]
