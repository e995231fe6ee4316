"""`OqsQueries`: a reception's number query (資格確認書) over the official terminal's folder.

Loop thread; whatever touches the folder runs on threads that are left behind when it hangs (oqs_worker.py). A request
gets a name that nobody has, is written beside it, renamed, and never sent again. Responses are looked for by listing
the folder, since file events get lost over SMB. A response of somebody else is opened once; one that cannot be read is
tried again until it has not changed for a while, because its writer may be slow. At the end a request that the terminal
did not fetch is taken back, so that it does not answer long after the patient has gone. Responses stay where they are
unless the site wants them deleted: the terminal clears them by itself (応答ファイル保持), and another software may read
that folder. Nothing of a question is remembered but its running number, so that no name is used twice in a day even
where somebody clears the responses.

The day: with a synchronised clock ours, else that of the folder's keeper, by the time it gives to a new file. Where
the two differ, or the clock is unknown, no date of the answer is checked. Times in seconds. Raises DeviceError
QUERY_NOT_OFFERED, QUERY_TOO_MANY, TERMINAL_UNREACHABLE, TERMINAL_BAD_FILE, TERMINAL_ENV_MISMATCH. No answer in time is
no exception but `timed-out`. Source: eligibility.md 2.2 to 2.5, 2.10.
"""

import asyncio
import contextlib
import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import ClockState, EligibilityCode
from firmware.core.queries import NumberQuery, ReceptionQuery
from firmware.eligibility import oqs_files as files
from firmware.eligibility.codes import SegmentOfResult
from firmware.eligibility.fields import JAPAN
from firmware.eligibility.model import Confirmation
from firmware.eligibility.oqs_config import TerminalConfig
from firmware.eligibility.oqs_files import Entry, Taken
from firmware.eligibility.oqs_match import Asked, decode, fits, settled
from firmware.eligibility.oqs_message import NumberRequest
from firmware.eligibility.oqs_names import RequestName
from firmware.eligibility.oqs_worker import Worker
from firmware.eligibility.oqs_xml import write_request
from firmware.ports import EligibilityAnswer

_REFUSED: Final = EligibilityAnswer(EligibilityCode.EXCHANGE_ERROR)
"""A .err file: the terminal did not take the request. What stands in it has no known form."""

_LEAST: Final = 10.0
"""Seconds without which a question that had to wait for its place is not sent: an answer takes 3 to 7."""


@dataclass(frozen=True, slots=True, repr=False)
class _Question:
    name: RequestName
    asked: Asked


@dataclass(frozen=True, slots=True, repr=False)
class _Look:
    """What one look into the folder found. `foreign`: read and not ours. `broken`: what could not be read, as a hash.

    `waiting`: a file of our name is empty, locked or was just being written. `answer`, `refusal`: of the file `source`.
    `unfinished`: an answer that says "in progress".
    """

    foreign: frozenset[Entry] = frozenset()
    broken: bytes | None = None
    waiting: bool = False
    answer: Confirmation | None = None
    refusal: bool = False
    source: str = ""
    unfinished: Confirmation | None = None


