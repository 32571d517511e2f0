"""The store: one place for all that must survive, shared by all replicas."""

from __future__ import annotations

from typing import Protocol

from jenkins_mfa.usecases.ports.lanes import Lanes
from jenkins_mfa.usecases.ports.records import Records
from jenkins_mfa.usecases.ports.trail import Trail


class Store(Records, Trail, Lanes, Protocol):
    """The state. Raises StoreUnavailableError, StoreUncertainError, StoreConflictError (commit only), and DamagedError
    for a record that is not as it was committed.
    """

    def durability(self) -> tuple[str, bool]:
        """What is kept now of what was acknowledged (`always`, `everysec` or `none`), and whether that is as much as
        was accepted.
        """

    def throttled(self, now: int) -> dict[str, float]:
        """Whose codes do not count now, and until when (ms UTC; infinity: until they are unlocked). Nothing that must
        be right rests on it.
        """

    def courtesy(self, name: str, holder: str, ms: int) -> bool:
        """Whether `holder` is the one of all replicas to do something, for `ms` from now. Nothing that must be right
        rests on it.
        """

    def beat(self, name: str, value: dict[str, object]) -> None:
        """Keep a heartbeat record (state of a source, of the agent) for `check` and health."""

    def beats(self) -> dict[str, dict[str, object]]:
        """All heartbeat records."""

    def forget_beat(self, name: str) -> None:
        """Whoever kept it has stopped."""
