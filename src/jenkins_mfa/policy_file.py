"""policy.toml → the policy. Every problem is found at once, with its place. docs/policy.md has the keys."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar, cast, get_args

from jenkins_mfa.calendar_file import read_calendars
from jenkins_mfa.core.calendars import Calendar
from jenkins_mfa.core.model import Factor
from jenkins_mfa.core.policy import Environment, Exemption, Globs, Policy, Resource, Roster, Rule
from jenkins_mfa.core.policy.globs import problem
from jenkins_mfa.core.policy.rules import ALWAYS, AVAILABLE, Strangers
from jenkins_mfa.roster_file import ID
from jenkins_mfa.rule_table import NAME, NAMES, read_default, read_rule
from jenkins_mfa.toml_problems import seen
from jenkins_mfa.toml_table import Table, read
from jenkins_mfa.when_table import Names, read_approvers, read_when

Named = TypeVar("Named", Environment, Rule, Exemption)

USER_GROUP = r"S[A-Z0-9]{2,20}"
MOST_GROUPS = 15  #: of Slack: each is read once a minute, and Slack answers about twenty such questions
AAGUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
MODELS = 'AAGUIDs such as "2fc0579f-8113-47ea-b116-bb5a8db9202a"; only zeros name no model'
VARIABLE = r"[A-Za-z_*?][A-Za-z0-9_*?]{0,63}"


def read_policy(
    path: Path,
    roster: Roster | None,
    sources: set[str],
    max_ttl: int,
    now: int = 0,
    *,
    keys: bool = False,
    roots: bool = False,
) -> tuple[Policy, list[str]]:
    """The policy and what is wrong with it. Its digest covers the file's bytes; `keys` says whether people can give
    `webauthn`, which takes the agent's own pages; `roots` whether there are certificates that vouch for models of keys.

    Without a roster, or with an empty id among the sources, their own faults are told already: what follows from them
    is not. Exemptions that ended before `now` (ms UTC) are faults where a file is looked at or taken over; they do
    nothing, so an agent still starts with them.
    """
    root = read(path)
    root.integer("version", low=1, high=1)
    environments = _named(root, "environments", _environment)
    resources = tuple(_resource(table) for table in root.tables("resources", "paths"))
    names = _names(root, roster, sources, environments, resources)
    rules = _named(root, "rules", lambda table: read_rule(table, names, max_ttl))
    known = [*(rule.name for rule in rules), "default"]
    policy = Policy(
        rules=rules,
        environments=environments,
        default=read_default(root.table("default"), names, max_ttl),
        sha256=hashlib.sha256(root.problems.text.encode()).hexdigest(),
        max_ttl=max_ttl,
        available=(*AVAILABLE, Factor.WEBAUTHN) if keys else AVAILABLE,
        resources=resources,
        exemptions=_named(root, "exemptions", lambda table: _exemption(table, names, known, now)),
        calendars=tuple(names.calendars),
        outside=names.outside,
    )
    return _for_all(root, policy, names, roots=roots), root.problems.found


def _names(
    root: Table,
    roster: Roster | None,
    sources: set[str],
    environments: tuple[Environment, ...],
    resources: tuple[Resource, ...],
) -> Names:
    """What the rules may name."""
    declared = frozenset(environment.name for environment in environments)
    tags = {tag for one in environments for tag in one.tags} | {tag for one in resources for tag in one.tags}
    return Names(roster, frozenset(sources), declared, frozenset(tags), read_calendars(root), _outside(root, roster))


def _for_all(root: Table, policy: Policy, names: Names, *, roots: bool) -> Policy:
    """The policy with what holds for all rules: the keys that stand in no list of tables."""
    variables = root.table("variables", required=False)
    found = replace(
        policy,
        watch=_watch(variables),
        changed_at_first=variables.choice("at_first", ("changed", "same"), "changed") == "changed",
        strangers=cast("Strangers", root.choice("unknown_requesters", get_args(Strangers), "one-more")),
        quiet=_quiet(root, names.calendars),
        enrol_delay=root.integer("enrol_delay", 3600, low=0, high=604800, unit="seconds"),
        second_admin=root.flag("second_admin"),
        key_models=_key_models(root, roots=roots),
        administrators=read_approvers(root, "administrators", names, least=0),
    )
    variables.done()
    root.done()
    return found


def _quiet(root: Table, calendars: Mapping[str, Calendar]) -> Calendar | None:
    quiet = root.text("quiet_hours", "", pattern=".*")
    if quiet and quiet not in calendars:
        allowed = ", ".join(sorted(calendars)) or "none"
        root.fault("quiet_hours", f'seen: "{quiet}" (no such calendar); allowed: {allowed}')
    return calendars.get(quiet)


def _named(root: Table, kind: str, reader: Callable[[Table], Named]) -> tuple[Named, ...]:
    """All tables of a kind, each with a name of its own."""
    found = tuple(reader(table) for table in root.tables(kind, "name"))
    names = [one.name for one in found]
    for name in sorted({name for name in names if names.count(name) > 1}):
        second = names.index(name, names.index(name) + 1)
        root.problems.add(f'[[{kind}]] name = "{name}"', f"two {kind} have this name", (kind, second, "name"))
    return found


def _key_models(root: Table, *, roots: bool) -> frozenset[str]:
    """`key_models`: AAGUIDs in lower case."""
    found = [one.lower() for one in root.texts("key_models", [], allowed=f"a list of {MODELS}")]
    wrong = [one for one in found if not re.fullmatch(AAGUID, one) or not one.strip("0-")]
    if wrong:
        root.fault("key_models", f"seen: {seen(wrong[0])}; allowed: {MODELS}")
    elif found and not roots:
        mend = 'mend: model_roots = "FILE" in [web] of config.toml, with the root certificates of their makers'
        root.fault("key_models", f"nothing proves that a key is of one of these models; {mend}")
    return frozenset(found)


def _outside(root: Table, roster: Roster | None) -> dict[str, str]:
    """`[slack_groups]`: groups of the roster whose members are those of a user group of Slack."""
    table = root.table("slack_groups", required=False)
    groups = table.keys()
    if len(groups) > MOST_GROUPS:
        root.fault("slack_groups", f"{len(groups)} groups; {MOST_GROUPS} are allowed")
    found = {name: table.text(name, pattern=USER_GROUP, allowed="a user group's id, as S0123ABCD") for name in groups}
    for name in groups:
        if not re.fullmatch(ID, name):
            table.fault(name, "the name of a group may hold a-z, 0-9, dot, dash, underscore; 40 at most")
        elif roster is not None and name not in roster.groups:
            allowed = ", ".join(sorted(roster.groups)) or "none"
            table.fault(name, f"roster.toml has no such group; allowed: {allowed}")
    table.done()
    return found


def _environment(table: Table) -> Environment:
    name = table.text("name", pattern=ID, allowed="a-z, 0-9, dot, dash, underscore; 40 at most")
    found = Environment(name, _globs(table, "pipelines"), _tags(table), _watch(table))
    table.done()
    return found


def _resource(table: Table) -> Resource:
    found = Resource(_globs(table, "paths"), _tags(table, least=1))
    table.done()
    return found


def _globs(table: Table, key: str) -> Globs:
    patterns = table.one_or_more(key)
    if not patterns:
        table.fault(key, "it is missing or empty; allowed: a list of patterns such as */deploy")
    for pattern in patterns:
        if problem(pattern):
            table.fault(key, f'the pattern "{pattern}" {problem(pattern)}')
    return Globs(tuple(patterns))


def _tags(table: Table, least: int = 0) -> tuple[str, ...]:
    return _texts(table, "tags", table.texts("tags", None if least else [], least=least), ID, "a-z, 0-9, dot, dash, _")


def _watch(table: Table) -> tuple[str, ...]:
    return _texts(table, "watch", table.texts("watch", []), VARIABLE, "names of variables; * and ? may stand in them")


def _texts(table: Table, key: str, texts: list[str], pattern: str, allowed: str) -> tuple[str, ...]:
    for text in texts:
        if not re.fullmatch(pattern, text):
            table.fault(key, f'seen: "{text}"; allowed: {allowed}')
    return tuple(texts)


def _exemption(table: Table, names: Names, rules: list[str], now: int) -> Exemption:
    name = table.text("name", pattern=NAME, allowed=NAMES)
    nothing = "it is missing: an exemption must say for what it holds"
    when = read_when(table, names, loosens=True, empty=nothing)
    globs = _globs(table, "rules")
    if globs.patterns and not any(map(globs.match, rules)):
        table.fault("rules", f"no rule has such a name; allowed: {', '.join(dict.fromkeys(filter(None, rules)))}")
    if "when" not in table:
        table.fault("when", nothing)
    until = table.instant("until")
    if until and until <= now:
        table.fault("until", "it has ended; take the exemption out")
    reason = table.text("reason", pattern=r"[^\x00-\x1f]{3,200}", allowed="why, in 3 to 200 characters")
    table.done()
    return Exemption(name, globs, when or ALWAYS, until, reason)
