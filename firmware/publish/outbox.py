"""The durable outbox: sealed messages until they are acknowledged, sequence numbers, ids of requests. Imports sqlite3.

One SQLite file, WAL with synchronous=FULL: what `append` returned from survives a power cut. It holds ciphertext, ids
and times only. Any thread: one connection, one lock, short transactions (about 0.5 ms each). The connection is opened
with check_same_thread=False because the lock, not the thread, is what serialises: the store lane appends, the
publisher's and paho's thread mark and delete.

A row is `new`, then `sent` (PUBACK seen, which is not delivery), or `rejected` by the reception; an acknowledgement
deletes it. `seq` counts per reception and is never reset. Ids of used requests, and of queries under way, are kept so
that neither is taken twice nor forgotten. Times are wall seconds since 1970 UTC.

Raises DeviceError: OUTBOX_FULL (rows, bytes or disk), OUTBOX_BROKEN (anything else SQLite says, a foreign or newer
file). Source: design.md "Nothing is lost"; messaging-and-security.md 5.2.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import Lock
from typing import Final

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.ids import VisitId
from firmware.core.queries import OpenQuery, ReceptionQuery

_SCHEMA_VERSION: Final = 2
# Three usual messages (2.4 kB) fit a page of this size, only one a page of 4096: 20,000 of them stay below 64 MB.
_PAGE: Final = 8192
_PAGES_PER_MESSAGE: Final = 4
_SCHEMA: Final = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE sequence (reception TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE message (
  jti TEXT PRIMARY KEY, reception TEXT NOT NULL, seq INTEGER NOT NULL, token TEXT NOT NULL, hash TEXT NOT NULL UNIQUE,
  created REAL NOT NULL, dated INTEGER NOT NULL, state TEXT NOT NULL, UNIQUE (reception, seq)
) STRICT;
CREATE TABLE request (issuer TEXT, jti TEXT, exp INTEGER NOT NULL, PRIMARY KEY (issuer, jti)) STRICT, WITHOUT ROWID;
CREATE INDEX request_exp ON request (exp);
"""
_SINCE_2: Final = """
CREATE TABLE query (
  reception TEXT, request TEXT, id TEXT NOT NULL, asked REAL NOT NULL, PRIMARY KEY (reception, request)
) STRICT, WITHOUT ROWID;
"""


