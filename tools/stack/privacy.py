"""Issue 2, A6 and A4: many visits and a reception's queries on one device, then a search for what must not be left.

Runs on the loop of the caller; searching blocks it for some seconds, when nothing else happens. Looked at: every file
of the run folder but those that hold the data by right (`legitimate`), names of files, everything on the broker with
its topics and user properties, retained messages, and the device's memory while it is idle.
"""

import asyncio
import hashlib
import io
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, cast

from firmware.sim.card.image import load_image
from firmware.sim.control import Message
from firmware.sim.scenario.plan import Plan, Way
from madoguchi_reception.config import load
from madoguchi_reception.opener import Address, Opener
from madoguchi_reception.printer import Printer
from madoguchi_reception.receiver import Receiver
from madoguchi_reception.requests import Signer
from madoguchi_reception.store import Store
from tools.bench.memory import children
from tools.stack import mixed
from tools.stack.asking import over_gateway
from tools.stack.face_marks import FACE_KINDS, FACES, faces
from tools.stack.marks import Marks, make_marks
from tools.stack.opensc import OpenSc, read_card
from tools.stack.search import Found, Needles, search_files, search_memory
from tools.stack.stack import Stack, sockets_beyond_loopback
from tools.stack.watch import Heard, Watcher

Tell = Callable[[str], None]
_SETTLE: Final = 1.5
_RETAINED: Final = 1.0
_SEEN: Final = 10.0


@dataclass(slots=True)
class Memory:
    """Hits by kind in the idle device: before the first visit, after the last, and in the waiting photo decoder."""

    before: dict[str, int] = field(default_factory=dict)
    after: dict[str, int] = field(default_factory=dict)
    decoder: dict[str, int] = field(default_factory=dict)
    searched: int = 0

    def left(self) -> dict[str, int]:
        """What the visits left behind: hits that were not there before, decoder included."""
        kinds = {*self.after, *self.decoder}
        more = {kind: self.after.get(kind, 0) + self.decoder.get(kind, 0) - self.before.get(kind, 0) for kind in kinds}
        return {kind: number for kind, number in sorted(more.items()) if number > 0}


@dataclass(slots=True)
class Foreign:
    """How a reception of another env took it. `opened`: results it opened; `refusal`: its line for people."""

    noticed: bool = False
    opened: int = 0
    why: str = ""
    stored: int = 0
    refusal: str = ""


@dataclass(slots=True)
class Examined:
    """Everything found. `in_files` before the end and while results were held, `in_topics`: also what was retained."""

    played: mixed.Played = field(default_factory=mixed.Played)
    in_files: Found = field(default_factory=Found)
    while_held: Found = field(default_factory=Found)
    in_topics: Found = field(default_factory=Found)
    retained: list[str] = field(default_factory=list)
    results_retained: int = 0
    envs: dict[str, int] = field(default_factory=dict)
    hygienic: Memory = field(default_factory=Memory)
    bare: Memory | None = None
    commands: int = 0
    violations: list[str] = field(default_factory=list)
    exposed: Sequence[str] = ()
    certificate: str = ""
    looked_up: set[str] = field(default_factory=set)
    opensc: OpenSc | None = None
    known: set[str] = field(default_factory=set)
    foreign: Foreign | None = None
    not_found: list[str] = field(default_factory=list)
    """Kinds of stored marks that the excluded files do not hold either: marks that could never be found."""


def legitimate(folder: Path) -> list[Path]:
    """What holds the data by right: the card itself, the gateway's people and registry, the reception's database."""
    reception = folder / "site" / "reception-front"
    databases = [reception / f"{name}.sqlite{end}" for name in ("reception", "foreign") for end in ("", "-wal", "-shm")]
    questions = [folder / f"{verb}.json" for verb in ("lookup", "emergency-search")]
    return [folder / "cards", folder / "people.json", *questions, folder / "site" / "gateway", *databases]


@dataclass(frozen=True, slots=True)
class Wishes:
    """`bare`: plans to play once more without memory hygiene. `foreign`: also try a reception of another env.

    `baseline`: look at the memory before the first visit too. `queries`: the reception also asks by itself, over the
    gateway, after the visits; the stack is then one in disaster mode.
    """

    plans: Sequence[Plan] = mixed.FEW
    bare: Sequence[Plan] = ()
    foreign: bool = False
    baseline: bool = True
    queries: bool = False


