"""policy_tests/*.toml → cases: what a gate is like, and what the policy must ask for then.

docs/policy-cookbook.md has the keys. Every problem is found at once, with its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jenkins_mfa.core.model import Claims, Factor, Facts, History, Trigger
from jenkins_mfa.core.policy import Policy, Roster
from jenkins_mfa.core.policy.expect import Ask, Expected
from jenkins_mfa.core.policy.predicates import Window, leaves
from jenkins_mfa.errors import ConfigError
from jenkins_mfa.scenario import Scenario
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
    given = replace(_scenario(table, around), **_claims(table.within("claims")))
    case = Case(file, name, *given.asked(around.policy, around.roster), _expected(table))
    table.done()
    return case


def _scenario(table: Table, around: _Around) -> Scenario:
    requesters, replayed = tuple(_people(table, "requesters", around.roster)), table.flag("replayed")
    return Scenario(
        pipeline=table.text("pipeline", allowed="a job's full name"),
        source=table.text("source", "main"),
        branch=table.text("branch", "", pattern=r".*"),
        requesters=requesters,
        triggers=tuple(_triggers(table, behind=bool(requesters) or replayed)),
        replayed=replayed,
        authors=tuple(_people(table, "authors", around.roster)),
        paths=tuple(table.texts("paths")) if "paths" in table else None,
        upstream=tuple(table.texts("upstream", [])),
        parameters=tuple(table.mapping("parameters").items()),
        libraries=tuple(_libraries(table)),
        plain=table.text("plain_input", "", pattern=r".*"),
        at=_at(table, timed=around.timed),
        earlier=_earlier(table.within("earlier_gates")),
        first_run=table.choice("first_run", ("pipeline", "branch")) if "first_run" in table else "",
        changed_parameters=tuple(table.texts("changed_parameters", [])),
        changed_variables=tuple(table.texts("changed_variables", [])),
    )


def _triggers(table: Table, *, behind: bool) -> Iterator[str]:
    names = table.one_or_more("trigger")
    if not (names or behind):
        table.fault("", "nobody is behind the build; name requesters, unknown_requesters or trigger")
    for name in names:
        if name in set(Trigger):
            yield name
        else:
            table.fault("trigger", f'seen: "{name}"; allowed: {", ".join(Trigger)}')


def _people(table: Table, key: str, roster: Roster) -> Iterator[str]:
    """Roster ids, and behind them those whom `unknown_` names: the roster must not."""
    for name in table.texts(key, [], allowed="a list of roster ids"):
        if name not in roster.people:
            table.fault(key, f'seen: "{name}" (not in the roster); allowed: a roster id, or unknown_{key}')
        yield name
    for name in table.texts(f"unknown_{key}", []):
        if name in roster.people:
            table.fault(f"unknown_{key}", f'seen: "{name}" (in the roster); allowed: somebody else, or {key}')
        yield name


def _libraries(table: Table) -> Iterator[str]:
    for text in table.texts("libraries", []):
        if not text.partition("@")[2]:
            table.fault("libraries", f'seen: "{text}"; allowed: name@version')
        yield text


def _claims(table: Table | None) -> dict[str, Any]:
    """What a scenario claims, by its fields."""
    if table is None:
        return {}
    claims = {
        "environment": table.text("environment") if "environment" in table else "",
        "action": table.text("action") if "action" in table else "",
        "subject": table.text("subject", "", pattern=r".*"),
        "details": tuple(table.mapping("details").items()),
        "variables": tuple(table.mapping("variables").items()),
        "factor": table.choice("factor", tuple(Factor)) if "factor" in table else None,
        "quorum": table.integer("quorum", low=1, high=10, unit="people") if "quorum" in table else None,
        "ttl": 60 * table.integer("timeout_minutes", low=1, high=1440) if "timeout_minutes" in table else None,
    }
    table.done()
    return claims


def _at(table: Table, *, timed: bool) -> int:
    if "at" in table:
        return table.instant("at")
    if timed:
        needed = "what this policy asks for depends on the time; allowed: a moment such as 2026-12-21T00:00:00+01:00"
        table.fault("", f"at is missing: {needed}")
    return 0


def _earlier(table: Table | None) -> tuple[int, int]:
    if table is None:
        return 0, 0
    count = table.integer("count", low=1, high=100, unit="gates")
    minutes = table.integer("minutes_ago", low=0, high=10080, unit="minutes")
    table.done()
    return count, minutes * 60_000


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
        else "",
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
