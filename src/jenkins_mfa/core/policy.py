"""What a gate needs: `evaluate(policy, facts, claims) -> Requirement`, with its tree of reasons. Pure, no clock.

Rules that match on facts decide; what the pipeline claims can only add to that. So the default applies, or the gate is
refused, whenever no rule matches on facts alone, whatever environment the pipeline says it is in.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from jenkins_mfa.core import quorum
from jenkins_mfa.core.model import Claims, Clause, Factor, Facts, Reason, Requirement, Trigger


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the roster. `identities` map an issuer (`<system>:<instance>`) to a subject there."""

    id: str
    name: str
    groups: tuple[str, ...]
    identities: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Roster:
    """All people who may answer or start runs."""

    people: Mapping[str, Person]

    def members(self, group: str) -> tuple[str, ...]:
        """Ids of the people in a group, sorted; empty for a group that nobody is in."""
        return tuple(sorted(p.id for p in self.people.values() if group in p.groups))

    def named(self, approvers: Iterable[str]) -> frozenset[str]:
        """The people that a rule's `approvers` stand for: ids of the roster, and members of `group:<name>`."""
        found: set[str] = set()
        for approver in approvers:
            kind, _, group = approver.partition(":")
            found.update(self.members(group) if kind == "group" else {approver} & set(self.people))
        return frozenset(found)

    def find(self, issuer: str, subject: str | None) -> Person | None:
        """Who is `subject` at `issuer`; nobody if it is unknown. Subjects are compared exactly."""
        if not subject:
            return None
        return next((p for p in self.people.values() if p.identities.get(issuer) == subject), None)

    def name(self, person: str) -> str:
        """The name to show; the id itself for somebody who has left the roster."""
        known = self.people.get(person)
        return known.name if known else person


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. Empty globs match everything. `approvers` hold roster ids and `group:<name>`; `ttl` is in seconds."""

    name: str
    factor: Factor
    quorum: int
    approvers: tuple[str, ...]
    ttl: int
    source: str = "*"
    job: str = "*"
    branch: str = "*"
    environment: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment that the policy itself knows: runs of these jobs (globs on the full name) belong to it."""

    name: str
    jobs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """The parsed policy.toml. `sha256` covers the file's bytes; `default` applies where no rule matches on facts."""

    rules: tuple[Rule, ...]
    environments: tuple[Environment, ...]
    default: Rule | None
    sha256: str
    max_ttl: int = 86400
    available: tuple[Factor, ...] = (Factor.PUSH, Factor.TOTP)


def evaluate(policy: Policy, roster: Roster, facts: Facts, claims: Claims) -> Requirement:
    """The clauses of all rules that match, tightened by what the pipeline asks for.

    Total: whatever the arguments, a Requirement comes back; one that nobody can satisfy carries its `refusal`.
    """
    declared = tuple(e.name for e in policy.environments if any(_glob(facts.run.pipeline, j) for j in e.jobs))
    by_fact = [r for r in policy.rules if _matches(r, facts, declared)]
    by_claim = [r for r in policy.rules if r not in by_fact and _matches(r, facts, (claims.environment,))]
    if not by_fact and policy.default is not None:
        by_fact = [policy.default]
    rules = [*by_fact, *by_claim] if by_fact else []
    barred = {s.person for s in facts.starters if s.person}
    clauses = tuple(_clause(rule, roster, barred) for rule in rules)
    clauses = _ask(_unknown(clauses, facts), claims)
    asked = [claims.ttl] if claims.ttl else []
    requirement = Requirement(
        clauses=clauses,
        ttl=min([policy.max_ttl, *(rule.ttl for rule in rules), *asked]),
        channels=tuple(sorted({rule.channel for rule in rules})),
        rules=tuple(rule.name for rule in rules),
        policy_sha256=policy.sha256,
        environments=declared,
        reasons=_reasons(policy, facts, claims, declared, rules),
    )
    return replace(requirement, refusal=_refusal(requirement, policy))


