"""The gateway's memory in SQLite: people, challenges, look-ups, consents.

Blocking; one thread at a time (the server gives it one of its own). Times are wall seconds since 1970, given by the
caller. Raises ProblemError where a request has to be refused.
"""

import json
import secrets
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from firmware.sim.gateway.claims import Consent, TakenChallenge
from firmware.sim.gateway.insured import Insured, Search
from firmware.sim.gateway.problems import ProblemError

_MOST_UNUSED: Final = 256
_REMEMBERED: Final = 86_400
"""Seconds for which an expired or used challenge is still known."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS insured (person TEXT PRIMARY KEY, answer TEXT);
CREATE TABLE IF NOT EXISTS challenges (
    id TEXT, device TEXT, nonce TEXT, expires REAL, used_by TEXT, PRIMARY KEY (device, id));
CREATE TABLE IF NOT EXISTS asked (
    id TEXT PRIMARY KEY, device TEXT, visit TEXT, person TEXT, method TEXT, ready REAL, code TEXT,
    registered INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS requests (device TEXT, key TEXT, digest TEXT, lookup TEXT, PRIMARY KEY (device, key));
CREATE TABLE IF NOT EXISTS consents (
    lookup TEXT, item TEXT, given INTEGER, at INTEGER, expires INTEGER, PRIMARY KEY (lookup, item));
"""


@dataclass(frozen=True, slots=True)
class Repeatable:
    """Names a POST so that its repeat is recognised: the sender, its Idempotency-Key, SHA-256 of the body."""

    device: str
    key: str
    digest: str


@dataclass(frozen=True, slots=True, repr=False)
class LookUpRow:
    """A look-up. `person`: key of whom it found, a certificate's fingerprint; "" for nobody or several.

    `code`: the answer's code if it does not follow from the person (a certificate past its grace, several found).
    """

    id: str
    device: str
    visit: str
    person: str
    method: str
    ready: float
    code: str | None
    registered: bool


