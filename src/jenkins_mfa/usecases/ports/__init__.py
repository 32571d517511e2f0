"""What the use cases need from the outside: a store, sources, a messenger, and randomness.

Adapters map every foreign failure to the errors named here; nothing else leaves them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from jenkins_mfa.usecases.ports.lanes import Due
from jenkins_mfa.usecases.ports.messenger import Messenger
from jenkins_mfa.usecases.ports.source import Abort, Opened, Paused, Proceed, Source
from jenkins_mfa.usecases.ports.store import Store
from jenkins_mfa.usecases.ports.trail import Checkpoints, Copies, Destination

__all__ = [
    "Abort",
    "Checkpoints",
    "Copies",
    "Destination",
    "Due",
    "Finding",
    "Messenger",
    "Opened",
    "Paused",
    "Proceed",
    "Randomness",
    "Source",
    "Store",
]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check looked at: a stable code, whether it is right, what was seen, how to mend it."""

    code: str
    ok: bool
    says: str
    mend: str = ""


class Randomness(Protocol):
    """The only source of unpredictable values."""

    def hex(self, size: int) -> str:
        """`size` random bytes in lower-case hexadecimal."""

    def bytes(self, size: int) -> bytes:
        """`size` random bytes."""
