"""One event or more of every kind, all of a visit of yesterday."""

from firmware.core import events as ev
from firmware.core.eligibility import EligibilityFlag
from firmware.core.events import Button, EntryKind, Event, Part, Timer
from firmware.core.faults import FaultCode
from firmware.core.ids import Handle, VisitId
from firmware.core.outcomes import (
    CardKind,
    CertificateCheck,
    ChipCheck,
    EligibilityCode,
    FacePrompt,
    FrontHint,
    HolderCheck,
    IssuerCheck,
    MatchCode,
    RecordCheck,
    Revocation,
    TryCode,
    UnsureReason,
)
from tests.unit.session.story import verdict

AT = 1000.25
VISIT = VisitId("visit-of-yesterday")
ENTRY = Handle("entry")

_EVENTS: tuple[Event, ...] = (
    *(ev.DeviceStarted(at=AT, provisioned=provisioned) for provisioned in (True, False)),
    ev.DeviceStopping(at=AT),
    *(ev.PartFailed(at=AT, part=part, fault=FaultCode.LANE_STUCK) for part in Part),
    *(ev.PartRecovered(at=AT, part=part) for part in Part),
    ev.HeldChanged(at=AT, held=4),
    ev.CardPlaced(at=AT, visit=VisitId("visit-of-tomorrow")),
    ev.CardRemoved(at=AT),
    *(ev.ButtonPressed(at=AT, button=button, held=held) for button in Button for held in (True, False)),
    *(ev.TimerFired(at=AT, visit=None, name=name) for name in Timer),
    *(ev.EntryChanged(at=AT, visit=VISIT, kind=kind, count=2) for kind in EntryKind),
    *(ev.EntryDone(at=AT, visit=VISIT, kind=kind, entry=ENTRY) for kind in EntryKind),
    *(ev.EntryCancelled(at=AT, visit=VISIT, kind=kind) for kind in EntryKind),
    *(ev.FrontHinted(at=AT, visit=VISIT, hint=hint) for hint in FrontHint),
    *(ev.FrontRead(at=AT, visit=VISIT, number=1, entry=entry) for entry in (ENTRY, None)),
    *(ev.CardIdentified(at=AT, visit=VISIT, kind=kind, same_card=same) for kind in CardKind for same in (True, False)),
    *(ev.NumberBChecked(at=AT, visit=VISIT, code=code, tries_left=7) for code in TryCode),
    ev.NumberBChecked(at=AT, visit=VISIT, code=TryCode.WRONG, tries_left=None, counter=9),
    ev.PhotoRead(at=AT, visit=VISIT, photo=Handle("photo")),
    *(
        ev.ChipChecked(at=AT, visit=VISIT, chip=chip, record=record, issuer=issuer, holder=holder)
        for chip in ChipCheck
        for record in RecordCheck
        for issuer in IssuerCheck
        for holder in HolderCheck
    ),
    *(
        ev.CertificateRead(at=AT, visit=VISIT, check=check, expires_soon=True, holder=holder)
        for check in CertificateCheck
        for holder in HolderCheck
    ),
    *(ev.RevocationChecked(at=AT, visit=VISIT, revocation=revocation) for revocation in Revocation),
    *(ev.PinCounted(at=AT, visit=VISIT, tries_left=left) for left in range(4)),
    *(ev.PinChecked(at=AT, visit=VISIT, code=code, tries_left=2) for code in TryCode),
    ev.PinChecked(at=AT, visit=VISIT, code=TryCode.WRONG, tries_left=None, counter=1),
    *(ev.CardFailed(at=AT, visit=VISIT, fault=fault) for fault in FaultCode),
    *(ev.FacePrompted(at=AT, visit=VISIT, attempt=1, prompt=prompt) for prompt in (*FacePrompt, *UnsureReason)),
    *(ev.FaceCompared(at=AT, visit=VISIT, attempt=1, verdict=verdict(code)) for code in MatchCode),
    ev.FaceCompared(at=AT, visit=VISIT, attempt=1, verdict=verdict(MatchCode.UNSURE, UnsureReason.NO_FACE)),
    ev.FaceFailed(at=AT, visit=VISIT, attempt=1, fault=FaultCode.CAMERA_MISSING),
    *(ev.StaffAnswered(at=AT, visit=VISIT, approved=approved) for approved in (True, False)),
    ev.CancelRequested(at=AT, visit=VISIT),
    *(
        ev.LookUpAnswered(at=AT, visit=VISIT, code=code, registration_offered=offered)
        for code in EligibilityCode
        for offered in (True, False)
    ),
    ev.LookUpAnswered(at=AT, visit=VISIT, code=EligibilityCode.VALID, flags=tuple(EligibilityFlag)),
    *(ev.LookUpFailed(at=AT, visit=VISIT, fault=fault) for fault in (FaultCode.GATEWAY_ERROR,)),
    ev.ResultCommitted(at=AT, visit=VISIT, held=3),
    ev.PublishFailed(at=AT, visit=VISIT, fault=FaultCode.OUTBOX_FULL),
)

SAMPLES: dict[type[Event], list[Event]] = {}
for _event in _EVENTS:
    SAMPLES.setdefault(type(_event), []).append(_event)


def samples_of(kind: type[Event]) -> list[Event]:
    return SAMPLES[kind]