class Registry:
    """One SQLite database."""

    def __init__(self, path: Path | None) -> None:
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        self._db.close()

    def add_people(self, people: Iterable[tuple[str, Insured]]) -> None:
        """Insert or replace, by certificate fingerprint."""
        rows = [(key, json.dumps(asdict(person))) for key, person in people]
        self._db.executemany("INSERT OR REPLACE INTO insured VALUES (?, ?)", rows)

    def person(self, key: str) -> Insured | None:
        row = self._db.execute("SELECT answer FROM insured WHERE person = ?", (key,)).fetchone()
        return row and _insured(row[0])

    def find(self, wanted: Search) -> list[str]:
        """Keys of all who fit."""
        rows = self._db.execute("SELECT person, answer FROM insured").fetchall()
        return [str(key) for key, answer in rows if wanted.finds(_insured(answer))]

    # ---- challenges ------------------------------------------------------------------------------------------------

    def issue(self, device: str, count: int, now: float, seconds: int) -> list[dict[str, object]]:
        """Fresh challenges of one device."""
        self._db.execute("DELETE FROM challenges WHERE expires < ?", (now - _REMEMBERED,))
        unused = "SELECT count(*) FROM challenges WHERE device = ? AND used_by IS NULL AND expires > ?"
        if self._db.execute(unused, (device, now)).fetchone()[0] + count > _MOST_UNUSED:
            raise ProblemError("rate-limited", "unused challenges", retry_after=60)
        made = [(f"c-{secrets.token_hex(8)}", secrets.token_urlsafe(32), int(now) + seconds) for _ in range(count)]
        rows = [(identity, device, nonce, expires) for identity, nonce, expires in made]
        self._db.executemany("INSERT INTO challenges (id, device, nonce, expires) VALUES (?, ?, ?, ?)", rows)
        return [{"id": identity, "nonce": nonce, "expires": expires} for identity, nonce, expires in made]

    def use(self, challenge: TakenChallenge, request: Repeatable, now: float) -> None:
        """Use it up; a repeat of the same request, byte by byte, may name it again."""
        row = self._db.execute(
            "SELECT nonce, expires, used_by FROM challenges WHERE device = ? AND id = ?",
            (request.device, challenge.id),
        ).fetchone()
        if row is None or row[0] != challenge.nonce:
            raise ProblemError("challenge-unknown")
        if row[2] not in {None, request.digest}:
            raise ProblemError("challenge-used")
        self._db.execute(
            "UPDATE challenges SET used_by = ? WHERE device = ? AND id = ?",
            (request.digest, request.device, challenge.id),
        )
        if row[1] <= now:
            raise ProblemError("challenge-expired")

    def use_offline(self, challenge: TakenChallenge, request: Repeatable, expires: float) -> None:
        """Remember a challenge of the device's own making, so that it serves once."""
        row = self._db.execute(
            "SELECT used_by FROM challenges WHERE device = ? AND (id = ? OR nonce = ?)",
            (request.device, challenge.id, challenge.nonce),
        ).fetchone()
        if row is not None and row[0] != request.digest:
            raise ProblemError("challenge-used")
        self._db.execute(
            "INSERT OR IGNORE INTO challenges VALUES (?, ?, ?, ?, ?)",
            (challenge.id, request.device, challenge.nonce, expires, request.digest),
        )

    # ---- look-ups --------------------------------------------------------------------------------------------------

    def repeated(self, request: Repeatable) -> str | None:
        """The look-up that an earlier sending of this request made."""
        row = self._db.execute(
            "SELECT digest, lookup FROM requests WHERE device = ? AND key = ?", (request.device, request.key)
        ).fetchone()
        if row is None:
            return None
        if row[0] != request.digest:
            raise ProblemError("idempotency-key-reused")
        return str(row[1])

    def create(self, request: Repeatable, row: LookUpRow) -> str:
        """Keep a look-up and the request that made it, both or neither; the id of the one look-up of this request."""
        known = self.repeated(request)
        if known is not None:
            return known
        self._db.execute("BEGIN IMMEDIATE")
        with self._db:
            self._db.execute(
                "INSERT INTO asked VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (row.id, row.device, row.visit, row.person, row.method, row.ready, row.code, row.registered),
            )
            self._remember(request, row.id)
        return row.id

    def register(self, request: Repeatable, lookup: str, ready: float) -> None:
        """Reopen a look-up as one of a registered card; a repeat that came at the same time changes nothing more."""
        if self.repeated(request) is not None:
            return
        self._db.execute("BEGIN IMMEDIATE")
        with self._db:
            self._db.execute("UPDATE asked SET registered = 1, ready = ? WHERE id = ?", (ready, lookup))
            self._remember(request, lookup)

    def look_up(self, identity: str, device: str) -> LookUpRow:
        row = self._db.execute(
            "SELECT visit, person, method, ready, code, registered FROM asked WHERE id = ? AND device = ?",
            (identity, device),
        ).fetchone()
        if row is None:
            raise ProblemError("lookup-unknown")
        visit, person, method, ready, code, registered = row
        return LookUpRow(identity, device, visit, person, method, ready, code, bool(registered))

    def _remember(self, request: Repeatable, lookup: str) -> None:
        self._db.execute(
            "INSERT INTO requests VALUES (?, ?, ?, ?)", (request.device, request.key, request.digest, lookup)
        )

    # ---- consents, counts ------------------------------------------------------------------------------------------

    def put_consents(self, lookup: str, consents: Iterable[Consent]) -> None:
        """Replace what was said before. Of an item that is named twice the last counts."""
        rows = [(lookup, each.item, each.given, each.at, each.expires) for each in consents]
        self._db.execute("BEGIN IMMEDIATE")
        with self._db:
            self._db.execute("DELETE FROM consents WHERE lookup = ?", (lookup,))
            self._db.executemany("INSERT OR REPLACE INTO consents VALUES (?, ?, ?, ?, ?)", rows)

    def count_consents(self) -> dict[str, int]:
        rows = self._db.execute("SELECT given, count(*) FROM consents GROUP BY given").fetchall()
        counts = {bool(given): int(count) for given, count in rows}
        return {"given": counts.get(True, 0), "refused": counts.get(False, 0)}

    def count_look_ups(self) -> dict[str, int]:
        """Look-ups by method, and how many cards were registered."""
        rows = self._db.execute("SELECT method, count(*), sum(registered) FROM asked GROUP BY method").fetchall()
        counts = {"face": 0, "pin": 0, "staff": 0, "number": 0, "emergency": 0} | {
            method: int(count) for method, count, _ in rows
        }
        return counts | {"count": sum(counts.values()), "registered": sum(int(row[2]) for row in rows)}


def _insured(answer: str) -> Insured:
    known = json.loads(answer)
    return Insured(known["code"], tuple(known["coverages"]), tuple(known["after_registration"]), known["members"])
