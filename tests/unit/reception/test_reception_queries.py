"""The reception's own queries: what is asked, how it is sealed, what is printed of the answer."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwe, jws
from joserfc.jwk import ECKey

from madoguchi_reception import asking, cli
from madoguchi_reception.asking import Asking
from madoguchi_reception.config import ConfigError, load
from madoguchi_reception.conformance import Kit
from madoguchi_reception.printer import Printer
from madoguchi_reception.queries import QueryError, from_json, from_options
from madoguchi_reception.requests import Query, Signer, Wish
from madoguchi_reception.store import Store

OWN, DEVICE, DEVICE_OPEN = (ECKey.generate_key("P-256") for _ in range(3))
LOOKUP = ["--insurer", "06130017", "--number", "４５６７", "--birth", "1970-01-31"]
FILE = """
site = "clinic"
reception = "front"
env = "sim"
language = "en"
database = "reception.db"
broker = { host = "127.0.0.1", ca = "ca.pem", certificate = "c.pem", key = "k.pem" }
keys = { encryption = "own.pem", signing = "own.pem" }
devices = { counter-1 = "device.pem" }
"""
SEALING = 'device_encryption = { counter-1 = "device-open.pem" }\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "own.pem").write_bytes(OWN.as_pem(private=True))
    (tmp_path / "device.pem").write_bytes(DEVICE.as_pem(private=False))
    (tmp_path / "device-open.pem").write_bytes(DEVICE_OPEN.as_pem(private=False))
    (tmp_path / "reception.toml").write_text(FILE + SEALING, encoding="utf-8")
    return tmp_path


def test_options_become_members_with_their_national_names() -> None:
    given = {"insurer": "06130017", "number": "４５６７", "birth": "1970-01-31", "symbol": None, "branch": "01"}
    assert from_options("lookup", given, limit_consent=True) == {
        "InsurerNumber": "06130017",
        "InsuredIdentificationNumber": "４５６７",
        "Birthdate": "19700131",
        "InsuredBranchNumber": "01",
        "LimitApplicationCertificateRelatedConsFlg": "1",
    }
    person = {"name": "架空　花子", "birth": "19700131", "sex": "female", "address": "架空県仮市"}
    assert from_options("emergency-search", person)["Sex1"] == "2"
    with pytest.raises(QueryError, match="--number is missing"):
        from_options("lookup", {**given, "number": None})


@pytest.mark.parametrize("text", ["", "[]", '{"Birthdate": 5}', "[" * 100_000, "秘密"])
def test_what_cannot_be_read_is_not_repeated(text: str) -> None:
    with pytest.raises(QueryError) as caught:
        from_json(text)
    assert "秘密" not in str(caught.value)
    assert len(str(caught.value)) < 60


def test_a_query_is_sealed_to_the_device_and_names_its_request() -> None:
    query = Query({"Name": "架空　花子"}, DEVICE_OPEN)
    jti, token = Signer(OWN, "front", "sim").request(Wish("emergency-search", "counter-1"), 1.0, query)
    assert "架空" not in token
    claims = json.loads(jws.deserialize_compact(token, OWN, algorithms=["ES256"]).payload)
    found = jwe.decrypt_compact(claims["sealed"], DEVICE_OPEN, algorithms=["ECDH-ES", "A256GCM"])
    content = json.loads(found.plaintext or b"")
    assert {name: content[name] for name in ("iss", "jti", "query")} == {
        "iss": "front",
        "jti": jti,
        "query": {"Name": "架空　花子"},
    }
    assert repr(query) == object.__repr__(query)


def test_the_devices_encryption_key_is_trusted_by_the_file_only(folder: Path) -> None:
    path = folder / "reception.toml"
    assert load(path).sealing["counter-1"].thumbprint() == DEVICE_OPEN.thumbprint()
    for text, said in (
        ('device_encryption = { counter-2 = "device-open.pem" }', "device_encryption.counter-2: unknown"),
        ('device_encryption = { counter-1 = "absent.pem" }', "absent.pem"),
        ("device_encryption = 5", "device_encryption: dict wanted"),
    ):
        path.write_text(FILE + text, encoding="utf-8")
        with pytest.raises(ConfigError, match=said):
            load(path)


def test_the_command_says_what_is_missing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--config", str(folder / "reception.toml")]
    assert cli.main(["lookup", *where, *LOOKUP[:2]]) == 2
    assert cli.main(["emergency-search", *where, "--input", str(folder / "absent.json")]) == 2
    (folder / "reception.toml").write_text(FILE, encoding="utf-8")
    assert cli.main(["lookup", *where, *LOOKUP]) == 2
    said = capsys.readouterr().err
    for text in ("--number is missing", "--input: FileNotFoundError", "device_encryption.counter-1: missing"):
        assert text in said
    with pytest.raises(SystemExit):
        cli.main(["confirm-result", *where, "--visit", "0" * 32])


class Line:
    """Stands in for the connection: gives the asking what a device would say."""

    def __init__(self, *_: object) -> None:
        self.sent: list[tuple[str, bytes]] = []
        self.lasting, self.stopped = True, False

    def publish(self, topic: str, payload: bytes, **_: object) -> None:
        self.sent.append((topic, payload))

    def run(self) -> None:
        """Nothing comes."""

    def stop(self) -> None:
        self.stopped = True


class Exchange:
    """An asking on a `Line`, and the device that answers it."""

    def __init__(self, folder: Path) -> None:
        config = load(folder / "reception.toml")
        self.store = config.database
        self.kit = Kit("clinic", "counter-1", "front", "sim", DEVICE, OWN, OWN)
        self.asking = Asking(config, Wish("lookup", "counter-1"), Query({"Birthdate": "19700131"}, DEVICE_OPEN))
        line = self.asking.link
        assert isinstance(line, Line)
        self.line = line

    def respond(self, **claims: object) -> None:
        told = {"iss": "counter-1", "aud": "front", "jti": self.asking.jti, "iat": 1, "env": "sim", **claims}
        token = Signer(DEVICE, "counter-1", "sim").sign(told, "response+jwt")
        self.asking.message("madoguchi/v1/clinic/rx/front/res/counter-1", token.encode())

    def answer(self, request: str, **changed: object) -> None:
        body = {"request": request, "id": "f" * 32, "eligibility": {"code": "valid", "detail": None}}
        payload = self.kit.seal(self.kit.claims(4, typ="lookup", body=body, **changed))
        self.asking.message("madoguchi/v1/clinic/counter-1/evt/result/front", payload)

    def is_over(self) -> bool:
        return self.line.stopped

    def acknowledged(self) -> list[str]:
        return [topic for topic, _payload in self.line.sent if "/ack/" in topic]


@pytest.fixture
def exchange(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Exchange:
    monkeypatch.setattr(asking, "Link", Line)
    return Exchange(folder)


def test_a_query_is_sent_once_however_often_the_line_comes_back(exchange: Exchange) -> None:
    exchange.asking.online()
    exchange.asking.online()
    ((topic, _token),) = exchange.line.sent
    assert topic == "madoguchi/v1/clinic/counter-1/req/lookup"
    assert not exchange.line.lasting


def test_the_answer_is_stored_and_acknowledged_and_ends_the_wait(exchange: Exchange) -> None:
    exchange.respond(status="ok")
    assert not exchange.is_over()
    exchange.answer("another-request")
    exchange.answer(exchange.asking.jti, iss="counter-2")
    assert (exchange.acknowledged(), exchange.asking.is_done) == ([], False)
    exchange.answer(exchange.asking.jti)
    assert exchange.acknowledged() == ["madoguchi/v1/clinic/counter-1/ack/front"]
    assert exchange.is_over()
    assert exchange.asking.is_done
    store = Store(exchange.store)
    assert [message["typ"] for message in store.messages()] == ["lookup"]
    store.close()


def test_a_refusal_ends_the_wait(exchange: Exchange) -> None:
    exchange.respond(status="refused", code="ELG-031", jti="of-another-request")
    assert not exchange.is_over()
    exchange.respond(status="refused", code="ELG-031")
    assert exchange.is_over()
    assert not exchange.asking.is_done


@pytest.mark.parametrize(
    ("taken", "status", "advice"),
    [(False, "no answer", "did not say that it took the query"), (True, "no answer yet", "ask again")],
)
def test_who_waits_in_vain_is_told_what_that_means(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    taken: bool,
    status: str,
    advice: str,
) -> None:
    monkeypatch.setattr(asking, "Link", Line)
    if taken:
        monkeypatch.setattr(Asking, "wait", lambda self, _seconds: setattr(self, "answer", {"status": "ok"}))
    where = ["--config", str(folder / "reception.toml"), "--json", "--timeout", "5"]
    assert cli.main(["lookup", *where, *LOOKUP]) == 3
    said = capsys.readouterr()
    assert json.loads(said.out.splitlines()[-1])["status"] == status
    assert advice in said.err
    assert cli.main(["ping", *where]) == (0 if taken else 3)
    assert capsys.readouterr().err == ""


def printed(language: str, typ: str, body: dict[str, Any]) -> str:
    out = io.StringIO()
    message = {"typ": typ, "iss": "counter-1", "seq": 4, "env": "sim", "bytes": 2000, "body": body}
    Printer(language, as_json=False, out=out)("message", message)
    return out.getvalue()


def test_an_answer_is_printed_with_what_to_do() -> None:
    remarks = [{"code": "odd-value", "ja": "読めない値", "en": "An odd value."}]
    eligibility = {"code": "not-reachable", "detail": {"Name": "架空 花子"}, "ways": ["declaration"]}
    eligibility |= {"flags": ["odd-value"], "staff": {"ja": "確認できていません。", "en": "Could not check."}}
    body = {"request": "jti-00001", "eligibility": eligibility | {"remarks": remarks}}
    japanese, english = printed("ja", "lookup", body), printed("en", "lookup", body)
    for text in (
        "照会の回答",
        "確認できていません。",
        "被保険者資格申立書 (declaration)",
        "読めない値 (odd-value)",
        "架空",
    ):
        assert text in japanese
    for text in ("answer to a query", "Could not check.", "ways on: declaration", "An odd value. (odd-value)"):
        assert text in english


def test_codes_of_a_later_version_mean_ask_at_the_counter() -> None:
    later = {
        "code": "some-later-code",
        "ways": ["later-way"],
        "flags": ["later-flag"],
        "remarks": "no list",
        "staff": 5,
    }
    body = {"visit": "0" * 32, "eligibility": later, "hints": ["later-hint"]}
    japanese, english = printed("ja", "result", body), printed("en", "result", body)
    for code in ("some-later-code", "later-way", "later-flag", "later-hint"):
        assert f"窓口で確認してください ({code})" in japanese
        assert f"ask at the counter ({code})" in english


def test_a_message_of_an_unknown_kind_is_only_mentioned() -> None:
    told = printed("en", "something-later", {"visit": "secret"})
    assert "of a kind not known here" in told
    assert "secret" not in told
