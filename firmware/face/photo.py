"""Decodes the chip's photo in another process: a hole in the JPEG 2000 decoder must not reach keys, card or network.

Inference lane. A worker takes 60 to 95 ms to start and is used once, so one is started ahead and waits. The pixels come
back into a buffer of our own that the caller can wipe. Raises PHOTO_TOO_LARGE (more than 32 KiB), PHOTO_BROKEN (not
JP2, not decodable, too many pixels, more than the worker's limits allow), PHOTO_TIMEOUT. Source: card.md 2.3 (DF27),
design.md "Untrusted bytes".
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.secret import Secret
from firmware.face import photo_worker
from firmware.face.pixels import Picture

JP2_SIGNATURE = bytes.fromhex("0000000C6A5020200D0A870A")
LARGEST_PHOTO = photo_worker.LARGEST_PHOTO

Worker = subprocess.Popen[bytes]


class PhotoDecoder:
    """`seconds`: time for one photo, process start included. `script`: the worker's file."""

    def __init__(self, seconds: float = 3.0, script: Path | None = None) -> None:
        self._seconds = seconds
        # By path, not by module: `-I` takes neither the current folder nor PYTHONPATH.
        self._script = script or Path(photo_worker.__file__)
        self._warm: Worker | None = None

    def start_ahead(self) -> None:
        """Start the next worker now, if none waits. Never raises: `decode` will say what is wrong."""
        if self._warm is None or self._warm.poll() is not None:
            self._drop()
            with contextlib.suppress(OSError):
                self._warm = self._start()

    def decode(self, photo: Secret) -> Picture:
        """The photo as height x width (grey) or height x width x 3 (RGB). The caller wipes it."""
        if len(photo) > LARGEST_PHOTO:
            raise DeviceError(FaultCode.PHOTO_TOO_LARGE, f"{len(photo)} bytes")
        if photo.view()[: len(JP2_SIGNATURE)] != JP2_SIGNATURE:
            raise DeviceError(FaultCode.PHOTO_BROKEN, "not JP2")
        deadline = time.monotonic() + self._seconds
        worker = self._take()
        try:
            return _exchange(worker, photo, deadline)
        except (OSError, EOFError) as error:
            raise _failure(worker, deadline) from error
        except ValueError as error:
            raise DeviceError(FaultCode.PHOTO_BROKEN, "answer of the decoder") from error
        finally:
            _end(worker)

    def close(self) -> None:
        """End the waiting worker. Idempotent."""
        self._drop()

    def _take(self) -> Worker:
        worker, self._warm = self._warm, None
        if worker is not None:
            if worker.poll() is None:
                return worker
            _end(worker)
        try:
            return self._start()
        except OSError as error:
            raise DeviceError(FaultCode.PHOTO_BROKEN, f"no decoder: {type(error).__name__}") from error

    def _start(self) -> Worker:
        return subprocess.Popen(
            [sys.executable, "-I", str(self._script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={},
            bufsize=0,
        )

    def _drop(self) -> None:
        worker, self._warm = self._warm, None
        if worker is not None:
            _end(worker)


def _exchange(worker: Worker, photo: Secret, deadline: float) -> Picture:
    if worker.stdin is None or worker.stdout is None:
        raise EOFError
    _write(worker.stdin.fileno(), photo_worker.REQUEST.pack(len(photo)), deadline)
    _write(worker.stdin.fileno(), photo.view(), deadline)
    header = bytearray(photo_worker.ANSWER.size)
    _read(worker.stdout.fileno(), header, deadline)
    width, height, channels = photo_worker.ANSWER.unpack(header)
    # The worker may have been taken over by its input: its answer is as untrusted as the photo.
    if not (0 < width <= photo_worker.LONGEST_SIDE and 0 < height <= photo_worker.LONGEST_SIDE and channels in {1, 3}):
        raise ValueError
    pixels = np.zeros((height, width) if channels == 1 else (height, width, channels), dtype=np.uint8)
    try:
        _read(worker.stdout.fileno(), pixels.data.cast("B"), deadline)
    except (OSError, EOFError):
        pixels.fill(0)
        raise
    return pixels


def _write(fd: int, data: bytes | memoryview, deadline: float) -> None:
    os.set_blocking(fd, False)
    rest = memoryview(data)
    while rest:
        _wait(fd, select.POLLOUT, deadline)
        rest = rest[os.write(fd, rest) :]


def _read(fd: int, into: bytearray | memoryview, deadline: float) -> None:
    rest = memoryview(into)
    while rest:
        _wait(fd, select.POLLIN, deadline)
        count = os.readv(fd, [rest])
        if count == 0:
            raise EOFError
        rest = rest[count:]


def _wait(fd: int, event: int, deadline: float) -> None:
    poll = select.poll()
    poll.register(fd, event)
    if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
        raise TimeoutError


def _failure(worker: Worker, deadline: float) -> DeviceError:
    """What to report of a worker that did not answer: out of time by our clock or by its own CPU limit, or broken."""
    try:
        code = worker.wait(timeout=max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return DeviceError(FaultCode.PHOTO_TIMEOUT)
    if code in {-signal.SIGXCPU, -signal.SIGKILL}:
        return DeviceError(FaultCode.PHOTO_TIMEOUT, f"worker ended by signal {-code}")
    return DeviceError(FaultCode.PHOTO_BROKEN, f"worker ended with {code}")


def _end(worker: Worker) -> None:
    """Kill and reap; a worker is never used twice."""
    worker.kill()
    for pipe in (worker.stdin, worker.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    worker.wait()
