"""The invented people: obviously invented, right by the check digits, and the same after the people file."""

from pathlib import Path

import pytest

from firmware.sim.gateway.people import SEED, Insured, fingerprint, read_people, write_people


def luhn(number: str) -> bool:
    """Insurer numbers: weights 2, 1, 2, … from the digit beside the check digit, digits of the products added."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        product = int(digit) * (2 if place % 2 else 1)
        total += product // 10 + product % 10
    return total % 10 == 0


def test_every_code_of_a_gateway_has_somebody() -> None:
    codes = "valid invalid invalid-new-exists none several not-registered pending not-reachable refused"
    assert {person.code for person in SEED.values()} == set(codes.split())


def test_insurer_numbers_have_right_check_digits() -> None:
    coverages = [each for person in SEED.values() for each in (*person.coverages, *person.after_registration)]
    assert len(coverages) >= 16
    assert all(luhn(str(each["InsurerNumber"])) for each in coverages)
    assert not luhn("12345678")


def test_person_takes_over_birth_date_and_sex_of_a_card() -> None:
    fitted = SEED["nozomi"].born("20010102", "1")
    assert [(each["Birthdate"], each["Sex1"]) for each in fitted.after_registration] == [("20010102", "1")]
    assert SEED["nozomi"].after_registration[0]["Birthdate"] != "20010102"


def test_people_file(tmp_path: Path) -> None:
    path = tmp_path / "people.json"
    write_people(path, [(name.encode(), person) for name, person in SEED.items()])
    assert read_people(path) == [(fingerprint(name.encode()), person) for name, person in SEED.items()]


@pytest.mark.parametrize("text", ["[{}]", '[{"certificate_sha256": "x", "code": "valid", "colour": 1}]', "[", "[1]"])
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "people.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"people|Expecting"):
        read_people(path)


def test_no_personal_data_in_reprs() -> None:
    assert "窓口" not in repr(SEED["taro"])
    assert "Insured" in repr(Insured("none"))
