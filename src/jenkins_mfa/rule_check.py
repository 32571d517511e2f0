"""What the keys of one rule must be to one another."""

from __future__ import annotations

from collections.abc import Iterable

from jenkins_mfa.core.policy import Rule
from jenkins_mfa.core.policy.rules import ALWAYS, AVAILABLE
from jenkins_mfa.toml_table import Table
from jenkins_mfa.when_table import Names


def check_rule(table: Table, rule: Rule, names: Names) -> None:
    """Report keys that contradict one another. What only follows from who is in a group that no file tells is not."""
    if rule.passes and rule.when == ALWAYS:
        table.fault("when", "a rule that lets pass needs it; for everything that no rule matches use [default]")
    if rule.passes and (rule.always or rule.break_glass):
        table.fault("confirm", 'always and break_glass do not go with confirm = "none"')
    if bool(rule.escalate_after) != bool(rule.escalate_to or rule.escalate_channel):
        table.fault("escalate_after", "it goes together with escalate_to or escalate_channel")
    for key, seconds in (("remind_after", rule.remind_after), ("escalate_after", rule.escalate_after)):
        if seconds >= rule.ttl:
            table.fault(key, f"{seconds} s is not before the end of ttl_seconds ({rule.ttl} s)")
    _breaking(table, rule, names)


def _breaking(table: Table, rule: Rule, names: Names) -> None:
    """A rule for break-glass takes two named people with the strongest factor, and somebody else who looks at it."""
    if not rule.break_glass:
        if rule.review_by:
            table.fault("review_by", "it goes together with break_glass = true")
        return
    if rule.observe:
        table.fault("mode", "break-glass cannot be observed: nobody breaks it by itself")
    if rule.escalate_to:
        table.fault("escalate_to", "break-glass asks only the people that it names")
    if sum(d.count for d in rule.require) < 2 or any(_groups(d.approvers) for d in rule.require):
        table.fault("require", "break-glass takes at least two people, named one by one, not by group")
    strongest = AVAILABLE[-1]
    if any(demand.factor.strength < strongest.strength for demand in rule.require):
        table.fault("require", f"break-glass takes the strongest factor that there is: {strongest.value}")
    if not rule.review_by:
        table.fault("review_by", "it is missing: who looks afterwards at a break-glass, people and group:NAME")
    elif names.unsure(rule.review_by) or names.roster is None:
        return
    elif names.roster.named(rule.review_by) <= names.roster.named(a for d in rule.require for a in d.approvers):
        table.fault("review_by", "it names nobody beside those who confirm, so no third person could review")


def _groups(approvers: Iterable[str]) -> bool:
    return any(approver.startswith("group:") for approver in approvers)
