"""What a reception asks by itself: members of a query by insured number, and of a search by person in a disaster.

National names (QualificationConfirmSearchInfo). Only what is missing is said here; the device judges the values.
Raises QueryError with the option's name, never with what was given.
"""

import json
from collections.abc import Mapping

NUMBER = {
    "insurer": "InsurerNumber",
    "symbol": "InsuredCardSymbol",
    "number": "InsuredIdentificationNumber",
    "branch": "InsuredBranchNumber",
    "birth": "Birthdate",
    "mark": "ArbitraryIdentifier",
}
PERSON = {"name": "Name", "birth": "Birthdate", "sex": "Sex1", "address": "Address"}
OPTIONS = {"lookup": NUMBER, "emergency-search": PERSON}
OPTIONAL = {"symbol", "branch", "mark"}
LIMIT_CONSENT = "LimitApplicationCertificateRelatedConsFlg"
SEXES = {"male": "1", "female": "2"}


class QueryError(Exception):
    """The query cannot be asked."""


def from_options(verb: str, given: Mapping[str, str | None], *, limit_consent: bool = False) -> dict[str, str]:
    """Members from the command line's options."""
    members: dict[str, str] = {}
    for option, name in OPTIONS[verb].items():
        value = given.get(option)
        if value is not None:
            members[name] = value
        elif option not in OPTIONAL:
            raise QueryError(f"--{option} is missing")
    members["Birthdate"] = members["Birthdate"].replace("-", "")
    if verb == "lookup":
        members[LIMIT_CONSENT] = "1" if limit_consent else "0"
    else:
        members["Sex1"] = SEXES.get(members["Sex1"], members["Sex1"])
    return members


def from_json(text: str) -> dict[str, str]:
    """Members as a JSON object with national names: keeps personal data off the command line."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise QueryError("--input: not JSON") from None
    if not isinstance(data, dict) or not all(isinstance(value, str) for value in data.values()):
        raise QueryError("--input: an object of texts is needed")
    return data
