"""The documents say what the code does: schemas are the generated ones, AsyncAPI names every topic, examples hold."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from firmware.core.effects import Progress
from firmware.core.faults import FaultCode
from firmware.core.outcomes import ClockState, Env, Liveness, UnsureReason
from firmware.core.result import RecordKind
from firmware.publish import contract, schemas
from firmware.publish.body import instant, message_type, uuid7, visit_body
from firmware.publish.topics import MAX_SLASHES, SESSION_EXPIRY, DeviceTopics, Verb
from tests.unit.publish.keys import NOW, VISIT, record

DOCS = Path(__file__).parents[3] / "docs"
DOCUMENT: dict[str, Any] = yaml.safe_load((DOCS / "asyncapi.yaml").read_text(encoding="utf-8"))
MESSAGES: dict[str, Any] = DOCUMENT["components"]["messages"]
EXAMPLES = [(name, example) for name, message in MESSAGES.items() for example in message["examples"]]


def validator(name: str) -> Draft202012Validator:
    schema = json.loads((DOCS / "schemas" / f"{name}.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def message(**changed: Any) -> contract.Message:
    values: dict[str, Any] = {
        "iss": "counter-1",
        "aud": "front",
        "jti": uuid7(NOW, bytes),
        "iat": int(NOW),
        "seq": 1,
        "env": Env.SIM,
        "clock": ClockState.UNKNOWN,
        "site": "clinic",
        "ver": contract.VERSION,
        "typ": contract.MessageType.RESULT,
        "body": visit_body(record()),
    }
    return contract.Message(**(values | changed))


@pytest.mark.parametrize("name", sorted(schemas.SCHEMAS))
def test_the_schema_files_are_the_generated_ones(name: str) -> None:
    path = DOCS / "schemas" / f"{name}.json"
    assert path.read_text(encoding="utf-8") == schemas.text(name), "run python -m firmware.publish.schemas docs/schemas"


def test_there_is_no_other_schema_file(tmp_path: Path) -> None:
    schemas.main(tmp_path / "made")
    assert {path.name for path in (tmp_path / "made").iterdir()} == {
        path.name for path in (DOCS / "schemas").iterdir() if path.suffix == ".json"
    }


def test_every_topic_of_the_contract_is_a_channel_and_the_other_way_round() -> None:
    topics = DeviceTopics("clinic", "counter-1")
    used = {
        topics.state,
        topics.desc,
        topics.session,
        topics.alert(FaultCode.OUTBOX_FULL),
        topics.result("front"),
        topics.response("front"),
        *(topic.replace("ack/+", "ack/front").replace("rx/+", "rx/front") for topic in topics.subscriptions[1:]),
        topics.subscriptions[0].replace("+", "ping"),
    }
    values = {"site": "clinic", "device": "counter-1", "reception": "front", "code": "msg-004", "verb": "ping"}
    assert {channel["address"].format(**values) for channel in DOCUMENT["channels"].values()} == used
    assert all(address.count("/") <= MAX_SLASHES for address in used)


def test_only_state_description_and_presence_are_retained_and_all_is_qos_1() -> None:
    operations = DOCUMENT["operations"].values()
    by_channel = {
        operation["channel"]["$ref"].rsplit("/")[-1]: operation["bindings"]["mqtt"] for operation in operations
    }
    assert set(by_channel) == set(DOCUMENT["channels"])
    assert {name for name, binding in by_channel.items() if binding["retain"]} == {"state", "desc", "presence"}
    assert {binding["qos"] for binding in by_channel.values()} == {1}
    assert by_channel["session"]["messageExpiryInterval"] == SESSION_EXPIRY
    assert DOCUMENT["channels"]["request"]["parameters"]["verb"]["enum"] == [verb.value for verb in Verb]


def test_every_reference_leads_somewhere() -> None:
    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if isinstance(target := node.get("$ref"), str):
                if target.startswith("#/"):
                    found: Any = DOCUMENT
                    for step in target[2:].split("/"):
                        found = found[step]
                else:
                    assert (DOCS / target).is_file()
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for item in node:
                walk(item)

    walk(DOCUMENT)


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=[f"{name}-{item['name']}" for name, item in EXAMPLES])
def test_every_example_holds(name: str, example: dict[str, Any]) -> None:
    file = MESSAGES[name]["payload"]["$ref"].rsplit("/")[-1].removesuffix(".json")
    validator(file).validate(example["payload"])
    schemas.SCHEMAS[file].model_validate_json(json.dumps(example["payload"]))


def test_every_message_has_env_and_readers_are_tolerant() -> None:
    for name in schemas.SCHEMAS:
        schema = schemas.schema(name)
        required = schema["required"]
        assert isinstance(required, list)
        assert "env" in required or name in schemas.SEALED
        assert '"additionalProperties": false' not in schemas.text(name)


def test_what_the_device_writes_validates() -> None:
    late = message(typ=message_type(RecordKind.LATE), exp=int(NOW) + 5)
    bare = message(body=visit_body(record(consent_times=None, eligibility=None)))
    item = contract.ExpiredItem(jti="0123456789", seq=3)
    expired = message(typ=contract.MessageType.EXPIRED, body=contract.ExpiredBody(expired=(item,)))
    for made in (message(), late, bare, expired):
        raw = contract.dump_padded(made)
        assert len(raw) % contract.PAD_STEP == 0
        validator("message").validate(json.loads(raw))
    assert "exp" not in json.loads(contract.dump(message()))
    event = contract.SessionEvent(env=Env.SIM, visit=VISIT, progress=Progress.READING)
    validator("session").validate(json.loads(contract.dump(event)))
    alert = contract.Alert(env=Env.SIM, code=FaultCode.OUTBOX_FULL)
    assert json.loads(contract.dump(alert)) == {"env": "sim", "code": "MSG-004"}


def test_the_device_writes_strictly() -> None:
    with pytest.raises(ValueError, match="novelty"):
        message(novelty=1)
    with pytest.raises(ValueError, match="seq"):
        message(seq="1")
    with pytest.raises(ValueError, match="iss"):
        message(iss="Counter 1")
    with pytest.raises(ValueError, match=r"not JSON compliant|Out of range|finite|nan"):
        contract.dump(message(body=visit_body(record(eligibility={"x": float("nan")}))))


def test_instants_and_ids() -> None:
    assert instant(0.0) == "1970-01-01T00:00:00.000Z"
    assert instant(NOW + 0.25) == "2026-09-21T14:13:20.250Z"
    assert uuid7(NOW, lambda size: b"\xff" * size) == "01a0c450-6c00-7fff-bfff-ffffffffffff"
    assert uuid7(0.0, bytes) == "00000000-0000-7000-8000-000000000000"


def test_a_match_says_how_the_challenge_ended_and_what_kept_attempts_from_deciding() -> None:
    whole = record()
    assert whole.summary.match is not None
    match = replace(whole.summary.match, liveness=Liveness.PASSED)
    summary = replace(whole.summary, match=match, unsure=(UnsureReason.BACKLIT, UnsureReason.NOT_ALIVE), attempts=3)
    raw = contract.dump(message(body=visit_body(replace(whole, summary=summary))))
    validator("message").validate(json.loads(raw))
    told = json.loads(raw)["body"]["match"]
    assert (told["liveness"], told["unsure"], told["attempts"]) == ("passed", ["backlit", "liveness"], 3)
    plain = json.loads(contract.dump(message()))["body"]["match"]
    assert (plain["liveness"], plain["unsure"]) == ("off", [])


def test_a_match_of_an_older_device_is_read_as_one_without_challenge() -> None:
    old = json.loads(contract.dump(message()))["body"]["match"]
    del old["liveness"], old["unsure"], old["attempts"]
    assert contract.Match.model_validate_json(json.dumps(old)).liveness is Liveness.OFF


def test_an_eligibility_of_an_older_device_is_read_as_one_without_remarks() -> None:
    old = {"code": "valid", "detail": {"InsurerNumber": "06130017"}}
    told = contract.Eligibility.model_validate_json(json.dumps(old))
    assert (told.flags, told.ways, told.staff, told.remarks) == ((), (), None, ())
    whole = json.loads(contract.dump(message()))
    whole["body"]["eligibility"] = old
    validator("message").validate(whole)


def test_the_document_and_its_examples_are_of_this_version() -> None:
    assert DOCUMENT["info"]["version"] == f"{contract.VERSION}.0"
    assert {item["payload"]["ver"] for item in MESSAGES["result"]["examples"]} == {contract.VERSION}
    assert {item["payload"]["typ"] for item in MESSAGES["result"]["examples"]} >= {"result", "expired", "lookup"}
