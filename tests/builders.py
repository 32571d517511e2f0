"""Values for tests: a roster, a policy, facts, claims and gates with sensible defaults."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from jenkins_mfa.core.model import (
    Claims,
    Clause,
    Factor,
    Facts,
    Gate,
    History,
    Requirement,
    Run,
    Starter,
    State,
    Trigger,
)
from jenkins_mfa.core.policy import Demand, Environment, Globs, Person, Policy, Roster, Rule, evaluate
from jenkins_mfa.core.policy.predicates import All, Texts

NOW = 1_764_000_000_000
RUN = Run("main", "ci", "team one/deploy", "17", 1, "https://ci.example.com/job/team%20one/job/deploy/17/")
NONCE = "Mfa-" + "0" * 32


def nonce(name: str) -> str:
    """Another one for each name."""
    return f"Mfa-{hashlib.sha256(name.encode()).hexdigest()[:32]}"


def person(name: str, *groups: str) -> Person:
    """Somebody with an account `U<NAME>` at the messenger and `<name>` at the source."""
    return Person(name, name.title(), groups, {"chat:T1": f"U{name.upper()}", "ci:main": name})


ROSTER = Roster(
    {
        p.id: p
        for p in (
            person("alice", "release"),
            person("bob", "release"),
            person("carol", "release", "security"),
            person("dan", "developers"),
            person("eve", "developers"),
        )
    }
)


def rule(
    name: str = "production",
    *,
    factor: Factor = Factor.TOTP,
    quorum: int = 1,
    approvers: tuple[str, ...] = ("group:release",),
    source: str = "*",
    job: str = "*",
    branch: str = "*",
    environment: str = "",
    **values: Any,
) -> Rule:
    """A rule: one of `release` with a code, for half an hour; globs on source, job, branch, environment narrow it."""
    asked = {"source": source, "pipeline": job, "branch": branch, "environment": environment or "*"}
    parts = tuple(Texts(key, Globs((glob,))) for key, glob in asked.items() if glob != "*")
    require = () if values.get("passes") else (Demand(factor, quorum, approvers),)
    return replace(Rule(name, require, All(parts)), **values)


def environment(name: str, *pipelines: str, **values: Any) -> Environment:
    """An environment that the policy declares for these pipelines (globs)."""
    return Environment(name, Globs(pipelines), **values)


def policy(*rules: Rule, **values: Any) -> Policy:
    """A policy of these rules without a default."""
    return replace(Policy(rules or (rule(),), (), None, "0" * 64), **values)


def needs(rules: Policy, found: Facts, said: Claims, at: int = NOW, **history: Any) -> Requirement:
    """What the policy asks for, with the roster of the tests."""
    return evaluate(rules, ROSTER, found, said, History(at, **history))


def facts(**values: Any) -> Facts:
    """A build that dan started by hand."""
    return replace(Facts(RUN, "main", (Starter(Trigger.PERSON, "dan", "dan"),)), **values)


def claims(**values: Any) -> Claims:
    """What the pipeline says: a deployment to production."""
    return replace(Claims("production", "deploy", "Deploy 1.4"), **values)


def clause(count: int = 1, *people: str, factor: Factor = Factor.PUSH, rule: str = "production") -> Clause:
    """A clause of a few people."""
    return Clause(rule, factor, count, tuple(sorted(people or ("alice", "bob", "carol"))), ("group:release",))


def requirement(*clauses: Clause) -> Requirement:
    """A requirement of these clauses."""
    return Requirement(clauses or (clause(),), 1800, (), ("production",), "0" * 64)


def gate(**values: Any) -> Gate:
    """A pending gate, opened at NOW, with half an hour to go."""
    base = Gate(
        id="g_" + "8f2c" * 8,
        generation=1,
        version=1,
        state=State.PENDING,
        external_ref="ref-1",
        nonce=NONCE,
        run=RUN,
        facts=facts(),
        opened_at=NOW,
        deadline=NOW + 1_800_000,
        first_deadline=NOW + 1_800_000,
        request_text="{}",
        request_sha256="0" * 64,
        kids=("k1",),
        claims=claims(),
        requirement=requirement(),
    )
    return replace(base, **values)


def of_rules(found: Requirement) -> Requirement:
    """Without the places that no rule names: those that the pipeline asks for, and the one for somebody unknown."""
    return replace(found, clauses=tuple(one for one in found.clauses if " " not in one.rule))
