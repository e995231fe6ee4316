"""Cut a CTC line reader down to the characters that can occur where it reads, and compare it with the original.

Build time only (needs `onnx`). The last linear layer of PP-OCRv6 small holds 18,710 classes in 9 of the file's 21 MB.
Rows of that layer do not depend on each other, so dropping some of them leaves the others' scores as they were: the
softmax of the cut model is the original's, restricted to the kept classes and normalised again. A model cut this way
cannot spell a name or an address. Raises ValueError for a graph of another kind. Source: face.md section 8.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

ALPHABET = "character"
"""The metadata entry that lists the classes, one a line, after the blank (class 0)."""


def kept_classes(model: onnx.ModelProto, characters: str) -> list[int]:
    """The original's class numbers of the blank and of `characters`, in that order."""
    listed = [entry.value for entry in model.metadata_props if entry.key == ALPHABET]
    if len(listed) != 1:
        raise ValueError("the model does not list its characters")
    # Not splitlines(): it would split at characters that are classes themselves.
    numbers = {character: number for number, character in enumerate(listed[0].split("\n"), start=1)}
    if len(set(characters)) != len(characters):
        raise ValueError("a character is named twice")
    missing = [character for character in characters if character not in numbers]
    if missing:
        raise ValueError(f"the model does not know {missing}")
    return [0, *(numbers[character] for character in characters)]


def cut(model: onnx.ModelProto, characters: str) -> None:
    """Leave only the blank and `characters` in the last layer of `model`, in place."""
    classes = kept_classes(model, characters)
    weights, bias = _last_layer(model.graph)
    for tensor in (weights, bias):
        values = np.ascontiguousarray(numpy_helper.to_array(tensor)[..., classes])
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    # 37 kB that now say something wrong; the manifest names the classes.
    del model.metadata_props[:]


def restricted(output: NDArray[np.float32], classes: Sequence[int]) -> NDArray[np.float64]:
    """Logarithms of the original's probabilities over `classes` only, normalised again.

    Logarithms, because nearly all probability is on the blank: a wrong class would hide behind it.
    """
    return logarithms(output[..., list(classes)])


def logarithms(output: NDArray[np.float32]) -> NDArray[np.float64]:
    """Logarithms of probabilities, normalised. Shape: as given, classes last."""
    values = output.astype(np.float64)
    normalised = values / values.sum(axis=-1, keepdims=True)
    return np.asarray(np.log(np.maximum(normalised, np.finfo(np.float32).tiny)))


def _last_layer(graph: onnx.GraphProto) -> tuple[onnx.TensorProto, onnx.TensorProto]:
    """Weights and bias of `Softmax(x @ weights + bias)` at the end of the graph."""
    producers: dict[str, Any] = {output: node for node in graph.node for output in node.output}
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    found = []
    node = producers[graph.output[0].name]
    for kind in ("Softmax", "Add", "MatMul"):
        while node.op_type == "Identity":
            node = producers[node.input[0]]
        if node.op_type != kind:
            raise ValueError(f"the graph does not end in MatMul, Add, Softmax: found {node.op_type}")
        found += [tensors[name] for name in node.input if name in tensors]
        node = producers.get(node.input[0], node)
    if len(found) != 2:
        raise ValueError("the last layer has no constant weights and bias")
    return found[1], found[0]
