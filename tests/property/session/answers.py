"""Random but possible answers of card, people, camera, responder and gateway to effects."""

import random
from dataclasses import dataclass

from firmware.core import effects as fx
from firmware.core import events as ev
from firmware.core.eligibility import EligibilityFlag
from firmware.core.faults import FaultCode
from firmware.core.ids import Handle
from firmware.core.outcomes import (
    CardKind,
    CertificateCheck,
    ChipCheck,
    EligibilityCode,
    FacePrompt,
    FrontHint,
    HolderCheck,
    IssuerCheck,
    Liveness,
    MatchBand,
    MatchCode,
    MatchVerdict,
    RecordCheck,
    Revocation,
    TryCode,
    UnsureReason,
)


@dataclass
class Answers:
    """One answer an effect at most. `shown`: people mostly leave number B to the camera."""

    rng: random.Random
    shown: bool = False

    def to(self, effect: fx.VisitEffect, at: float) -> ev.Event | None:
        rng = self.rng
        if rng.random() < 0.04:
            fault = rng.choice([FaultCode.CARD_GONE, FaultCode.CARD_SILENT, FaultCode.PHOTO_BROKEN])
            return ev.CardFailed(at=at, visit=effect.visit, fault=fault)
        return self._try(effect, at) or self._reading(effect, at) or self._seen(effect, at) or self._other(effect, at)

    def before(self, effect: fx.VisitEffect, at: float) -> ev.Event | None:
        """What is told on the way to the answer."""
        rng, visit = self.rng, effect.visit
        match effect:
            case fx.StartEntry(kind=kind, length=length):
                if self._leaves_it(kind):
                    return None
                return ev.EntryChanged(at=at, visit=visit, kind=kind, count=rng.randint(0, length))
            case fx.ReadFront():
                return ev.FrontHinted(at=at, visit=visit, hint=rng.choice(list(FrontHint)))
            case fx.CompareFace(attempt=attempt):
                prompt = rng.choice([*FacePrompt, *UnsureReason])
                return ev.FacePrompted(at=at, visit=visit, attempt=attempt, prompt=prompt)
            case _:
                return None

    def _leaves_it(self, kind: ev.EntryKind) -> bool:
        return self.shown and kind is ev.EntryKind.NUMBER_B and self.rng.random() < 0.7

    def _try(self, effect: fx.VisitEffect, at: float) -> ev.Event | None:
        rng, visit = self.rng, effect.visit
        left, counter = rng.choice([None, *range(11)]), rng.choice([None, 0, 3])
        match effect:
            case fx.UnlockFace():
                code = rng.choice([TryCode.ACCEPTED] * 5 + list(TryCode))
                return ev.NumberBChecked(at=at, visit=visit, code=code, tries_left=left, counter=counter)
            case fx.CountPinTries():
                return ev.PinCounted(at=at, visit=visit, tries_left=rng.randint(0, 3))
            case fx.SignWithPin():
                code = rng.choice([TryCode.ACCEPTED, TryCode.ACCEPTED, TryCode.WRONG, TryCode.BLOCKED])
                left = None if left is None else left % 4
                return ev.PinChecked(at=at, visit=visit, code=code, tries_left=left, counter=counter)
            case _:
                return None

    def _reading(self, effect: fx.VisitEffect, at: float) -> ev.Event | None:
        rng, visit = self.rng, effect.visit
        match effect:
            case fx.IdentifyCard():
                kind = rng.choice([CardKind.MY_NUMBER] * 9 + list(CardKind))
                same = kind is not CardKind.UNKNOWN and rng.random() < 0.9
                return ev.CardIdentified(at=at, visit=visit, kind=kind, same_card=same)
            case fx.ReadPhoto():
                return ev.PhotoRead(at=at, visit=visit, photo=Handle("photo"))
            case fx.CheckChip():
                return self._chip(effect, at)
            case fx.ReadCertificate():
                check = rng.choice([CertificateCheck.VALID] * 6 + list(CertificateCheck))
                soon, holder = rng.random() < 0.2, self._holder()
                return ev.CertificateRead(at=at, visit=visit, check=check, expires_soon=soon, holder=holder)
            case fx.CheckRevocation():
                revocation = rng.choice([Revocation.GOOD] * 6 + list(Revocation))
                return ev.RevocationChecked(at=at, visit=visit, revocation=revocation)
            case _:
                return None

    def _chip(self, effect: fx.VisitEffect, at: float) -> ev.Event:
        return ev.ChipChecked(
            at=at,
            visit=effect.visit,
            chip=self.rng.choice([ChipCheck.PROVED] * 8 + [ChipCheck.WRONG]),
            record=self.rng.choice([RecordCheck.SIGNED] * 8 + [RecordCheck.WRONG]),
            issuer=self.rng.choice([IssuerCheck.VERIFIED, IssuerCheck.UNKNOWN]),
            holder=self._holder(),
        )

    def _holder(self) -> HolderCheck:
        return self.rng.choice([HolderCheck.SAME] * 12 + list(HolderCheck))

    def _seen(self, effect: fx.VisitEffect, at: float) -> ev.Event | None:
        """By the cameras."""
        rng, visit = self.rng, effect.visit
        match effect:
            case fx.ReadFront(number=number, prolong=False):
                entry = None if rng.random() < 0.3 else Handle("entry")
                return ev.FrontRead(at=at, visit=visit, number=number, entry=entry)
            case fx.CompareFace(attempt=attempt):
                if rng.random() < 0.1:
                    return ev.FaceFailed(at=at, visit=visit, attempt=attempt, fault=FaultCode.CAMERA_NO_FRAME)
                return ev.FaceCompared(at=at, visit=visit, attempt=attempt, verdict=self._verdict())
            case _:
                return None

    def _other(self, effect: fx.VisitEffect, at: float) -> ev.Event | None:
        rng, visit = self.rng, effect.visit
        match effect:
            case fx.StartEntry(kind=kind):
                if self._leaves_it(kind):
                    return None
                if rng.random() < 0.1:
                    return ev.EntryCancelled(at=at, visit=visit, kind=kind)
                return ev.EntryDone(at=at, visit=visit, kind=kind, entry=Handle("entry"))
            case fx.LookUp() | fx.Register():
                if rng.random() < 0.2:
                    return ev.LookUpFailed(at=at, visit=visit, fault=FaultCode.GATEWAY_TIMEOUT)
                code = rng.choice(list(EligibilityCode))
                flags = tuple(rng.sample(list(EligibilityFlag), rng.choice((0, 0, 1, 3))))
                offered = rng.random() < 0.5
                return ev.LookUpAnswered(at=at, visit=visit, code=code, registration_offered=offered, flags=flags)
            case _:
                return None

    def _verdict(self) -> MatchVerdict:
        code = self.rng.choice(list(MatchCode))
        reason = UnsureReason.NO_FACE if code is MatchCode.UNSURE else None
        liveness = self.rng.choice([Liveness.PASSED] * 3 + list(Liveness))
        return MatchVerdict(code, reason, MatchBand.ACCEPT, "threshold", "model", liveness)
