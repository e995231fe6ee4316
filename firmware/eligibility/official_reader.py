"""Picking up the official reader's (顔認証付きカードリーダー) own result for a visit here, where the site wants it.

A result carries no visit and no reader, so "the next file" is nobody's. One is taken only while a look-up runs, only if
it appeared since shortly before (by our own observation, oqs_faces.py), only if birth date and sex equal the chip's,
only if it is the only such one up to the end, and only if staff say that it is this patient's. Two that fit: none is
shown. Nothing of what does not fit is kept. A visit without a chip record (PIN, staff) has nothing to compare with and
is not asked about.

Loop thread; files on threads that may be left behind (oqs_worker.py). Times in seconds. Raises DeviceError
TERMINAL_UNREACHABLE, TERMINAL_ENV_MISMATCH. Source: design.md, "Modes and limits"; eligibility.md 2.4, 2.5.
"""

import asyncio
import contextlib
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from firmware.core.challenge import Challenge
from firmware.core.eligibility import EligibilityFlag
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import EligibilityCode
from firmware.eligibility import oqs_files as files
from firmware.eligibility.answers import today_in_japan
from firmware.eligibility.codes import ReferenceClassification
from firmware.eligibility.model import Confirmation
from firmware.eligibility.oqs_config import ReaderConfig
from firmware.eligibility.oqs_faces import Faces, KeyedHash
from firmware.eligibility.oqs_files import Entry
from firmware.eligibility.oqs_match import dates_not_checked, decode, judged
from firmware.eligibility.oqs_worker import GivenUp, Worker
from firmware.eligibility.rules import ChipIdentity
from firmware.eligibility.stand_alone import StandAlone
from firmware.ports import EligibilityAnswer, LookUpEvidence

_NOTHING: Final = EligibilityAnswer(EligibilityCode.TIMED_OUT)
_NOBODYS: Final = EligibilityAnswer(EligibilityCode.NOT_ATTRIBUTED)
_NOT_ASKED: Final = EligibilityAnswer(EligibilityCode.NOT_ASKED)
_MOST_SPENT: Final = 1000
_MOST_READ: Final = 64
"""Results read for one visit; a counter does not see more people in that time."""
_IDLE_LOOKS: Final = 4.0
"""Between visits it is looked this much more rarely."""


@dataclass(slots=True, repr=False, eq=False)
class _Waiting:
    """A look-up under way. `fitting`: by their hash, so that the same result in two files counts once."""

    chip: ChipIdentity
    since: float
    word: "asyncio.Future[bool]"
    done_with: set[Entry] = field(default_factory=set)
    fitting: dict[bytes, Confirmation] = field(default_factory=dict)
    asked: bool = False


