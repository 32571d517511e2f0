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
NAME = r"[^\x00-\x1f<>&`*_~\\“”]{1,40}"  #: names of people, as they are shown


def read_roster(path: Path, issuers: set[str]) -> tuple[Roster, list[str]]:
    """The roster and what is wrong with it. `issuers` are those that the configuration knows."""
    root = read(path)
    people: dict[str, Person] = {}
    owners: dict[tuple[str, str], str] = {}
    groups = set(root.texts("groups", []))
    root.integer("version", low=1, high=1)
    for name, table in root.named_tables("people").items():
        person = _person(name, table, groups, issuers)
        for identity in person.identities.items():
            if identity in owners:
                table.fault("identities", f"{identity[0]} {identity[1]} already belongs to {owners[identity]}")
            owners[identity] = name
        people[name] = person
    if not people:
        root.fault("people", "nobody is in the roster; allowed: [people.NAME] tables")
    root.done()
    return Roster(people), root.problems.found


def _person(name: str, table: Table, groups: set[str], issuers: set[str]) -> Person:
    if not re.fullmatch(ID, name):
        table.fault("", "the id may hold a-z, 0-9, dot, dash and underscore, 40 at most")
    member = table.texts("groups", [])
    for group in member:
        if group not in groups:
            table.fault("groups", f'seen: "{group}" (no such group); allowed: {", ".join(sorted(groups)) or "none"}')
    identities = table.mapping("identities")
    for issuer in identities:
        if issuer not in issuers:
            table.fault("identities", f'"{issuer}" is not known; allowed: {", ".join(sorted(issuers))}')
    shown = table.text("name", pattern=NAME, allowed="1 to 40 characters without markup")
    table.done()
    return Person(name, shown, tuple(member), identities)


def read_policy(path: Path, roster: Roster, sources: set[str], max_ttl: int) -> tuple[Policy, list[str]]:
    """The policy and what is wrong with it. Its digest covers the file's bytes."""
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


def _rule(table: Table, roster: Roster, sources: set[str], max_ttl: int, *, default: bool = False) -> Rule:
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
        if not any(c in rule.source for c in "*?[") and rule.source not in sources:
            table.fault("source", f'seen: "{rule.source}" (no such source); allowed: {", ".join(sorted(sources))}')
    table.done()
    people = roster.named(rule.approvers)
    if rule.approvers and len(people) < rule.quorum:
        table.fault("quorum", f"{rule.quorum} people are needed, {len(people)} may approve")
    return rule


def _approvers(table: Table, roster: Roster) -> tuple[str, ...]:
    """People and groups that exist: a misspelt one must not show at three in the morning."""
    approvers = table.texts("approvers")
    groups = {group for person in roster.people.values() for group in person.groups}
    for approver in approvers:
        group = approver.removeprefix("group:")
        if approver.startswith("group:") and group not in groups:
            known = ", ".join(f"group:{g}" for g in sorted(groups))
            table.fault("approvers", f'seen: "{approver}" (nobody is in it); allowed: {known or "none"}')
        elif not approver.startswith("group:") and approver not in roster.people:
            table.fault("approvers", f'seen: "{approver}" (not in the roster)')
    if not approvers:
        table.fault("approvers", "nobody may approve; allowed: roster ids and group:NAME")
    return tuple(approvers)
