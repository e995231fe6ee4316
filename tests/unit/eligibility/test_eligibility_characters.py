"""Which signs a claim (レセプト) can carry: JIS X 0208 as two other codecs decode it, and what lies beyond."""

import pytest

from firmware.eligibility.characters import is_beyond_claims, is_replaced


@pytest.mark.parametrize("text", ["窓口 ●郎", "●", "窓口〓郎", "窓口\ufffd郎"])
def test_replaced(text: str) -> None:
    assert is_replaced(text)
    assert not is_beyond_claims(text)


@pytest.mark.parametrize("text", ["", "窓口 太郎", "○◎◯", "•"])
def test_not_replaced(text: str) -> None:
    assert not is_replaced(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "窓口 太郎",
        "窓口　太郎",
        "ﾏﾄﾞｸﾞﾁ ﾀﾛｳ",
        "ｰ･｡｢｣､",
        "Madoguchi-1",
        "々〆ヶヵゝヾ",
        "亜腕弌熙",
        "ＡＺａｚ０９",
        "1−2〜3‖¢£¬―",
        "1－2～3∥￠￡￢—",
        "ё°′″",
    ],
)
def test_what_claims_carry(text: str) -> None:
    assert not is_beyond_claims(text)


@pytest.mark.parametrize(
    "sign",
    [
        "髙",
        "﨑",
        "德",
        "𠮷",
        "①",
        "㈱",
        "Ⅲ",
        "神\ufe00",
        "か\u3099",
        "é",
        "\u200b",
        "\u202e",
        "\u00a0",
        "😀",
        "邊\U000e0101",
        "￤",
        "\uff60",  # on both sides of the half-width kana
        "\uffa0",
    ],
)
def test_what_claims_do_not_carry(sign: str) -> None:
    assert is_beyond_claims(f"窓口{sign}郎")


def test_every_character_of_jis_x_0208_in_both_decodings() -> None:
    """All cells of the 84 rows, as Unicode's own table and as Microsoft's decode them."""
    found = 0
    for row in range(1, 85):
        if 9 <= row <= 15:
            continue  # vendors' rows
        for cell in range(1, 95):
            data = bytes([0xA0 + row, 0xA0 + cell])
            try:
                sign = data.decode("euc_jp")
            except UnicodeDecodeError:
                continue
            found += 1
            assert not is_beyond_claims(sign)
            assert not is_beyond_claims(sign.encode("shift_jis").decode("cp932"))
    assert found == 6879
