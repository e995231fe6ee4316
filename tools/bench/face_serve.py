"""Both ends of the pipe between `make bench-face` and one contestant, which is a process of its own.

Request: a line of JSON (`width`, `height`), then the BGR pixels. Answer: a line of JSON (`Answer`), after one empty
object once the contestant is ready. The time is taken in the contestant around its own work, so that pipe and parent
cost nobody anything. A contestant ends when its input does: nothing is left behind even if the parent is killed. Main
thread; seconds. Raises ContestantError in the parent.
"""

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Box = tuple[float, float, float, float]
Look = Callable[[Picture], tuple[Sequence[Box], Sequence[float]]]

_LONGEST_ANSWER = 64 << 10


class ContestantError(Exception):
    """A contestant did not start, ended early or answered nothing in time."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`wall`: seconds by the clock; `cpu`: processor seconds of all its threads.

    `boxes`: faces as x, y, width, height, the one that was embedded first. Both are empty when there is no face.
    """

    wall: float
    cpu: float
    boxes: tuple[Box, ...]
    embedding: tuple[float, ...]


def serve(look: Look) -> None:
    """Answer requests until the input ends. Whatever libraries print goes to standard error, never into the answers."""
    with os.fdopen(os.dup(1), "w", encoding="ascii") as answers:
        os.dup2(2, 1)
        answers.write("{}\n")
        answers.flush()
        while line := sys.stdin.buffer.readline():
            size = json.loads(line)
            pixels = bytearray(sys.stdin.buffer.read(size["width"] * size["height"] * 3))
            picture = np.frombuffer(pixels, dtype=np.uint8).reshape(size["height"], size["width"], 3)
            answers.write(json.dumps(asdict(_timed(look, picture))) + "\n")
            answers.flush()


def _timed(look: Look, picture: Picture) -> Answer:
    cpu, wall = time.process_time(), time.perf_counter()
    boxes, embedding = look(picture)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Answer(wall, cpu, tuple(boxes), tuple(embedding))


class Contestant:
    """A running contestant, to be used in a `with` block."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str], seconds: float = 60) -> None:
        self.name = name
        self._seconds = seconds
        self._pending = b""
        # A session of its own: Ctrl-C reaches the parent alone, which then ends the contestants in order.
        self._process = subprocess.Popen(
            [*command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.environ.get("PATH", os.defpath), **environment},
            bufsize=0,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def __enter__(self) -> Self:
        try:
            self._line()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._end()

    def look(self, picture: Picture) -> Answer:
        """What the contestant finds in a picture (height x width x 3, BGR)."""
        head = json.dumps({"width": picture.shape[1], "height": picture.shape[0]}).encode() + b"\n"
        try:
            self._write(head + np.ascontiguousarray(picture).tobytes())
        except OSError as error:
            raise ContestantError(f"{self.name} ended early") from error
        answer: dict[str, Any] = json.loads(self._line())
        boxes = tuple((x, y, width, height) for x, y, width, height in answer["boxes"])
        return Answer(answer["wall"], answer["cpu"], boxes, tuple(answer["embedding"]))

    def _write(self, data: bytes) -> None:
        stream = self._process.stdin
        rest = memoryview(data)
        while stream is not None and rest:
            rest = rest[stream.write(rest) or 0 :]

    def _line(self) -> bytes:
        deadline = time.monotonic() + self._seconds
        stream = self._process.stdout
        while stream is not None and b"\n" not in self._pending and len(self._pending) < _LONGEST_ANSWER:
            if not select.select([stream], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise ContestantError(f"{self.name} did not answer within {self._seconds:.0f} s")
            block = os.read(stream.fileno(), _LONGEST_ANSWER)
            if not block:
                raise ContestantError(f"{self.name} ended early (code {self._process.wait()})")
            self._pending += block
        line, _, self._pending = self._pending.partition(b"\n")
        return line

    def _end(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        self._process.kill()
        self._process.wait()