class RowState(StrEnum):
    """State of a row; an acknowledged one is gone."""

    NEW = "new"
    SENT = "sent"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the store."""

    rows: int = 20_000
    bytes: int = 64 * 1024 * 1024
    requests: int = 10_000


@dataclass(frozen=True, slots=True)
class Sealed:
    """A message ready to be stored: its id, the token, the token's hash."""

    jti: str
    token: str
    hash: str


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of a stored message without its token."""

    jti: str
    reception: str
    seq: int
    hash: str
    state: RowState


Seal = Callable[[str, int], Sealed]
"""Makes the message for a reception with a sequence number; called inside the transaction."""

Notice = Callable[[str, list[Row]], Seal | None]
"""Chooses how a reception is told which of its messages expired; None where it cannot be told."""


class Outbox:
    """See the module. `close` is idempotent; every other call after it raises OUTBOX_BROKEN."""

    def __init__(self, path: Path, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._lock = Lock()
        with _mapped():
            # Created by us first, so that nobody else can read it at any moment; -wal and -shm take its mode over.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._db = sqlite3.connect(path, timeout=2.0, isolation_level=None, check_same_thread=False)
            try:
                self._prepare()
            except sqlite3.Error:
                self._db.close()
                raise

    def _prepare(self) -> None:
        pages = max(16, self._limits.bytes // _PAGE)
        for pragma in (f"page_size={_PAGE}", "journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute(f"PRAGMA max_page_count={pages}")
        (verdict,) = self._db.execute("PRAGMA quick_check(1)").fetchone()
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if verdict != "ok" or not 0 <= version <= _SCHEMA_VERSION:
            raise sqlite3.DatabaseError(f"schema {version}, check {verdict == 'ok'}")
        if version < _SCHEMA_VERSION:
            tables = _SINCE_2 if version else _SCHEMA + _SINCE_2
            self._db.executescript(f"BEGIN IMMEDIATE; {tables} PRAGMA user_version={_SCHEMA_VERSION}; COMMIT;")

    def close(self) -> None:
        """Close the file. Idempotent."""
        with self._lock:
            self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _mapped():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    # ---- messages ----

    def append(
        self, receptions: Sequence[str], seal: Seal, created: float, dated: bool, answers: str | None = None
    ) -> list[Row]:
        """Number, seal and store one message per reception, all or none. `dated`: `created` can be trusted.

        `answers`: request of the query that is answered by it, and no longer open.
        """
        with self._transaction() as db:
            self._require_rows(db, len(receptions))
            if answers is not None:
                ends = [(reception, answers) for reception in receptions]
                db.executemany("DELETE FROM query WHERE reception = ? AND request = ?", ends)
            return [_insert(db, reception, seal, (created, dated)) for reception in receptions]

    def probe(self, count: int) -> None:
        """Write and delete `count` messages of 8 kB, so that a recovered disk is seen without risking a result."""
        with self._transaction() as db:
            self._require_rows(db, count)
            for number in range(count):
                values = (f"probe-{number}", "", number, "0" * 8192, f"probe-{number}", 0.0, 0, RowState.NEW)
                db.execute("INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
            db.execute("DELETE FROM message WHERE reception = ''")

    def require_room(self, count: int) -> None:
        """Raise OUTBOX_FULL if `count` more messages of up to 32 kB would be too many."""
        with self._lock, _mapped():
            self._require_rows(self._db, count)
            asked = ("page_count", "freelist_count", "max_page_count")
            pages, free, most = (self._db.execute(f"PRAGMA {name}").fetchone()[0] for name in asked)
        if pages - free + count * _PAGES_PER_MESSAGE > most:
            raise DeviceError(FaultCode.OUTBOX_FULL, f"{pages} pages")

    def _require_rows(self, db: sqlite3.Connection, count: int) -> None:
        (rows,) = db.execute("SELECT count(*) FROM message").fetchone()
        if rows + count > self._limits.rows:
            raise DeviceError(FaultCode.OUTBOX_FULL, f"{rows} rows")

    def rows(self) -> list[Row]:
        """Every stored message in order of its number, without tokens."""
        with self._lock, _mapped():
            found = self._db.execute("SELECT jti, reception, seq, hash, state FROM message ORDER BY seq").fetchall()
        return [_row(item) for item in found]

    def token(self, jti: str) -> str | None:
        """The sealed message, if it is still there."""
        with self._lock, _mapped():
            found = self._db.execute("SELECT token FROM message WHERE jti = ?", (jti,)).fetchone()
        return None if found is None else str(found[0])

    def mark(self, jti: str, state: RowState) -> None:
        """Note a new state; unknown and rejected messages are left alone."""
        with self._transaction() as db:
            db.execute("UPDATE message SET state = ? WHERE jti = ? AND state <> 'rejected'", (state, jti))

    def revive(self, reception: str) -> None:
        """Make rejected messages of `reception` new again."""
        with self._transaction() as db:
            db.execute("UPDATE message SET state = 'new' WHERE reception = ? AND state = 'rejected'", (reception,))

    def find(self, digest: str) -> Row | None:
        """The message with this hash."""
        with self._lock, _mapped():
            query = "SELECT jti, reception, seq, hash, state FROM message WHERE hash = ?"
            found = self._db.execute(query, (digest,)).fetchone()
        return None if found is None else _row(found)

    def delete(self, jti: str) -> None:
        """Forget an acknowledged message. Idempotent."""
        with self._transaction() as db:
            db.execute("DELETE FROM message WHERE jti = ?", (jti,))

    def backlog(self) -> dict[str, tuple[int, int]]:
        """Per reception: rows held, last number given."""
        query = """SELECT s.reception, (SELECT count(*) FROM message m WHERE m.reception = s.reception), s.last
                   FROM sequence s"""
        with self._lock, _mapped():
            return {reception: (held, last) for reception, held, last in self._db.execute(query).fetchall()}

    def expire(self, now: float, retention: float, notice: Notice) -> list[Row]:
        """Delete what is older than `retention` and store, in the same transaction, one notice per reception.

        A row written under an unknown clock starts its retention now. At most 500 rows a call. Returns those deleted.
        """
        with self._transaction() as db:
            db.execute("UPDATE message SET created = ?, dated = 1 WHERE dated = 0", (now,))
            query = "SELECT jti, reception, seq, hash, state FROM message WHERE created < ? ORDER BY seq LIMIT 500"
            found = db.execute(query, (now - retention,)).fetchall()
            gone = [_row(item) for item in found]
            db.executemany("DELETE FROM message WHERE jti = ?", [(row.jti,) for row in gone])
            for reception in sorted({row.reception for row in gone}):
                seal = notice(reception, [row for row in gone if row.reception == reception])
                if seal is not None:
                    _insert(db, reception, seal, (now, True))
        if gone:
            self._truncate()
        return gone

    def _truncate(self) -> None:
        with self._lock, _mapped():
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    # ---- queries ----

    def note_query(self, query: ReceptionQuery, asked: float) -> None:
        """A query is taken: noted durably until `append` answers it."""
        with self._transaction() as db:
            (count,) = db.execute("SELECT count(*) FROM query").fetchone()
            if count >= self._limits.requests:
                raise DeviceError(FaultCode.OUTBOX_FULL, f"{count} open queries")
            db.execute("INSERT INTO query VALUES (?, ?, ?, ?)", (query.reception, query.request, query.id, asked))

    def open_queries(self) -> list[OpenQuery]:
        """Taken and not answered, the oldest first."""
        with self._lock, _mapped():
            found = self._db.execute("SELECT reception, request, id, asked FROM query ORDER BY asked").fetchall()
        return [OpenQuery(reception, request, VisitId(id_), asked) for reception, request, id_, asked in found]

    def drop_query(self, query: OpenQuery) -> None:
        """Nobody can be answered any more."""
        with self._transaction() as db:
            db.execute("DELETE FROM query WHERE reception = ? AND request = ?", (query.reception, query.request))

    # ---- epoch, requests ----

    def next_epoch(self) -> int:
        """The connection's epoch: one more than ever before."""
        with self._transaction() as db:
            db.execute("INSERT OR IGNORE INTO meta VALUES ('epoch', 0)")
            db.execute("UPDATE meta SET value = value + 1 WHERE name = 'epoch'")
            (epoch,) = db.execute("SELECT value FROM meta WHERE name = 'epoch'").fetchone()
        return int(epoch)

    def first_use(self, issuer: str, jti: str, exp: int) -> bool:
        """Note a request's id, durably; False if it was noted before."""
        with self._transaction() as db:
            (count,) = db.execute("SELECT count(*) FROM request").fetchone()
            if count >= self._limits.requests:
                raise DeviceError(FaultCode.OUTBOX_FULL, f"{count} request ids")
            return db.execute("INSERT OR IGNORE INTO request VALUES (?, ?, ?)", (issuer, jti, exp)).rowcount == 1

    def forget_requests(self, before: float) -> None:
        """Drop ids of requests that expired before `before`; only under a clock that can be trusted."""
        with self._transaction() as db:
            db.execute("DELETE FROM request WHERE exp < ?", (int(before),))


def _row(found: tuple[str, str, int, str, str]) -> Row:
    jti, reception, seq, digest, state = found
    return Row(jti, reception, seq, digest, RowState(state))


def _insert(db: sqlite3.Connection, reception: str, seal: Seal, when: tuple[float, bool]) -> Row:
    query = "INSERT INTO sequence VALUES (?, 1) ON CONFLICT DO UPDATE SET last = last + 1 RETURNING last"
    (seq,) = db.execute(query, (reception,)).fetchall()[0]
    sealed = seal(reception, seq)
    values = (sealed.jti, reception, seq, sealed.token, sealed.hash, when[0], int(when[1]), RowState.NEW)
    db.execute("INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
    return Row(sealed.jti, reception, seq, sealed.hash, RowState.NEW)


@contextmanager
def _mapped() -> Iterator[None]:
    """Say what went wrong in the device's own codes; SQLite's texts may name paths, so only the code is kept."""
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        full = getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL
        raise DeviceError(FaultCode.OUTBOX_FULL if full else FaultCode.OUTBOX_BROKEN, str(name)) from error
    except OSError as error:
        raise DeviceError(FaultCode.OUTBOX_BROKEN, error.strerror or type(error).__name__) from error
