"""Files that outlive a power cut: what was written is on disk when a call returns, a file is replaced whole."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from jenkins_mfa.errors import ArchiveError
from jenkins_mfa.failures import unread

MODE = 0o600  #: of every file that is made here


@contextmanager
def located(path: Path) -> Generator[None]:
    """Name the file where the system refuses. Raises ArchiveError."""
    try:
        yield
    except OSError as error:
        raise ArchiveError(f"{path} cannot be used: {unread(error)}") from error


@contextmanager
def locked(path: Path) -> Generator[None]:
    """One at a time among all processes that use this file; the lock is a file beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def append(path: Path, lines: bytes) -> None:
    """Add whole lines. What a crash left of one becomes a line of its own, which means nothing to anybody."""
    new = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, MODE)
    try:
        size = os.fstat(descriptor).st_size
        torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        rest = (b"\n" if torn else b"") + lines
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if new:
        sync_directory(path.parent)


def last_line(path: Path, longest: int) -> bytes:
    """The last line of a file, which ends; empty where there is none."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - longest - 1))
        lines = file.read().splitlines(keepends=True)
    return lines[-1] if lines else b""


def mend(path: Path) -> None:
    """Cut off what a crash left of a line at the end. Only for a file that nobody else writes meanwhile."""
    with path.open("rb+") as file:
        size = end = file.seek(0, os.SEEK_END)
        while end:
            start = max(0, end - 65_536)
            file.seek(start)
            if (at := file.read(end - start).rfind(b"\n")) >= 0:
                end = start + at + 1
                break
            end = start
        if end < size:
            file.truncate(end)
            os.fsync(file.fileno())


def replace(path: Path, content: bytes) -> None:
    """Put `content` in the file's place: whoever reads sees the old whole or the new one."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    append(fresh, content)
    fresh.replace(path)
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Names of new files are on disk, too."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
