"""ONNX to ONNX: fold block-wise int8 weights to float32 but for the largest, rewrite PRelu, drop what is not needed.

Build time only (needs `onnx`). Why: the int8 block files do not load in onnxruntime as they are (their quantised
tensors stayed in `graph.input`), and PRelu costs half of SFace's time there. Deterministic: the same input gives the
same bytes. A line reader is also cut down to the characters it is for. Raises ValueError for a graph of another kind.
Source: face.md section 1, conversion facts 1 and 2.
"""

import os
from collections.abc import Iterable
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

# Before the library is loaded: see firmware/inference/onnx.py.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

from tools.build.onnx_classes import cut, kept_classes, logarithms, restricted

Constants = dict[str, NDArray[Any]]

LARGE = 4 << 20
"""Weights of a matrix that stays int8. SFace's last one has 6.4 million, 26 MB as float32."""

SLICE = 200 << 10
"""Weights that are float32 at one time: 0.8 MB, so that they are still in the cache when they are used."""


def convert(data: bytes, shape: tuple[int, ...], characters: str = "") -> bytes:
    """The model in `data` as float32 ONNX with its one input fixed to `shape`.

    `characters`: of a line reader, the only ones to keep (`onnx_classes.py`).
    """
    model = onnx.load_from_string(data)
    if characters:
        cut(model, characters)
    graph = model.graph
    constants: Constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    nodes = rewrite_prelu(fold(slice_matrices(graph.node, constants), constants), constants)
    _replace(graph.node, nodes)
    used = {name for node in nodes for name in node.input}
    _replace(graph.initializer, [numpy_helper.from_array(constants[name], name) for name in constants if name in used])
    _fix_shapes(graph, shape)
    # Only the outputs are taken over: value_info of every tensor in between would say nothing new.
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
    _replace(graph.output, list(inferred.graph.output))
    _measure_outputs(model, shape)
    onnx.checker.check_model(model, full_check=True)
    converted: bytes = model.SerializeToString(deterministic=True)
    return converted


def compare(original: bytes, converted: bytes, shape: tuple[int, ...], characters: str = "") -> float:
    """Largest difference of any output, the original graph run with onnxruntime's own DequantizeLinear and PRelu.

    Of a line reader: of the logarithm of any kept character's probability.
    """
    low, high = (-1, 1) if characters else (0, 255)
    tensor = np.random.default_rng(20211201).uniform(low, high, shape).astype(np.float32)
    results: list[list[NDArray[Any]]] = [
        list(_run(data, tensor)) for data in (make_loadable(original, shape), converted)
    ]
    if characters:
        classes = kept_classes(onnx.load_from_string(original), characters)
        results = [[restricted(output, classes) for output in results[0]], [logarithms(each) for each in results[1]]]
    return max(float(np.abs(left - right).max()) for left, right in zip(*results, strict=True))


def make_loadable(data: bytes, shape: tuple[int, ...]) -> bytes:
    """The original graph with as little changed as onnxruntime needs to run it."""
    model = onnx.load_from_string(data)
    _fix_shapes(model.graph, shape)
    scales = {tensor.name: list(tensor.dims) for tensor in model.graph.initializer}
    for node in model.graph.node:
        # One scale for a whole vector is per-tensor quantisation, where onnxruntime refuses a block size.
        if node.op_type == "DequantizeLinear" and scales[node.input[1]] == [1]:
            del node.attribute[:]
    loadable: bytes = model.SerializeToString()
    return loadable


def fold(nodes: Iterable[onnx.NodeProto], constants: Constants) -> list[onnx.NodeProto]:
    """Compute DequantizeLinear and Reshape nodes whose inputs are all constant; the rest stays in order.

    What `slice_matrices` made stays too: it has no blocks.
    """
    kept: list[onnx.NodeProto] = []
    for node in nodes:
        attributes = _attributes(node)
        foldable = node.op_type == "Reshape" or (node.op_type == "DequantizeLinear" and "block_size" in attributes)
        if not foldable or not all(name in constants for name in node.input):
            kept.append(node)
            continue
        values = [constants[name] for name in node.input]
        if node.op_type == "Reshape":
            constants[node.output[0]] = values[0].reshape([int(size) for size in values[1]])
        else:
            constants[node.output[0]] = dequantize(values, attributes["axis"], attributes["block_size"])
    return kept


def slice_matrices(nodes: Iterable[onnx.NodeProto], constants: Constants) -> list[onnx.NodeProto]:
    """Leave large matrices int8, made float32 in every run, a few rows at a time: the same numbers in less memory.

    Each block of 64 weights becomes a row of its own, with one scale: onnxruntime's kernel for rows is three times as
    fast as the one for blocks. SFace takes 1 of 12 ms longer and 19 MB less.
    """
    every = list(nodes)
    sources = {node.output[0]: node for node in every if node.op_type == "DequantizeLinear"}
    kept: list[onnx.NodeProto] = []
    for node in every:
        source = sources.get(node.input[1]) if node.op_type == "Gemm" else None
        large = source is not None and constants[source.input[0]].size >= LARGE
        kept += _sliced(node, source, constants) if source is not None and large else [node]
    return kept


