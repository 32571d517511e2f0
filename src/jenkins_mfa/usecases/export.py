"""The trail is copied out of the store, in order, and what is copied and old goes out of it (redis.md, section 5).

How far it is copied is what the copies themselves say: killed anywhere, the next step adds what is missing. What goes
is behind the copies, behind the newest checkpoint, and behind the first event of every gate that is still open.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile

import structlog

from jenkins_mfa.core.chain import Broken, Head, Linked, verify_chain
from jenkins_mfa.core.checkpoint import Checkpoint
from jenkins_mfa.core.units import DAY
from jenkins_mfa.errors import ArchiveError
from jenkins_mfa.usecases.continuity import Continuity
from jenkins_mfa.usecases.ports import Checkpoints, Copies, Store

log = structlog.get_logger()

PAGE = 1000  #: events that are copied, or trimmed, at a time


@dataclass(frozen=True, slots=True)
class Keep:
    """How much of the trail stays in the store: what is younger than `days`, and of that the newest `events`."""

    days: int
    events: int


class Exporter:
    """Copies, then trims. Raises StoreError, ArchiveError. `installation` signs what it trims."""

    def __init__(
        self,
        store: Store,
        copies: Copies,
        checkpoints: Checkpoints,
        continuity: Continuity,
        installation: str,
        keep: Keep,
    ) -> None:
        self._store = store
        self._copies = copies
        self._checkpoints = checkpoints
        self._continuity = continuity
        self._installation = installation
        self._keep = keep

    def begin(self) -> None:
        """What was copied was once in the store: one that lacks it has forgotten it (S21)."""
        if not self._copies.mine():
            return
        place, at = self._copies.newest()
        if not self._continuity.before(at):
            self._continuity.know_of(place)

    def step(self) -> str:
        """Copy all that is new. Nothing of a store that is not the one that is known: that is told elsewhere."""
        if not self._copies.mine() or self._continuity.look():
            return ""
        at = self._where(self._copies.newest()[0])
        while page := list(self._store.audit_events(at.seq + 1, PAGE)):
            at = self._copy(at, page)
        while self._trim(at):
            pass
        return ""

    def _copy(self, at: Head, page: list[Linked]) -> Head:
        """Only what hangs together, and hangs together with what is there."""
        gap = page[0].seq - 1 - at.seq
        if gap and at.seq:
            log.warning("events were trimmed before they were copied here", directory=str(self._copies), events=gap)
        first, *rest = page
        begin, rest = (first.head, rest) if gap else (at, page)
        if isinstance(verify_chain(((x.raw, x.hash) for x in rest), first=begin.seq + 1, previous=begin.hash), Broken):
            raise ArchiveError(f"the trail does not hold behind event {begin.seq}; see jenkins-mfa audit verify")
        self._copies.add(page)
        return page[-1].head

    def _where(self, copied: Head) -> Head:
        """Where to go on: behind what was copied, or behind the last event that an accepted, older store shares."""
        if copied.seq == 0 or self._same(copied.seq):
            return copied
        if self._continuity.kept.accepted is None:
            raise ArchiveError(f"what {self._copies} holds is of another store; mend: another [audit] export_dir")
        low, high = 0, min(copied.seq, self._store.heads().seq) + 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._same(middle) else (low, middle)
        return Head(low, self._copies.hash_of(low))

    def _same(self, seq: int) -> bool:
        """Whether store and copies have the same event there; what was trimmed from the store is."""
        stored = next(iter(self._store.audit_events(seq, 1)), None)
        if stored is not None and stored.seq > seq:
            return bool(self._copies.hash_of(seq))
        return stored is not None and stored.hash == self._copies.hash_of(seq)

    def _trim(self, copied: Head) -> bool:
        """Take the oldest events out, a page at most; whether there may be more."""
        now, newest = self._store.now(), self._store.heads().seq
        many, old = newest - self._keep.events, now - self._keep.days * DAY

        def goes(linked: Linked) -> bool:
            return linked.seq <= many or linked.entry.at < old

        if not any(goes(linked) for linked in self._store.audit_events(1, 1)):
            return False
        end = min(copied.seq, newest - 1, self._free())
        page = takewhile(goes, self._store.audit_events(1, PAGE))
        gone = [linked for linked in page if linked.seq <= end]
        if not gone:
            return False
        place = gone[-1].head
        base = self._checkpoints.sign(Checkpoint(self._installation, place.seq, place.hash, now))
        return self._store.trim(gone, base) and len(gone) == PAGE

    def _free(self) -> int:
        """The newest event that a checkpoint covers and no open gate may still need."""
        known = self._checkpoints.read().newest
        firsts = [self._store.first_of(gate.jti) for gate in self._store.open_gates()]
        return min([known.seq if known else 0, *(first - 1 for first in firsts if first)])
