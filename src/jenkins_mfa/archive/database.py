"""The trail in SQLite: for whoever searches, and the one place that says how far it was copied."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from jenkins_mfa.core.chain import Head, Linked
from jenkins_mfa.errors import ArchiveError

NAME = "trail.sqlite"

#: `n` counts events as they were copied: after a rollback that was accepted, a `seq` stands there twice, with two
#: hashes. `raw` is the event as it was hashed; the other columns repeat what is in it. `lines` counts those that are in
#: the files of lines, too.
_EVENTS = """\
CREATE TABLE events (
  n INTEGER PRIMARY KEY, seq INTEGER NOT NULL, hash TEXT NOT NULL, at INTEGER NOT NULL, event TEXT NOT NULL,
  actor TEXT NOT NULL, gate TEXT NOT NULL, source TEXT NOT NULL, run TEXT NOT NULL, raw TEXT NOT NULL,
  UNIQUE (seq, hash))"""
_COPIED = """;
CREATE TABLE IF NOT EXISTS copied (one INTEGER PRIMARY KEY CHECK (one = 1), lines INTEGER NOT NULL);
INSERT OR IGNORE INTO copied VALUES (1, 0);
"""
_ADD = "INSERT OR IGNORE INTO events (seq, hash, at, event, actor, gate, source, run, raw) VALUES (?,?,?,?,?,?,?,?,?)"


class Database:
    """Written by one process at a time. What was added is on disk when a call returns. Raises ArchiveError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._db = sqlite3.connect(path, timeout=5.0, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_EVENTS.replace("TABLE", "TABLE IF NOT EXISTS", 1) + _COPIED)
        except sqlite3.Error as error:
            raise ArchiveError(f"{path} cannot be used: {error}") from error

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def newest(self) -> tuple[int, Head, int]:
        """(n, place, moment in ms UTC) of the event that was copied last; zeros where there is none."""
        found = self._rows("SELECT n, seq, hash, at FROM events ORDER BY n DESC LIMIT 1")
        return (found[0][0], Head(found[0][1], found[0][2]), found[0][3]) if found else (0, Head(0, ""), 0)

    def hash_of(self, seq: int) -> str:
        """The hash of that event, the last one that was copied; empty where there is none."""
        found = self._rows("SELECT hash FROM events WHERE seq = ? ORDER BY n DESC LIMIT 1", seq)
        return str(found[0][0]) if found else ""

    def number(self, place: Head) -> int:
        """The `n` of the event at a place; 0 where there is none."""
        found = self._rows("SELECT n FROM events WHERE seq = ? AND hash = ?", place.seq, place.hash)
        return int(found[0][0]) if found else 0

    def add(self, events: Sequence[Linked]) -> None:
        """All of them or none; what is there already stays as it is."""
        rows = []
        for one in events:
            e = one.entry
            rows.append((one.seq, one.hash, e.at, e.event, e.actor, e.gate, e.source, e.run, one.raw.decode()))
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._db.executemany(_ADD, rows)
                self._db.execute("COMMIT")
            except sqlite3.Error:
                self._db.rollback()
                raise
        except sqlite3.Error as error:
            raise ArchiveError(f"{self._path} cannot be written: {error}") from error

    def after(self, n: int, count: int) -> list[tuple[int, Linked]]:
        """The next events behind `n`, with their own."""
        found = self._rows("SELECT n, seq, raw, hash FROM events WHERE n > ? ORDER BY n LIMIT ?", n, count)
        return [(row[0], Linked(row[1], row[2].encode(), row[3])) for row in found]

    @property
    def lines(self) -> int:
        """The `n` up to which the files of lines have it, too."""
        return int(self._rows("SELECT lines FROM copied")[0][0])

    @lines.setter
    def lines(self, n: int) -> None:
        self._rows("UPDATE copied SET lines = ?", n)

    def _rows(self, statement: str, *values: object) -> list[Any]:
        try:
            return self._db.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise ArchiveError(f"{self._path} cannot be used: {error}") from error


def holds(path: Path, place: Head) -> bool:
    """Whether the event at a place was copied; nothing is written. Raises ArchiveError."""
    with _opened(path) as db:
        found = db.execute("SELECT 1 FROM events WHERE seq = ? AND hash = ?", (place.seq, place.hash)).fetchone()
        return found is not None


def after(path: Path, place: Head, count: int) -> list[Linked]:
    """The next events behind a place (seq 0: from the first one on), as they were copied; none where there is no copy,
    or not of that place. Nothing is written. Raises ArchiveError.
    """
    if not path.exists():
        return []
    with _opened(path) as db:
        known = db.execute("SELECT n FROM events WHERE seq = ? AND hash = ?", (place.seq, place.hash)).fetchone()
        if known is None and place.seq:
            return []
        behind = known[0] if known else 0
        rows = db.execute("SELECT seq, raw, hash FROM events WHERE n > ? ORDER BY n LIMIT ?", (behind, count))
        return [Linked(seq, raw.encode(), digest) for seq, raw, digest in rows]


def read(path: Path) -> Iterator[tuple[bytes, str]]:
    """(event bytes, hash) of each event, as they were copied; nothing is written. Raises ArchiveError."""
    with _opened(path) as db:
        for raw, digest in db.execute("SELECT raw, hash FROM events ORDER BY n"):
            yield raw.encode(), digest


@contextmanager
def _opened(path: Path) -> Generator[sqlite3.Connection]:
    """A copy that somebody hands over. Its events are in a table like ours, or nothing of it is read: what looks like
    one could be a view, which goes on for ever.
    """
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            if db.execute("SELECT sql FROM sqlite_master WHERE name = 'events'").fetchall() != [(_EVENTS,)]:
                raise sqlite3.DatabaseError("it has no table of events, or another one")
            yield db
    except (sqlite3.Error, AttributeError, UnicodeError) as error:
        raise ArchiveError(f"{path} is no copy of the trail that can be read: {error}") from error
