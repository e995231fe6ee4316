"""A bounded BER-TLV reader (ISO 7816-4, 5.2.2; ITU-T X.690, 8.1). Pure.

Definite lengths only, up to three length bytes, tags up to three bytes; size, depth and number of objects are bounded.
Lengths are bytes. Raises `TlvError`, which callers turn into a fault code; texts never hold card data. Values are views
into the caller's buffer: nothing is copied.
"""

from dataclasses import dataclass

Bytes = bytes | bytearray | memoryview

_MOST_TAG_BYTES = 3
_MOST_LENGTH_BYTES = 3


class TlvError(ValueError):
    """Bytes that are no well-formed TLV within the limits."""


class TlvTooLargeError(TlvError):
    """Well-formed so far, but longer than the limit."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one parse: bytes, nesting, objects in all."""

    size: int = 32_768
    depth: int = 4
    objects: int = 64


@dataclass(frozen=True, slots=True)
class Header:
    """Tag as a number (0xFF20), bytes taken by tag and length, bytes of the value."""

    tag: int
    header_length: int
    value_length: int

    @property
    def total(self) -> int:
        return self.header_length + self.value_length


@dataclass(frozen=True, slots=True, repr=False)
class Node:
    """One object. `raw`: tag, length and value as they stand; `children`: of a constructed object."""

    tag: int
    value: memoryview
    raw: memoryview
    children: tuple["Node", ...] = ()


def read_header(data: Bytes) -> Header:
    """Tag and length at the start of `data`; the value need not be there yet."""
    view = memoryview(data)
    size = _tag_size(view)
    length, taken = _read_length(view[size:])
    return Header(int.from_bytes(view[:size], "big"), size + taken, length)


def _tag_size(view: memoryview) -> int:
    if not view or view[0] == 0:
        raise TlvError("no tag")
    if view[0] & 0x1F != 0x1F:
        return 1
    if len(view) > 1 and view[1] == 0x80:
        raise TlvError("tag with a leading zero")
    for size in range(2, _MOST_TAG_BYTES + 1):
        if len(view) < size:
            raise TlvError("tag is cut off")
        if not view[size - 1] & 0x80:
            return size
    raise TlvError("tag is too long")


def _read_length(view: memoryview) -> tuple[int, int]:
    if not view:
        raise TlvError("length is missing")
    first = view[0]
    if first < 0x80:
        return first, 1
    count = first & 0x7F
    if count == 0:
        raise TlvError("indefinite length")
    if count > _MOST_LENGTH_BYTES:
        raise TlvError("length field is too long")
    if len(view) <= count:
        raise TlvError("length is cut off")
    return int.from_bytes(view[1 : 1 + count], "big"), 1 + count


def parse(data: Bytes, limits: Limits | None = None) -> tuple[Node, ...]:
    """All objects of `data`, which they must fill exactly; constructed ones with their children."""
    bounds = limits or Limits()
    view = memoryview(data)
    if len(view) > bounds.size:
        raise TlvTooLargeError("more bytes than allowed")
    return _Parser(bounds).siblings(view, 1)


class _Parser:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._objects = 0

    def siblings(self, view: memoryview, depth: int) -> tuple[Node, ...]:
        if depth > self._limits.depth:
            raise TlvError("nested too deep")
        nodes = []
        while view:
            node = self._node(view, depth)
            nodes.append(node)
            view = view[len(node.raw) :]
        return tuple(nodes)

    def _node(self, view: memoryview, depth: int) -> Node:
        self._objects += 1
        if self._objects > self._limits.objects:
            raise TlvError("too many objects")
        header = read_header(view)
        if header.total > len(view):
            raise TlvError("value is cut off")
        value = view[header.header_length : header.total]
        children = self.siblings(value, depth + 1) if view[0] & 0x20 else ()
        return Node(header.tag, value, view[: header.total], children)


def by_tag(nodes: tuple[Node, ...]) -> dict[int, Node]:
    """Siblings by tag. A tag that stands twice is an error: two readers might take different ones."""
    found = {node.tag: node for node in nodes}
    if len(found) != len(nodes):
        raise TlvError("a tag stands twice")
    return found
