"""Doubles of the vendor libraries that only a device has."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

FAKES = Path(__file__).parent / "fakes"


class Doubled(NamedTuple):
    """A module of ours, imported with the double of its vendor's library."""

    ours: ModuleType
    vendor: ModuleType


def _doubled(monkeypatch: pytest.MonkeyPatch, ours: str, vendor: str) -> Iterator[Doubled]:
    names = [name for name in sys.modules if name in {ours, vendor} or name.startswith(f"{vendor}.")]
    for name in names:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(FAKES)
    module = importlib.import_module(ours)
    yield Doubled(module, sys.modules[vendor])
    for name in (ours, vendor, f"{vendor}.ecodes"):
        sys.modules.pop(name, None)


@pytest.fixture
def gpio(monkeypatch: pytest.MonkeyPatch) -> Iterator[Doubled]:
    yield from _doubled(monkeypatch, "firmware.panel.gpio", "gpiozero")


@pytest.fixture
def keypad_evdev(monkeypatch: pytest.MonkeyPatch) -> Iterator[Doubled]:
    yield from _doubled(monkeypatch, "firmware.panel.keypad_evdev", "evdev")
