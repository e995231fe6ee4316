"""The command line: settings shown, journals replayed, errors that say what to do (firmware/app/cli.py)."""

import json
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from firmware.app.cli import app
from firmware.app.entry import EX_CONFIG
from firmware.core import events as ev
from firmware.core.ids import VisitId
from firmware.core.outcomes import CardKind, Env
from firmware.session.journal import header, line
from firmware.session.model import Device, Starting, State
from firmware.session.policy import Policy
from firmware.session.step import step

POLICY = Policy(env=Env.SIM)


def _run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A short day: power-on, a card, its removal."""
    visit = VisitId("0" * 32)
    events = (
        ev.DeviceStarted(at=1.0, provisioned=True),
        ev.CardPlaced(at=2.0, visit=visit),
        ev.CardIdentified(at=3.0, visit=visit, kind=CardKind.MY_NUMBER, same_card=True),
        ev.CardRemoved(at=4.0),
    )
    lines, state = [header(POLICY)], Starting(Device())
    current: State = state
    for event in events:
        current = step(current, event, POLICY).state
        lines.append(line(event, current))
    path = tmp_path / "journal.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_version_and_help() -> None:
    assert _run("--version").stdout.startswith("madoguchi ")
    assert "settings" in _run("--help").stdout


def test_settings_are_shown_without_secrets(site: Path) -> None:
    shown = _run("settings", "show", "--config", site)
    tables = tomllib.loads(shown.stdout)
    assert shown.exit_code == 0
    assert tables["site"]["env"] == "sim"
    assert "device.key" not in shown.stdout
    changed = json.loads(_run("settings", "show", "--config", site, "--changed", "--json").stdout)
    assert "match_attempts" not in changed.get("policy", {})


def test_missing_settings_say_what_to_do(tmp_path: Path) -> None:
    for words in (("run",), ("settings", "show")):
        failed = _run(*words, "--config", tmp_path / "nothing.toml")
        assert failed.exit_code == EX_CONFIG
        assert "SET-003" in failed.stderr
        assert len(failed.stderr.strip().splitlines()) == 3, "code, what is wrong, what to do"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('env = "sim"', 'env = "production"', "site.env is production, this device is sim"),
        ("[broker]", '[eligibility]\ntexts = "words.toml"\n[broker]', "eligibility.texts: "),
    ],
)
def test_what_run_refuses_is_said_when_the_settings_are_shown(site: Path, old: str, new: str, complaint: str) -> None:
    refused, words = site.with_name("refused.toml"), site.with_name("words.toml")
    words.write_text("[outcomes.valid", encoding="utf-8")
    refused.write_text(site.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    shown = _run("settings", "show", "--config", refused)
    assert shown.exit_code == EX_CONFIG
    assert tomllib.loads(shown.stdout)["device"]["id"] == "counter-1"
    assert complaint in shown.stderr


@pytest.mark.parametrize(("days", "off"), [(-1, True), (1, False), (40, True)])
def test_a_disaster_mode_that_is_off_is_said(site: Path, days: int, off: bool) -> None:
    until = (datetime.now(UTC) + timedelta(days=days)).isoformat()
    path = site.with_name("disaster.toml")
    path.write_text(site.read_text(encoding="utf-8") + f'\n[disaster]\nuntil = "{until}"\n', encoding="utf-8")
    shown = _run("settings", "show", "--config", path)
    assert shown.exit_code == 0
    assert ("disaster mode is off" in shown.stderr) is off


def test_an_unknown_key_is_named(tmp_path: Path, site: Path) -> None:
    text = site.read_text(encoding="utf-8").replace("[site]", '[site]\nenvironment = "sim"', 1)
    broken = tmp_path / "madoguchi.toml"
    broken.write_text(text, encoding="utf-8")
    failed = _run("settings", "show", "--config", broken)
    assert failed.exit_code == EX_CONFIG
    assert "site.environment: unknown key" in failed.stderr


def test_a_journal_replays_to_the_same_decisions(journal: Path) -> None:
    replayed = _run("replay", journal)
    assert replayed.exit_code == 0
    assert replayed.stdout.strip().endswith("same decisions")
    rows = [json.loads(row) for row in _run("replay", journal, "--json").stdout.splitlines()]
    assert [row["reached"] for row in rows] == ["Idle", "Identifying", "ChoosingMethod", "Identifying"]


def test_a_journal_that_this_build_decides_otherwise_is_a_difference(journal: Path) -> None:
    journal.write_text(journal.read_text(encoding="utf-8").replace("ChoosingMethod", "Matching"), encoding="utf-8")
    replayed = _run("replay", journal)
    assert replayed.exit_code == 1
    assert "here: ChoosingMethod" in replayed.stdout
    assert "1 decisions differ" in replayed.stdout


@pytest.mark.parametrize("content", [b"nonsense\n", b'{"journal":99}\n', b'{"event":"CardRemoved"}\n', b"\xff\xfe"])
def test_what_is_no_journal_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.jsonl"
    path.write_bytes(content)
    failed = _run("replay", path)
    assert failed.exit_code == 1
    assert "other.jsonl" in failed.stderr
