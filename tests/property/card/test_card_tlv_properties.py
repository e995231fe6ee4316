"""TLV: what an independent encoder writes is read back, and no bytes whatever raise anything but TlvError."""

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.card.apdu import ApduError, CommandApdu
from firmware.card.keys import read_certificate, read_key
from firmware.card.surface import HashInput, split_record
from firmware.card.tlv import Limits, Node, TlvError, parse, read_header

Tree = tuple[int, "bytes | list[Tree]", int]
"""Tag, value or children, and how many length bytes beyond the shortest form."""

PRIMITIVE = st.sampled_from([0x5A, 0x90, 0x91, 0x5F37, 0x5F4E, 0xDF22, 0xDF27, 0x9F8101])
CONSTRUCTED = st.sampled_from([0x30, 0x7F21, 0xFF20, 0xBF8102])
EXTRA = st.integers(0, 2)


def trees() -> st.SearchStrategy[Tree]:
    leaf: st.SearchStrategy[Tree] = st.tuples(PRIMITIVE, st.binary(max_size=300), EXTRA)
    return st.recursive(leaf, lambda inner: st.tuples(CONSTRUCTED, st.lists(inner, max_size=4), EXTRA), max_leaves=12)


def encode(tree: Tree) -> bytes:
    tag, content, extra = tree
    value = content if isinstance(content, bytes) else b"".join(map(encode, content))
    shortest = 0 if len(value) < 0x80 else 1 if len(value) < 0x100 else 2
    count = min(shortest + extra, 3)
    length = bytes([len(value)]) if count == 0 else bytes([0x80 + count]) + len(value).to_bytes(count, "big")
    name = bytes.fromhex(f"{tag:X}")
    return name + length + value


def matches(node: Node, tree: Tree) -> bool:
    tag, content, _ = tree
    if node.tag != tag or bytes(node.raw) != encode(tree):
        return False
    if isinstance(content, bytes):
        return bytes(node.value) == content and node.children == ()
    return len(node.children) == len(content) and all(map(matches, node.children, content))


WIDE = Limits(size=1 << 20, depth=64, objects=4096)


@settings(max_examples=200, deadline=None)
@given(st.lists(trees(), max_size=4))
def test_round_trip(forest: list[Tree]) -> None:
    nodes = parse(b"".join(map(encode, forest)), WIDE)
    assert len(nodes) == len(forest)
    assert all(map(matches, nodes, forest))


@settings(max_examples=200, deadline=None)
@given(trees())
def test_the_header_alone_tells_the_length(tree: Tree) -> None:
    data = encode(tree)
    header = read_header(data[:7])
    assert (header.tag, header.total) == (tree[0], len(data))


HOSTILE = st.one_of(
    st.binary(max_size=64),
    st.lists(st.sampled_from(bytes.fromhex("001F305F7F80818284DFFF20")), max_size=64).map(bytes),
    st.builds(lambda tree, cut: encode(tree)[:cut], trees(), st.integers(0, 400)),
)


@settings(max_examples=600, deadline=None)
@given(HOSTILE)
def test_no_bytes_raise_anything_but_tlv_error(data: bytes) -> None:
    for read in (read_header, parse, read_key, read_certificate):
        try:
            read(data)
        except TlvError:
            continue
    try:
        split_record(memoryview(b"\xff\x20\x82" + len(data).to_bytes(2, "big") + data), HashInput.VALUES)
    except TlvError:
        return


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_apdus_parse_or_are_refused_and_write_themselves_again(data: bytes) -> None:
    try:
        command = CommandApdu.parse(data)
    except ApduError:
        return
    assert command.encode() == data
