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

_libc = ctypes.CDLL(None)
_libc.malloc.restype, _libc.free.argtypes = ctypes.c_void_p, (ctypes.c_void_p,)
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h
_LARGE_BLOCK, _SMALL_TOP = 256 << 10, 128 << 10
# More than the working memory of a run (SFace: 6.7 MB in one block).
_WORKING_BLOCK, _WORKING_TOP = 16 << 20, 64 << 20

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
        """All outputs, in the order of `outputs`. The caller wipes input and outputs, and calls `trim` in the end."""
        keep_working_blocks()
        try:
            results: Sequence[Floats] = self._session.run(None, {self._input: tensor})
        except _ERRORS as error:
            raise DeviceError(FaultCode.MODEL_FAILED, f"{self.entry.name}: {type(error).__name__}") from error
        return results


def give_back_large_blocks() -> None:
    """The rule outside of runs: memory of 256 KiB and more goes back to the system at once when it is freed (glibc).

    By itself glibc raises that bound to the largest block ever freed, so that everything stays in the heap. Loading
    SFace then peaks 22 MB lower.
    """
    _bounds(_LARGE_BLOCK, _SMALL_TOP)


def keep_working_blocks() -> None:
    """The rule from a run to `trim`: blocks below 16 MiB come from the heap and stay there when freed (glibc).

    Otherwise each run gets its working memory from the system anew, one page fault per 4 KiB: SFace 1,600 of them, 3 of
    15 ms; YuNet 800, 1 of 3 ms. It holds for the whole process, frames of the camera's thread too, hence not for ever.
    """
    _bounds(_WORKING_BLOCK, _WORKING_TOP)


def trim() -> None:
    """Runs are over: give freed heap pages back to the system (glibc). Inference lane.

    malloc_trim leaves the top of every thread's heap but the main one's. Freeing a large block with a low bound gives
    that of the calling thread back as well.
    """
    _bounds(_WORKING_BLOCK, _SMALL_TOP)
    _libc.free(_libc.malloc(_LARGE_BLOCK))
    _libc.malloc_trim(0)
    give_back_large_blocks()


def _bounds(block: int, top: int) -> None:
    _libc.mallopt(_M_MMAP_THRESHOLD, block)
    _libc.mallopt(_M_TRIM_THRESHOLD, top)


def _options(threads: int, *, prepack: bool) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    # Spinning threads of two sessions fight for two cores: SFace 15 -> 97 ms.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if not prepack:
        # Prepacking copies float32 matrices while it loads, and makes nothing faster with one row.
        options.add_session_config_entry("session.disable_prepacking", "1")
    return options