def _sliced(gemm: onnx.NodeProto, source: onnx.NodeProto, constants: Constants) -> list[onnx.NodeProto]:
    """The nodes that stand for one Gemm. Blocks lie along the rows of its matrix, and a row is one output value."""
    quantised, scales, zeros = (constants[name] for name in source.input)
    rows, columns = quantised.shape
    block = _attributes(source)["block_size"]
    plain = {"alpha": 1.0, "beta": 1.0, "transA": 0, "transB": 1}
    if {**plain, **_attributes(gemm)} != plain or _attributes(source)["axis"] != 1 or columns % block:
        raise ValueError(f"{gemm.output[0]}: a large matrix of another kind")
    target, step = gemm.output[0], max(1, SLICE // columns)
    nodes: list[onnx.NodeProto] = []
    for first in range(0, rows, step):
        part, name = slice(first, min(rows, first + step)), f"{target}_{first}"
        constants[f"{name}_quantized"] = np.ascontiguousarray(quantised[part].reshape(-1, block))
        constants[f"{name}_scales"] = np.ascontiguousarray(scales[part].reshape(-1))
        constants[f"{name}_zeros"] = np.ascontiguousarray(zeros[part].reshape(-1))
        constants[f"{name}_shape"] = np.array([part.stop - part.start, columns], np.int64)
        inputs = [f"{name}_quantized", f"{name}_scales", f"{name}_zeros"]
        nodes += [
            helper.make_node("DequantizeLinear", inputs, [f"{name}_blocks"], axis=0),
            helper.make_node("Reshape", [f"{name}_blocks", f"{name}_shape"], [f"{name}_rows"]),
            helper.make_node("Gemm", [gemm.input[0], f"{name}_rows"], [f"{name}_out"], transB=1),
        ]
    parts = [node.output[0] for node in nodes if node.op_type == "Gemm"]
    nodes.append(helper.make_node("Concat", parts, [f"{target}_sum"], axis=1))
    nodes.append(helper.make_node("Add", [f"{target}_sum", gemm.input[2]], [target]))
    return nodes


def _attributes(node: onnx.NodeProto) -> dict[str, Any]:
    return {item.name: helper.get_attribute_value(item) for item in node.attribute}


def dequantize(values: list[NDArray[Any]], axis: int, block: int) -> NDArray[np.float32]:
    """ONNX DequantizeLinear (opset 21) with blocks of `block` values along `axis`: (q - zero point) * scale."""
    quantised, scales, zeros = values
    size = quantised.shape[axis]

    def spread(small: NDArray[Any]) -> NDArray[Any]:
        return np.repeat(small, block, axis=axis).take(range(size), axis=axis)

    difference = quantised.astype(np.int32) - spread(zeros).astype(np.int32)
    return difference.astype(np.float32) * spread(scales).astype(np.float32)


def rewrite_prelu(nodes: Iterable[onnx.NodeProto], constants: Constants) -> list[onnx.NodeProto]:
    """PRelu(x) = a*x + (1-a)*Relu(x). max(x, a*x) would be wrong: some slopes are above 1.

    Where none is, (1-a)*Relu(x) = Relu((1-a)*x): onnxruntime then makes two passes over the picture instead of three.
    """
    kept: list[onnx.NodeProto] = []
    for node in nodes:
        if node.op_type != "PRelu" or node.input[1] not in constants:
            kept.append(node)
            continue
        source, slope, target = node.input[0], constants[node.input[1]], node.output[0]
        constants[f"{target}_slope"] = slope
        constants[f"{target}_rest"] = (np.float32(1) - slope).astype(np.float32)
        if slope.max() <= 1:
            kept += [
                helper.make_node("Mul", [source, f"{target}_rest"], [f"{target}_part"]),
                helper.make_node("Relu", [f"{target}_part"], [f"{target}_bend"]),
            ]
        else:
            kept += [
                helper.make_node("Relu", [source], [f"{target}_positive"]),
                helper.make_node("Mul", [f"{target}_positive", f"{target}_rest"], [f"{target}_bend"]),
            ]
        kept += [
            helper.make_node("Mul", [source, f"{target}_slope"], [f"{target}_linear"]),
            helper.make_node("Add", [f"{target}_linear", f"{target}_bend"], [target]),
        ]
    return kept


def _fix_shapes(graph: onnx.GraphProto, shape: tuple[int, ...]) -> None:
    """Leave one input, of `shape`; forget all other shapes."""
    made = {tensor.name for tensor in graph.initializer} | {name for node in graph.node for name in node.output}
    used = {name for node in graph.node for name in node.input}
    # SFace still lists as inputs the float tensors that the quantisation replaced: nothing reads them any more.
    names = [value.name for value in graph.input if value.name in used and value.name not in made]
    if len(names) != 1:
        raise ValueError(f"expected one input, found {names}")
    _replace(graph.input, [helper.make_tensor_value_info(names[0], onnx.TensorProto.FLOAT, shape)])
    del graph.value_info[:]
    for value in graph.output:
        value.type.tensor_type.ClearField("shape")


def _measure_outputs(model: onnx.ModelProto, shape: tuple[int, ...]) -> None:
    """Where the graph computes a shape, ONNX's inference gives up: take it from a run."""
    if all(value.type.tensor_type.HasField("shape") for value in model.graph.output):
        return
    made = _run(model.SerializeToString(), np.zeros(shape, dtype=np.float32))
    _replace(
        model.graph.output,
        [
            helper.make_tensor_value_info(value.name, onnx.TensorProto.FLOAT, output.shape)
            for value, output in zip(model.graph.output, made, strict=True)
        ],
    )


def _replace(field: Any, values: list[Any]) -> None:
    del field[:]
    field.extend(values)


def _run(data: bytes, tensor: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    outputs: list[NDArray[np.float32]] = session.run(None, {session.get_inputs()[0].name: tensor})
    return outputs
