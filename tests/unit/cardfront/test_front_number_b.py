"""Three lines to 14 digits; CTC decoding; agreement of frames."""

import numpy as np
import pytest

from firmware.cardfront.number_b import LENGTH, Line, compose
from firmware.cardfront.recognise import decode
from firmware.cardfront.sight import Agreement, FrontHint, Sight, SightCode
from firmware.core.secret import Secret

BIRTH, EXPIRY, CODE = "昭和55年2月17日生", "2035年2月17日まで有効", "2285"


def line(text: str, sure: float = 0.9) -> Line:
    return Line(text, (sure,) * len(text))


def test_the_published_example() -> None:
    """Born 1980-02-17: number B 55021720352285 (card.md 2.2)."""
    number = compose(line(BIRTH, 0.9), line(EXPIRY, 0.8), line(CODE, 0.7))
    assert number is not None
    assert bytes(number.digits.view()) == b"55021720352285"
    assert number.confidences == (0.9,) * 6 + (0.8,) * 4 + (0.7,) * 4
    assert number.birthday


@pytest.mark.parametrize(
    ("birth", "digits"),
    [
        ("平成元年1月8日生", b"01010820352285"),
        ("令和2年12月31日生", b"02123120352285"),
        ("1985年7月4日生", b"85070420352285"),
    ],
)
def test_the_year_is_taken_as_printed(birth: str, digits: bytes) -> None:
    number = compose(line(birth), line(EXPIRY), line(CODE))
    assert number is not None
    assert bytes(number.digits.view()) == digits
    assert len(number.confidences) == len(number.digits) == LENGTH
    assert not number.birthday


def test_each_digit_has_the_confidence_of_its_own_sign() -> None:
    sure = tuple(0.5 + position / 100 for position in range(len(BIRTH)))
    number = compose(Line(BIRTH, sure), line(EXPIRY), line(CODE))
    assert number is not None
    # 昭0 和1 5:2 5:3 年4 2:5 月6 1:7 7:8; the month's zero is as sure as its 2.
    assert number.confidences[:6] == tuple(sure[place] for place in (2, 3, 5, 5, 7, 8))


@pytest.mark.parametrize(
    ("birth", "expiry", "code"),
    [
        ("昭和55年2月30日生", EXPIRY, CODE),
        (BIRTH, "2035年2月17日", CODE),
        (BIRTH, EXPIRY, "228"),
        (BIRTH, EXPIRY, "22855"),
        (BIRTH, EXPIRY, "２２８５"),
        (BIRTH, EXPIRY, "22元5"),
        (EXPIRY, BIRTH, CODE),
        ("2035年2月18日生", EXPIRY, CODE),  # born after the card expires
        ("1900年2月17日生", EXPIRY, CODE),  # more than 130 years before
    ],
)
def test_what_does_not_fit_together_gives_nothing(birth: str, expiry: str, code: str) -> None:
    assert compose(line(birth), line(expiry), line(code)) is None


def test_nothing_personal_is_shown() -> None:
    number = compose(line(BIRTH), line(EXPIRY), line(CODE))
    assert number is not None
    sight = Sight(SightCode.READ, None, number.digits, number.confidences, confirmed=True)
    for shown in (repr(line(BIRTH)), repr(number), repr(sight), str(number.digits)):
        assert "2285" not in shown
        assert "0217" not in shown
        assert "昭和" not in shown


def scores(classes: list[int], sure: float = 0.9) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    table = np.full((len(classes), 4), (1 - sure) / 3, dtype=np.float32)
    table[np.arange(len(classes)), classes] = sure
    return table


@pytest.mark.parametrize(
    ("classes", "text"),
    [
        ([0, 0, 0], ""),
        ([1, 1, 0, 2], "ab"),
        ([1, 0, 1], "aa"),
        ([1, 1, 1], "a"),
        ([3, 2, 2, 3, 0, 0], "cbc"),
        ([0, 1], "a"),
    ],
)
def test_ctc_merges_repetitions_and_drops_blanks(classes: list[int], text: str) -> None:
    read = decode(scores(classes), "abc")
    assert read.text == text
    assert read.confidences == pytest.approx((0.9,) * len(text))


def test_a_sign_is_as_sure_as_its_best_step() -> None:
    table = scores([1, 1, 2])
    table[1] = (0.01, 0.97, 0.01, 0.01)
    assert decode(table, "abc").confidences == pytest.approx((0.97, 0.9))


def read(digits: bytes, *, confirmed: bool = True) -> Sight:
    return Sight(SightCode.READ, None, Secret(digits), (0.99,) * LENGTH, confirmed)


ONE, OTHER = b"55021720352285", b"56021720352285"


def test_two_frames_that_agree_are_enough() -> None:
    agreement = Agreement()
    assert agreement.add(read(ONE), 1.0) is None
    assert agreement.add(read(ONE), 2.0) == Secret(ONE)
    # The value was given away: counting begins anew.
    assert agreement.add(read(ONE), 3.0) is None


def test_one_frame_is_never_two_readings() -> None:
    agreement = Agreement()
    first, again = read(ONE), read(ONE)
    assert agreement.add(first, 1.0) is None
    assert agreement.add(again, 1.0) is None
    assert again.digits == Secret(bytes(LENGTH))
    assert agreement.add(read(ONE), 0.5) is None
    assert agreement.add(read(ONE), 1.1) == Secret(ONE)


def test_a_contradiction_begins_anew_and_wipes() -> None:
    agreement = Agreement()
    first = read(ONE)
    assert agreement.add(first, 1.0) is None
    assert agreement.add(read(OTHER), 2.0) is None
    assert first.digits == Secret(bytes(LENGTH))
    assert agreement.add(read(ONE), 3.0) is None
    assert agreement.add(read(ONE), 4.0) == Secret(ONE)


def test_frames_without_a_reading_change_nothing() -> None:
    agreement = Agreement()
    agreement.add(read(ONE), 1.0)
    for code in (SightCode.BACK, SightCode.NO_CARD, SightCode.UNSURE):
        assert agreement.add(Sight(code, FrontHint.HOLD_STILL), 2.0) is None
    assert agreement.add(read(ONE), 3.0) == Secret(ONE)


def test_a_date_that_no_birthday_confirms_needs_three() -> None:
    agreement = Agreement()
    answers = [agreement.add(read(ONE, confirmed=False), at) for at in (1.0, 2.0, 3.0)]
    assert answers == [None, None, Secret(ONE)]


def test_wiping_forgets() -> None:
    agreement = Agreement()
    first = read(ONE)
    agreement.add(first, 1.0)
    agreement.wipe()
    assert first.digits == Secret(bytes(LENGTH))
    assert agreement.add(read(ONE), 2.0) is None
