"""The file of checkpoints: one compact JWS a line, oldest first.

Several agents may write the same file, or each its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from jenkins_mfa.archive import disk
from jenkins_mfa.core import checkpoint
from jenkins_mfa.core.checkpoint import Checkpoint, CheckpointKeys, Kept
from jenkins_mfa.errors import UntrustedInputError

LARGEST = 2 * 1024 * 1024  #: bytes from which the file is thinned out
LARGER = 512 * 1024  #: bytes that must have come since it was thinned out last

_Signature = tuple[int, int, int]


class CheckpointFile:
    """Checkpoints of one installation in one file. Raises ArchiveError where it cannot be read or written."""

    def __init__(self, path: Path, keys: CheckpointKeys, installation: str) -> None:
        self.path = path
        self._keys = keys
        self._installation = installation
        self._read: tuple[_Signature | None, Kept] = (None, Kept())
        self._limit = LARGEST

    def read(self) -> Kept:
        """All that stands there; nothing where there is no file yet. A file that did not change is not read again."""
        with disk.located(self.path):
            signature = self._signature()
            if signature != self._read[0]:
                found = list(self.lines())
                kept = Kept.of((one for _, one in found if one), sum(one is None for _, one in found))
                self._read = (signature, kept if signature else Kept())
        return self._read[1]

    def sign(self, given: Checkpoint) -> str:
        """The signed one."""
        return checkpoint.sign(given, self._keys)

    def add(self, token: str) -> None:
        """Add a signed one; it is on disk when this returns."""
        with disk.located(self.path), disk.locked(self.path):
            disk.append(self.path, token.encode() + b"\n")
            if self.path.stat().st_size > self._limit:
                self._thin()

    def opened(self, token: str) -> Checkpoint:
        """A signed one that came another way. Raises UntrustedInputError."""
        return checkpoint.verify(token, self._keys, self._installation)

    def lines(self) -> Iterator[tuple[str, Checkpoint | None]]:
        """Each line with its checkpoint; None for what is none of ours, or was torn by a crash."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            for raw in iter(lambda: file.readline(checkpoint.MAX_BYTES), b""):
                line = raw.decode(errors="replace").strip()
                try:
                    yield line, self.opened(line)
                except UntrustedInputError:
                    yield line, None

    def _thin(self) -> None:
        """Leave out what a later one says as well: what stays is the last day, and what matters of before."""
        found = [(line, one) for line, one in self.lines() if one is not None]
        kept = set(checkpoint.thinned([one for _, one in found]))
        disk.replace(self.path, "".join(f"{line}\n" for line, one in found if one in kept).encode())
        self._limit = max(LARGEST, self.path.stat().st_size + LARGER)

    def _signature(self) -> _Signature | None:
        if not self.path.exists():
            return None
        found = self.path.stat()
        return found.st_ino, found.st_size, found.st_mtime_ns
