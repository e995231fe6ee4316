"""`Terminal`: watches req, answers into res some seconds later, puts the official reader's results into face.

Loop thread. The folders are made and marked with `madoguchi-env`, so that a real device refuses them. A request is
taken away when it is fetched; the same name or identifier a second time is counted, because nobody may ask twice. An
answer begins on its own while others are under way. Times in seconds. Raises OSError for folders that cannot be made.
Source: eligibility.md 2.1 to 2.5.
"""

import asyncio
import contextlib
import random
import re
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Final

from firmware.sim.gateway.insured import Insured
from firmware.sim.terminal.answers import Facility, foreign, in_progress, of_card, to_query, with_quirk
from firmware.sim.terminal.archive import Packing, pack
from firmware.sim.terminal.quirks import Quirk
from firmware.sim.terminal.writing import Writer
from firmware.sim.terminal.xml import Request, Response, Style, decode_request, encode_response

JAPAN: Final = timezone(timedelta(hours=9))
MARK: Final = "madoguchi-env"
_REQUEST: Final = re.compile(r"OQSsiquc01req_([0-9]{12})\.xml")
_NEIGHBOURS: Final = (
    "YZKsiquc01res_{base}.xml",
    "OQSmuquc02res_{base}.zip",
    "OQSsiquc01res_{base}_2.xml",
    "OQSsiquc01res_face_{base}_20200101000000.xml",
    "~{base}.tmp",
)


@dataclass(frozen=True, slots=True)
class TerminalOptions:
    """`delay`: from and to how long an answer takes. `quirk`: of the n-th request, from 0.

    `password` with `packing`: all responses are packed. `look`: between two looks into req.
    """

    root: Path
    people: Sequence[Insured]
    env: str = "sim"
    facility: Facility = field(default_factory=lambda: Facility("1319999999"))
    delay: tuple[float, float] = (3.0, 7.0)
    look: float = 0.2
    style: Style = field(default_factory=Style)
    writer: Writer = field(default_factory=Writer)
    quirk: Callable[[int], Quirk | None] = lambda _: None
    password: bytes | None = None
    packing: Packing | None = None
    chance: random.Random = field(default_factory=random.Random)


@dataclass(slots=True)
class Seen:
    """What was asked, as counts and marks: `twice` counts names and identifiers that came a second time."""

    requests: int = 0
    answered: int = 0
    refused: int = 0
    twice: int = 0
    names: set[str] = field(default_factory=set)
    identifiers: set[str] = field(default_factory=set)


class Terminal:
    """One terminal with its three folders."""

    def __init__(self, options: TerminalOptions) -> None:
        self.options = options
        self.seen = Seen()
        self.next_quirks: deque[Quirk | None] = deque()
        """Of the next requests, before `options.quirk` is asked."""
        self._folders = {name: options.root / name for name in ("req", "res", "face")}
        self._faces = 0
        self._held: deque[asyncio.Event] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        for folder in self._folders.values():
            folder.mkdir(parents=True, exist_ok=True)
            (folder / MARK).write_text(self.options.env, encoding="ascii")
        self._spawn(self._watch())

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def put_face(self, person: Insured, quirk: Quirk | None = None) -> Path:
        """The official reader read somebody's card. The file, once it is written."""
        self._faces += 1
        now, facility = datetime.now(UTC).astimezone(JAPAN), self.options.facility
        response = with_quirk(of_card(person, facility, now), quirk)
        if quirk is Quirk.FOREIGN_INSTITUTION:
            response = foreign(response, quirk)
        name = f"OQSsiquc01res_face_{facility.institution}001{self._faces:017}_{now:%Y%m%d%H%M%S}"
        return await self._put(self._folders["face"], name, response, quirk)

    # ---- requests --------------------------------------------------------------------------------------------------

    async def _watch(self) -> None:
        while True:
            for path in sorted(self._folders["req"].glob("*.xml")):
                found = _REQUEST.fullmatch(path.name)
                if found is not None:
                    self._fetch(path, found[1])
            await asyncio.sleep(self.options.look)

    def _fetch(self, path: Path, base: str) -> None:
        try:
            data = path.read_bytes()
            path.unlink()
        except FileNotFoundError:  # taken back meanwhile
            return
        self.seen.requests += 1
        quirk = self.next_quirks.popleft() if self.next_quirks else self.options.quirk(self.seen.requests - 1)
        try:
            request = decode_request(data)
        except ValueError:
            self.seen.refused += 1
            return
        identifier = request.header.get("ArbitraryFileIdentifier", "")
        self.seen.twice += (base in self.seen.names) + (identifier in self.seen.identifiers)
        self.seen.names.add(base)
        self.seen.identifiers.add(identifier)
        self._spawn(self._answer(base, request, quirk))

    async def _answer(self, base: str, request: Request, quirk: Quirk | None) -> None:
        before = self._held.popleft() if self._held else None
        if quirk is Quirk.OUT_OF_ORDER:
            self._held.append(later := asyncio.Event())
            with contextlib.suppress(TimeoutError):  # nobody asked after it
                await asyncio.wait_for(later.wait(), self.options.delay[1] * 3)
        await asyncio.sleep(self.options.chance.uniform(*self.options.delay))
        await self._respond(base, request, quirk)
        self.seen.answered += 1
        if before is not None:
            before.set()

    async def _respond(self, base: str, request: Request, quirk: Quirk | None) -> None:
        folder, name = self._folders["res"], f"OQSsiquc01res_{base}"
        now = datetime.now(UTC).astimezone(JAPAN)
        right = to_query(request, self.options.people, self.options.facility, now)
        pause = self.options.writer.stand
        match quirk:
            case Quirk.NO_ANSWER:
                return
            case Quirk.ERR:
                (folder / f"{name}.err").write_bytes(b"refused\r\n")
                return
            case Quirk.ERR_BESIDE:
                (folder / f"OQSsiquc01req_{base}.xml").write_bytes(b"<XmlMsg/>")
                (folder / f"OQSsiquc01req_{base}.err").write_bytes(b"refused\r\n")
                return
            case Quirk.FOREIGN_INSTITUTION | Quirk.FOREIGN_IDENTIFIER:
                await self._put(folder, name, foreign(right, quirk), None)
                await asyncio.sleep(pause)
            case Quirk.IN_PROGRESS:
                await self._put(folder, name, in_progress(right), None)
                await asyncio.sleep(pause)
            case Quirk.NEIGHBOURS:
                other = encode_response(foreign(right, Quirk.FOREIGN_IDENTIFIER), self.options.style)
                for neighbour in _NEIGHBOURS:
                    (folder / neighbour.format(base=base)).write_bytes(other)
            case _:
                pass
        await self._put(folder, name, with_quirk(right, quirk), quirk)

    async def _put(self, folder: Path, name: str, response: Response, quirk: Quirk | None) -> Path:
        content = encode_response(response, self.options.style)
        if quirk is Quirk.WRONG_ENCODING:
            content = content.replace(b'encoding="Shift_JIS"', b'encoding="UTF-8"')
        ending, packing = ".xml", self.options.packing
        if quirk in {Quirk.AES, Quirk.ZIPCRYPTO}:
            packing = Packing.AES if quirk is Quirk.AES else Packing.ZIPCRYPTO
        if packing is not None and self.options.password is not None:
            content, ending = pack(f"{name}.xml", content, self.options.password, packing), ".zip"
        path = folder / (name + ending)
        if quirk is Quirk.UPPER_CASE:
            path = folder / (name + ending).upper()
        await self.options.writer.write(path, content, quirk)
        return path

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