async def examine(stack: Stack, wishes: Wishes, tell: Tell) -> Examined:
    """Play and look. The stack is up, no device runs yet; none runs afterwards, and the broker is down."""
    facts = stack.hands.card
    photo = (FACES / "chip.jp2").read_bytes()
    marks = await asyncio.to_thread(make_marks, stack.folder, facts.pin, facts.number_b, photo)
    marks.derived = await asyncio.to_thread(faces, photo)
    examination = _Examination(stack, wishes, tell, marks)
    await examination.play()
    await examination.look_at_files()
    return examination.found


class _Examination:
    """One examination and what it found so far."""

    def __init__(self, stack: Stack, wishes: Wishes, tell: Tell, marks: Marks) -> None:
        self._stack, self._wishes, self._tell = stack, wishes, tell
        self._stored, self._everything = Needles(marks.stored), Needles(marks.all)
        self.found = Examined()
        self.found.not_found = powerless(stack.folder, self._stored, [mark.kind for mark in marks.stored])

    async def play(self) -> None:
        """All visits, everything that only a running broker shows, and what OpenSC says of the card."""
        stack, found, wishes = self._stack, self.found, self._wishes
        watcher = await asyncio.to_thread(Watcher, stack.folder / "site")
        try:
            await stack.begin()
            await stack.seen()
            found.hygienic = await self._visits(wishes.plans)
            found.exposed = sockets_beyond_loopback(stack.hands.listening())
            if wishes.foreign:
                self._tell("a reception of another env")
                found.foreign = await _foreign(stack, watcher)
            await stack.stop()
            if wishes.bare:
                self._tell("the same without memory hygiene")
                await stack.begin(hygiene=False)
                found.bare = await self._visits(wishes.bare)
                await stack.stop()
            log = await stack.hands.tell("card-log")  # before OpenSC asks for things of its own
            found.commands, found.violations = cast("int", log["commands"]), cast("list[str]", log["violations"])
            found.opensc = await read_card(stack)
            await asyncio.to_thread(_topics, stack, watcher, self._stored, found)
        finally:
            watcher.close()

    async def _visits(self, plans: Sequence[Plan]) -> Memory:
        """The visits of `plans`, with the device's memory before and after them."""
        stack, found, memory = self._stack, self.found, Memory()
        pid = stack.hands.device_pid()
        if self._wishes.baseline:
            memory.before = (await asyncio.to_thread(search_memory, pid, self._everything)).kinds()
        played = await mixed.play(stack, plans, self._tell, self._look_while_held)
        if self._wishes.queries:
            self._tell("the reception's own queries")
            played.wrong += await over_gateway(stack, self._look_while_held)
        found.played.visits += played.visits
        found.played.wrong += played.wrong
        found.played.messages = played.messages
        await stack.rest()
        # What the simulated camera itself shows would be found by right.
        await stack.hands.camera("nobody")
        await asyncio.sleep(_SETTLE)
        self._tell("searching the device's memory")
        after = await asyncio.to_thread(search_memory, pid, self._everything)
        memory.after, memory.searched = after.kinds(), after.searched
        decoder = Found()
        for child in children(pid):
            decoder.add(await asyncio.to_thread(search_memory, child, self._everything))
        memory.decoder = decoder.kinds()
        return memory

    def _look_while_held(self) -> None:
        data = self._stack.folder / "site" / "device" / "data"
        self.found.while_held.add(search_files(data, (), self._stored))

    async def look_at_files(self) -> None:
        """With everything on the disk that is ever written: daemons ended in order, the broker's store saved."""
        stack, found = self._stack, self.found
        found.certificate = hashlib.sha256(load_image(stack.folder / "cards" / "holder").certificate).hexdigest()
        registry = stack.folder / "site" / "gateway" / "gateway.sqlite"
        found.looked_up, found.known = _certificates(registry, "asked"), _certificates(registry, "insured")
        await stack.hands.stop_reception()
        await stack.hands.tell("broker", do="stop")
        self._tell("searching files")
        found.in_files = await asyncio.to_thread(search_files, stack.folder, legitimate(stack.folder), self._stored)


def powerless(folder: Path, needles: Needles, kinds: Sequence[str]) -> list[str]:
    """A search that finds nothing says something only if it finds the data where they are."""
    elsewhere = [path for path in folder.iterdir() if path.name not in {"cards", "people.json"}]
    there = search_files(folder, elsewhere, needles).kinds()
    return [kind for kind in kinds if kind not in there]


