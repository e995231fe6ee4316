"""Decodes the chip's photo in another process: a hole in the JPEG 2000 decoder must not reach keys, card or network.

Inference lane. A worker takes 60 to 90 ms to start and is used once, so one is started ahead and waits, already in its
jail. The pixels come back into a buffer of our own that the caller can wipe; all else that saw the photo ends with the
worker. Raises PHOTO_TOO_LARGE (more than 32 KiB), PHOTO_BROKEN (not JP2, not decodable, too many pixels, more than the
worker's limits allow), PHOTO_TIMEOUT, and PHOTO_NO_DECODER if there is no worker or its machine cannot confine it: a
photo is decoded in the jail or not at all. Source: card.md 2.3 (DF27), design.md "Untrusted bytes".
"""

import contextlib
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.secret import Secret
from firmware.face import photo_worker
from firmware.inference.pictures import Picture

JP2_SIGNATURE = bytes.fromhex("0000000C6A5020200D0A870A")
LARGEST_PHOTO = photo_worker.LARGEST_PHOTO
DECODE_SECONDS = 0.8
"""For one photo from the moment its worker is ready. The largest one allowed takes a tenth of it on x86-64."""


class Worker(NamedTuple):
    """A decoder's process and our end of the one socket it has."""

    process: subprocess.Popen[bytes]
    line: socket.socket


class PhotoDecoder:
    """`seconds`: time for one photo, process start included. `script`: the worker's file."""

    def __init__(self, seconds: float = 3.0, script: Path | None = None) -> None:
        self._seconds = seconds
        # By path, not by module: `-I` takes neither the current folder nor PYTHONPATH.
        self._script = script or Path(photo_worker.__file__)
        self._warm: Worker | None = None

    def start_ahead(self) -> None:
        """Start the next worker now, if none waits. Never raises: `decode` will say what is wrong."""
        if self._warm is None or self._warm.process.poll() is not None:
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
            _await_jail(worker, deadline)
            return _exchange(worker, photo, min(deadline, time.monotonic() + DECODE_SECONDS))
        finally:
            _end(worker)

    def close(self) -> None:
        """End the waiting worker. Idempotent."""
        self._drop()

    def _take(self) -> Worker:
        worker, self._warm = self._warm, None
        if worker is not None:
            if worker.process.poll() is None:
                return worker
            _end(worker)
        try:
            return self._start()
        except OSError as error:
            raise DeviceError(FaultCode.PHOTO_NO_DECODER, f"no decoder: {type(error).__name__}") from error

    def _start(self) -> Worker:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = subprocess.Popen(
                    # As optimised as we are: an installation has compiled the libraries for that.
                    [sys.executable, "-I", *["-O"] * sys.flags.optimize, str(self._script)],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    cwd="/",
                    env={},
                    # A key press in a technician's terminal is not for the decoder.
                    start_new_session=True,
                )
            except OSError:
                ours.close()
                raise
        return Worker(process, ours)

    def _drop(self) -> None:
        worker, self._warm = self._warm, None
        if worker is not None:
            _end(worker)


def _await_jail(worker: Worker, deadline: float) -> None:
    """Until the worker says that it is confined. Before that it has seen nothing of the photo."""
    ready = bytearray(len(photo_worker.READY))
    try:
        _read(worker.line, ready, deadline)
    except TimeoutError as error:
        raise DeviceError(FaultCode.PHOTO_TIMEOUT, "decoder not ready") from error
    except (OSError, EOFError) as error:
        raise _not_started(worker, deadline) from error
    if ready != photo_worker.READY:
        raise DeviceError(FaultCode.PHOTO_NO_DECODER, "decoder speaks out of turn")


def _exchange(worker: Worker, photo: Secret, deadline: float) -> Picture:
    try:
        worker.line.settimeout(_left(deadline))
        worker.line.sendall(photo_worker.REQUEST.pack(len(photo)))
        worker.line.settimeout(_left(deadline))
        worker.line.sendall(photo.view())
        header = bytearray(photo_worker.ANSWER.size)
        _read(worker.line, header, deadline)
        return _pixels(worker.line, header, deadline)
    except (OSError, EOFError) as error:
        raise _failure(worker, deadline) from error
    except ValueError as error:
        raise DeviceError(FaultCode.PHOTO_BROKEN, "answer of the decoder") from error


def _pixels(line: socket.socket, header: bytearray, deadline: float) -> Picture:
    width, height, channels = photo_worker.ANSWER.unpack(header)
    # The worker may have been taken over by its input: its answer is as untrusted as the photo.
    if not (0 < width <= photo_worker.LONGEST_SIDE and 0 < height <= photo_worker.LONGEST_SIDE and channels in {1, 3}):
        raise ValueError
    pixels = np.zeros((height, width) if channels == 1 else (height, width, channels), dtype=np.uint8)
    try:
        _read(line, pixels.data.cast("B"), deadline)
    except (OSError, EOFError):
        pixels.fill(0)
        raise
    return pixels


def _read(line: socket.socket, into: bytearray | memoryview, deadline: float) -> None:
    rest = memoryview(into)
    while rest:
        line.settimeout(_left(deadline))
        count = line.recv_into(rest)
        if count == 0:
            raise EOFError
        rest = rest[count:]


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _not_started(worker: Worker, deadline: float) -> DeviceError:
    try:
        code = worker.process.wait(timeout=max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return DeviceError(FaultCode.PHOTO_TIMEOUT, "decoder not ready")
    reason = "no seccomp here" if code == photo_worker.NO_JAIL else f"ended with {code}"
    return DeviceError(FaultCode.PHOTO_NO_DECODER, f"no decoder: {reason}")


def _failure(worker: Worker, deadline: float) -> DeviceError:
    """What to report of a worker that did not answer: out of time by our clock or by its own CPU limit, or broken."""
    try:
        code = worker.process.wait(timeout=max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return DeviceError(FaultCode.PHOTO_TIMEOUT)
    if code in {-signal.SIGXCPU, -signal.SIGKILL}:
        return DeviceError(FaultCode.PHOTO_TIMEOUT, f"worker ended by signal {-code}")
    return DeviceError(FaultCode.PHOTO_BROKEN, f"worker ended with {code}")


def _end(worker: Worker) -> None:
    """Kill and reap; a worker is never used twice."""
    worker.process.kill()
    worker.line.close()
    worker.process.wait()
