"""policy.toml and roster.toml → values of the core. Every problem is found at once, with its place."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import Path

from jenkins_mfa.core.model import Factor
from jenkins_mfa.core.policy import Environment, Person, Policy, Roster, Rule
from jenkins_mfa.toml_table import Table, read

ID = r"[a-z0-9][a-z0-9._-]{0,39}"  #: roster ids and group names
WRITER = "git:email"  #: issuer of the address that a person's commits name; kept in lower case
NAME = r"[^\x00-\x1f<>&`*_~\\“”]{1,40}"  #: names of people, as they are shown


def read_roster(path: Path, issuers: set[str]) -> tuple[Roster, list[str]]:
    """The roster and what is wrong with it.

    `issuers` are those that the configuration knows; one that ends with a colon stands for all of its system, where the
    configuration's own fault is told already.
    """
    root = read(path)
    people: dict[str, Person] = {}
    owners: dict[tuple[str, str], str] = {}
    groups = set(root.texts("groups", []))
    root.integer("version", low=1, high=1)
    unknown: dict[tuple[str, str], list[tuple[str, Table]]] = {}
    for name, table in root.named_tables("people").items():
        person = _person(name, table)
        for group in person.groups:
            if group not in groups:
                unknown.setdefault(("groups", group), []).append((name, table))
        for issuer in person.identities:
            if not {issuer, f"{issuer.partition(':')[0]}:"} & issuers:
                unknown.setdefault(("identities", issuer), []).append((name, table))
        for identity in person.identities.items():
            if identity in owners:
                table.fault("identities", f"{identity[0]} {identity[1]} already belongs to {owners[identity]}")
            owners[identity] = name
        people[name] = person
    allowed = {"groups": groups, "identities": {issuer for issuer in issuers if not issuer.endswith(":")}}
    for (key, value), ((_, first), *others) in unknown.items():
        also = f" (also of {', '.join(name for name, _ in others)})" if others else ""
        first.fault(key, f'"{value}" is not known{also}; allowed: {", ".join(sorted(allowed[key])) or "none"}')
    if not people:
        root.fault("people", "nobody is in the roster; allowed: [people.NAME] tables")
    root.done()
    return Roster(people), root.problems.found


def _person(name: str, table: Table) -> Person:
    if not re.fullmatch(ID, name):
        table.fault("", "the id may hold a-z, 0-9, dot, dash and underscore, 40 at most")
    member = table.texts("groups", [])
    identities = table.mapping("identities")
    if WRITER in identities:
        identities = identities | {WRITER: identities[WRITER].lower()}
    shown = table.text("name", pattern=NAME, allowed="1 to 40 characters without markup")
    table.done()
    return Person(name, shown, tuple(member), identities)


def read_policy(path: Path, roster: Roster | None, sources: set[str], max_ttl: int) -> tuple[Policy, list[str]]:
    """The policy and what is wrong with it. Its digest covers the file's bytes.

    Without a roster, or with an empty id among the sources, their own faults are told already: what follows from them
    is not.
    """
    root = read(path)
    root.integer("version", low=1, high=1)
    rules = [_rule(table, roster, sources, max_ttl) for table in root.tables("rules", "name")]
    names = [rule.name for rule in rules]
    for name in sorted({name for name in names if names.count(name) > 1}):
        root.problems.add(f'[[rules]] name = "{name}"', "two rules have this name")
    environments = []
    for table in root.tables("environments", "name"):
        environments.append(Environment(table.text("name", pattern=ID), tuple(table.texts("jobs"))))
        table.done()
    default = None
    if "default" in root:
        default = _rule(root.table("default"), roster, sources, max_ttl, default=True)
    if not rules and default is None:
        root.problems.add("", "there is no rule and no [default]: every gate would be denied")
    root.done()
    digest = hashlib.sha256(root.problems.text.encode()).hexdigest()
    policy = Policy(tuple(rules), tuple(environments), default, digest, max_ttl)
    return policy, root.problems.found


def _rule(table: Table, roster: Roster | None, sources: set[str], max_ttl: int, *, default: bool = False) -> Rule:
    name = "default" if default else table.text("name", pattern=r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
    factor = Factor(table.choice("factor", tuple(Factor)))
    if factor is Factor.WEBAUTHN:
        table.fault("factor", "webauthn is not available in this version; allowed: push, push+number, totp")
    rule = Rule(
        name=name,
        factor=factor,
        quorum=table.integer("quorum", 1, low=1, high=10, unit="people"),
        approvers=_approvers(table, roster),
        ttl=table.integer("ttl_seconds", 1800, low=1, high=max_ttl, unit="seconds"),
        channel=table.text("channel", "", pattern=r"[A-Z0-9]{0,24}", allowed="a channel id such as C0123ABCD"),
    )
    if not default:
        rule = replace(
            rule,
            source=table.text("source", "*"),
            job=table.text("job", "*"),
            branch=table.text("branch", "*"),
            environment=table.text("environment", "", pattern=r".*"),
        )
        if not any(c in rule.source for c in "*?[") and not {rule.source, ""} & sources:
            table.fault("source", f'seen: "{rule.source}" (no such source); allowed: {", ".join(sorted(sources))}')
    table.done()
    people = roster.named(rule.approvers) if roster and _known(rule.approvers, roster) == rule.approvers else ()
    if people and len(people) < rule.quorum:
        may = "1 person" if len(people) == 1 else len(people)
        table.fault("quorum", f"{rule.quorum} people are needed, {may} may approve")
    return rule


def _approvers(table: Table, roster: Roster | None) -> tuple[str, ...]:
    """People and groups that exist: a misspelt one must not show at three in the morning."""
    approvers = tuple(table.texts("approvers", allowed="a list of roster ids and group:NAME, not empty", least=1))
    for approver in approvers:
        if roster is None or _known((approver,), roster):
            continue
        if approver.startswith("group:"):
            known = ", ".join(f"group:{g}" for g in sorted(_groups(roster)))
            table.fault("approvers", f'seen: "{approver}" (nobody is in it); allowed: {known or "none"}')
        else:
            table.fault("approvers", f'seen: "{approver}" (not in the roster)')
    return approvers


def _groups(roster: Roster) -> set[str]:
    """Groups that somebody is in."""
    return {group for person in roster.people.values() for group in person.groups}


def _known(approvers: tuple[str, ...], roster: Roster) -> tuple[str, ...]:
    """Those of a rule's approvers that stand for somebody."""
    names = {f"group:{group}" for group in _groups(roster)} | set(roster.people)
    return tuple(approver for approver in approvers if approver in names)
