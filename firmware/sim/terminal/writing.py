"""How a response gets into the folder: whole, or with the habits of `Quirk` that two equal reads have to survive.

Loop thread; file calls are short and the folder is a local one. Writing is in place, without a temporary name, as the
worst terminal would do it. Times in seconds. Raises OSError. Source: eligibility.md 2.5.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from firmware.sim.terminal.quirks import Quirk


@dataclass(frozen=True, slots=True)
class _Step:
    """After `wait` seconds, `data` in `mode` of `open`; `copy`: into a second file beside it."""

    wait: float
    mode: str
    data: bytes
    copy: bool = False


@dataclass(frozen=True, slots=True)
class Writer:
    """`pause`: between two pieces of a slow file; `stand`: how long half a file stands there."""

    pause: float = 0.4
    stand: float = 1.5
    pieces: int = 4

    async def write(self, path: Path, content: bytes, quirk: Quirk | None = None) -> None:
        """Put `content` there."""
        for step in self._steps(content, quirk):
            await asyncio.sleep(step.wait)
            _carry_out(path, step)

    def _steps(self, content: bytes, quirk: Quirk | None) -> list[_Step]:
        whole = _Step(0.0, "wb", content)
        match quirk:
            case Quirk.SLOW:
                size = len(content) // self.pieces + 1
                pieces = [content[at : at + size] for at in range(0, len(content), size)]
                return [_Step(0.0, "wb", b""), *(_Step(self.pause, "ab", piece) for piece in pieces)]
            case Quirk.PARTIAL:
                return [_Step(0.0, "wb", content[: len(content) // 2]), _Step(self.stand, "wb", content)]
            case Quirk.PREALLOCATED:
                return [_Step(0.0, "wb", bytes(len(content))), _Step(self.stand, "r+b", content)]
            case Quirk.DUPLICATE:
                return [whole, _Step(self.pause, "wb", content), _Step(0.0, "wb", content, copy=True)]
            case Quirk.BROKEN:
                return [_Step(0.0, "wb", content[: len(content) * 2 // 3])]
            case _:
                return [whole]


def _carry_out(path: Path, step: _Step) -> None:
    target = path.with_name(f"{path.stem} (2){path.suffix}") if step.copy else path
    with target.open(step.mode) as file:
        file.write(step.data)
