"""`keys.json`: the receipt keys that an installation ever had, without the keys themselves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jenkins_mfa import secret_files
from jenkins_mfa.errors import ConfigError
from jenkins_mfa.failures import unread

INDEX = "keys.json"
SIGNS = "signs"
REVOKED = "revoked"  #: its private half is gone
STATES = (SIGNS, "verifies", REVOKED)
RESTORE = "restore it from a backup"


@dataclass(frozen=True, slots=True)
class Listed:
    """A receipt key as the index has it; times are Unix seconds."""

    kid: str
    created: int
    not_after: int
    signs_from: int
    state: str

    @property
    def number(self) -> int:
        """Keys are numbered as they are made: k1 is the first."""
        return int(self.kid[1:])


def read(directory: Path) -> list[Listed]:
    """All of them, newest first. Raises ConfigError."""
    path = directory / INDEX
    if not path.exists():
        return []
    try:
        rows = [_row(row) for row in json.loads(path.read_text())["keys"]]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        what = f"cannot be read: {unread(error)}" if isinstance(error, OSError) else "is damaged"
        raise ConfigError([f"{path} {what}; mend: {RESTORE}"]) from error
    return sorted(rows, key=lambda row: -row.number)


def write(directory: Path, rows: Iterable[Listed]) -> None:
    """In one step, so that whoever reads sees the one or the other. Raises OSError."""
    temporary = directory / f"{INDEX}.new"
    temporary.unlink(missing_ok=True)
    kept = [asdict(row) for row in sorted(rows, key=lambda row: row.number)]
    secret_files.create(temporary, json.dumps({"keys": kept}, indent=2).encode())
    temporary.replace(directory / INDEX)


def _row(row: dict[str, Any]) -> Listed:
    """One key; older releases wrote no `signs_from`. Raises KeyError, TypeError, ValueError."""
    times = row["created"], row["not_after"], row.get("signs_from", row["created"])
    if not re.fullmatch(r"k[0-9]{1,9}", row["kid"]) or row["state"] not in STATES:
        raise ValueError("no key of ours")
    if not all(isinstance(time, int) for time in times):
        raise TypeError("times are seconds")
    return Listed(row["kid"], *times, row["state"])
