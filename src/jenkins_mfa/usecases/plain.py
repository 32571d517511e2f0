"""Plain pauses: steps that are not of our library. They check no receipt, and are answered only where a rule of the
policy selects them; all others are left to whoever set them up.
"""

from __future__ import annotations

from jenkins_mfa.core import characters
from jenkins_mfa.core.model import Claims, Requirement
from jenkins_mfa.core.policy import Policy, Rule
from jenkins_mfa.core.policy.predicates import Texts, leaves

KEY = "plain_input"  #: the question by which a rule selects
MOST = 300  #: characters of what a plain pause says


def might_be_wanted(policy: Policy, name: str) -> bool:
    """Whether any rule could select a pause of this name: what the run says need not be read for the others."""
    return any(leaf.globs.match(name) for rule in policy.rules for leaf in _selecting(rule))


def selected(policy: Policy, requirement: Requirement) -> bool:
    """Whether one of the rules that apply is one that asks for plain pauses by name."""
    return any(rule.name in requirement.rules and _selecting(rule) for rule in policy.rules)


def claims(text: bytes) -> tuple[Claims, list[str]]:
    """What the pause says to people, as a claim, and why that cannot be shown as it is."""
    message = text.decode()
    problems = [f"message {fault}." for fault in characters.faults(message)]
    if not 1 <= len(message) <= MOST:
        problems.append(f"message is {len(message)} characters long; 1 to {MOST} are allowed, and nothing is cut.")
    return Claims("", "", message), problems


def _selecting(rule: Rule) -> list[Texts]:
    found = [leaf for leaf, positive in leaves(rule.when) if positive and isinstance(leaf, Texts) and leaf.key == KEY]
    return [] if rule.observe or rule.break_glass else found
