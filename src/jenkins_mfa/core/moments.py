"""What time brings to a gate that waits, besides its deadline: one reminder, and further people who are asked.

Both count from the opening. What has happened is kept in the gate, so that each happens once.
"""

from __future__ import annotations

from dataclasses import replace

from jenkins_mfa.core.model import Clause, Escalation, Gate, Requirement, State


def reminder(gate: Gate) -> int | None:
    """When (ms UTC) those who have not answered are reminded; None where they are not, or were."""
    asked = gate.requirement
    if asked is None or not _asks(gate) or gate.reminded_at or not asked.remind_after:
        return None
    return gate.opened_at + asked.remind_after * 1000


def escalation(gate: Gate) -> int | None:
    """When (ms UTC) the next further people are asked; None where there are none, or all were."""
    if not _asks(gate):
        return None
    return min((gate.opened_at + one.after * 1000 for one in _left(gate)), default=None)


def reminded(gate: Gate, at: int) -> Gate | None:
    """The gate with its reminder; None where it is not time for it, or the deadline has come."""
    moment = reminder(gate)
    if moment is None or not moment <= at < gate.deadline:
        return None
    return replace(gate, version=gate.version + 1, reminded_at=at)


def escalated(gate: Gate, at: int) -> Gate | None:
    """The gate with everybody who may answer too from now on; None where nobody does, or the deadline has come."""
    due = [one for one in _left(gate) if gate.opened_at + one.after * 1000 <= at]
    if not _asks(gate) or gate.requirement is None or not due or at >= gate.deadline:
        return None
    return replace(
        gate,
        version=gate.version + 1,
        requirement=_extended(gate.requirement, due),
        escalated=(*gate.escalated, *(one.rule for one in due)),
    )


def told(gate: Gate) -> tuple[Escalation, ...]:
    """The escalations that have happened, in their order."""
    known = {one.rule: one for one in gate.requirement.escalations} if gate.requirement else {}
    return tuple(known[rule] for rule in gate.escalated if rule in known)


def _asks(gate: Gate) -> bool:
    return gate.state is State.PENDING and gate.held is None


def _left(gate: Gate) -> list[Escalation]:
    found = gate.requirement.escalations if gate.requirement else ()
    return [one for one in found if one.rule not in gate.escalated]


def _extended(requirement: Requirement, due: list[Escalation]) -> Requirement:
    """Whoever a rule's escalation names may answer for that rule's clauses, and for no other."""
    more = {one.rule: one for one in due}

    def one(clause: Clause) -> Clause:
        found = more.get(clause.rule)
        if found is None:
            return clause
        return replace(
            clause,
            people=tuple(sorted({*clause.people, *found.people})),
            approvers=tuple(dict.fromkeys((*clause.approvers, *found.approvers))),
        )

    return replace(requirement, clauses=tuple(one(clause) for clause in requirement.clauses))
