"""The room that a site's own texts have, exactly: what just fits is taken, one sign more is refused."""

import pytest

from firmware.core.eligibility import EligibilityFlag
from firmware.core.outcome_texts import SHIPPED, OutcomeTexts, load
from firmware.core.outcomes import EligibilityCode


def patient(ja: str, en: str) -> OutcomeTexts:
    return load(f'[patient.counter]\nja = ["{ja}", "い"]\nen = ["{en}", "b"]', SHIPPED)


def staff(ja: str, en: str) -> OutcomeTexts:
    return load(f'[flags]\nodd-value = {{ ja = "{ja}", en = "{en}" }}', SHIPPED)


@pytest.mark.parametrize("ja", ["あ" * 14 + "aa", "ｱ" * 30, "α" * 15])
def test_thirty_columns_and_28_signs_are_room_for_a_patient_s_line(ja: str) -> None:
    lines = patient(ja, "b" * 28).outcomes[EligibilityCode.NONE].patient
    assert (lines.ja[0], lines.en[0]) == (ja, "b" * 28)
    with pytest.raises(ValueError, match=r"patient\.counter\.ja: two lines"):
        patient(ja + "a", "b")
    with pytest.raises(ValueError, match=r"patient\.counter\.en: two lines"):
        patient("あ", "b" * 29)


def test_two_hundred_signs_are_room_for_staff() -> None:
    text = staff("あ" * 200, "a" * 200).flags[EligibilityFlag.ODD_VALUE]
    assert (len(text.ja), len(text.en)) == (200, 200)
    with pytest.raises(ValueError, match=r"flags\.odd-value\.ja: one line"):
        staff("あ" * 201, "a")
    with pytest.raises(ValueError, match=r"flags\.odd-value\.en: one line"):
        staff("あ", "a" * 201)
