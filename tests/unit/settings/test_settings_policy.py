"""The settings' policy and the session's policy say the same where they speak of the same thing."""

import dataclasses

from firmware.session.policy import Policy
from firmware.settings.schema_policy import PolicySection

OWN = {"threshold"}
"""Not the session's business: it goes to the face matcher."""


def test_names_and_defaults_are_those_of_the_session() -> None:
    session = {field.name: field.default for field in dataclasses.fields(Policy)}
    settings = {name: field.default for name, field in PolicySection.model_fields.items()}
    assert settings.keys() - session.keys() == OWN
    assert {name: value for name, value in settings.items() if name not in OWN} == {
        name: session[name] for name in settings if name not in OWN
    }
