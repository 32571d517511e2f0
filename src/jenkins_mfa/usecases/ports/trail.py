"""The part of the store that keeps the trail, and the places outside that have it, too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from jenkins_mfa.core.chain import Head, Linked
from jenkins_mfa.core.checkpoint import Checkpoint, Kept
from jenkins_mfa.core.model import Entry


class Trail(Protocol):
    """The chain of events; a commit writes it."""

    def heads(self) -> Head:
        """Where the trail stands."""

    def written(self) -> Head:
        """The furthest head of the trail that this process has got for a commit of its own, since `forget_written`."""

    def forget_written(self) -> None:
        """Another trail is the true one from now on."""

    def base(self) -> str:
        """The signed place of the newest event that was trimmed; empty where all are there."""

    def first_of(self, gate_jti: str) -> int:
        """The sequence number of the oldest event about a gate that is there; 0 where there is none."""

    def trim(self, events: Sequence[Linked], base: str) -> bool:
        """Take these events out, the oldest ones of all, in order and without a gap; `base` is the signed place of the
        last. Whether they were: somebody else may have been faster.
        """

    def audit_events(self, start: int = 1, count: int | None = None) -> Iterator[Linked]:
        """The trail's events from sequence number `start` on, oldest first, at most `count`."""

    def forwarded(self) -> Mapping[str, Head]:
        """How far the trail was sent to each destination; one that got nothing yet is not there."""

    def note_forwarded(self, destination: str, place: Head) -> None:
        """It was sent up to there."""

    def last_entry(self, gate_jti: str) -> tuple[int, str, int] | None:
        """(sequence, head, version) of the newest trail event about a gate."""

    def entries(self, gate_jti: str) -> list[Entry]:
        """The trail's events about one gate, oldest first."""

    def decided_by(self, person: str, within: int) -> list[str]:
        """The gates (`jti`) that somebody has confirmed or denied, newest answer first, as far as the newest `within`
        events of the trail tell.
        """


class Checkpoints(Protocol):
    """Where checkpoints are kept outside the store. Raises ArchiveError."""

    def read(self) -> Kept:
        """What all of them say together."""

    def sign(self, given: Checkpoint) -> str:
        """The signed one."""

    def add(self, token: str) -> None:
        """Keep a signed one, for good when this returns."""

    def opened(self, token: str) -> Checkpoint:
        """A signed one that came another way. Raises UntrustedInputError."""


class Copies(Protocol):
    """Where the trail is copied to. Raises ArchiveError. As text it is the place's name."""

    def mine(self) -> bool:
        """Whether this process writes them; another one may."""

    def newest(self) -> tuple[Head, int]:
        """Where they end, and the moment of that event (ms UTC)."""

    def hash_of(self, seq: int) -> str:
        """The hash of an event as it was copied last; empty where there is none."""

    def add(self, events: list[Linked]) -> None:
        """Add events, for good when this returns; those that are there already stay as they are."""


class Destination(Protocol):
    """Where the trail is sent to. Raises ArchiveError."""

    def send(self, events: Sequence[Linked]) -> None:
        """Send events, in order; what it returns from has arrived. Some may have been sent before."""
