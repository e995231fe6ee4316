"""Searches files and the memory of a process for marks. Linux; blocking; reads only.

Memory: every readable private mapping that no file stands behind (heap, stacks, arenas), and the writable data of
libraries, from /proc/PID/maps and /proc/PID/mem (proc(5)); needs the right to trace the process: root, or its parent.
A page that goes away meanwhile is passed over. Sizes in bytes.
"""

import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from tools.stack.marks import Mark

_SKIPPED: Final = ("[vvar", "[vdso", "[vsyscall")
_PIECE: Final = 16 << 20
_START: Final = 4
_JOINING: Final = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/_.-"


class Needles:
    """All marks at once: a table over pairs of bytes leaves few places, and only those are compared.

    Some hundred byte strings in 150 MB take a second or two; `bytes.count` for each would take minutes.
    """

    def __init__(self, marks: Sequence[Mark]) -> None:
        self._by_start: dict[int, list[tuple[bytes, str, bool]]] = {}
        for mark in marks:
            for exact in set(mark.exact):
                self._add(exact, mark.kind, alone=False)
            for short in mark.alone:
                self._add(short, mark.kind, alone=True)
        self._starts = np.array(sorted(self._by_start), dtype=np.uint32)
        self._pairs, self._next = np.zeros((2, 1 << 16), dtype=np.bool_)
        self._pairs[self._starts & 0xFFFF] = True
        self._next[self._starts >> 16] = True

    def _add(self, text: bytes, kind: str, *, alone: bool) -> None:
        self._by_start.setdefault(int.from_bytes(text[:_START], "little"), []).append((text, kind, alone))

    def count(self, data: bytes) -> Counter[str]:
        """Hits by kind."""
        found: Counter[str] = Counter()
        for place, start in self._candidates(data):
            for text, kind, alone in self._by_start[start]:
                if data.startswith(text, place) and not (alone and _joined(data, place, len(text))):
                    found[kind] += 1
        return found

    def _candidates(self, data: bytes) -> Iterator[tuple[int, int]]:
        if len(data) < _START:
            return
        octets = np.frombuffer(data, dtype=np.uint8)
        for odd in (0, 1):
            pairs = np.frombuffer(data, dtype="<u2", offset=odd, count=(len(data) - odd) // 2)
            places = np.flatnonzero(self._pairs[pairs]) * 2 + odd
            places = places[places <= len(data) - _START]
            # Two bytes more, for the few that are left.
            following = octets[places + 2].astype(np.uint32) | octets[places + 3].astype(np.uint32) << np.uint32(8)
            good = self._next[following]
            places, following = places[good], following[good]
            starts = octets[places] | octets[places + 1].astype(np.uint32) << np.uint32(8) | following << np.uint32(16)
            good = np.isin(starts, self._starts)
            yield from zip(places[good].tolist(), starts[good].tolist(), strict=True)


def _joined(data: bytes, place: int, size: int) -> bool:
    """Whether it is a part of a longer number, token or fraction."""
    before, after = data[max(0, place - 1) : place], data[place + size : place + size + 1]
    return (before != b"" and before in _JOINING) or (after != b"" and after in _JOINING)


@dataclass(slots=True)
class Found:
    """`hits`: kind and place to number. `searched`: bytes; `places`: how many files, topics or mappings."""

    hits: Counter[tuple[str, str]] = field(default_factory=Counter)
    searched: int = 0
    places: int = 0

    def look(self, place: str, data: bytes, needles: Needles) -> None:
        """Search `data`."""
        self.places += 1
        self.searched += len(data)
        for kind, number in needles.count(data).items():
            self.hits[kind, place] += number

    def add(self, other: "Found") -> None:
        """Another search on top."""
        self.hits.update(other.hits)
        self.searched += other.searched
        self.places += other.places

    def kinds(self) -> dict[str, int]:
        """Hits by kind."""
        total: Counter[str] = Counter()
        for (kind, _), number in self.hits.items():
            total[kind] += number
        return dict(sorted(total.items()))

    def told(self) -> list[str]:
        """Every hit in words."""
        return [f"{kind} in {place}: {number}" for (kind, place), number in sorted(self.hits.items())]


def search_files(folder: Path, excluded: Iterable[Path], needles: Needles) -> Found:
    """Names and contents of everything below `folder` but `excluded` (files or folders)."""
    found, left_out = Found(), set(excluded)
    for path in sorted(folder.rglob("*")):
        if left_out & {path, *path.parents}:
            continue
        name = str(path.relative_to(folder))
        # Sockets and pipes have a name but nothing to read.
        data = path.read_bytes() if path.is_file() else b""
        found.look(name, name.encode() + b"\n" + data, needles)
    return found


def search_memory(pid: int, needles: Needles) -> Found:
    """The memory of a process."""
    found = Found()
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for start, end, name in _mappings(pid):
            found.look(name, _read(memory, start, end), needles)
    return found


def _read(memory: io.FileIO, start: int, end: int) -> bytes:
    data = bytearray()
    while start + len(data) < end:
        try:
            memory.seek(start + len(data))
            piece = memory.read(min(_PIECE, end - start - len(data)))
        except (OSError, OverflowError):
            break  # unmapped meanwhile, or a guard page
        if not piece:
            break
        data += piece
    return bytes(data)


def _mappings(pid: int) -> Iterator[tuple[int, int, str]]:
    for line in Path(f"/proc/{pid}/maps").read_text(encoding="utf-8", errors="replace").splitlines():
        addresses, rights, _, _, inode, *names = line.split(maxsplit=5)
        name = names[0].strip() if names else "anonymous"
        anonymous = inode == "0" and not name.startswith(_SKIPPED)
        if rights[0] == "r" and rights[3] == "p" and (anonymous or rights[1] == "w"):
            start, end = addresses.split("-")
            yield int(start, 16), int(end, 16), name if anonymous else "library data"
