"""Files that hold one secret each: a line of text that nobody but their owner can read (S16)."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from jenkins_mfa.errors import ConfigError
from jenkins_mfa.failures import unreadable

LONGEST = 4096  #: characters of a secret


def exposed(file: Path) -> bool:
    """Whether others than its owner can read it. Raises OSError.

    A file of root may be readable by its group, too, where we are not root: so Kubernetes mounts secrets for a process
    without privileges, and so root hands them to a service.
    """
    found = file.stat()
    return shared(found.st_mode, found.st_uid, os.geteuid())


def shared(mode: int, owner: int, me: int) -> bool:
    """The rule behind `exposed`: a file's mode, its owner's uid and ours."""
    allowed = stat.S_IRGRP if owner == 0 and me != 0 else 0
    return bool(mode & 0o077 & ~allowed)


def create(path: Path, content: bytes) -> Path:
    """A new file that only its owner can read, on disk when this returns; an existing one is never replaced. Raises
    OSError.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return path


class Secret:
    """A secret text, and the file that it came from. Only `reveal` gives it away: repr, str and logs show `***`."""

    __slots__ = ("_value", "file")

    def __init__(self, value: str, file: Path = Path()) -> None:
        self._value = value
        self.file = file

    def reveal(self) -> str:
        """The secret itself, for the adapter that needs it."""
        return self._value

    def __repr__(self) -> str:
        return "***"


def read(file: Path) -> Secret:
    """What stands in the file now. Raises ConfigError, which tells nothing of the content."""
    try:
        open_to_others = exposed(file)
        value = file.read_text().strip()
    except OSError as error:
        raise ConfigError([unreadable(file, error)]) from None
    except UnicodeDecodeError:
        value = ""
    problems = []
    if open_to_others:
        problems.append(f"{file} can be read by others; mend: chmod 600 {file}")
    if not value or len(value) > LONGEST or not value.isascii() or not value.isprintable():
        seen = "is empty" if not value else "holds something else than one line of text"
        problems.append(f"{file} {seen}; mend: write the token into it, alone")
    if problems:
        raise ConfigError(problems)
    return Secret(value, file)
