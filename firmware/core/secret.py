"""`Secret`: bytes that must not be printed and can be overwritten.

Source: design.md, "Rules that hold everywhere". Python may copy bytes elsewhere (slices, C libraries); `Secret` only
guarantees that its own buffer is hidden and wiped. Any thread; not locked: one owner at a time.
"""

from types import TracebackType
from typing import Self


class Secret:
    """A byte string kept in one mutable buffer, hidden in repr, zeroed by `wipe`."""

    __slots__ = ("_buffer",)

    def __init__(self, data: bytes | bytearray | memoryview = b"") -> None:
        self._buffer = bytearray(data)

    @classmethod
    def adopt(cls, buffer: bytearray) -> Self:
        """Take over `buffer` without copying it; the caller gives it up."""
        secret = cls()
        secret._buffer = buffer
        return secret

    def view(self) -> memoryview:
        """The live buffer. Release it before `wipe` only matters for resizing, which never happens here."""
        return memoryview(self._buffer)

    def wipe(self) -> None:
        """Overwrite the buffer with zeros; the length stays."""
        self._buffer[:] = bytes(len(self._buffer))

    def __len__(self) -> int:
        return len(self._buffer)

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._buffer == other._buffer

    __hash__ = None  # type: ignore[assignment]  # mutable, so not hashable

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a Secret is never pickled")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.wipe()
