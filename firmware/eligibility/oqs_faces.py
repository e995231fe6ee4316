"""When did the official reader's results appear? Our own observation of the face folder (loop thread).

Neither the time in a file's name nor the file's own time says when it appeared: both come from other clocks. So the
folder is listed again and again, and a file counts as appeared after the listing that did not have it yet. What was
there at the first listing is old, and what came while the folder was away is as old as the last look before. Names are
kept as hashes under a random key, so that nothing of a file is remembered. Files are never moved, changed or removed.
A year's files may lie there, so only recent ones are asked for size and time, each a trip over SMB. Times in monotonic
seconds. Raises DeviceError TERMINAL_UNREACHABLE, TERMINAL_ENV_MISMATCH. Source: eligibility.md 2.5.
"""

import asyncio
import hashlib
import secrets
from typing import Final

from firmware.eligibility import oqs_files as files
from firmware.eligibility.oqs_config import ReaderConfig
from firmware.eligibility.oqs_files import Entry
from firmware.eligibility.oqs_names import is_face
from firmware.eligibility.oqs_worker import Worker

MOST_REMEMBERED: Final = 2 * files.MOST_ENTRIES


class KeyedHash:
    """Hashes that mean nothing outside of this object."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(16)

    def of(self, data: bytes) -> bytes:
        return hashlib.blake2b(data, key=self._key, digest_size=16).digest()


class Faces:
    """What lies in the face folder and since when."""

    def __init__(self, config: ReaderConfig, worker: Worker) -> None:
        self._config = config
        self._worker = worker
        self._hash = KeyedHash()
        self._after: dict[bytes, float] = {}
        self._last = float("-inf")
        self._turn = asyncio.Lock()

    async def look(self, since: float = float("inf")) -> list[Entry]:
        """The results that appeared after `since`; the others are noted only."""
        async with self._turn:
            at, last = asyncio.get_running_loop().time(), self._last
            names, recent = await self._worker.run(lambda _: self._listed(since, last))
            self._after = dict.fromkeys(names, last) | self._after
            self._last = at
            self._forget(names)
            return recent

    def _listed(self, since: float, last: float) -> tuple[list[bytes], list[Entry]]:
        """Hashes of all names, and the recent ones (worker thread; changes nothing, for it may have been left)."""
        config, names = self._config, list[bytes]()

        def recent(name: str) -> bool:
            if not is_face(name):
                return False
            names.append(self._hash.of(name.encode("utf-8", "surrogateescape")))
            return self._after.get(names[-1], last) >= since

        files.check_folder(config.faces, config.env, config.mount)
        found = files.listing(config.faces, recent)
        return names, found

    def _forget(self, there: list[bytes]) -> None:
        """Names that went away are kept while there is room: a share that comes back brings no new results."""
        if len(self._after) > MOST_REMEMBERED:
            self._after = {name: self._after[name] for name in there}
