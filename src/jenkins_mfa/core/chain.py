"""Following the chain of the trail: the first event that was changed, is missing, doubled or out of order (S13).

Who follows it holds one event at a time, be there a hundred or a million of them, wherever they are read from.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import msgspec

from jenkins_mfa.core import audit
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
        event = audit.decode(self.raw)
        details = dict(event.details)
        return Entry(str(event.name), event.at, event.actor, event.gate, event.source, event.run, details)

    @property
    def head(self) -> Head:
        """Its place."""
        return Head(self.seq, self.hash)


@dataclass(frozen=True, slots=True)
class Chain:
    """An unbroken piece of the trail: its first and last sequence number, and the last one's hash."""

    first: int
    last: int
    head: str


@dataclass(frozen=True, slots=True)
class Broken:
    """Where the trail breaks: all events before `seq` are complete and unchanged, later ones prove nothing."""

    seq: int
    how: Literal["changed", "missing", "doubled", "reordered"]


def verify_chain(
    entries: Iterable[tuple[bytes, str]],
    *,
    first: int = 1,
    previous: str = audit.START,
    head: tuple[int, str] | None = None,
) -> Chain | Broken:
    """Follow the chain over (event bytes, hash) in stored order, from event `first` after the hash `previous`.

    `head` is where it must end (sequence number, hash) if that is known: the loss of the newest events leaves no
    other trace.
    """
    expected, hash_before = first, previous
    rest = iter(entries)
    for raw, stored in rest:
        seq = sequence(raw)
        if seq is None:
            return Broken(expected, "changed")
        if seq < expected:
            return Broken(seq, "doubled")
        if seq > expected:
            return Broken(expected, "reordered" if any(sequence(raw) == expected for raw, _ in rest) else "missing")
        if audit.link(hash_before, raw) != stored:
            return Broken(seq, "changed")
        expected, hash_before = seq + 1, stored
    if head is not None and head != (expected - 1, hash_before):
        return Broken(expected, "missing") if head[0] >= expected else Broken(head[0], "changed")
    return Chain(first, expected - 1, hash_before)


class _Form(msgspec.Struct, forbid_unknown_fields=True):
    """An event's members, all of them, in the order in which they are written."""

    actor: str
    at: int
    details: dict[str, str | int]
    event: audit.Name
    gate: str
    run: str
    seq: int
    source: str


_DECODER = msgspec.json.Decoder(_Form)
_ENCODER = msgspec.json.Encoder()
_SHORT = audit.MAX_VALUE  #: bytes of an event none of whose values can be too long


def sequence(raw: bytes) -> int | None:
    """The event's sequence number; None for what is no event, written as the agent writes it."""
    if len(raw) <= _SHORT and raw.isascii() and b"\x7f" not in raw:
        # Nearly all are read, and compared with how they are to be written, in a tenth of the time that `decode` takes.
        try:
            form = _DECODER.decode(raw)
        except (msgspec.DecodeError, UnicodeError):
            form = None
        if form is not None and audit.DETAILS.issuperset(form.details) and _written(form) == raw:
            return form.seq
    try:
        return audit.decode(raw).seq
    except UntrustedInputError:
        return None


def _written(form: _Form) -> bytes:
    """With details in their order; what is equal to this is what `audit.encode` writes."""
    form.details = dict(sorted(form.details.items()))
    return _ENCODER.encode(form)
