"""The trail in files of JSON lines: for shippers of logs, and for whoever keeps it for years.

A line is `{"hash":"<64 hex>","event":{…}}`: the event stands there byte for byte as it was hashed.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

from jenkins_mfa.archive import disk
from jenkins_mfa.core.audit import MAX_BYTES
from jenkins_mfa.core.chain import Head, Linked, entry_of, sequence
from jenkins_mfa.core.units import DAY
from jenkins_mfa.errors import UntrustedInputError

LARGEST = 64 * 1024 * 1024  #: bytes from which a new file is begun; so it is on each new day (UTC)
LONGEST = MAX_BYTES + 128  #: bytes of one line

BLOCK = 256 * 1024  #: bytes that are read at a time


class LineFiles:
    """`trail-<n>.jsonl` in a directory: `n` is the number of the first event in it, as it was copied."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def files(self) -> list[Path]:
        """All of them, oldest first."""
        return sorted(self._directory.glob("trail-*.jsonl"))

    def newest(self) -> Head | None:
        """The place of the last whole line of the newest file; what a crash left of one is cut off."""
        for path in reversed(self.files()):
            disk.mend(path)
            if last := disk.last_line(path, LONGEST):
                raw, digest = parse(last.rstrip(b"\n"))
                return Head(sequence(raw) or 0, digest)
        return None

    def add(self, rows: list[tuple[int, Linked]]) -> None:
        """Add events, on disk when this returns. A day begins a file of its own, and so does too large a one."""
        path, day = self._present()
        waiting: list[bytes] = []
        for n, linked in rows:
            today = linked.entry.at // DAY
            if path is None or today != day or (not waiting and path.exists() and path.stat().st_size >= LARGEST):
                self._flush(path, waiting)
                path, day = self._directory / f"trail-{n:012d}.jsonl", today
            waiting.append(line(linked.raw, linked.hash))
        self._flush(path, waiting)

    def _flush(self, path: Path | None, waiting: list[bytes]) -> None:
        if path is not None and waiting:
            disk.append(path, b"".join(waiting))
            waiting.clear()

    def _present(self) -> tuple[Path | None, int]:
        """The newest file, and the day of its last event."""
        for path in self.files()[-1:]:
            try:
                return path, entry_of(parse(disk.last_line(path, LONGEST).rstrip(b"\n"))[0]).at // DAY
            except UntrustedInputError:  # not a line of ours: a new file is begun
                return path, -1
        return None, -1


def line(raw: bytes, digest: str) -> bytes:
    """One line."""
    return b'{"hash":"%s","event":%s}\n' % (digest.encode(), raw)


def parse(text: bytes) -> tuple[bytes, str]:
    """(event bytes, hash) of a line without its end; empty ones for what is none of ours: no event has those bytes."""
    if text[:9] != b'{"hash":"' or text[73:83] != b'","event":' or text[-1:] != b"}":
        return b"", ""
    return text[83:-1], text[9:73].decode(errors="replace")


def read(path: Path) -> Iterator[tuple[bytes, str]]:
    """(event bytes, hash) of each line of a file, which may be compressed (.gz); one that is too long is none of ours.
    Raises ArchiveError.
    """
    with disk.located(path), gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        rest = b""
        while block := file.read(BLOCK):
            *texts, rest = (rest + block).split(b"\n")
            yield from map(parse, texts)
            if len(rest) > LONGEST:
                yield b"", ""
                return
        if rest:
            yield parse(rest)
