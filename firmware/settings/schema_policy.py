"""How a visit goes: methods, times, what a face match is worth.

A section of `madoguchi.toml` (see `schema.py`); names and defaults are those of the session's policy. Pure; any thread.
"""

from typing import Literal, Self

from pydantic import Field, model_validator

from firmware.core.outcomes import LivenessMode, Method
from firmware.settings.fields import Seconds, Section


class PolicySection(Section):
    """How a visit goes at this site."""

    notice_seconds: Seconds = Field(
        default=1.0, description="How long the notice is shown before the face camera may see."
    )
    choice_seconds: Seconds = Field(default=60.0, description="How long the choice of method waits.")
    front_seconds: Seconds = Field(
        default=30.0, description="Single camera: how long the card may be lifted to show its front."
    )
    front_read_seconds: Seconds = Field(
        default=20.0, description="How long the camera tries to read the card's front before the keypad is left."
    )
    entry_seconds: Seconds = Field(default=60.0, description="How long an entry on the keypad may pause.")
    match_seconds: Seconds = Field(default=10.0, description="Length of one attempt to match the face.")
    liveness_seconds: Seconds = Field(
        default=35.0, description="What the liveness challenge may take on top of `match_seconds`."
    )
    match_attempts: int = Field(default=3, ge=1, le=10, description="Attempts before PIN or staff check is offered.")
    threshold: Literal["accept", "strict"] = Field(
        default="accept", description="Which threshold of the models' manifest accepts."
    )
    staff_seconds: Seconds = Field(default=120.0, description="How long a staff check waits for the staff.")
    consent_seconds: Seconds = Field(
        default=30.0, description="How long the consent question waits; no answer is not given."
    )
    look_up_seconds: Seconds = Field(default=20.0, description="How long the screen waits for the look-up.")
    show_seconds: Seconds = Field(default=5.0, description="How long the end of a visit is shown.")
    absence_seconds: Seconds = Field(default=1.5, description="Shorter absences of the card publish nothing.")
    remind_seconds: Seconds = Field(default=10.0, description="How long until the forgotten card is reminded of again.")
    methods: tuple[Method, ...] = Field(
        default=(Method.FACE, Method.PIN, Method.STAFF),
        min_length=1,
        max_length=3,
        description="What patients may choose from.",
    )
    face_without_issuer: Literal["staff", "accept"] = Field(
        default="staff",
        description="What a face match is worth while no issuer key proves the photo: `staff` turns it into a staff "
        "check; `accept` must be written here by the site on purpose.",
    )
    liveness: LivenessMode = Field(
        default=LivenessMode.OFF,
        description="What is demanded beside a face match. `challenge`: turn the head and come closer as the screen "
        "asks, which a flat picture cannot; `challenge+staff`: a staff check after it. Weak against good masks, and "
        "not certified. PIN and staff check remain for whoever cannot move the head.",
    )

    @model_validator(mode="after")
    def _methods_once(self) -> Self:
        if len(set(self.methods)) != len(self.methods):
            raise ValueError("`methods` names a method twice")
        return self
