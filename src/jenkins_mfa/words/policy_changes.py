"""What a new policy and roster change, in words: for the trail, the log and ops."""

from __future__ import annotations

from collections.abc import Mapping

from jenkins_mfa.core.policy import Policy, Roster, Rule

MOST = 20  #: names of a kind before the rest is counted

#: Other settings of a policy, as the file calls them.
_SETTINGS = {
    "resources": "resources",
    "strangers": "unknown_requesters",
    "watch": "variables",
    "changed_at_first": "variables",
    "quiet": "quiet_hours",
    "outside": "slack_groups",
    "enrol_delay": "enrol_delay",
    "second_admin": "second_admin",
    "key_models": "key_models",
    "administrators": "administrators",
}


def changes(before: tuple[Policy, Roster], after: tuple[Policy, Roster]) -> str:
    """As in "rules added: hotfix; rules changed: production; people removed: bob"; one line of text.

    All names in it are of the operator's own files, whose characters are few.
    """
    (old, were), (new, are) = before, after
    found = [
        *_named("rules", rules(old), rules(new)),
        *_named("environments", {e.name: e for e in old.environments}, {e.name: e for e in new.environments}),
        *_named("exemptions", {e.name: e for e in old.exemptions}, {e.name: e for e in new.exemptions}),
        *_settings(old, new),
        *_named("people", were.people, are.people),
    ]
    return "; ".join(found) or "nothing that counts"


def rules(policy: Policy) -> dict[str, Rule]:
    """All of it by name, the default among them."""
    default = [policy.default] if policy.default else []
    return {rule.name: rule for rule in (*policy.rules, *default)}


def _named(kind: str, old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    both = old.keys() & new.keys()
    found = {
        "added": new.keys() - old.keys(),
        "removed": old.keys() - new.keys(),
        "changed": {name for name in both if old[name] != new[name]},
    }
    return [f"{kind} {what}: {_listed(sorted(names))}" for what, names in found.items() if names]


def _settings(old: Policy, new: Policy) -> list[str]:
    names = {shown for field, shown in _SETTINGS.items() if getattr(old, field) != getattr(new, field)}
    return [f"settings changed: {_listed(sorted(names))}"] if names else []


def _listed(names: list[str]) -> str:
    more = len(names) - MOST
    return ", ".join(names[:MOST]) + (f" and {more} more" if more > 0 else "")
