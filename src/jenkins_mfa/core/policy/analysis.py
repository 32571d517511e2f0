"""What a policy that can be used may still be wrong about, and what in it loosens. Pure; only what is certain is told.

`policy check` and `check` print it; words for the codes are in words/findings.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Literal

from jenkins_mfa.core import quorum
from jenkins_mfa.core.model import Clause, Factor
from jenkins_mfa.core.policy.contradictions import claimed_only, contradiction, overlap, required
from jenkins_mfa.core.policy.globs import Globs
from jenkins_mfa.core.policy.loosening import brought_about
from jenkins_mfa.core.policy.people import Roster, groups_of
from jenkins_mfa.core.policy.predicates import All, Not, Predicate, Texts, Window, leaves
from jenkins_mfa.core.policy.rules import ALWAYS, Exemption, Policy, Rule


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to know. `finding`: something should be mended; `loosens`: meant so, and worth a look each time."""

    kind: Literal["finding", "loosens"]
    code: str
    subject: str
    values: dict[str, str] = field(default_factory=dict)
    people: tuple[str, ...] = ()


def remarks(policy: Policy, roster: Roster, messenger: str, now: int) -> list[Remark]:
    """All remarks, findings first. `messenger` is the issuer of the accounts with which people answer, `now` ms UTC."""
    roster = replace(roster, outside=dict.fromkeys(policy.outside, frozenset()))  # who is in those, no file tells
    rules = [*policy.rules, *([policy.default] if policy.default else [])]
    found = [remark for rule in rules for remark in _rule(rule, policy, roster)]
    found += _accounts(rules, roster, messenger)
    found += [remark for rule in rules for remark in _standing_in(rule, policy, roster, now)]
    found += _second(policy, roster)
    found += _unused(policy, roster)
    found += _overlapping(policy)
    found += [remark for exemption in policy.exemptions for remark in _exemption(exemption, policy, now)]
    found += [remark for rule in policy.rules for remark in _chosen(rule, policy)]
    return [*found, *_loosening(policy, now)]


def _rule(rule: Rule, policy: Policy, roster: Roster) -> Iterator[Remark]:
    """What is wrong with one rule by itself."""
    pair = contradiction(_with_pipelines(rule, policy))
    if pair is not None:
        yield Remark("finding", "contradiction", rule.name, {"one": _short(pair[0]), "other": _short(pair[1])})
    elif claimed_only(rule.when):
        yield Remark("finding", "claims_only", rule.name)
    strongest = max(policy.available, key=lambda f: f.strength)
    for factor in sorted({demand.factor for demand in rule.require}):
        if factor.strength > strongest.strength:
            yield Remark("finding", "no_factor", rule.name, {"factor": factor.value})
            return
    if _open_ended(rule, policy):
        return
    everyone = frozenset(person for demand in rule.require for person in roster.named(demand.approvers))
    if rule.require and not _enough(rule, roster, policy.available, set()):
        yield Remark("finding", "too_few", rule.name, {"needed": str(sum(d.count for d in rule.require))})
        return
    lone = tuple(one for one in sorted(everyone) if not _enough(rule, roster, policy.available, {one}))
    if lone and not rule.requesters_may_approve:
        yield Remark("finding", "no_other", rule.name, people=lone)


def _with_pipelines(rule: Rule, policy: Policy) -> Predicate:
    """What must hold; where only facts count, an environment is as good as its pipelines."""
    if not rule.passes:
        return rule.when
    asked = [leaf for leaf, _ in leaves(rule.when) if isinstance(leaf, Texts) and leaf.key == "environment"]
    must = rule.when.parts if isinstance(rule.when, All) else (rule.when,)
    return All((rule.when, *(Texts("pipeline", _pipelines(leaf.globs, policy)) for leaf in asked if leaf in must)))


def _pipelines(names: Globs, policy: Policy) -> Globs:
    """The patterns of the environments of these names."""
    found = [one.pipelines.patterns for one in policy.environments if names.match(one.name)]
    return Globs(tuple(pattern for patterns in found for pattern in patterns))


def _open_ended(rule: Rule, policy: Policy) -> bool:
    """Whether somebody may answer whom no file tells."""
    groups = groups_of(name for demand in rule.require for name in demand.approvers)
    return not policy.outside.keys().isdisjoint(groups)


def _standing_in(rule: Rule, policy: Policy, roster: Roster, now: int) -> Iterator[Remark]:
    """Whoever is away and has a substitute who is named beside them: one person fills one place, so one is missing."""
    named = {name for demand in rule.require for name in demand.approvers} & roster.people.keys()
    for name in sorted(named if not _open_ended(rule, policy) else ()):
        away = roster.people[name].absence
        if away is None or away.end <= now:
            continue
        beside = any({name, away.substitute} <= {*demand.approvers} for demand in rule.require)
        if beside and not _enough(rule, roster, policy.available, {name}, max(now, away.start)):
            values = {"other": away.substitute, "until": str(away.end)}
            yield Remark("finding", "substitute_named", rule.name, values, (name,))


def _enough(rule: Rule, roster: Roster, available: Iterable[Factor], without: set[str], at: int | None = None) -> bool:
    """Whether the people named can fill the rule's clauses without some of them; with substitutes at `at` (ms UTC)."""
    clauses = tuple(
        Clause(rule.name, d.factor, d.count, tuple(sorted(roster.named(d.approvers, at) - without)), d.approvers)
        for d in rule.require
    )
    return quorum.satisfiable(clauses, available)


