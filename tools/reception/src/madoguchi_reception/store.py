"""The reception's own SQLite: every message once, devices' last states, our connection epoch.

`add` stores a message and its `jti` in one transaction with synchronous=FULL: only after it returned may the message be
acknowledged. One thread at a time.
"""

import json
import os
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from madoguchi_reception.opener import Claims

_SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
  jti TEXT PRIMARY KEY, device TEXT NOT NULL, seq INTEGER NOT NULL, typ TEXT NOT NULL, received REAL NOT NULL,
  claims TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS message_seq ON message (device, seq);
CREATE TABLE IF NOT EXISTS expired (device TEXT, seq INTEGER, PRIMARY KEY (device, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS device (device TEXT PRIMARY KEY, epoch INTEGER NOT NULL, status TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
"""


@dataclass(frozen=True)
class DeviceState:
    """What a device last said of itself."""

    epoch: int
    status: str


class Store:
    """See the module. `close` is idempotent."""

    def __init__(self, path: Path) -> None:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        self._db = sqlite3.connect(path, timeout=5.0, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def add(self, claims: Claims) -> bool:
        """Store a message; False if its `jti` was there already."""
        text = json.dumps(claims.printable, ensure_ascii=False)
        values = (claims.jti, claims.device, claims.seq, claims.typ, time.time(), text)
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            new = self._db.execute("INSERT OR IGNORE INTO message VALUES (?, ?, ?, ?, ?, ?)", values).rowcount == 1
            if new and claims.typ == "expired":
                gone = [item.get("seq") for item in claims.body.get("expired", []) if isinstance(item, dict)]
                rows = [(claims.device, seq) for seq in gone if isinstance(seq, int)]
                self._db.executemany("INSERT OR IGNORE INTO expired VALUES (?, ?)", rows)
        return new

    def messages(self) -> list[dict[str, object]]:
        """Claims of all stored messages, oldest first."""
        found = self._db.execute("SELECT claims FROM message ORDER BY received, rowid").fetchall()
        return [json.loads(text) for (text,) in found]

    def missing(self, device: str, upto: int) -> list[int]:
        """Numbers up to `upto` neither received nor announced as expired, counted from the first one seen."""
        query = "SELECT seq FROM message WHERE device = ? UNION SELECT seq FROM expired WHERE device = ? ORDER BY seq"
        seen = {seq for (seq,) in self._db.execute(query, (device, device)).fetchall() if seq <= upto}
        if not seen:
            return []
        # The state topic is not signed: whatever number it claims, the search stays short.
        end = min(upto, max(seen) + 1000)
        return [seq for seq in range(min(seen), end + 1) if seq not in seen][:100]

    def device(self, name: str) -> DeviceState | None:
        """The last state of a device."""
        found = self._db.execute("SELECT epoch, status FROM device WHERE device = ?", (name,)).fetchone()
        return None if found is None else DeviceState(*found)

    def note_device(self, name: str, state: DeviceState) -> None:
        """Remember a device's state."""
        self._db.execute("REPLACE INTO device VALUES (?, ?, ?)", (name, state.epoch, state.status))

    def next_epoch(self) -> int:
        """The epoch of our next connection: one more than ever before."""
        query = "INSERT INTO meta VALUES ('epoch', 1) ON CONFLICT DO UPDATE SET value = value + 1 RETURNING value"
        (epoch,) = self._db.execute(query).fetchall()[0]
        return int(epoch)

    def forget(self, days: int) -> None:
        """Delete what was received more than `days` ago; keep it longer than the devices' retention."""
        self._db.execute("DELETE FROM message WHERE received < ?", (time.time() - days * 86400,))