def _glob(text: str, pattern: str) -> bool:
    """Shell globs, case-sensitive; `*` crosses slashes, as job names are paths of any depth."""
    return fnmatch.fnmatchcase(text, pattern)


def _matches(rule: Rule, facts: Facts, environments: Iterable[str]) -> bool:
    """Whether a rule applies, given the environments that the run is taken to be in."""
    return (
        _glob(facts.run.source, rule.source)
        and _glob(facts.run.pipeline, rule.job)
        and _glob(facts.branch, rule.branch)
        and (not rule.environment or any(_glob(name, rule.environment) for name in environments))
    )


def _clause(rule: Rule, roster: Roster, barred: set[str]) -> Clause:
    """A rule's clause; whoever is behind the run may not confirm it (S9)."""
    people = roster.named(rule.approvers) - barred
    return Clause(rule.name, rule.factor, rule.quorum, tuple(sorted(people)), ", ".join(rule.approvers))


def _everyone(clauses: tuple[Clause, ...]) -> tuple[str, ...]:
    return tuple(sorted({person for clause in clauses for person in clause.people}))


def _unknown(clauses: tuple[Clause, ...], facts: Facts) -> tuple[Clause, ...]:
    """Somebody behind the run is not in the roster, so they could be an approver in disguise: one person more."""
    human = {Trigger.PERSON, Trigger.REPLAY, Trigger.RESTART, Trigger.API, Trigger.UNKNOWN}
    strangers = [s for s in facts.starters if s.trigger in human and s.person is None]
    if not clauses or (facts.starters and not strangers):
        return clauses
    strongest = max((clause.factor for clause in clauses), key=lambda f: f.strength)
    return (*clauses, Clause("unknown requester", strongest, 1, _everyone(clauses), "anyone asked"))


def _ask(clauses: tuple[Clause, ...], claims: Claims) -> tuple[Clause, ...]:
    """What the pipeline asks for on top: a stronger factor everywhere, more people out of all who may answer."""
    if claims.factor is not None:
        asked = claims.factor
        clauses = tuple(replace(c, factor=max(c.factor, asked, key=lambda f: f.strength)) for c in clauses)
    missing = (claims.quorum or 0) - sum(clause.count for clause in clauses)
    if not clauses or missing <= 0:
        return clauses
    factor = claims.factor or min((clause.factor for clause in clauses), key=lambda f: f.strength)
    return (*clauses, Clause("asked by the pipeline", factor, missing, _everyone(clauses), "anyone asked"))


def _refusal(requirement: Requirement, policy: Policy) -> Reason | None:
    """Why no answer can ever satisfy the requirement, if so. Empty means no (traps: "approvals = 0")."""
    if not requirement.clauses:
        return Reason("no_rule", holds=False)
    if all(factor.strength < requirement.factor.strength for factor in policy.available):
        return Reason("factor_unavailable", {"factor": requirement.factor.value}, holds=False)
    if not quorum.satisfiable(requirement.clauses, policy.available):
        return Reason("too_few_people", {"needed": str(requirement.total)}, holds=False)
    return None


def _reasons(policy: Policy, facts: Facts, claims: Claims, declared: tuple[str, ...], rules: list[Rule]) -> Reason:
    """The explanation that people, the trail and tests see: each rule, whether it applied, and on what."""
    nodes = [
        Reason(
            "rule",
            {"rule": rule.name, "on": "fact" if _matches(rule, facts, declared) else "claim"},
            holds=rule in rules,
        )
        for rule in policy.rules
    ]
    if policy.default is not None:
        nodes.append(Reason("default", {"rule": policy.default.name}, holds=policy.default in rules))
    if declared and claims.environment not in declared:
        values = {"claimed": claims.environment, "declared": ", ".join(declared)}
        nodes.append(Reason("environment_differs", values))
    return Reason("all", children=tuple(nodes), holds=bool(rules))
