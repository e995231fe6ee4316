"""Hands each effect to the worker that carries it out. Loop thread."""

from collections.abc import Callable
from typing import Any

from firmware.core import effects as fx
from firmware.core import events as ev
from firmware.core.events import Event, Part
from firmware.ports import MatchLimits, StaffRequest
from firmware.runtime.devices import Devices
from firmware.runtime.lane import Lane
from firmware.runtime.scope import Scope
from firmware.runtime.screen import Screen
from firmware.runtime.timers import Timers
from firmware.runtime.visits import OpenVisit
from firmware.runtime.work import Soon, now
from firmware.runtime.work_camera import CameraWorker
from firmware.runtime.work_card import CardEffect, CardWorker
from firmware.runtime.work_entry import EntryWorker
from firmware.runtime.work_face import FaceWorker
from firmware.runtime.work_front import FrontWorker
from firmware.runtime.work_lookup import LookUpWorker
from firmware.runtime.work_publish import PublishWorker
from firmware.runtime.work_queries import QueryWorker
from firmware.runtime.work_revocation import RevocationWorker


class Effects:
    """The workers and the open visit. `outlives`: the scope of work that does not end with a visit."""

    def __init__(
        self, devices: Devices, lanes: dict[str, Lane], post: Callable[[Event], None], soon: Soon, limits: MatchLimits
    ) -> None:
        self.outlives = Scope()
        self.ignored = 0
        self._devices = devices
        self._post = post
        self._visit: OpenVisit | None = None
        self.timers = Timers(post)
        self.screen = Screen(devices.panel, lanes["display"], post, self.outlives)
        self._card = CardWorker(devices, lanes["card"], post)
        self.camera = CameraWorker(devices.camera, lanes["camera"], post, soon)
        self.card_camera = self.camera
        if "card-camera" in lanes:
            self.card_camera = CameraWorker(devices.card_camera, lanes["card-camera"], post, soon, Part.CARD_CAMERA)
        self.front = FrontWorker(devices, self.card_camera, lanes["inference"], post, soon)
        self._face = FaceWorker(devices, lanes["inference"], post, soon, limits)
        self._revocation = RevocationWorker(devices, post)
        self._entry = EntryWorker(devices.inputs, soon, post)
        self._publish = PublishWorker(devices, lanes["store"], post)
        self.queries = QueryWorker(devices, lanes["store"], self.outlives)
        self._look_up = LookUpWorker(devices, post, self._publish, self.outlives)
        self._of_device = self._device_table()
        self._of_visit = self._visit_table()

    def apply(self, effect: fx.Effect) -> None:
        """Start one effect. Raises KeyError for an effect without a worker: a bug that tests find."""
        work = self._of_device.get(type(effect))
        if work is not None:
            work(effect)
            return
        visit = self._visit
        if not isinstance(effect, fx.VisitEffect) or visit is None or visit.id != effect.visit:
            self.ignored += 1
            return
        if isinstance(effect, CardEffect):
            self._card.start(visit, effect)
        else:
            self._of_visit[type(effect)](visit, effect)

    def _device_table(self) -> dict[type[fx.Effect], Callable[[Any], None]]:
        timers, publisher = self.timers, self._devices.publisher
        return {
            fx.Show: lambda effect: self.screen.show(effect.view),
            fx.Play: lambda effect: self.screen.play(effect.tone),
            fx.StartTimer: lambda effect: timers.start(effect.visit, effect.name, effect.seconds),
            fx.StopTimer: lambda effect: timers.stop(effect.visit, effect.name),
            fx.StopTimers: lambda effect: timers.stop_visit(effect.visit),
            fx.CountIgnored: lambda _: self._count(),
            fx.RaiseAlert: lambda effect: publisher.alert(effect.fault, effect.visit),
            fx.ReportProgress: lambda effect: publisher.progress(effect.visit, effect.progress),
            fx.SendConsent: self._look_up.send_consent,
            fx.OpenVisit: self._open,
        }

    def _visit_table(self) -> dict[type[fx.Effect], Callable[[OpenVisit, Any], None]]:
        return {
            fx.CloseVisit: lambda visit, _: self._close(visit),
            fx.CloseCardScope: lambda visit, _: visit.close_card(),
            fx.AskStaff: lambda visit, _: visit.ask_staff(),
            fx.StopAskingStaff: lambda visit, _: visit.stop_asking_staff(),
            fx.StartEntry: self._entry.start,
            fx.StopEntry: lambda _visit, _: self._entry.stop(),
            fx.ReadFront: self.front.read,
            fx.StopFront: lambda visit, _: visit.stop_front(),
            fx.OpenCamera: self.camera.open,
            fx.CloseCamera: lambda visit, _: visit.close_camera(),
            fx.CompareFace: self._face.compare,
            fx.CheckRevocation: self._revocation.check,
            fx.ReleaseCard: lambda _visit, _: self.outlives.spawn(self._card.release()),
            fx.LookUp: self._look_up.look_up,
            fx.Register: lambda _, effect: self._look_up.register(effect),
            fx.DetachLookUp: self._look_up.detach,
            fx.Publish: lambda visit, effect: self._publish.result(visit, effect.summary),
        }

    def _count(self) -> None:
        self.ignored += 1

    def _open(self, effect: fx.OpenVisit) -> None:
        self._visit = OpenVisit(effect.visit, self._devices.gateway.take_challenge(effect.visit))

    def _close(self, visit: OpenVisit) -> None:
        self._entry.stop()
        visit.close()
        self._look_up.forget()
        self._visit = None
        self.outlives.spawn(self._card.release())

    def request(self, request: StaffRequest) -> None:
        """A verified request counts only for the open visit, a staff check only after it was asked for.

        A word about what a look-up found counts as long as that runs: the patient may have left.
        """
        visit = self._visit
        if request.verb == "confirm-result":
            if not self._look_up.confirm(request.visit, request.approved):
                self._count()
        elif visit is None or visit.id != request.visit:
            self._count()
        elif request.verb == "cancel":
            self._post(ev.CancelRequested(at=now(), visit=visit.id))
        elif request.verb == "staff-check" and visit.staff_asked:
            visit.vault.staff_request = request.jws
            self._post(ev.StaffAnswered(at=now(), visit=visit.id, approved=request.approved))
        else:
            self._count()

    async def close(self) -> None:
        """End the open visit, let results under way reach the disk, cancel everything else, leave the card."""
        if self._visit is not None:
            self._visit.close()
        self.timers.stop_all()
        self._entry.stop()
        await self._publish.commits.drain()
        self.outlives.cancel()
        self.front.close()
        await self._card.release()
        await self.screen.close()
