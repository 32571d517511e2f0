"""Whether the store is still the one that is known: no older than the last checkpoint outside it, and the same (S21).

A store that was put back from a backup, or failed over to a server that lags, has forgotten denials, used codes and
revoked authenticators. Nothing proceeds on it until an operator takes it for the true one (usecases/rollback.py).
"""

from __future__ import annotations

import threading

from jenkins_mfa.core.chain import Head
from jenkins_mfa.core.checkpoint import Checkpoint, Kept
from jenkins_mfa.errors import RolledBackError, UntrustedInputError
from jenkins_mfa.usecases.ports import Checkpoints, Store

BEHIND, DIFFERS, BROKEN = "behind", "differs", "broken"  #: problems
ACCEPTED = "rollback"  #: the heartbeat that hands an accepted rollback to agents with a file of their own

MEND = "jenkins-mfa store accept-rollback, once it is clear why"


class Continuity:
    """Compares the store with the newest checkpoint, and with the newest head that this process has seen or written.

    `checkpoints` is None where there are none to compare with. Nothing is read before the first look.
    """

    def __init__(self, store: Store, checkpoints: Checkpoints | None) -> None:
        self._store = store
        self._checkpoints = checkpoints
        self._lock = threading.Lock()
        self._kept: Kept | None = None
        self._mark = Head(0, "")
        self._broken = False
        self.problem = ""

    @property
    def kept(self) -> Kept:
        """What is known from outside the store. Raises ArchiveError."""
        return self._loaded()

    @property
    def mark(self) -> Head:
        """The furthest place in the trail that the store is known to have reached."""
        return self._mark

    def before(self, moment: int) -> bool:
        """Whether something that began at `moment` (ms UTC) is from before a rollback that was accepted: what became of
        it meanwhile is not known any more.
        """
        accepted = self.kept.accepted
        return accepted is not None and moment <= accepted.at

    def look(self) -> str:
        """Compare now: what is wrong, empty where nothing is. Raises StoreError, ArchiveError."""
        with self._lock:
            self._loaded()
            if self.problem:
                self._take_up()
            written, head = self._store.written(), self._store.heads()
            if written.seq > self._mark.seq:
                self._mark = written
            self.problem = BROKEN if self._broken else self._compare(head)
            if not self.problem:
                self._mark = head
            return self.problem

    def require(self) -> None:
        """Raises RolledBackError where something is wrong, with what is to be done."""
        problem = self.look()
        if problem == BEHIND:
            says = f"the store is behind: its trail ends before event {self._mark.seq}, which a checkpoint names"
        elif problem:
            says = f"the store is another one: its trail is not the one whose event {self._mark.seq} is known"
        else:
            return
        raise RolledBackError(f"{says}; mend: {MEND}")

    def distrust(self) -> str:
        """The trail itself does not hold: nothing proceeds on it any more. Returns the problem."""
        self._broken, self.problem = True, BROKEN
        return BROKEN

    def _loaded(self) -> Kept:
        if self._kept is None:
            return self._know(self._checkpoints.read() if self._checkpoints else Kept())
        return self._kept

    def _compare(self, head: Head) -> str:
        mark = self._mark
        if mark.seq == 0 or head == mark:
            return ""
        if head.seq < mark.seq:
            return BEHIND
        stored = next(iter(self._store.audit_events(mark.seq, 1)), None)
        if stored is not None and stored.head == mark:
            return ""
        base = self.base()
        return "" if base is not None and base.seq >= mark.seq else DIFFERS

    def base(self) -> Checkpoint | None:
        """The place up to which the store was trimmed, if it is signed."""
        token = self._store.base()
        try:
            return self._checkpoints.opened(token) if self._checkpoints and token else None
        except UntrustedInputError:
            return None

    def know_of(self, place: Head) -> None:
        """The store was this far at some time, as its copies tell."""
        self._loaded()
        if place.seq > self._mark.seq:
            self._mark = place

    def _take_up(self) -> None:
        """An operator may have accepted the rollback meanwhile: on this host, or on another one with another file."""
        if self._checkpoints is None:
            return
        known, kept = self._loaded().accepted, self._checkpoints.read()
        if kept.accepted == known and (token := self._handed()):
            self._checkpoints.add(token)
            kept = self._checkpoints.read()
        if kept.accepted != known:
            self._store.forget_written()
            self._know(kept)
            self._broken = False

    def _handed(self) -> str:
        """A rollback that was accepted on another host, after everything that is known here; it is signed."""
        token = self._store.beats().get(ACCEPTED, {}).get("checkpoint")
        try:
            given = self._checkpoints.opened(token) if self._checkpoints and isinstance(token, str) else None
        except UntrustedInputError:
            return ""
        newest = self._loaded().newest
        later = given is not None and given.rollback and (newest is None or given.at >= newest.at)
        return str(token) if later else ""

    def _know(self, kept: Kept) -> Kept:
        self._kept = kept
        self._mark = kept.newest.place if kept.newest else Head(0, "")
        return kept
