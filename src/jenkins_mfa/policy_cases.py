"""policy_tests/*.toml → cases: what a gate is like, and what the policy must ask for then.

docs/policy-cookbook.md has the keys. Every problem is found at once, with its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jenkins_mfa.core.model import (
    Author,
    Change,
    Claims,
    Factor,
    Facts,
    History,
    Library,
    Parameter,
    Run,
    Starter,
    Trigger,
)
from jenkins_mfa.core.policy import Policy, Roster
from jenkins_mfa.core.policy.expect import Ask, Expected
from jenkins_mfa.core.policy.predicates import HUMAN, Window, leaves
from jenkins_mfa.errors import ConfigError
from jenkins_mfa.toml_table import Table, read

FOLDER = "policy_tests"  #: where cases are, beside the policy


@dataclass(frozen=True, slots=True)
class Case:
    """One gate and what is expected of it; `file` is the name of the file that it stands in."""

    file: str
    name: str
    facts: Facts
    claims: Claims
    history: History
    expected: Expected


@dataclass(frozen=True, slots=True)
class _Around:
    """What cases refer to; `timed`: the policy's answer depends on the moment."""

    policy: Policy
    roster: Roster
    timed: bool


def read_cases(folder: Path, policy: Policy, roster: Roster) -> list[Case]:
    """All cases, by file name and in their order. Raises ConfigError with every problem of all files."""
    around = _Around(policy, roster, _timed(policy, roster))
    cases: list[Case] = []
    problems: list[str] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            root = read(path)
        except ConfigError as error:
            problems += error.problems
            continue
        cases += [_case(path.name, table, around) for table in root.tables("cases", "name", missing="there is no case")]
        root.done()
        problems += root.problems.found
        problems += _twice(path.name, [case.name for case in cases if case.file == path.name])
    if not cases and not problems:
        problems.append(f"{folder} holds no *.toml with cases; mend: write one, docs/policy-cookbook.md has some")
    if problems:
        raise ConfigError(problems)
    return cases


def _timed(policy: Policy, roster: Roster) -> bool:
    windows = any(isinstance(leaf, Window) for rule in policy.rules for leaf, _ in leaves(rule.when))
    return windows or bool(policy.exemptions) or any(person.absence for person in roster.people.values())


def _twice(file: str, names: list[str]) -> list[str]:
    twice = sorted({name for name in names if names.count(name) > 1})
    return [f'{file} [[cases]] name = "{name}": two cases have this name' for name in twice]


def _case(file: str, table: Table, around: _Around) -> Case:
    name = table.text("name", pattern=r"[^\x00-\x1f]{1,100}", allowed="what the case shows, in 1 to 100 characters")
    facts = _facts(table, around.roster)
    declared = [e.name for e in around.policy.environments if e.pipelines.match(facts.run.pipeline)]
    claims = _claims(table.within("claims"), declared[0] if declared else "unnamed")
    case = Case(file, name, facts, claims, _history(table, timed=around.timed), _expected(table))
    table.done()
    return case


def _facts(table: Table, roster: Roster) -> Facts:
    pipeline = table.text("pipeline", allowed="a job's full name")
    run = Run(table.text("source", "main"), "", pipeline, "1", 1, "")
    return Facts(
        run,
        branch=table.text("branch", "", pattern=r".*"),
        starters=tuple(_starters(table, roster)),
        authors=tuple(_authors(table, roster)),
        paths=tuple(table.texts("paths")) if "paths" in table else None,
        upstream=tuple(table.texts("upstream", [])),
        parameters=tuple(Parameter(name, value) for name, value in table.mapping("parameters").items()),
        libraries=tuple(_libraries(table)),
        plain=table.text("plain_input", "", pattern=r".*"),
    )


def _starters(table: Table, roster: Roster) -> Iterator[Starter]:
    """One for each trigger; those that people pull, one for each of them."""
    people = [(name, name) for name in _people(table, "requesters", roster)]
    behind = [*people, *((None, stranger) for stranger in table.texts("unknown_requesters", []))]
    names = table.one_or_more("trigger") or (["person"] if behind else [])
    if table.flag("replayed"):
        names.append("replay")
    if not names:
        table.fault("", "nobody is behind the build; name requesters, unknown_requesters or trigger")
    for name in names:
        if name not in set(Trigger):
            table.fault("trigger", f'seen: "{name}"; allowed: {", ".join(Trigger)}')
            continue
        if Trigger(name) not in HUMAN:
            yield Starter(Trigger(name))
            continue
        yield from (Starter(Trigger(name), subject, person) for person, subject in behind)
        if not behind:
            yield Starter(Trigger(name))