def _accounts(rules: list[Rule], roster: Roster, messenger: str) -> Iterator[Remark]:
    """Those whom rules name and nobody can ask."""
    named = {one for rule in rules for d in rule.require for one in roster.named((*d.approvers, *rule.escalate_to))}
    mute = tuple(sorted(one for one in named if messenger not in roster.people[one].identities))
    if mute:
        yield Remark("finding", "no_account", messenger, people=mute)


def _second(policy: Policy, roster: Roster) -> Iterator[Remark]:
    """Nobody confirms what the only administrator lets people enrol. Who is in groups kept elsewhere, no file tells."""
    outside = not policy.outside.keys().isdisjoint(groups_of(policy.administrators))
    if policy.second_admin and not outside and len(roster.named(policy.administrators)) < 2:
        yield Remark("finding", "no_second", "second_admin")


def _unused(policy: Policy, roster: Roster) -> Iterator[Remark]:
    """Groups that nobody is in, calendars that nothing asks about."""
    for group in sorted(roster.groups):
        if group not in policy.outside and not roster.members(group):
            yield Remark("finding", "empty_group", group)
    asked = [rule.when for rule in policy.rules] + [exemption.when for exemption in policy.exemptions]
    used = {leaf.calendar.name for when in asked for leaf, _ in leaves(when) if isinstance(leaf, Window)}
    used |= {policy.quiet.name} if policy.quiet else set()
    for calendar in sorted(set(policy.calendars) - used):
        yield Remark("finding", "unused_calendar", calendar)


def _overlapping(policy: Policy) -> Iterator[Remark]:
    """A pipeline of two environments takes the rules of both: often one pattern is wider than meant."""
    for one, other in combinations(policy.environments, 2):
        shared = overlap(one.pipelines, other.pipelines)
        if shared:
            yield Remark("finding", "two_environments", one.name, {"other": other.name, "pattern": shared})


def _exemption(exemption: Exemption, policy: Policy, now: int) -> Iterator[Remark]:
    """One that does nothing (any more)."""
    name = exemption.name
    meant = [rule for rule in policy.rules if exemption.rules.match(rule.name)]
    if exemption.until <= now:
        yield Remark("finding", "ended", name)
    elif contradiction(exemption.when) is not None:
        yield Remark("finding", "exemption_contradiction", name)
    elif meant and all(rule.always or rule.passes or rule.observe for rule in meant):
        yield Remark("finding", "exemption_idle", name)


def _loosening(policy: Policy, now: int) -> Iterator[Remark]:
    """Everything by which somebody is asked less, or not at all."""
    for rule in policy.rules:
        if rule.passes and not rule.observe:
            yield Remark("loosens", "passes", rule.name)
        elif policy.default is not None and _weaker(rule, policy.default):
            yield Remark("loosens", "weaker", rule.name)
        if rule.requesters_may_approve:
            yield Remark("loosens", "requesters", rule.name)
    if policy.default is not None and policy.default.passes:
        yield Remark("loosens", "default_passes", "default")
    if policy.strangers == "same":
        yield Remark("loosens", "strangers", "unknown_requesters")
    for group, name in sorted(policy.outside.items()):
        yield Remark("loosens", "outside", group, {"other": name})
    for one in policy.exemptions:
        if one.until > now:
            values = {"rules": str(one.rules), "reason": one.reason, "until": str(one.until)}
            yield Remark("loosens", "exempts", one.name, values)


def _chosen(rule: Rule, policy: Policy) -> Iterator[Remark]:
    """Where whoever builds chooses whether a rule stands in the default's place, or asks for more than it."""
    default = policy.default
    if default is None or not _asks(rule) or claimed_only(rule.when) or contradiction(rule.when) is not None:
        return
    if _weaker(rule, default):
        keys = () if any(_covers(other, rule) for other in policy.rules) else brought_about(rule.when)
        if keys:
            yield Remark("finding", "weaker_chosen", rule.name, {"keys": ", ".join(keys)})
    elif default.passes or _less(default, rule):
        keys = brought_about(Not(rule.when))
        if keys:
            yield Remark("finding", "dodged", rule.name, {"keys": ", ".join(keys)})


def _asks(rule: Rule) -> bool:
    """Whether a rule asks people where it matches."""
    return not (rule.observe or rule.break_glass or rule.passes)


def _covers(other: Rule, rule: Rule) -> bool:
    """Whether another rule stands in the default's place wherever this one matches, whatever whoever builds chooses."""
    parts = required(rule.when)
    sure = _asks(other) and not brought_about(other.when)
    return sure and all(part in parts for part in required(other.when))


def _weaker(rule: Rule, default: Rule) -> bool:
    """Whether a rule that stands in the default's place asks for fewer people, or for a weaker factor."""
    if not _asks(rule) or default.passes or rule.when == ALWAYS or claimed_only(rule.when):
        return False
    return _less(rule, default)


def _less(one: Rule, other: Rule) -> bool:
    """Whether a rule asks for fewer people than another, or for a weaker factor."""
    asked, usual = _strength(one), _strength(other)
    return asked[0] < usual[0] or asked[1] < usual[1]


def _strength(rule: Rule) -> tuple[int, int]:
    return sum(d.count for d in rule.require), min(d.factor.strength for d in rule.require)


def _short(part: Predicate) -> str:
    """A question as the policy's file asks it, more or less."""
    match part:
        case Texts(key, globs):
            return f"{key} = {globs}"
        case Window():
            return f"{part.key} = {part.calendar.name}"
    wanted = getattr(part, "wanted", None)
    key = getattr(part, "key", "not")
    return key if wanted is None else f"{key} = {str(wanted).lower()}"
