"""The page that each person has in the messenger: what waits for them, what they decided, what they answer with."""

from __future__ import annotations

from dataclasses import dataclass

from jenkins_mfa.core import quorum
from jenkins_mfa.core.model import Factor, Gate, PersonRecord, State

DECIDED = 10  #: gates that are told of those that somebody decided


@dataclass(frozen=True, slots=True)
class Home:
    """What one person's page shows, which is their own only, as of `at` (ms UTC).

    `waiting` are gates that ask them, each with what for, the one that ends first in front; `others` is how many more
    wait for other people. `decided` are the newest gates that they confirmed or denied, the newest answer first.
    `record` is what they have enrolled; None where that is damaged.
    """

    person: str
    at: int
    waiting: tuple[tuple[Gate, Factor], ...]
    others: int
    decided: tuple[Gate, ...]
    record: PersonRecord | None


def asks(gate: Gate, person: str) -> Factor | None:
    """What a gate asks somebody for now; None where it does not ask them (any more)."""
    asked = gate.requirement
    if gate.state is not State.PENDING or gate.held is not None or asked is None:
        return None
    if person not in asked.people or person in deciders(gate):
        return None
    return quorum.asked(asked, gate.confirmations, person)


def concerned(gate: Gate) -> frozenset[str]:
    """On whose pages a gate stands: those who may answer, and those who did."""
    return deciders(gate) | (frozenset(gate.requirement.people) if gate.requirement else frozenset())


def deciders(gate: Gate) -> frozenset[str]:
    """Whose confirmations count, and who denied it."""
    denied = {gate.denial.person} if gate.denial and gate.denial.person else set()
    return frozenset(denied | {given.person for given in gate.confirmations})
