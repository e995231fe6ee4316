"""The inference library reports to nobody: no uploader, no identifier on disk (firmware/inference/onnx.py)."""

import os
import subprocess
import sys
from pathlib import Path

from firmware.inference.models import read_manifest

_LOAD = """
import sys
from pathlib import Path
from firmware.inference.models import ModelStore
from firmware.inference.onnx import Session
Session(ModelStore(Path("models")), sys.argv[1])
"""


def _run(home: Path, code: str) -> subprocess.CompletedProcess[str]:
    """With next to no environment: the library is silent by itself where it believes to be in a CI run."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
    command = [sys.executable, "-c", code, _names()[0]]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)


def _names() -> list[str]:
    return sorted(read_manifest(Path("models/manifest.toml")))


def test_loading_a_model_leaves_no_trace_at_home(tmp_path: Path) -> None:
    done = _run(tmp_path, _LOAD)
    assert list(tmp_path.rglob("*")) == []
    assert "telemetry" not in (done.stdout + done.stderr).lower()


def test_the_library_would_leave_one_if_it_were_let(tmp_path: Path) -> None:
    """Guards the test above: should the library stop reporting by itself, this fails and both may go."""
    code = "import onnxruntime\nonnxruntime.InferenceSession"
    _run(tmp_path, code)
    assert list(tmp_path.rglob("*")) != []
