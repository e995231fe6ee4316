"""The only file that imports onnxruntime: one `Session` per model, set up for two small cores and little memory.

Thread: inference lane (a session is not shared between threads). Arrays are float32. Raises DeviceError: those of
`ModelStore`, and MODEL_FAILED for whatever onnxruntime cannot load or run. Source: face.md section 1 (conversion facts
2 and 3), hardware.md section 10.
"""

import ctypes
import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# PyPI's onnxruntime sends events about models and machine to its maker, and keeps an identifier on disk, unless this is
# set before the library is loaded. A device that sees patients' faces reports to nobody.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as _ort

from firmware.core.faults import DeviceError, FaultCode
from firmware.inference.models import ModelEntry, ModelStore

Floats = NDArray[np.float32]

_M_MMAP_THRESHOLD = -3  # malloc.h
_LARGE_BLOCK = 256 << 10

# onnxruntime's exceptions have no common base but Exception.
_ERRORS = (
    _ort.EPFail,
    _ort.Fail,
    _ort.InvalidArgument,
    _ort.InvalidGraph,
    _ort.InvalidProtobuf,
    _ort.NoModel,
    _ort.NoSuchFile,
    _ort.NotImplemented,
    _ort.RuntimeException,
    RuntimeError,
    ValueError,
)


class Session:
    """A loaded model with one input."""

    def __init__(self, store: ModelStore, name: str, *, threads: int = 1, prepack: bool = False) -> None:
        self.entry: ModelEntry = store.entry(name)
        give_back_large_blocks()
        with store.verified(name) as path:
            try:
                self._session = onnxruntime.InferenceSession(
                    path, _options(threads, prepack=prepack), providers=["CPUExecutionProvider"]
                )
            except _ERRORS as error:
                raise DeviceError(FaultCode.MODEL_FAILED, f"{name}: {type(error).__name__}") from error
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or tuple(inputs[0].shape) != self.entry.input:
            raise DeviceError(FaultCode.MODEL_FAILED, f"{name}: input differs from the manifest")
        self._input: str = inputs[0].name
        self.outputs: tuple[str, ...] = tuple(output.name for output in self._session.get_outputs())

    def run(self, tensor: Floats) -> Sequence[Floats]:
        """All outputs, in the order of `outputs`. The caller wipes input and outputs."""
        try:
            results: Sequence[Floats] = self._session.run(None, {self._input: tensor})
        except _ERRORS as error:
            raise DeviceError(FaultCode.MODEL_FAILED, f"{self.entry.name}: {type(error).__name__}") from error
        return results


def give_back_large_blocks() -> None:
    """From now on memory of 256 KiB and more goes back to the system at once when it is freed (glibc).

    By itself glibc raises that bound to the largest block ever freed: after SFace's 26 MB everything stays in the heap,
    frames and photos too. Loading then peaks 15 MB lower; a YuNet run takes 0.8 ms longer (2.5 ms).
    """
    ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE_BLOCK)


def trim() -> None:
    """Give freed heap pages back to the system (glibc): after loading 35 MB, after a match 50 MB."""
    ctypes.CDLL(None).malloc_trim(0)


def _options(threads: int, *, prepack: bool) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    # Spinning threads of two sessions fight for two cores: SFace 15 -> 97 ms.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if not prepack:
        # Prepacking copies SFace's 26 MB matrix while it loads (peak 162 instead of 131 MB) and makes nothing faster
        # with one row.
        options.add_session_config_entry("session.disable_prepacking", "1")
    return options
