"""BER-TLV reader against hand-written bytes."""

import pytest

from firmware.card.tlv import Header, Limits, TlvError, TlvTooLargeError, by_tag, parse, read_header


def hexed(text: str) -> bytes:
    return bytes.fromhex(text)


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("5A03", Header(0x5A, 2, 3)),
        ("5A7F", Header(0x5A, 2, 127)),
        ("5A8180", Header(0x5A, 3, 128)),
        ("30820632", Header(0x30, 4, 0x632)),
        ("FF20820FFF", Header(0xFF20, 5, 0xFFF)),
        ("7F2182023300", Header(0x7F21, 5, 0x233)),
        ("DF8101 05", Header(0xDF8101, 4, 5)),
        ("5A83010000", Header(0x5A, 5, 65536)),
    ],
)
def test_headers(text: str, header: Header) -> None:
    assert read_header(hexed(text)) == header
    assert header.total == header.header_length + header.value_length


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no tag"), ("00", "no tag"), ("0000", "no tag"),
        ("FF80", "leading zero"), ("FF8020", "leading zero"), ("FF802000", "leading zero"),
        ("FF", "tag is cut off"), ("FF81", "tag is cut off"),
        ("FF818101", "tag is too long"), ("FFFFFFFF", "tag is too long"), ("DF81820300", "tag is too long"),
        ("5A", "length is missing"), ("FF20", "length is missing"), ("DF8101", "length is missing"),
        ("5A80", "indefinite"), ("FF2080", "indefinite"), ("7F218000", "indefinite"),
        ("5A84000000", "too long"), ("5A8401000000", "too long"), ("5AFF", "too long"),
        ("5A81", "length is cut off"), ("5A8200", "length is cut off"), ("5A8203", "length is cut off"),
    ],
)  # fmt: skip
def test_broken_headers(text: str, reason: str) -> None:
    with pytest.raises(TlvError, match=reason):
        read_header(hexed(text))


def test_a_tree_with_raw_bytes_and_values() -> None:
    data = hexed("FF20 0C DF22 03 414243 DF23 01 31 5A00".replace(" ", ""))
    (outer,) = parse(data)
    assert (outer.tag, bytes(outer.raw)) == (0xFF20, data)
    assert [(node.tag, bytes(node.value)) for node in outer.children] == [
        (0xDF22, b"ABC"),
        (0xDF23, b"1"),
        (0x5A, b""),
    ]
    assert bytes(outer.children[0].raw) == hexed("DF2203414243")
    assert outer.children[0].children == ()


def test_values_are_views_into_the_buffer() -> None:
    data = bytearray(hexed("5A0141"))
    (node,) = parse(data)
    data[2] = 0x42
    assert bytes(node.value) == b"B"


def test_empty_input_has_no_objects() -> None:
    assert parse(b"") == ()


@pytest.mark.parametrize("text", ["5A0241", "300300", "30035A0241", "5A0141FF", "5A014100"])
def test_objects_must_fill_the_input_exactly(text: str) -> None:
    with pytest.raises(TlvError):
        parse(hexed(text))


def nested(levels: int) -> bytes:
    data = b"\x5a\x00"
    for _ in range(levels - 1):
        data = b"\x30" + bytes((len(data),)) + data
    return data


def test_depth_is_bounded() -> None:
    assert parse(nested(3), Limits(depth=3))
    with pytest.raises(TlvError, match="deep"):
        parse(nested(4), Limits(depth=3))


def test_default_depth_is_four() -> None:
    assert parse(nested(4))
    with pytest.raises(TlvError):
        parse(nested(5))


def test_number_of_objects_is_bounded_over_the_whole_tree() -> None:
    assert len(parse(hexed("5A00" * 3), Limits(objects=3))) == 3
    with pytest.raises(TlvError, match="many"):
        parse(hexed("30045A005A00"), Limits(objects=2))


def test_default_number_of_objects() -> None:
    assert len(parse(hexed("5A00" * 64))) == 64
    with pytest.raises(TlvError, match="many"):
        parse(hexed("5A00" * 65))


def test_size_is_bounded() -> None:
    assert parse(hexed("5A0141"), Limits(size=3))
    with pytest.raises(TlvTooLargeError):
        parse(hexed("5A0141"), Limits(size=2))


def test_default_size_is_a_file() -> None:
    body = bytes(32_764)
    assert parse(b"\x5a\x82" + len(body).to_bytes(2, "big") + body)
    with pytest.raises(TlvTooLargeError):
        parse(b"\x5a\x82" + (len(body) + 1).to_bytes(2, "big") + body + b"\0")


def test_a_tag_that_stands_twice_is_refused() -> None:
    assert by_tag(parse(hexed("5A005B00"))).keys() == {0x5A, 0x5B}
    with pytest.raises(TlvError, match="twice"):
        by_tag(parse(hexed("5A005A0141")))


def test_nodes_hide_their_values() -> None:
    (node,) = parse(hexed("5A0141"))
    assert "value" not in repr(node)  # as every dataclass that shows its fields has it
