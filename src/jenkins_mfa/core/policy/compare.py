"""How one requirement differs from another for the same gate: what a change of the policy would have meant."""

from __future__ import annotations

import enum
from collections import Counter
from dataclasses import dataclass

from jenkins_mfa.core.model import Clause, Requirement
from jenkins_mfa.core.policy.pairing import unpaired


class Kind(enum.StrEnum):
    """What becomes of a gate under the other policy. `both`: it asks for more in one way and for less in another."""

    REFUSED = "refused"
    PASSES = "passes"
    STRICTER = "stricter"
    LOOSER = "looser"
    OTHER_PEOPLE = "other people"
    BOTH = "stricter and looser"


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a gate, the rules that make the difference (sorted), and why it is refused, if it is."""

    kind: Kind
    rules: tuple[str, ...]
    reason: str


def compare(old: Requirement, new: Requirement) -> Change | None:
    """How `new` differs; None where it asks for the same of the same people; times and channels do not count."""
    kind = _kind(old, new)
    if kind is None:
        return None
    refused = new.refusal.code if new.refusal else ""
    return Change(kind, _rules(old, new), refused)


def _kind(old: Requirement, new: Requirement) -> Kind | None:
    if old.refusal or new.refusal:
        if old.refusal and new.refusal:
            return None
        return Kind.REFUSED if new.refusal else Kind.PASSES if new.passes_by else Kind.LOOSER
    if old.passes_by or new.passes_by:
        if old.passes_by and new.passes_by:
            return None
        return Kind.PASSES if new.passes_by else Kind.STRICTER
    return _clauses(old.clauses, new.clauses)


def _clauses(old: tuple[Clause, ...], new: tuple[Clause, ...]) -> Kind | None:
    """Stricter is: each old clause has one of its own among the new ones that asks for no less."""
    tightened = not unpaired(old, new, lambda less, more: _covers(more, less))[0]
    loosened = not unpaired(new, old, lambda less, more: _covers(more, less))[0]
    if tightened and loosened:
        return None
    if tightened or loosened:
        return Kind.STRICTER if tightened else Kind.LOOSER
    same = Counter((c.factor, c.count) for c in old) == Counter((c.factor, c.count) for c in new)
    return Kind.OTHER_PEOPLE if same else Kind.BOTH


def _covers(more: Clause, less: Clause) -> bool:
    """Whether whatever fills `more` fills `less`."""
    enough = more.count >= less.count and more.factor.strength >= less.factor.strength
    return enough and set(more.people) <= set(less.people)


def _rules(old: Requirement, new: Requirement) -> tuple[str, ...]:
    """The rules whose clauses are not the same, and what lets pass in only one of the two; where that is nothing,
    all that apply.
    """
    before, after = ({(c.rule, c.factor, c.count, c.people) for c in one.clauses} for one in (old, new))
    differ = {clause[0] for clause in before ^ after} | (set(old.passes_by) ^ set(new.passes_by))
    return tuple(sorted(differ or {*old.rules, *new.rules}))
