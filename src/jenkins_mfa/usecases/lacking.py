"""Who is asked by the policy for more than they have enrolled: they find out here, and not at a gate."""

from __future__ import annotations

from jenkins_mfa.core.model import Factor
from jenkins_mfa.core.policy import Policy, Roster
from jenkins_mfa.usecases.explain import People, gives


def asked(policy: Policy, roster: Roster) -> dict[str, Factor]:
    """The strongest factor that some rule asks of each person (roster id); rules on trial ask nobody."""
    found: dict[str, Factor] = {}
    for rule in (*policy.rules, *((policy.default,) if policy.default else ())):
        for demand in () if rule.observe else rule.require:
            for person in roster.named(demand.approvers):
                known = found.get(person, demand.factor)
                found[person] = max(known, demand.factor, key=lambda factor: factor.strength)
    return found


def lacking(policy: Policy, roster: Roster, people: People) -> list[str]:
    """Roster ids of those who have not enrolled what they are asked for, in order. A damaged record is as good as none.
    Raises StoreError.
    """
    found = asked(policy, roster).items()
    return sorted(person for person, factor in found if gives(people, person).strength < factor.strength)