def faces_left(found: Examined) -> dict[str, object]:
    """Issue 4, C6 as a record for `tools.measure.record`, but for its command: what is left of photo and faces."""
    kept = _of_faces(found.hygienic)
    bare = "not measured" if found.bare is None else _words(_of_faces(found.bare))
    visits = sum(visit.plan.way is Way.FACE for visit in found.played.visits)
    return {
        "id": "C6-memory",
        "what": f"idle device and its decoder after {visits} visits by face: photo, live frames, crops, tensors and "
        f"embeddings found in {found.hygienic.searched / 1e6:.0f} MB of addresses, with memory hygiene: "
        f"{_words(kept)}; without: {bare}",
        "figure": sum(kept.values()),
        "unit": "hits",
        "goal": "0",
        "met": found.hygienic.searched > 0 and visits > 0 and not kept,
    }


def _of_faces(memory: Memory) -> dict[str, int]:
    wanted = {"photo (JP2)", *FACE_KINDS}
    return {kind: number for kind, number in memory.left().items() if kind in wanted}


def _words(hits: dict[str, int]) -> str:
    return ", ".join(f"{kind} {number}" for kind, number in hits.items()) or "nothing"


# ---- broker --------------------------------------------------------------------------------------------------------


def _topics(stack: Stack, watcher: Watcher, needles: Needles, found: Examined) -> None:
    """Everything heard, and everything that a new client is given at once."""
    late = Watcher(stack.folder / "site")
    try:
        time.sleep(_RETAINED)
    finally:
        late.close()
    kept = [heard for heard in late.heard if heard.retained]
    found.retained = sorted({heard.topic for heard in kept})
    found.results_retained = sum(heard.result for heard in kept)
    for heard in (*watcher.heard, *late.heard):
        text = f"{heard.topic}\n{heard.properties}\n".encode()
        found.in_topics.look(heard.topic, text + heard.payload, needles)
        if not heard.result and "/rx/" not in heard.topic and heard.payload:
            env = str(heard.env())
            found.envs[env] = found.envs.get(env, 0) + 1
    for message in found.played.messages:
        env = str(message.get("env"))
        found.envs[env] = found.envs.get(env, 0) + 1


async def _foreign(stack: Stack, watcher: Watcher) -> Foreign:
    """A visit while a reception of another env sits in the right one's place; then the right one again."""
    hands, made = stack.hands, Foreign()
    await hands.start_foreign()
    made.noticed = await hands.foreign.until(lambda: bool(hands.foreign.statuses), _SEEN)
    visit = await stack.visit(mixed.PIN)
    made.opened = len(hands.foreign.messages)
    await hands.stop_foreign()
    await hands.start_reception()
    await hands.inbox.until(lambda: visit.story.visit in _visits(hands.inbox.messages), _SEEN)
    made.stored = int(visit.story.visit in _visits(hands.inbox.messages))
    token = next(heard for heard in reversed(watcher.heard) if heard.result)
    await asyncio.to_thread(_refused, hands.foreign_config(), token, made)
    return made


def _visits(messages: Sequence[Message]) -> list[object]:
    return [cast("dict[str, object]", message["body"]).get("visit") for message in messages]


def _refused(config_file: Path, token: Heard, made: Foreign) -> None:
    """A real message of this device put before a reception of another env, and what that one prints."""
    config = load(config_file)
    lines = io.StringIO()
    store = Store(config.database)
    try:
        opener = Opener(Address(config.site, config.reception, config.env), config.opening, config.devices)
        signer = Signer(config.signing, config.reception, config.env)
        device = next(iter(config.devices))
        handled = Receiver(opener, signer, store).result(device, token.payload)
        if handled.refused is not None:
            made.why = str(handled.refused.why)
            members = {"device": device, "why": made.why, "detail": handled.refused.detail}
            Printer("en", as_json=False, out=lines)("refused", members)
            made.refusal = lines.getvalue().strip()
        made.opened += len(store.messages())
    finally:
        store.close()


def _certificates(registry: Path, table: str) -> set[str]:
    """Fingerprints in a table of the gateway's registry."""
    database = sqlite3.connect(f"file:{registry}?mode=ro", uri=True)
    try:
        return {row[0] for row in database.execute(f"SELECT person FROM {table}")}  # noqa: S608  # our two names
    finally:
        database.close()
