"""Files that hold one secret each: a line of text that nobody but their owner can read (S16)."""

from __future__ import annotations

import stat
from pathlib import Path

from jenkins_mfa.errors import ConfigError
from jenkins_mfa.failures import unread

LONGEST = 4096  #: characters of a secret


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
        mode = stat.S_IMODE(file.stat().st_mode)
        value = file.read_text().strip()
    except OSError as error:
        raise ConfigError([f"{file} cannot be read: {unread(error)}"]) from None
    except UnicodeDecodeError:
        value = ""
    problems = []
    if mode & 0o077:
        problems.append(f"{file} can be read by others (mode {mode:o}); mend: chmod 600 {file}")
    if not value or len(value) > LONGEST or not value.isascii() or not value.isprintable():
        problems.append(f"{file} must hold one line of text, the token alone")
    if problems:
        raise ConfigError(problems)
    return Secret(value, file)