class OqsQueries:
    """Implements `ports.Queries`."""

    def __init__(self, config: TerminalConfig) -> None:
        self._config = config
        self._worker = Worker(config.pace.call)
        self._places = asyncio.Semaphore(config.at_once)
        self._password = None if config.password is None else bytes(config.password.view())
        self._used: frozenset[RequestName] = frozenset()

    async def ask(self, query: ReceptionQuery, seconds: float) -> EligibilityAnswer:
        if not isinstance(query.query, NumberQuery):
            raise DeviceError(FaultCode.QUERY_NOT_OFFERED, "person")
        ends = asyncio.get_running_loop().time() + min(seconds, self._config.seconds)
        async with self._place(ends - _LEAST):
            question = await self._send(query.query)
            answered = False
            try:
                answer = await self._answer(question, ends)
                answered = answer.code is not EligibilityCode.TIMED_OUT
            finally:
                await self._tidy(question.name, answered=answered)
            return answer

    async def check(self) -> None:
        """Both folders are there and of the device's own env; that they can be written shows at the first question."""
        await self._worker.run(lambda _: files.check_both(self._config))

    async def close(self) -> None:
        """Questions end with those who asked them; hanging threads end with the process."""

    @asynccontextmanager
    async def _place(self, ends: float) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout_at(ends):
                await self._places.acquire()
        except TimeoutError:
            raise DeviceError(FaultCode.QUERY_TOO_MANY, "all places taken") from None
        try:
            yield
        finally:
            self._places.release()

    # ---- asking ----------------------------------------------------------------------------------------------------

    async def _send(self, query: NumberQuery) -> _Question:
        config, clock = self._config, self._config.clock
        ours = datetime.fromtimestamp(clock.now(), JAPAN).date()
        request = NumberRequest(ours, config.institution, f"MDG{secrets.token_hex(8)}", query)
        write_request(request, config.encoding, config.padding)  # what cannot be asked takes no name
        taken = await self._take(ours)
        state, folder_day = clock.state(), taken.folder_day
        if state is not ClockState.SYNCED and folder_day != ours:
            await self._worker.run(lambda _: files.release(config, taken.name))
            taken = await self._take(folder_day)
            request = replace(request, confirmed_on=folder_day)
        name, data = taken.name, write_request(request, config.encoding, config.padding)
        try:
            await self._worker.run(lambda given_up: files.send(config, name, data, given_up))
        except (DeviceError, asyncio.CancelledError):
            await self._tidy(name, answered=False)
            raise
        sure = state is ClockState.SYNCED or (state is ClockState.HOLDOVER and ours == folder_day)
        return _Question(name, Asked(request, ours if sure else None))

    async def _take(self, day: date) -> Taken:
        used = self._used
        taken = await self._worker.run(lambda given_up: files.take(self._config, day, used, given_up))
        self._used = frozenset(each for each in self._used if each.day == day) | {taken.name}
        return taken

    async def _tidy(self, name: RequestName, *, answered: bool) -> None:
        """The name stays taken where an answer may still come, or where only our sign tells that it was used."""
        with contextlib.suppress(DeviceError):
            unfetched = await self._worker.run(lambda _: files.withdraw(self._config, name))
            if unfetched or (answered and not self._config.delete_answers):
                await self._worker.run(lambda _: files.release(self._config, name))

    # ---- waiting ---------------------------------------------------------------------------------------------------

    async def _answer(self, question: _Question, ends: float) -> EligibilityAnswer:
        """Look until an answer is there, or the time is over."""
        loop, pace = asyncio.get_running_loop(), self._config.pace
        look, away, broken_since = _Look(), None, loop.time()
        while True:
            before, away = look, None
            try:
                look = await self._look(question, before.foreign)
            except DeviceError as error:
                if error.code is FaultCode.TERMINAL_ENV_MISMATCH:
                    raise
                away = error  # it may come back
            if look.answer is not None or look.refusal:
                return await self._taken_over(look, question.asked)
            if away is not None or look.broken is None or look.broken != before.broken:
                broken_since = loop.time()
            if loop.time() - broken_since >= pace.broken:
                raise DeviceError(FaultCode.TERMINAL_BAD_FILE, "the response stays unreadable")
            left = ends - loop.time()
            if left <= 0:
                break
            await asyncio.sleep(min(pace.look, left))
        if away is not None:
            raise away
        return _at_the_end(look, question.asked)

    async def _look(self, question: _Question, foreign: frozenset[Entry]) -> _Look:
        settle = self._config.pace.settle
        return await self._worker.run(lambda _: self._look_into(question, foreign), more=settle * 3)

    def _look_into(self, question: _Question, foreign: frozenset[Entry]) -> _Look:
        """One look (worker thread). A readable answer counts more than whatever lies beside it."""
        config = self._config
        files.check_folder(config.responses, config.env, config.mount)
        look = _Look(foreign)
        for entry in files.listing(config.responses, question.name.answers):
            if entry in foreign:
                continue
            look = self._judged(look, entry, question.asked)
            if look.answer is not None:
                return look
        return look

    def _judged(self, look: _Look, entry: Entry, asked: Asked) -> _Look:
        refusal = entry.name.lower().endswith(".err")
        data: bytes | None = None
        try:
            data = files.read_settled(self._config.responses / entry.name, self._config.pace.settle)
            if data is None or (not data and not refusal):
                return replace(look, waiting=True)
            confirmation = None if refusal else decode(data, self._password)
        except DeviceError as error:
            if error.code is not FaultCode.TERMINAL_BAD_FILE:
                raise
            return replace(look, broken=_mark(entry, data))
        if confirmation is None:
            return replace(look, refusal=True, source=entry.name)
        if not fits(confirmation, asked):
            return replace(look, foreign=look.foreign | {entry})
        if confirmation.segment is SegmentOfResult.IN_PROGRESS:
            return replace(look, unfinished=confirmation)
        return replace(look, answer=confirmation, source=entry.name)

    async def _taken_over(self, look: _Look, asked: Asked) -> EligibilityAnswer:
        if self._config.delete_answers:
            with contextlib.suppress(DeviceError):
                await self._worker.run(lambda _: files.remove_answer(self._config, look.source))
        return _REFUSED if look.answer is None else settled(look.answer, asked)


def _at_the_end(look: _Look, asked: Asked) -> EligibilityAnswer:
    if look.broken is not None or look.waiting:
        raise DeviceError(FaultCode.TERMINAL_BAD_FILE, "the response is unreadable, locked or empty")
    if look.unfinished is not None:
        return settled(look.unfinished, asked)
    return EligibilityAnswer(EligibilityCode.TIMED_OUT)


def _mark(entry: Entry, data: bytes | None) -> bytes:
    """What would be equal if nothing of the unreadable file has changed.

    Its content too: on NTFS size and time in the folder stand still until the writer closes the file.
    """
    return hashlib.sha256(repr(entry).encode() + (data or b"")).digest()
