"""The policy and the roster that hold now: one place for all threads, so that both are taken over at one moment."""

from __future__ import annotations

import traceback
from dataclasses import dataclass

from jenkins_mfa.core.model import Claims, Facts, History, Reason, Requirement
from jenkins_mfa.core.policy import Policy, Roster, evaluate


@dataclass(frozen=True, slots=True)
class InForce:
    """A policy and the roster that it was read with."""

    policy: Policy
    roster: Roster


class Rules:
    """What holds. `now` is replaced as a whole: who needs policy and roster for one decision reads it once."""

    def __init__(self, policy: Policy, roster: Roster) -> None:
        self.now = InForce(policy, roster)

    @property
    def policy(self) -> Policy:
        """The policy alone."""
        return self.now.policy

    @property
    def roster(self) -> Roster:
        """The roster alone."""
        return self.now.roster


def asked(rules: InForce, facts: Facts, claims: Claims, history: History) -> Requirement | Reason:
    """What the policy asks for; a reason where it cannot be asked, since then nothing may pass."""
    try:
        return evaluate(rules.policy, rules.roster, facts, claims, history)
    except Exception as error:  # noqa: BLE001  (whatever it is: what cannot be asked lets nothing pass)
        return Reason("policy_error", {"problem": _place(error)})


def _place(error: Exception) -> str:
    """Which error, and where: its text may hold a value of the build."""
    *_, last = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} in {last.name}, line {last.lineno}"