def _authors(table: Table, roster: Roster) -> Iterator[Author]:
    yield from (Author(name, person=name) for name in _people(table, "authors", roster))
    yield from (Author(name) for name in table.texts("unknown_authors", []))


def _people(table: Table, key: str, roster: Roster) -> list[str]:
    found = table.texts(key, [], allowed="a list of roster ids")
    for name in found:
        if name not in roster.people:
            table.fault(key, f'seen: "{name}" (not in the roster); allowed: a roster id, or unknown_{key}')
    return found


def _libraries(table: Table) -> Iterator[Library]:
    for text in table.texts("libraries", []):
        name, _, version = text.partition("@")
        if not version:
            table.fault("libraries", f'seen: "{text}"; allowed: name@version')
        yield Library(name, version, trusted=True)


def _claims(table: Table | None, environment: str) -> Claims:
    if table is None:
        return Claims(environment, "deploy", "")
    claims = Claims(
        environment=table.text("environment", environment),
        action=table.text("action", "deploy"),
        message="",
        subject_name=table.text("subject", "", pattern=r".*"),
        details=tuple(table.mapping("details").items()),
        variables=tuple(table.mapping("variables").items()),
        factor=Factor(table.choice("factor", tuple(Factor))) if "factor" in table else None,
        quorum=table.integer("quorum", low=1, high=10, unit="people") if "quorum" in table else None,
        ttl=60 * table.integer("timeout_minutes", low=1, high=1440) if "timeout_minutes" in table else None,
    )
    table.done()
    return claims


def _history(table: Table, *, timed: bool) -> History:
    at = 0
    if "at" in table:
        at = table.instant("at")
    elif timed:
        needed = "what this policy asks for depends on the time; allowed: a moment such as 2026-12-21T00:00:00+01:00"
        table.fault("", f"at is missing: {needed}")
    first = table.choice("first_run", ("pipeline", "branch")) if "first_run" in table else ""
    changes = [Change(name, "parameter", changed=True) for name in table.texts("changed_parameters", [])]
    changes += [Change(name, "variable", changed=True) for name in table.texts("changed_variables", [])]
    return History(
        at=at,
        earlier=_earlier(table.within("earlier_gates"), at),
        pipeline_known=first != "pipeline",
        branch_known=not first,
        compared=True,
        changes=tuple(changes),
    )


def _earlier(table: Table | None, at: int) -> tuple[int, ...]:
    if table is None:
        return ()
    count = table.integer("count", low=1, high=100, unit="gates")
    minutes = table.integer("minutes_ago", low=0, high=10080, unit="minutes")
    table.done()
    return (at - minutes * 60_000,) * count


def _expected(table: Table) -> Expected:
    nothing = 'nothing is expected; allowed: such as clauses = [{ factor = "totp" }] or passes = true'
    if "expect" not in table:
        table.fault("expect", nothing)
    inner = table.within("expect", empty=nothing)
    if inner is None:
        return Expected()
    found = Expected(
        clauses=_asks(inner, "clauses"),
        observed=_asks(inner, "observed"),
        rules=_set(inner, "rules"),
        reasons=_set(inner, "reasons"),
        tags=_set(inner, "tags"),
        passes=inner.flag("passes") if "passes" in inner else None,
        refused=inner.text("refused", pattern=r"[a-z_]+", allowed="a code such as too_few_people")
        if "refused" in inner
        else None,
        ttl_seconds=inner.integer("ttl_seconds", low=1, high=86400, unit="seconds") if "ttl_seconds" in inner else None,
    )
    inner.done()
    return found


def _set(table: Table, key: str) -> frozenset[str] | None:
    return frozenset(table.texts(key)) if key in table else None


def _asks(table: Table, key: str) -> tuple[Ask, ...] | None:
    return tuple(_ask(inner) for inner in table.all_within(key)) if key in table else None


def _ask(table: Table) -> Ask:
    found = Ask(
        rule=table.text("rule") if "rule" in table else None,
        factor=Factor(table.choice("factor", tuple(Factor))) if "factor" in table else None,
        count=table.integer("count", low=1, high=20, unit="people") if "count" in table else None,
        approvers=_set(table, "approvers"),
    )
    table.done()
    return found
