"""Topics, their limits, and reading incoming ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.core.faults import FaultCode
from firmware.publish.topics import MAX_SLASHES, DeviceTopics, Inbound, InboundTopic, checked_device, checked_id

TOPICS = DeviceTopics("clinic", "counter-1")
ids = st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True)


def test_every_topic_by_its_letters() -> None:
    assert TOPICS.state == "madoguchi/v1/clinic/counter-1/state"
    assert TOPICS.desc == "madoguchi/v1/clinic/counter-1/desc"
    assert TOPICS.session == "madoguchi/v1/clinic/counter-1/evt/session"
    assert TOPICS.result("front") == "madoguchi/v1/clinic/counter-1/evt/result/front"
    assert TOPICS.alert(FaultCode.OUTBOX_FULL) == "madoguchi/v1/clinic/counter-1/evt/alert/msg-004"
    assert TOPICS.response("front") == "madoguchi/v1/clinic/rx/front/res/counter-1"
    assert TOPICS.subscriptions == (
        "madoguchi/v1/clinic/counter-1/req/+",
        "madoguchi/v1/clinic/counter-1/ack/+",
        "madoguchi/v1/clinic/rx/+/state",
    )


@given(site=ids, device=ids, reception=ids)
def test_no_topic_has_too_many_levels(site: str, device: str, reception: str) -> None:
    if device == "rx" or device.startswith("rx-"):
        return
    topics = DeviceTopics(site, device)
    made = (topics.state, topics.desc, topics.session, topics.result(reception), topics.response(reception))
    alerts = tuple(topics.alert(code) for code in FaultCode)
    assert all(topic.count("/") <= MAX_SLASHES for topic in (*made, *alerts, *topics.subscriptions))


def test_incoming_topics_are_taken_apart() -> None:
    base = "madoguchi/v1/clinic"
    assert TOPICS.parse(f"{base}/counter-1/req/staff-check") == InboundTopic(Inbound.REQUEST, "staff-check")
    assert TOPICS.parse(f"{base}/counter-1/ack/front") == InboundTopic(Inbound.ACK, "front")
    assert TOPICS.parse(f"{base}/rx/front/state") == InboundTopic(Inbound.PRESENCE, "front")


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "madoguchi/v1/clinic/counter-2/req/ping",
        "madoguchi/v1/other/counter-1/req/ping",
        "madoguchi/v2/clinic/counter-1/req/ping",
        "madoguchi/v1/clinic/counter-1/state",
        "madoguchi/v1/clinic/counter-1/req/",
        "madoguchi/v1/clinic/counter-1/req/a/b",
        "madoguchi/v1/clinic/counter-1/ack/Front",
        "madoguchi/v1/clinic/rx/front/res/counter-1",
        "madoguchi/v1/clinic/rx//state",
        "madoguchi/v1/clinic/rx/state",
    ],
)
def test_anything_else_is_not_ours(topic: str) -> None:
    assert TOPICS.parse(topic) is None


@pytest.mark.parametrize("text", ["", "A", "a" * 33, "a/b", "a+", "#", "ä", "a\n", "a b"])
def test_ids_outside_the_rule_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="id"):
        checked_id(text)
    with pytest.raises(ValueError, match="id"):
        DeviceTopics(text, "counter-1")
    with pytest.raises(ValueError, match="id"):
        TOPICS.result(text)


@pytest.mark.parametrize("text", ["rx", "rx-front"])
def test_devices_may_not_be_called_like_receptions(text: str) -> None:
    with pytest.raises(ValueError, match="receptions"):
        checked_device(text)
