"""The policy and the roster that hold now: one place for all threads, so that both are taken over at one moment."""

from __future__ import annotations

from dataclasses import dataclass

from jenkins_mfa.core.policy import Policy, Roster


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
