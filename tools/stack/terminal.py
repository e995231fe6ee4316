"""Issue 5, point 6, against issue 2's A6: number queries over the official terminal's folder, then the same search.

The terminal's `res` is left out: its answers are the official exchange, which another software may read, and the
terminal clears them by itself (応答ファイル保持). `req` is searched like everything else: a request that the terminal
did not fetch is taken back, and nothing of its writing may stay. Runs on the caller's loop; searching blocks it.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Final

from tools.stack.asking import PATIENCE, ended_meanwhile, over_terminal
from tools.stack.face_marks import FACES
from tools.stack.marks import make_marks
from tools.stack.privacy import Memory, Tell, legitimate, powerless
from tools.stack.search import Found, Needles, search_files, search_memory
from tools.stack.stack import QUICK, Stack
from tools.stack.watch import Watcher

WORLD: Final = (*QUICK, "--terminal", "--set", f"terminal.seconds={PATIENCE}")
QUESTIONS: Final = 6
_SETTLE: Final = 1.5


@dataclass(slots=True)
class Asked:
    """`wrong`: what is not as it must be. `not_found`: as in `privacy.Examined`."""

    wrong: list[str] = field(default_factory=list)
    in_files: Found = field(default_factory=Found)
    in_topics: Found = field(default_factory=Found)
    memory: Memory = field(default_factory=Memory)
    not_found: list[str] = field(default_factory=list)

    def hits(self) -> list[str]:
        """Everything found outside memory, in words."""
        return [*self.in_files.told(), *self.in_topics.told()]


async def examine(stack: Stack, tell: Tell) -> Asked:
    """Ask and look. The stack, of `WORLD`, is up; no device runs before nor afterwards, and the broker is down."""
    facts, folder, found = stack.hands.card, stack.folder, Asked()
    photo = (FACES / "chip.jp2").read_bytes()
    marks = await asyncio.to_thread(make_marks, folder, facts.pin, facts.number_b, photo)
    needles = Needles(marks.stored)
    found.not_found = powerless(folder, needles, [mark.kind for mark in marks.stored])
    watcher = await asyncio.to_thread(Watcher, folder / "site")
    try:
        await stack.begin()
        await stack.seen()
        pid = stack.hands.device_pid()
        found.memory.before = (await asyncio.to_thread(search_memory, pid, needles)).kinds()
        tell(f"{QUESTIONS} queries over the terminal's folder")
        found.wrong = await over_terminal(stack)
        await asyncio.sleep(_SETTLE)
        after = await asyncio.to_thread(search_memory, pid, needles)
        found.memory.after, found.memory.searched = after.kinds(), after.searched
        found.wrong += await ended_meanwhile(stack)
    finally:
        watcher.close()
    for heard in watcher.heard:
        text = f"{heard.topic}\n{heard.properties}\n".encode()
        found.in_topics.look(heard.topic, text + heard.payload, needles)
    await stack.hands.stop_reception()
    await stack.hands.tell("broker", do="stop")
    answers = folder / "oqs" / "res"
    found.in_files = await asyncio.to_thread(search_files, folder, [*legitimate(folder), answers], needles)
    return found
