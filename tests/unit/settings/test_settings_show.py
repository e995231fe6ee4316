"""The effective view, its secrets, and the generated page."""

import json
import tomllib
from pathlib import Path

from firmware.settings.describe import markdown
from firmware.settings.load import parse
from firmware.settings.schema import Settings
from firmware.settings.show import HIDDEN, effective, show

PAGE = Path(__file__).parents[3] / "docs" / "settings.md"


def test_defaults_are_filled_in_and_secrets_hidden(settings: Settings) -> None:
    tables = tomllib.loads(show(settings))
    assert tables["policy"]["match_attempts"] == 3
    assert tables["policy"]["methods"] == ["face", "pin", "staff"]
    assert tables["keys"]["device_key"] == HIDDEN
    assert tables["broker"]["key"] == HIDDEN
    assert "device.key" not in show(settings)
    assert tables["control"] == {}


def test_the_toml_view_and_the_json_view_agree(settings: Settings) -> None:
    assert tomllib.loads(show(settings)) == _without_null(json.loads(show(settings, as_json=True)))


def _without_null(value: object) -> object:
    """TOML has none."""
    if isinstance(value, dict):
        return {name: _without_null(each) for name, each in value.items() if each is not None}
    return [_without_null(each) for each in value] if isinstance(value, list) else value


def test_changed_keeps_required_keys_and_what_differs(settings: Settings) -> None:
    tables = tomllib.loads(show(settings, changed=True))
    assert tables["policy"] == {"show_seconds": 2.0}
    assert "reader" not in tables
    assert tables["broker"] == {
        key: value for key, value in tables["broker"].items() if key in {"host", "ca", "certificate", "key"}
    }


def test_the_view_is_a_settings_file_again(settings: Settings, site: Path) -> None:
    again = parse(show(settings), site.parent)
    assert effective(again) == effective(settings) | {
        "keys": effective(again.keys),
        "gateway": effective(again.gateway) if again.gateway else None,
        "broker": effective(again.broker),
    }


def test_every_key_is_described_and_the_page_is_current() -> None:
    page = markdown()
    assert "| None |" not in page
    assert "secret file" in page
    assert PAGE.read_text() == page, "run `make docs`"
