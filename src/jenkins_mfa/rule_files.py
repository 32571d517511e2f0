"""policy.toml and roster.toml as a pair: where they stand, what they may refer to, and whether they have changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from jenkins_mfa.core.policy import Policy, Roster
from jenkins_mfa.errors import ConfigError
from jenkins_mfa.policy_file import read_policy
from jenkins_mfa.roster_file import read_roster
from jenkins_mfa.toml_table import MAX_BYTES

T = TypeVar("T")
Stamp = tuple[tuple[int, ...], ...]  #: of each file: inode, size, and when content and entry changed


@dataclass(frozen=True, slots=True)
class RuleFiles:
    """The two files. `issuers` and `sources` are those of the configuration; `max_ttl` is in seconds, `keys` says
    whether people can answer with security keys, `roots` whether something vouches for models of keys.
    """

    policy: Path
    roster: Path
    issuers: frozenset[str]
    sources: frozenset[str]
    max_ttl: int
    keys: bool = False
    roots: bool = False

    def read(self, now: int = 0) -> tuple[Policy, Roster, list[str]]:
        """Both, and what is wrong with them. Exemptions that ended before `now` (ms UTC) are faults."""
        roster, faults = _second(lambda: read_roster(self.roster, set(self.issuers)), Roster({}))
        known = None if faults else roster
        empty = Policy((), (), None, "")
        given = {"keys": self.keys, "roots": self.roots}
        policy, more = _second(
            lambda: read_policy(self.policy, known, set(self.sources), self.max_ttl, now, **given), empty
        )
        return policy, roster, [*faults, *more]

    def stamp(self) -> Stamp:
        """What the file system says of them, without reading them; a file that is not there has an empty one."""
        return tuple(stamp(path) for path in (self.policy, self.roster))

    def digest(self) -> str:
        """SHA-256 of what stands in them now."""
        found = hashlib.sha256()
        for path in (self.policy, self.roster):
            try:
                with path.open("rb") as file:
                    content = file.read(MAX_BYTES + 1)
            except OSError as error:
                content = f"unread: {error.errno}".encode()
            found.update(len(content).to_bytes(8, "big") + content)
        return found.hexdigest()


def stamp(path: Path) -> tuple[int, ...]:
    """What the file system says of a file, without reading it; empty where there is none."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _second(reader: Callable[[], tuple[T, list[str]]], nothing: T) -> tuple[T, list[str]]:
    """A file that cannot be read at all is one problem among the others."""
    try:
        return reader()
    except ConfigError as error:
        return nothing, error.problems
