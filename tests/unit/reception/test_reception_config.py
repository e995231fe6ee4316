"""The reception's file, its printed text, and its independence from the firmware."""

import ast
import io
import json
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey

from madoguchi_reception import cli
from madoguchi_reception.config import ConfigError, load
from madoguchi_reception.printer import Printer

SOURCES = Path(cli.__file__).parent
GOOD = """
site = "clinic"
reception = "front"
env = "sim"
database = "reception.db"
[broker]
host = "127.0.0.1"
port = 8883
ca = "ca.pem"
certificate = "c.pem"
key = "k.pem"
[keys]
encryption = "open.json"
signing = "sign.pem"
[devices]
counter-1 = "device.pem"
counter-2 = ["device.pem", "device.jwk"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    key = ECKey.generate_key("P-256")
    (tmp_path / "open.json").write_text(json.dumps(key.as_dict(private=True)))
    (tmp_path / "sign.pem").write_bytes(key.as_pem(private=True))
    (tmp_path / "device.pem").write_bytes(key.as_pem(private=False))
    (tmp_path / "device.jwk").write_text(json.dumps(key.as_dict(private=False)))
    (tmp_path / "p384.pem").write_bytes(ECKey.generate_key("P-384").as_pem(private=True))
    return tmp_path


def write(folder: Path, text: str) -> Path:
    path = folder / "reception.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_good_file(folder: Path) -> None:
    config = load(write(folder, GOOD))
    assert (config.site, config.reception, config.env, config.language) == ("clinic", "front", "sim", "ja")
    assert config.database == folder / "reception.db"
    assert config.broker.mqtt5
    assert {name: len(keys) for name, keys in config.devices.items()} == {"counter-1": 1, "counter-2": 2}


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ('env = "sim"', 'env = "mars"', "env: one of production, test, sim"),
        ('site = "clinic"', 'site = "Clinic"', "site: 1 to 32"),
        ('site = "clinic"', "", "site: missing"),
        ("port = 8883", 'port = "8883"', "broker.port: int wanted"),
        ("port = 8883", "prot = 8883", "broker.prot: unknown"),
        ('signing = "sign.pem"', 'signing = "absent.pem"', "absent.pem: No such file"),
        ('signing = "sign.pem"', 'signing = "device.pem"', "device.pem: the private key is needed"),
        ('signing = "sign.pem"', 'signing = "p384.pem"', "p384.pem: not a P-256 key"),
        ('signing = "sign.pem"', 'signing = "reception.toml"', "not an EC key"),
        ('counter-1 = "device.pem"', "counter-1 = 5", "devices.counter-1: list wanted"),
        ("[broker]", "[broker", "reception.toml"),
    ],
)
def test_mistakes_are_named_with_their_place(folder: Path, old: str, new: str, text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        load(write(folder, GOOD.replace(old, new)))


def test_the_command_says_what_is_wrong(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "--config", str(folder / "absent.toml")]) == 2
    path = write(folder, GOOD)
    assert cli.main(["ping", "--config", str(path)]) == 2
    said = capsys.readouterr().err
    assert "absent.toml" in said
    assert "--device" in said
    with pytest.raises(SystemExit):
        cli.main(["staff-check", "--config", str(path), "--visit", "0" * 32])


def message(**changed: object) -> dict[str, Any]:
    body = {
        "visit": "0" * 32,
        "started": "2026-09-21T14:13:00.000Z",
        "ended": "2026-09-21T14:13:20.000Z",
        "outcome": "identified",
        "method": "face",
        "assurance": "face-issuer-unknown",
        "match": {"code": "match", "band": "strict"},
        "eligibility": {"code": "valid", "detail": {"InsurerNumber": "06130017"}},
        "hints": ["go-on", "some-new-hint"],
        "novelty": 1,
    }
    return {"typ": "result", "iss": "counter-1", "seq": 4, "env": "sim", "bytes": 2000, "body": body, **changed}


def printed(language: str, kind: str, members: dict[str, Any], *, as_json: bool = False) -> str:
    out = io.StringIO()
    Printer(language, as_json=as_json, out=out)(kind, members)
    return out.getvalue()


def test_results_are_printed_for_people_and_programs() -> None:
    japanese, english = printed("ja", "message", message()), printed("en", "message", message())
    assert "本人確認できました (identified)" in japanese
    assert "some-new-hint" in japanese
    assert "InsurerNumber" in japanese
    assert "outcome: identified" in english
    assert not [character for character in english if character in "本人確認"]
    assert json.loads(printed("ja", "message", message(), as_json=True))["event"] == "message"
    gone = message(typ="expired", body={"expired": [{"jti": "a", "seq": 3}]})
    assert "[3]" in printed("en", "message", gone)
    refused = {"device": "counter-1", "why": "wrong-env", "detail": "message of sim, we are production"}
    assert "環境が違う" in printed("ja", "refused", refused)
    assert "never received: counter-1 [3]" in printed("en", "gap", {"device": "counter-1", "missing": [3]})
    assert (
        printed("en", "device", {"device": "counter-1", "held": 0, "foreign": False, "keys": []}).count("foreign") == 0
    )


def test_try_counters_are_shown_where_the_card_was_asked() -> None:
    body = message()["body"]
    told = message(body={**body, "tries": {"pin": 0, "number_b": None}})
    assert "カードの残り回数: pin 0\n" in printed("ja", "message", told)
    assert "tries left on the card: pin 0\n" in printed("en", "message", told)
    for without in (message(), message(body={**body, "tries": {"pin": None, "number_b": None}})):
        assert "tries left" not in printed("en", "message", without)


def test_the_tool_never_imports_the_firmware() -> None:
    for source in SOURCES.glob("*.py"):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.split(".")[0] == "firmware"], source.name