class OfficialReader:
    """Implements `ports.Gateway`: no challenges of a gateway, no registration."""

    def __init__(self, config: ReaderConfig) -> None:
        self._config = config
        self._challenges = StandAlone(config.device, config.clock)
        self._worker = Worker(config.pace.call)
        self._faces = Faces(config, self._worker)
        self._password = None if config.password is None else bytes(config.password.view())
        self._hash = KeyedHash()
        self._spent: OrderedDict[bytes, None] = OrderedDict()
        self._waiting: dict[VisitId, _Waiting] = {}
        self._watch: asyncio.Task[None] | None = None

    async def refill(self) -> None:
        """There is no pool; the folder is looked at, so that its absence is known, and watched from now on."""
        if self._watch is None:
            self._watch = asyncio.create_task(self._watching())
        await self._faces.look()

    def take_challenge(self, visit: VisitId) -> Challenge:
        return self._challenges.take_challenge(visit)

    async def look_up(self, evidence: LookUpEvidence, seconds: float) -> EligibilityAnswer:
        record = evidence.record
        if record is None:
            return _NOT_ASKED
        loop = asyncio.get_running_loop()
        chip = ChipIdentity(record.birth_date.view(), record.sex.view())
        waiting = _Waiting(chip, loop.time() - self._config.before, loop.create_future())
        self._waiting[evidence.visit] = waiting
        try:
            return await self._picked_up(evidence.visit, waiting, loop.time() + seconds)
        finally:
            del self._waiting[evidence.visit]

    async def register(self, visit: VisitId, seconds: float) -> EligibilityAnswer:  # noqa: ARG002  (the port's)
        return _NOT_ASKED

    async def send_consent(self, visit: VisitId, given: bool, at: float, expires: float | None) -> None:
        """Nobody to tell: the consents of that result were asked by the official reader."""

    def confirm(self, visit: VisitId, approved: bool) -> None:
        waiting = self._waiting.get(visit)
        if waiting is not None and waiting.asked and not waiting.word.done():
            waiting.word.set_result(approved)

    async def close(self) -> None:
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)

    async def _watching(self) -> None:
        while True:
            with contextlib.suppress(DeviceError):  # `refill` tells it
                await self._faces.look()
            await asyncio.sleep(self._config.pace.look * _IDLE_LOOKS)

    async def _picked_up(self, visit: VisitId, waiting: _Waiting, ends: float) -> EligibilityAnswer:
        """Look until staff have spoken about the only one that fits. A second one ends it."""
        loop, look = asyncio.get_running_loop(), self._config.pace.look
        while True:
            away = None
            try:
                await self._read_new(waiting)
            except DeviceError as error:
                if error.code is FaultCode.TERMINAL_ENV_MISMATCH:
                    raise
                away = error  # it may come back
            if self._taken(waiting) or len(waiting.fitting) > 1 or (waiting.word.done() and not waiting.word.result()):
                return _NOBODYS
            if waiting.word.done() and away is None:
                return self._believed(waiting)
            if waiting.fitting and not waiting.asked:
                waiting.asked = True
                self._config.ask(visit)
            left = ends - loop.time()
            if left <= 0:
                break
            if waiting.word.done():
                await asyncio.sleep(min(look, left))
            else:
                await asyncio.wait({waiting.word}, timeout=min(look, left))
        if away is not None:
            raise away
        return _NOBODYS if waiting.fitting else _NOTHING

    def _taken(self, waiting: _Waiting) -> bool:
        """Given to another visit, or fitting a later one: who left early makes way for who stands here now."""
        every = list(self._waiting.values())
        later = every[every.index(waiting) + 1 :]
        given = [self._spent.keys(), *(other.fitting.keys() for other in later)]
        return any(not each.isdisjoint(waiting.fitting) for each in given)

    async def _read_new(self, waiting: _Waiting) -> None:
        """Results that appeared and were not read for this visit yet."""
        for entry in await self._faces.look(waiting.since):
            if entry in waiting.done_with:
                continue
            if len(waiting.done_with) >= _MOST_READ:
                raise DeviceError(FaultCode.TERMINAL_UNREACHABLE, f"more than {_MOST_READ} results at once")
            read = await self._worker.run(partial(self._read, entry), more=self._config.pace.settle)
            if read is None:
                continue
            waiting.done_with.add(entry)
            mark, confirmation = read
            if confirmation is not None and mark not in self._spent and self._fits(confirmation, waiting.chip):
                waiting.fitting[mark] = confirmation

    def _read(self, entry: Entry, _: GivenUp) -> tuple[bytes, Confirmation | None] | None:
        """Hash and content (worker thread); None: not complete yet.

        Unreadable is nobody's: if it is still being written, it will be another entry of the folder.
        """
        try:
            data = files.read_settled(self._config.faces / entry.name, self._config.pace.settle)
            return None if data is None else (self._hash.of(data), decode(data, self._password))
        except DeviceError as error:
            if error.code is not FaultCode.TERMINAL_BAD_FILE:
                raise
            return b"", None

    def _fits(self, confirmation: Confirmation, chip: ChipIdentity) -> bool:
        if confirmation.institution != self._config.institution:
            return False
        if confirmation.reference is ReferenceClassification.NUMBER or not confirmation.coverages:
            return False
        return all(chip.same(coverage) for coverage in confirmation.coverages)

    def _believed(self, waiting: _Waiting) -> EligibilityAnswer:
        """Judged. It is nobody else's from now on."""
        ((mark, confirmation),) = waiting.fitting.items()
        self._spent[mark] = None
        if len(self._spent) > _MOST_SPENT:
            self._spent.popitem(last=False)
        today = today_in_japan(self._config.clock)
        answer = judged(confirmation, today)
        if today is None or confirmation.confirmed_on not in {None, today}:
            answer = dates_not_checked(answer)
        return replace(answer, flags=(*answer.flags, EligibilityFlag.STAFF_CONFIRMED))
