"""The rules of one visit, frozen when it starts. Built by `app/compose.py` from settings and what was composed."""

from dataclasses import dataclass
from enum import StrEnum

from firmware.core.outcomes import Env, LivenessMode, Method


class FaceWithoutIssuer(StrEnum):
    """What a face match is worth while no issuer key proves the photo's origin (design.md, "Assurance")."""

    STAFF = "staff"
    ACCEPT = "accept"


@dataclass(frozen=True, slots=True)
class Policy:
    """Times in seconds."""

    env: Env
    methods: tuple[Method, ...] = (Method.FACE, Method.PIN, Method.STAFF)
    face_without_issuer: FaceWithoutIssuer = FaceWithoutIssuer.STAFF
    look_up: bool = True
    """False: stand-alone, without a gateway (design.md, "Modes and limits"): nothing is looked up or consented to."""
    consents: bool = True
    """False: the official reader asks for them, this device could pass none on, and asks none (eligibility.md 1.3)."""
    check_revocation: bool = False
    """True: the site has an approved responder, and no identity is settled before it was asked (card.md 4.3)."""
    liveness: LivenessMode = LivenessMode.OFF
    keypad: bool = True
    """False: the device has none (buttons only)."""
    front_camera: bool = False
    """True: number B is read off the card's front by camera; it may be typed all the same."""
    front_lifted: bool = False
    """True: the face camera reads it, so that the card has to be lifted and shown."""
    match_attempts: int = 3
    notice_seconds: float = 1.0
    card_seconds: float = 15.0
    choice_seconds: float = 60.0
    front_seconds: float = 30.0
    front_read_seconds: float = 20.0
    entry_seconds: float = 60.0
    match_seconds: float = 10.0
    """For the comparison; a challenge has `liveness_seconds` on top."""
    liveness_seconds: float = 35.0
    staff_seconds: float = 120.0
    consent_seconds: float = 30.0
    revocation_seconds: float = 3.0
    look_up_seconds: float = 20.0
    publish_seconds: float = 10.0
    show_seconds: float = 5.0
    glance_seconds: float = 2.0
    """How long the last word stays on the screen after the card was taken."""
    absence_seconds: float = 1.5
    remind_seconds: float = 10.0
    page_seconds: float = 30.0

    @property
    def attempt_seconds(self) -> float:
        """The bound of one attempt of the face comparison."""
        return self.match_seconds + (0.0 if self.liveness is LivenessMode.OFF else self.liveness_seconds)
