"""The policy and the roster that hold now: one place for all threads, so that both are taken over at one moment."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Mapping
from dataclasses import dataclass

from jenkins_mfa.core.model import Claims, Facts, History, Reason, Requirement
from jenkins_mfa.core.policy import Policy, Roster, evaluate


@dataclass(frozen=True, slots=True)
class InForce:
    """A policy and the roster that it was read with, which holds the members of groups that are kept elsewhere."""

    policy: Policy
    roster: Roster


class Rules:
    """What holds. `now` is replaced as a whole: who needs policy and roster for one decision reads it once.

    Whoever replaces it holds `turn` from looking at what holds until then. `accounts` are the members of groups that
    are kept elsewhere, by the id that they have there, as subjects at `issuer`; what is not in it was not read.
    `former` is the policy that held before, None where this process has known one alone.
    """

    def __init__(self, policy: Policy, roster: Roster, issuer: str = "") -> None:
        self.issuer = issuer
        self.turn = threading.Lock()
        self.accounts: Mapping[str, frozenset[str]] = {}
        self.former: Policy | None = None
        self.now = self.joined(policy, roster, {})

    def joined(self, policy: Policy, roster: Roster, accounts: Mapping[str, frozenset[str]]) -> InForce:
        """Policy and roster, with those accounts in place of own members of groups. A group not among them is empty."""
        members = {group: accounts.get(name, frozenset()) for group, name in policy.outside.items()}
        return InForce(policy, roster.holding(members, self.issuer))

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
