"""Why a gate asks what it asks: its tree of reasons as far as it can still be told, and who has no authenticator."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from jenkins_mfa.core import quorum
from jenkins_mfa.core.model import Claims, Factor, Gate, PersonRecord, Reason, State
from jenkins_mfa.core.policy import Policy, Roster, reasons
from jenkins_mfa.errors import DamagedError


class People(Protocol):
    """What is read of people."""

    def person(self, person: str) -> PersonRecord:
        """A person's record. Raises DamagedError."""


def tree(gate: Gate, policy: Policy, roster: Roster) -> tuple[Reason, bool]:
    """The reasons of a gate, and whether the rules that did not match are among them.

    They are not kept with the gate, so they can be told only while the policy that made it is in force.
    """
    if gate.requirement is None:
        return Reason("none"), False
    if gate.requirement.policy_sha256 != policy.sha256:
        return gate.requirement.reasons, False
    claims = gate.claims or Claims("", "", "")
    more = gate.requirement.tightened
    history = replace(gate.history, at=more[-1].at) if more else gate.history
    return reasons(policy, roster, gate.facts, claims, history, broken=gate.broken is not None), True


def bare(people: People, gate: Gate) -> frozenset[str]:
    """Those whom the gate asks for something that they have not enrolled; a damaged record is as good as none."""
    clauses = gate.requirement.clauses if gate.requirement is not None else ()
    least: dict[str, Factor] = {}
    for clause in clauses:
        for one in clause.people:
            least[one] = min(clause.factor, least.get(one, clause.factor), key=lambda factor: factor.strength)
    return frozenset(one for one, factor in least.items() if gives(people, one).strength < factor.strength)


def stuck(people: People, gate: Gate) -> tuple[str, ...]:
    """Who would have to enrol first, where a gate waits that all who may answer could not fill together with what they
    have; empty where it can be answered.
    """
    if gate.requirement is None or gate.state is not State.PENDING:
        return ()
    given = {one.person: one.factor for one in gate.confirmations}
    able = {one: gives(people, one) for one in gate.requirement.people if one not in given}
    clauses = gate.requirement.clauses
    if quorum.assign(clauses, able | given) == tuple(clause.count for clause in clauses):
        return ()
    return tuple(one for one in able if one in bare(people, gate))


def gives(people: People, person: str) -> Factor:
    """The strongest factor that somebody can give; a tap and the number take no more than their account."""
    try:
        record = people.person(person)
    except DamagedError:
        return Factor.PUSH_NUMBER
    strongest = (factor for factor in (Factor.WEBAUTHN, Factor.TOTP) if record.usable(factor))
    return next(strongest, Factor.PUSH_NUMBER)
