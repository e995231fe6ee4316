"""Look-up, registration and consent: network work on the loop. A look-up may outlive its visit (detached)."""

from dataclasses import dataclass

from firmware.core import effects as fx
from firmware.core import events as ev
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import ClockState, EligibilityCode, Method, VisitSummary
from firmware.core.secret import Secret
from firmware.ports import EligibilityAnswer, LookUpEvidence
from firmware.runtime.devices import Devices
from firmware.runtime.scope import Scope
from firmware.runtime.vault import copy_record, wipe_record
from firmware.runtime.visits import OpenVisit
from firmware.runtime.work import Post, fault_of, now, timed
from firmware.runtime.work_publish import CONSENT_SECONDS, PublishWorker
from firmware.session.conclusion import amended, without_answer

MAX_DETACHED = 8
"""Look-ups of patients who left early; the oldest is ended when one more comes."""


@dataclass(frozen=True, slots=True, repr=False)
class _Ended:
    """How a look-up ended: an answer, or the fault that stands for it."""

    answer: EligibilityAnswer
    fault: FaultCode | None = None


class LookUpJob:
    """One visit's look-up, and the registration that may follow. Owns copies of its evidence."""

    def __init__(self, visit: OpenVisit, evidence: LookUpEvidence) -> None:
        self.visit = visit
        self.evidence = evidence
        self.scope = visit.look_up
        self.detached: fx.DetachLookUp | None = None
        self.ended: _Ended | None = None

    def wipe(self) -> None:
        self.evidence.certificate.wipe()
        if self.evidence.record is not None:
            wipe_record(self.evidence.record)


class LookUpWorker:
    """Effects of the gateway. Loop thread."""

    def __init__(self, devices: Devices, post: Post, publish: PublishWorker, outlives: Scope) -> None:
        self._gateway = devices.gateway
        self._publisher = devices.publisher
        self._clock = devices.clock
        self._observe = devices.observe
        self._post = post
        self._publish = publish
        self._outlives = outlives
        self._job: LookUpJob | None = None
        self._detached: list[LookUpJob] = []

    def look_up(self, visit: OpenVisit, effect: fx.LookUp) -> None:
        try:
            evidence = _evidence(visit, effect.method)
        except DeviceError as error:
            self._post(ev.LookUpFailed(at=now(), visit=visit.id, fault=fault_of(error)))
            return
        self._job = job = LookUpJob(visit, evidence)
        job.scope.spawn(self._run(job, effect.seconds, register=False))

    def register(self, effect: fx.Register) -> None:
        """Only after a look-up of the same visit, so its job is there."""
        if self._job is not None and self._job.visit.id == effect.visit:
            self._job.ended = None
            self._job.scope.spawn(self._run(self._job, effect.seconds, register=True))

    def detach(self, visit: OpenVisit, effect: fx.DetachLookUp) -> None:
        """Let the job go on without the visit; its scope is no longer the visit's."""
        job, self._job = self._job, None
        if job is None:
            return
        visit.look_up = Scope()
        job.detached = effect
        if job.ended is not None:  # its event was under way when the patient left
            self._amend(job, job.ended, effect.summary)
            return
        self._detached.append(job)
        if len(self._detached) > MAX_DETACHED:
            self._give_up(self._detached.pop(0))

    def confirm(self, visit: VisitId, approved: bool) -> bool:
        """Staff's word about what a visit's look-up found, also after the patient left. False: none is under way."""
        jobs = [*self._detached, *([] if self._job is None else [self._job])]
        known = any(job.visit.id == visit for job in jobs)
        if known:
            self._gateway.confirm(visit, approved)
        return known

    def forget(self) -> None:
        """The visit is closed: nothing of its job stays, unless it was detached."""
        if self._job is not None:
            self._job.wipe()
        self._job = None

    def send_consent(self, effect: fx.SendConsent) -> None:
        at = self._clock.now()
        known = self._clock.state() is not ClockState.UNKNOWN
        expires = at + CONSENT_SECONDS if known and effect.given else None
        self._outlives.spawn(self._consent(effect.visit, effect.given, at, expires))

    async def _consent(self, visit: VisitId, given: bool, at: float, expires: float | None) -> None:
        try:
            await self._gateway.send_consent(visit, given, at, expires)
        except DeviceError as error:
            fault_of(error)

    async def _run(self, job: LookUpJob, seconds: float, *, register: bool) -> None:
        try:
            if register:
                asked = self._gateway.register(job.visit.id, seconds)
            else:
                asked = self._gateway.look_up(job.evidence, seconds)
            name = "register" if register else "look-up"
            answer = await timed(self._observe, job.visit.id, name, asked)
        except Exception as error:  # noqa: BLE001  (one place turns any failure of a look-up into an event)
            fault = fault_of(error)
            self._end(job, _Ended(EligibilityAnswer(without_answer(fault)), fault))
        else:
            self._end(job, _Ended(answer))
        finally:
            job.wipe()

    def _end(self, job: LookUpJob, ended: _Ended) -> None:
        """Tell the session, or publish the late amendment of a patient who left."""
        if job.detached is not None:
            self._detached.remove(job)
            self._amend(job, ended, job.detached.summary)
            return
        job.ended = ended
        if ended.fault is not None:
            self._post(ev.LookUpFailed(at=now(), visit=job.visit.id, fault=ended.fault))
            return
        answer = ended.answer
        job.visit.vault.detail = answer.detail
        event = ev.LookUpAnswered(
            at=now(),
            visit=job.visit.id,
            code=answer.code,
            registration_offered=answer.registration_offered,
            flags=answer.flags,
        )
        self._post(event)

    def _amend(self, job: LookUpJob, ended: _Ended, published: VisitSummary) -> None:
        """Publish the late amendment: the published summary with the look-up's outcome. Now the visit is done."""
        summary = amended(published, ended.answer.code, ended.fault, ended.answer.flags)
        if summary.eligibility is EligibilityCode.IDENTITY_CONFLICT:
            self._publisher.alert(FaultCode.IDENTITY_CONFLICT, job.visit.id)
        self._publish.late(job.visit.id, summary, ended.answer.detail)
        self._publisher.progress(job.visit.id, fx.Progress.DONE)

    def _give_up(self, job: LookUpJob) -> None:
        """End the oldest of too many."""
        job.scope.cancel()
        job.wipe()
        if job.detached is not None:
            fault = FaultCode.GATEWAY_TIMEOUT
            self._amend(job, _Ended(EligibilityAnswer(without_answer(fault)), fault), job.detached.summary)


def _evidence(visit: OpenVisit, method: Method) -> LookUpEvidence:
    """What the gateway is told, copied out of the vault. Raises DeviceError without a certificate."""
    vault = visit.vault
    if vault.certificate is None:
        raise DeviceError(FaultCode.EFFECT_FAILED, "no certificate")
    return LookUpEvidence(
        visit=visit.id,
        method=method,
        challenge=visit.challenge,
        certificate=Secret(vault.certificate.der.view()),
        record=None if vault.record is None else copy_record(vault.record),
        chip=vault.chip,
        verdict=visit.verdict,
        pin_signature=vault.pin_signature,
        staff_request=vault.staff_request,
    )
