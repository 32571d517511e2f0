"""Where the commands of `audit` read the trail: the store joined with its copies, or copies alone."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from jenkins_mfa.archive import database, lines
from jenkins_mfa.cli.opened import trail_of
from jenkins_mfa.config import Config
from jenkins_mfa.core import checkpoint
from jenkins_mfa.core.chain import Head, Linked, sequence
from jenkins_mfa.errors import ArchiveError, UntrustedInputError
from jenkins_mfa.store.trail import Trail

START = Head(0, "")  #: before the first event
Pairs = Iterator[tuple[bytes, str]]  #: (event bytes, hash), in the order in which they are kept


@dataclass(frozen=True, slots=True)
class Source:
    """A trail that can be read more than once: `pairs` begins behind the place `begin`, which is taken as it is. It
    must end at `head`, where that is known.
    """

    pairs: Callable[[], Pairs]
    begin: Head = START
    head: Head | None = None

    def events(self) -> Iterator[Linked]:
        """Event by event; what is none is left out."""
        for raw, digest in self.pairs():
            seq = sequence(raw)
            if seq is not None:
                yield Linked(seq, raw, digest)


@contextmanager
def source_of(config: Config | None, file: Path | None) -> Generator[Source]:
    """Copies where a file is named, else the store. Raises StoreError, ArchiveError."""
    if file is not None:
        yield copies(file)
    elif config is not None:
        with trail_of(config) as store:
            yield joined(store, config.audit.export_dir)


def joined(store: Trail, copied: Path | None) -> Source:
    """What was trimmed from the store comes from the copies, where those reach back to it."""
    head, token = store.heads(), store.base()

    def live(start: int = 1) -> Pairs:
        return ((x.raw, x.hash) for x in store.audit_events(start) if x.seq <= head.seq)

    if not token:
        return Source(live, head=head)
    try:
        base = checkpoint.peek(token)
    except UntrustedInputError:
        return Source(live, head=head)
    path = copied / database.NAME if copied else None
    if path is not None and path.exists() and database.holds(path, base):
        return Source(lambda: chain(_until(database.read(path), base), live(base.seq + 1)), head=head)
    return Source(live, base, head)


def copies(path: Path) -> Source:
    """A file of lines, a directory of them (older ones may be compressed), or SQLite. Where they do not begin with the
    trail's first event, their own first one is taken as it is.
    """
    files = sorted(path.glob("trail-*.jsonl*")) if path.is_dir() else [path]
    if not files:
        raise ArchiveError(f"{path} holds no copies of the trail (trail-*.jsonl)")

    def pairs() -> Pairs:
        if path.suffix in {".sqlite", ".db"}:
            return database.read(path)
        return (pair for file in files for pair in lines.read(file))

    first, digest = next(pairs(), (b"", ""))
    seq = sequence(first) if first else 1
    if seq in {None, 1}:
        return Source(pairs)

    def later() -> Pairs:
        rest = pairs()
        next(rest, None)
        return rest

    return Source(later, Head(seq or 0, digest))


def _until(pairs: Pairs, place: Head) -> Pairs:
    for raw, digest in pairs:
        yield raw, digest
        if digest == place.hash:
            return
