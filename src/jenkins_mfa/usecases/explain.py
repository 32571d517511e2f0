"""Why a gate asks what it asks: its tree of reasons as far as it can still be told, and who has no authenticator."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

from jenkins_mfa.core.model import Claims, Factor, Gate, PersonRecord, Reason
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
    """Those whom the gate asks and who have no code to give; a damaged record is as good as none."""
    return frozenset(one for one in _asked(gate) if not _enrolled(people, one))


def _asked(gate: Gate) -> Iterable[str]:
    return gate.requirement.people if gate.requirement is not None else ()


def _enrolled(people: People, person: str) -> bool:
    try:
        return people.person(person).usable(Factor.TOTP) is not None
    except DamagedError:
        return False
