"""roster.toml → people. Every problem is found at once, with its place."""

from __future__ import annotations

import re
from pathlib import Path

from jenkins_mfa.core.policy import Absence, Person, Roster
from jenkins_mfa.core.policy.people import SUBSTITUTES
from jenkins_mfa.toml_problems import seen
from jenkins_mfa.toml_table import Table, read

ID = r"[a-z0-9][a-z0-9._-]{0,39}"  #: roster ids and group names
OPERATOR = "operator:local"  #: issuer of the login at the agent's host with which somebody enrols others
WRITER = "git:email"  #: issuer of the address that a person's commits name; kept in lower case
SLACK = "slack:"  #: what issuers of Slack begin with; the workspace's id follows
MEMBER = r"[UW][A-Z0-9]+"  #: Slack's ids of people; a name there would be found only when Slack is asked about it
MEMBER_ALLOWED = "a member id such as U0123ABCD: in Slack, their profile, ⋮, Copy member ID"
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
    tables = root.named_tables("people")
    for name, table in tables.items():
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
    for name, person in people.items():
        _substitutes(tables[name], person, people)
    root.done()
    return Roster(people, frozenset(groups)), root.problems.found


def _substitutes(table: Table, person: Person, people: dict[str, Person]) -> None:
    """Whoever stands in must exist, and be reached: chains are short and do not come back."""
    chain = [person.id]
    while person.absence is not None:
        substitute = person.absence.substitute
        if substitute not in people:
            table.fault("absence", f'seen: "{substitute}" (not in the roster)')
            return
        if substitute in chain:
            table.fault("absence", f"{' → '.join([*chain, substitute])} goes round in a circle")
            return
        chain.append(substitute)
        if len(chain) > SUBSTITUTES + 1:
            table.fault("absence", f"{' → '.join(chain)} is longer than {SUBSTITUTES} substitutes")
            return
        person = people[substitute]


def _person(name: str, table: Table) -> Person:
    if not re.fullmatch(ID, name):
        table.fault("", "the id may hold a-z, 0-9, dot, dash and underscore, 40 at most")
    member = table.texts("groups", [])
    identities = table.mapping("identities")
    for issuer, subject in identities.items():
        if issuer.startswith(SLACK) and not re.fullmatch(MEMBER, subject):
            table.fault("identities", f"{issuer}: seen: {seen(subject)}; allowed: {MEMBER_ALLOWED}")
    if WRITER in identities:
        identities = identities | {WRITER: identities[WRITER].lower()}
    shown = table.text("name", pattern=NAME, allowed="1 to 40 characters without markup")
    if not identities:
        table.fault("identities", "there is none, so nobody could ever be this person")
    absence = _absence(table)
    table.done()
    return Person(name, shown, tuple(member), identities, absence)


def _absence(table: Table) -> Absence | None:
    """`absence = { until, substitute }`, from now on or from `start`."""
    inner = table.within("absence")
    if inner is None:
        return None
    start, end = inner.instant("start", required=False), inner.instant("until")
    if end and end <= start:
        inner.fault("until", "it is not after start")
    substitute = inner.text("substitute", pattern=ID, allowed="a roster id")
    inner.done()
    return Absence(start, end, substitute)
