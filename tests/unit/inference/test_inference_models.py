"""Manifest, hash check and session. Needs the models that `make setup` builds."""

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest

from firmware.core.faults import DeviceError, FaultCode
from firmware.inference.models import ModelStore, read_manifest
from firmware.inference.onnx import Session, trim

MODELS = Path(__file__).resolve().parents[3] / "models"
SMALL = "yunet"

ENTRY = """
schema = 1
[models.one]
file = "one.onnx"
sha256 = "{digest}"
bytes = {size}
input = [1, 3, 8, 8]
"""


def store_with(folder: Path, data: bytes, claimed: bytes | None = None) -> ModelStore:
    claimed = data if claimed is None else claimed
    (folder / "one.onnx").write_bytes(data)
    text = ENTRY.format(digest=hashlib.sha256(claimed).hexdigest(), size=len(claimed))
    (folder / "manifest.toml").write_text(text, encoding="utf-8")
    return ModelStore(folder)


def test_shipped_manifest_names_what_the_device_needs() -> None:
    entries = read_manifest(MODELS / "manifest.toml")
    assert entries["yunet"].input == (1, 3, 256, 320)
    assert entries["sface"].input == (1, 3, 112, 112)
    thresholds = entries["sface"].thresholds
    assert (thresholds["accept"].id, thresholds["accept"].cosine) == ("sface-2021dec-a42", 0.42)
    assert (thresholds["retry"].cosine, thresholds["strict"].cosine) == (0.32, 0.49)
    assert entries["yunet"].thresholds == {}
    assert entries["yunet"].characters == ""
    assert entries["ppocr"].input == (1, 3, 48, 480)
    assert set("0123456789元年月日生まで有効大正昭和平令") <= set(entries["ppocr"].characters)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("schema = 1", "schema = 2"),
        ('"one.onnx"', '"../one.onnx"'),
        ("sha256 = ", 'sha256 = "ab" #'),
        ("bytes = ", "bytes = -"),
        ("bytes = ", "size = "),
        ("[1, 3, 8, 8]", "[1, 3, 0, 8]"),
        ("[1, 3, 8, 8]", '"1x3"'),
        ("[models.one]", "[models]"),
        ("schema = 1", "schema ="),
        ("[1, 3, 8, 8]", '[1]\n[models.one.thresholds.accept]\nid = "a"\ncosine = 1.2'),
        ("[1, 3, 8, 8]", '[1]\ncharacters = "0120"'),
        ("[1, 3, 8, 8]", "[1]\ncharacters = 12"),
        ("[1, 3, 8, 8]", '[1]\n[models.one.thresholds.accept]\nid = "a"\ncosine = "0.4"'),
        ("[1, 3, 8, 8]", '[1]\n[models.one.thresholds.accept]\nid = ""\ncosine = 0.4'),
    ],
)
def test_a_manifest_that_does_not_hold_together_is_refused(tmp_path: Path, old: str, new: str) -> None:
    text = ENTRY.format(digest="ab" * 32, size=5)
    assert old in text
    path = tmp_path / "manifest.toml"
    path.write_text(text, encoding="utf-8")
    assert read_manifest(path)["one"].size == 5
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(DeviceError) as caught:
        read_manifest(path)
    assert caught.value.code is FaultCode.MODEL_FAILED


def test_missing_manifest_model_and_name(tmp_path: Path) -> None:
    store = store_with(tmp_path, b"model")
    (tmp_path / "one.onnx").unlink()
    with pytest.raises(DeviceError) as file_missing, store.verified("one"):
        pass
    with pytest.raises(DeviceError) as name_missing:
        store.entry("two")
    with pytest.raises(DeviceError) as all_missing:
        ModelStore(tmp_path / "nowhere").entry("one")
    codes = {caught.value.code for caught in (file_missing, name_missing, all_missing)}
    assert codes == {FaultCode.MODEL_MISSING}


@pytest.mark.parametrize("data", [b"modem", b"model!", b"mode", b""])
def test_another_file_is_refused(tmp_path: Path, data: bytes) -> None:
    store = store_with(tmp_path, data, claimed=b"model")
    with pytest.raises(DeviceError) as caught, store.verified("one"):
        pass
    assert caught.value.code is FaultCode.MODEL_HASH_WRONG


def test_a_file_replaced_after_the_check_is_not_read(tmp_path: Path) -> None:
    store = store_with(tmp_path, b"model")
    with store.verified("one") as path:
        (tmp_path / "new").write_bytes(b"other")
        (tmp_path / "new").replace(tmp_path / "one.onnx")
        assert Path(path).read_bytes() == b"model"


def test_one_flipped_bit_of_a_real_model_is_refused(tmp_path: Path) -> None:
    shutil.copy(MODELS / "manifest.toml", tmp_path)
    file = ModelStore(MODELS).entry(SMALL).file
    data = bytearray((MODELS / file).read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / file).write_bytes(data)
    with pytest.raises(DeviceError) as caught:
        Session(ModelStore(tmp_path), SMALL)
    assert caught.value.code is FaultCode.MODEL_HASH_WRONG


def test_a_named_file_that_is_no_model_is_a_model_fault(tmp_path: Path) -> None:
    with pytest.raises(DeviceError) as caught:
        Session(store_with(tmp_path, b"not a protobuf"), "one")
    assert caught.value.code is FaultCode.MODEL_FAILED


def test_a_model_with_another_input_than_the_manifest_says_is_refused(tmp_path: Path) -> None:
    text = (MODELS / "manifest.toml").read_text(encoding="utf-8")
    (tmp_path / "manifest.toml").write_text(text.replace("[1, 3, 256, 320]", "[1, 3, 320, 256]"), encoding="utf-8")
    shutil.copy(MODELS / ModelStore(MODELS).entry(SMALL).file, tmp_path)
    with pytest.raises(DeviceError) as caught:
        Session(ModelStore(tmp_path), SMALL)
    assert caught.value.code is FaultCode.MODEL_FAILED


def test_session_runs_and_maps_what_onnxruntime_raises() -> None:
    session = Session(ModelStore(MODELS), SMALL)
    outputs = session.run(np.zeros((1, 3, 256, 320), np.float32))
    assert dict(zip(session.outputs, [output.shape for output in outputs], strict=True))["kps_8"] == (1, 1280, 10)
    with pytest.raises(DeviceError) as caught:
        session.run(np.zeros((1, 3, 8, 8), np.float32))
    assert caught.value.code is FaultCode.MODEL_FAILED
    trim()


def test_no_descriptor_stays_open(tmp_path: Path) -> None:
    store = store_with(tmp_path, b"model")
    before = len(list(Path("/proc/self/fd").iterdir()))
    with store.verified("one"):
        pass
    with pytest.raises(DeviceError), store_with(tmp_path, b"other", claimed=b"model").verified("one"):
        pass
    assert len(list(Path("/proc/self/fd").iterdir())) == before
