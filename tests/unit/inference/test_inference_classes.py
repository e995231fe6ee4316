"""Cutting a line reader down to some characters: what is left computes the same. A small graph of the same kind."""

from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from tools.build import onnx_classes as classes
from tools.build import onnx_convert as conversion

SHAPE = (1, 3, 8, 16)
ALPHABET = ["a", "\u2028", "年", "b", "月", "c"]
"""With a line separator, which is a class of the real model: the list is split at line feeds only."""


def line_reader(ending: str = "Softmax") -> bytes:
    """Columns of the picture times a matrix: 16 steps, 8 classes (blank, six characters, a blank space)."""
    rng = np.random.default_rng(5)
    constants: dict[str, NDArray[Any]] = {
        "shape": np.array([1, 24, 16], np.int64),
        "weights": rng.normal(0, 2, (24, 8)).astype(np.float32),
        "bias": rng.normal(0, 2, 8).astype(np.float32),
    }
    nodes = [
        helper.make_node("Reshape", ["x", "shape"], ["columns"]),
        helper.make_node("Transpose", ["columns"], ["steps"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["steps", "weights"], ["product"]),
        helper.make_node("Add", ["product", "bias"], ["sum"]),
        helper.make_node("Identity", ["sum"], ["same"]),
        helper.make_node(ending, ["same"], ["out"], axis=2),
    ]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 8, "w"])]
    output = helper.make_tensor_value_info("out", TensorProto.FLOAT, ["n", "t", 8])
    initializers = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "g", inputs, [output], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=10)
    helper.set_model_props(model, {classes.ALPHABET: "\n".join(ALPHABET)})
    data: bytes = model.SerializeToString()
    return data


def test_kept_characters_score_as_before_and_the_bytes_repeat() -> None:
    original = line_reader()
    made = conversion.convert(original, SHAPE, "月年c")
    assert made == conversion.convert(original, SHAPE, "月年c")
    assert conversion.compare(original, made, SHAPE, "月年c") < 1e-5
    model = onnx.load_from_string(made)
    assert [size.dim_value for size in model.graph.output[0].type.tensor_type.shape.dim] == [1, 16, 4]
    assert not model.metadata_props


def test_a_wrong_class_is_seen() -> None:
    original = line_reader()
    other = conversion.convert(original, SHAPE, "月年b")
    assert conversion.compare(original, other, SHAPE, "月年c") > 1e-2


def test_classes_are_the_blank_and_the_places_in_the_list() -> None:
    assert classes.kept_classes(onnx.load_from_string(line_reader()), "月a") == [0, 5, 1]


@pytest.mark.parametrize(("characters", "words"), [("aa", "twice"), ("日", "does not know")])
def test_impossible_characters_are_refused(characters: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        conversion.convert(line_reader(), SHAPE, characters)


def test_a_graph_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="does not end in"):
        conversion.convert(line_reader("LogSoftmax"), SHAPE, "a")


def test_a_model_without_its_list_is_refused() -> None:
    model = onnx.load_from_string(line_reader())
    del model.metadata_props[:]
    with pytest.raises(ValueError, match="does not list"):
        conversion.convert(model.SerializeToString(), SHAPE, "a")
