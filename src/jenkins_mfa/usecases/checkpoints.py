"""Follows the trail, event by event, and signs where it stands, outside the store (S13, S21)."""

from __future__ import annotations

from jenkins_mfa.core.chain import Broken, Head, verify_chain
from jenkins_mfa.core.checkpoint import MOST_CHANGES, Change, Checkpoint, change_of
from jenkins_mfa.usecases.continuity import Continuity
from jenkins_mfa.usecases.ports import Checkpoints, Store

EVERY = 60_000  #: ms between two checkpoints at most; a change of an authenticator does not wait
PAGE = MOST_CHANGES  #: events that are followed at a time


class Checkpointer:
    """Writes checkpoints for as long as an agent runs: each covers a piece of the chain that was followed whole."""

    def __init__(self, store: Store, checkpoints: Checkpoints, continuity: Continuity, installation: str) -> None:
        self._store = store
        self._checkpoints = checkpoints
        self._continuity = continuity
        self._installation = installation
        self._since: Checkpoint | None = None
        self._at = Head(0, "")
        self._written = 0
        self._signed = 0
        self._changes: list[Change] = []

    def step(self, *, final: bool = False) -> str:
        """Follow what is new, and sign it where it is time, or at the `final` step of an agent that stops.

        Returns what is wrong with the store, as `Continuity.look`; nothing is signed then. Raises StoreError,
        ArchiveError.
        """
        if problem := self._continuity.look():
            self._witness()
            return problem
        self._begin()
        while True:
            page = list(self._store.audit_events(self._at.seq + 1, PAGE))
            found = verify_chain(((x.raw, x.hash) for x in page), first=self._at.seq + 1, previous=self._at.hash)
            if isinstance(found, Broken):
                return self._continuity.look() or self._continuity.distrust()
            changed = [change_of(x.seq, x.entry) for x in page if b'"authenticator:' in x.raw]
            self._changes += [change for change in changed if change]
            self._at = page[-1].head if page else self._at
            now = self._store.now()
            if self._at.seq and (self._changes or final or now - self._written >= EVERY):
                self._write(now)
            if len(page) < PAGE:
                return ""

    def _begin(self) -> None:
        """Where the newest checkpoint stands, at first and after an accepted rollback."""
        kept = self._continuity.kept
        if self._since is None or self._since is not (kept.accepted or self._since):
            self._since = kept.accepted or kept.newest or Checkpoint(self._installation, 0, "", 0)
            base = self._continuity.base()
            self._at = max((one.place for one in (kept.newest, base) if one), key=_seq, default=Head(0, ""))
            self._written, self._signed = kept.newest.at if kept.newest else 0, self._at.seq
            self._changes = []

    def _witness(self) -> None:
        """Sign how far the store had been seen before it fell back: an operator, or a new agent, then knows it, too."""
        mark = self._continuity.mark
        if self._since is not None and mark.seq > self._signed:
            self._at = mark
            self._write(max(self._store.now(), self._written))

    def _write(self, now: int) -> None:
        at = self._at
        given = Checkpoint(self._installation, at.seq, at.hash, now, tuple(self._changes))
        self._checkpoints.add(self._checkpoints.sign(given))
        self._written, self._signed, self._changes = now, at.seq, []


def _seq(place: Head) -> int:
    return place.seq
