"""The page that each person has in the messenger: what waits for them, what they decided, what they answer with."""

from __future__ import annotations

from dataclasses import dataclass

from jenkins_mfa.core import quorum
from jenkins_mfa.core.model import Factor, Gate, PersonRecord, State

WAITING = 20  #: gates that are told of those that ask somebody; of more the rest is counted
DECIDED = 10  #: gates that are told of those that somebody decided


@dataclass(frozen=True, slots=True)
class Home:
    """What one person's page shows, which is their own only, as of `at` (ms UTC).

    `waiting` are gates that ask them, each with what for, the one that ends first in front; `more` is how many further
    ones ask them, `others` how many wait for other people. `decided` are the newest gates that they confirmed or
    denied, the newest answer first. `record` is what they have enrolled; None where that is damaged.
    """

    person: str
    at: int
    waiting: tuple[tuple[Gate, Factor], ...]
    more: int
    others: int
    decided: tuple[Gate, ...]
    record: PersonRecord | None


def may_answer(gate: Gate, person: str) -> bool:
    """Whether a gate waits for somebody among others."""
    waits = gate.state is State.PENDING and gate.held is None and gate.requirement is not None
    return waits and person in concerned(gate) - deciders(gate)


def asks(gate: Gate, person: str) -> Factor | None:
    """What a gate asks somebody for now; None where it does not ask them (any more)."""
    if gate.requirement is None or not may_answer(gate, person):
        return None
    return quorum.asked(gate.requirement, gate.confirmations, person)


def concerned(gate: Gate) -> frozenset[str]:
    """On whose pages a gate stands: those who may answer, and those who did."""
    return deciders(gate) | (frozenset(gate.requirement.people) if gate.requirement else frozenset())


def deciders(gate: Gate) -> frozenset[str]:
    """Whose confirmations count, and who denied it."""
    denied = {gate.denial.person} if gate.denial and gate.denial.person else set()
    return frozenset(denied | {given.person for given in gate.confirmations})
