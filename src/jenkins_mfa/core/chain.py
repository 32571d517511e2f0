"""Following the chain of the trail: the first event that was changed, is missing, doubled or out of order (S13).

Who follows it holds one event at a time, be there a hundred or a million of them, wherever they are read from.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

from jenkins_mfa.core import audit, strict_json
from jenkins_mfa.core.model import Entry
from jenkins_mfa.errors import UntrustedInputError


@dataclass(frozen=True, slots=True)
class Head:
    """A place in the trail: an event's sequence number and hash; 0 and "" before the first."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Linked:
    """One event in its place, as stored: its canonical bytes, and the hash that covers them and all before."""

    seq: int
    raw: bytes
    hash: str

    @property
    def entry(self) -> Entry:
        """The event as it was before it was linked. Raises UntrustedInputError for damaged bytes."""
        return entry_of(self.raw)

    @property
    def head(self) -> Head:
        """Its place."""
        return Head(self.seq, self.hash)


@dataclass(frozen=True, slots=True)
class Chain:
    """An unbroken piece of the trail: its first and last sequence number, and the last one's hash. `rollbacks` counts
    how often an operator took up an older store in it.
    """

    first: int
    last: int
    head: str
    rollbacks: int = 0


@dataclass(frozen=True, slots=True)
class Broken:
    """Where the trail breaks: all events before `seq` are complete and unchanged, later ones prove nothing.

    `unfit`: it is not what a checkpoint has signed. `unsigned`: it says that an older store was taken up, and nobody
    has signed that.
    """

    seq: int
    how: Literal["changed", "missing", "doubled", "reordered", "unfit", "unsigned"]


def verify_chain(
    entries: Iterable[tuple[bytes, str]],
    *,
    first: int = 1,
    previous: str = audit.START,
    head: tuple[int, str] | None = None,
    signed: Collection[Head] = (),
) -> Chain | Broken:
    """Follow the chain over (event bytes, hash) in stored order, from event `first` after the hash `previous`.

    `head` is where it must end (sequence number, hash) if that is known: the loss of the newest events leaves no
    other trace. `signed` are places of checkpoints, each of which it must go through. A copy goes on from an earlier
    event once an operator has taken up an older store, which the event `store:rollback` tells then.
    """
    path = _Path(first, previous)
    rest = iter(entries)
    broken = next((found for raw, stored in rest if (found := path.step(raw, stored))), None)
    if broken is not None:
        late = broken.how == "missing" and any(sequence(raw) == broken.seq for raw, _ in rest)
        return Broken(broken.seq, "reordered") if late else broken
    if path.fork:
        return Broken(path.fork, "doubled")
    last = path.expected - 1
    if head is not None and head != (last, path.previous):
        return Broken(last + 1, "missing") if head[0] > last else Broken(head[0], "changed")
    return path.unfit(signed) or Chain(first, last, path.previous, path.rollbacks)


class _Path:
    """How far the chain was followed. The hashes of all events are kept, 32 bytes each: a later one may go on from
    any. `fork` is the event that did so, for as long as no operator is seen to have accepted it.
    """

    def __init__(self, first: int, previous: str) -> None:
        self.first = self.expected = first
        self.previous = self._before = previous
        self.fork = 0
        self.rollbacks = 0
        self._hashes = bytearray()
        self._left: set[Head] = set()

    def step(self, raw: bytes, stored: str) -> Broken | None:
        """Take one more event; what is wrong with it, if anything is."""
        seq = sequence(raw)
        if seq is None:
            return Broken(self.expected, "changed")
        if seq > self.expected:
            return Broken(self.expected, "missing")
        if seq < self.expected and not self._back(seq, stored):
            return Broken(seq, "doubled")
        if audit.link(self.previous, raw) != stored:
            return Broken(seq, "changed" if not self.fork else "doubled")
        if self.fork and b'"event":"store:rollback"' in raw:
            self.fork, self.rollbacks = 0, self.rollbacks + 1
        self._hashes += bytes.fromhex(stored)
        self.expected, self.previous = seq + 1, stored
        return None

    def _back(self, seq: int, stored: str) -> bool:
        """Go back to before an event that comes a second time, with another hash; whether that can be."""
        if self.fork or seq < self.first or self._hash(seq) == stored:
            return False
        self._left |= {Head(lost, self._hash(lost)) for lost in range(seq, self.expected)}
        self.previous = self._hash(seq - 1) if seq > self.first else self._before
        del self._hashes[(seq - self.first) * 32 :]
        self.fork = seq
        return True

    def _hash(self, seq: int) -> str:
        at = (seq - self.first) * 32
        return self._hashes[at : at + 32].hex()

    def unfit(self, signed: Collection[Head]) -> Broken | None:
        """The first event that is another one than a checkpoint says, or the first that one knows and that is gone."""
        here = {place for place in signed if place.seq >= self.first} - self._left
        wrong = [place.seq for place in here if place.seq < self.expected and self._hash(place.seq) != place.hash]
        if wrong:
            return Broken(min(wrong), "unfit")
        return Broken(self.expected, "missing") if any(place.seq >= self.expected for place in here) else None


_MOST = 10**strict_json.LONGEST_NUMBER
_Whole = Annotated[int, msgspec.Meta(gt=-_MOST, lt=_MOST)]  #: what the strict parser takes for a whole number


class _Form(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """An event's members, all of them, in the order in which they are written."""

    actor: str
    at: Annotated[int, msgspec.Meta(ge=0, le=audit.LATEST)]
    details: dict[str, str | _Whole]
    event: str
    gate: str
    run: str
    seq: _Whole
    source: str


_DECODER = msgspec.json.Decoder(_Form)
_ENCODER = msgspec.json.Encoder()
_NAMES = frozenset(map(str, audit.Name))
_SHORT = audit.MAX_VALUE  #: bytes of an event none of whose values can be too long


def sequence(raw: bytes) -> int | None:
    """The event's sequence number; None for what is no event, written as the agent writes it."""
    form = _form(raw)
    if form is not None:
        return form.seq
    try:
        return audit.decode(raw).seq
    except UntrustedInputError:
        return None


def entry_of(raw: bytes) -> Entry:
    """What an event's bytes say. Raises UntrustedInputError for bytes that are none."""
    form = _form(raw)
    if form is not None:
        return Entry(form.event, form.at, form.actor, form.gate, form.source, form.run, form.details)
    event = audit.decode(raw)
    return Entry(str(event.name), event.at, event.actor, event.gate, event.source, event.run, dict(event.details))


def _form(raw: bytes) -> _Form | None:
    """The members of nearly every event, in a tenth of the time of `audit.decode`; None where that has to look."""
    if len(raw) > _SHORT or not raw.isascii() or b"\x7f" in raw:
        return None
    try:
        form = _DECODER.decode(raw)
    except (msgspec.DecodeError, UnicodeError):
        return None
    # With details in their order, what is read and written as the same bytes is what `audit.encode` writes.
    return form if form.event in _NAMES and _listed(tuple(form.details)) and _ENCODER.encode(form) == raw else None


@functools.lru_cache(maxsize=1024)
def _listed(names: tuple[str, ...]) -> bool:
    """Whether details may have these names, in this order. There are few different ones."""
    return list(names) == sorted(names) and audit.DETAILS.issuperset(names)
