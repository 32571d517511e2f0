"""The copies of the trail in one directory: SQLite first, then the files of lines, so that each follows from the one
before. Killed anywhere, what is missing is added, and nothing stands there twice.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from jenkins_mfa.archive import database, disk
from jenkins_mfa.archive.database import Database
from jenkins_mfa.archive.lines import LineFiles
from jenkins_mfa.core.chain import Head, Linked
from jenkins_mfa.errors import ArchiveError

PAGE = 1000  #: events that are written at a time


class Copies:
    """Copies in `directory`. One process at a time writes them, and `mine` says whether it is this one.

    Raises ArchiveError.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._lock: int | None = None
        self._database: Database | None = None
        self._lines = LineFiles(directory)

    def __str__(self) -> str:
        return str(self.directory)

    def mine(self) -> bool:
        """Whether this process writes the copies from now on; another one may, whose turn ends with it."""
        if self._lock is not None:
            return True
        with disk.located(self.directory):
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT, disk.MODE)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                return False
            self._lock = descriptor
        return True

    def close(self) -> None:
        """Let go of all files."""
        self._shut()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _shut(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None

    def newest(self) -> tuple[Head, int]:
        """Where the copies end, and the moment of that event (ms UTC)."""
        _, place, at = self._open().newest()
        return place, at

    def hash_of(self, seq: int) -> str:
        """The hash of an event in the copies; empty where they have none."""
        return self._open().hash_of(seq)

    def add(self, events: list[Linked]) -> None:
        """Add events, in all forms; on disk when this returns."""
        try:
            with disk.located(self.directory):
                self._open().add(events)
                self._follow()
        except ArchiveError:
            self._shut()
            raise

    def _follow(self) -> None:
        """The files of lines get what they lack."""
        found = self._open()
        while rows := found.after(found.lines, PAGE):
            self._lines.add(rows)
            found.lines = rows[-1][0]

    def _open(self) -> Database:
        """At first, and after an error: lines that were written and not counted yet are counted."""
        if self._database is None:
            with disk.located(self.directory):
                self._database = Database(self.directory / database.NAME)
                newest = self._lines.newest()
                counted = self._database.number(newest) if newest else 0
                if counted > self._database.lines:
                    self._database.lines = counted
                self._follow()
        return self._database
