"""Gates as the store has them, counted one at a time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from jenkins_mfa.core.model import Gate
from jenkins_mfa.errors import DamagedError


class Counting(Protocol):
    """What takes gates one at a time."""

    def add(self, gate: Gate) -> None:
        """Count one."""

    def damaged(self, record: str) -> None:
        """Name one that cannot be read."""


def count(gates: Iterable[Gate | DamagedError], counting: Counting) -> None:
    """Give it all of them, in the order in which they come. Raises StoreError where the store does."""
    for found in gates:
        if isinstance(found, DamagedError):
            counting.damaged(found.record)
        else:
            counting.add(found)
