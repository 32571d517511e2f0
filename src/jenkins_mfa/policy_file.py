"""policy.toml → the policy. Every problem is found at once, with its place. docs/policy.md has the keys."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import cast, get_args

from jenkins_mfa.calendar_file import read_calendars
from jenkins_mfa.core.model import Factor
from jenkins_mfa.core.policy import (
    Assurance,
    Demand,
    Environment,
    Exemption,
    Globs,
    Policy,
    Resource,
    Roster,
    Rule,
)
from jenkins_mfa.core.policy.globs import problem
from jenkins_mfa.core.policy.rules import ALWAYS, AVAILABLE
from jenkins_mfa.roster_file import ID
from jenkins_mfa.rule_check import check_rule
from jenkins_mfa.toml_problems import seen
from jenkins_mfa.toml_table import Table, read
from jenkins_mfa.when_table import Names, read_approvers, read_when

NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"  #: names of rules and exemptions
NOTHING = 'nothing is asked; allowed: require = [{ factor = "totp", approvers = ["group:NAME"] }]'
CHANNEL = r"[A-Z0-9]{0,24}"
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
    calendars = read_calendars(root)
    environments = [_environment(table) for table in root.tables("environments", "name")]
    resources = [_resource(table) for table in root.tables("resources", "paths")]
    tags = {tag for one in environments for tag in one.tags} | {tag for one in resources for tag in one.tags}
    declared = frozenset(environment.name for environment in environments)
    outside = _outside(root, roster)
    names = Names(roster, frozenset(sources), declared, frozenset(tags), calendars, frozenset(outside))
    rules = [_rule(table, names, max_ttl) for table in root.tables("rules", "name")]
    known = [*(rule.name for rule in rules), "default"]
    exemptions = [_exemption(table, names, known, now) for table in root.tables("exemptions", "name")]
    default = _default(root.table("default"), names, max_ttl)
    variables = root.table("variables", required=False)
    watch = _watch(variables)
    first = variables.choice("at_first", ("changed", "same"), "changed")
    variables.done()
    strangers = root.choice("unknown_requesters", ("one-more", "deny", "same"), "one-more")
    quiet = root.text("quiet_hours", "", pattern=".*")
    if quiet and quiet not in calendars:
        root.fault(
            "quiet_hours", f'seen: "{quiet}" (no such calendar); allowed: {", ".join(sorted(calendars)) or "none"}'
        )
    enrol_delay = root.integer("enrol_delay", 3600, low=0, high=604800, unit="seconds")
    second_admin = root.flag("second_admin")
    key_models = _key_models(root, roots=roots)
    administrators = read_approvers(root, "administrators", names, least=0)
    root.done()
    _unique(root, "rules", [rule.name for rule in rules])
    _unique(root, "environments", [environment.name for environment in environments])
    _unique(root, "exemptions", [exemption.name for exemption in exemptions])
    policy = Policy(
        rules=tuple(rules),
        environments=tuple(environments),
        default=default,
        sha256=hashlib.sha256(root.problems.text.encode()).hexdigest(),
        max_ttl=max_ttl,
        available=(*AVAILABLE, Factor.WEBAUTHN) if keys else AVAILABLE,
        resources=tuple(resources),
        exemptions=tuple(exemptions),
        strangers=strangers,  # type: ignore[arg-type]  # one of the three, as `choice` has checked
        watch=watch,
        changed_at_first=first == "changed",
        quiet=calendars.get(quiet),
        enrol_delay=enrol_delay,
        second_admin=second_admin,
        key_models=key_models,
        administrators=administrators,
        calendars=tuple(calendars),
        outside=outside,
    )
    return policy, root.problems.found


def _unique(root: Table, kind: str, names: list[str]) -> None:
    for name in sorted({name for name in names if names.count(name) > 1}):
        second = names.index(name, names.index(name) + 1)
        root.problems.add(f'[[{kind}]] name = "{name}"', f"two {kind} have this name", (kind, second, "name"))


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


def _default(table: Table, names: Names, max_ttl: int) -> Rule:
    """What applies where no rule matches: the keys of a rule that say what is asked, and nothing else."""
    passes = table.choice("confirm", ("required", "none"), "required") == "none"
    require = _require(table, names, passes=passes)
    found = Rule("default", require, ttl=_ttl(table, max_ttl), channel=_channel(table, "channel"), passes=passes)
    table.done()
    return found


def _rule(table: Table, names: Names, max_ttl: int) -> Rule:
    name = table.text("name", pattern=NAME, allowed="letters, digits, dot, dash, underscore; 64 at most")
    if name == "default":
        table.fault("name", "default is the name of the [default] table")
    passes = table.choice("confirm", ("required", "none"), "required") == "none"
    breaks = table.flag("break_glass")
    rule = Rule(
        name=name,
        require=_require(table, names, passes=passes),
        when=read_when(table, names, loosens=passes or breaks) or ALWAYS,
        ttl=_ttl(table, max_ttl),
        channel=_channel(table, "channel"),
        passes=passes,
        always=table.flag("always"),
        observe=table.choice("mode", ("enforce", "observe"), "enforce") == "observe",
        break_glass=breaks,
        review_by=read_approvers(table, "review_by", names, least=0),
        assurance=cast("Assurance", table.choice("assurance", get_args(Assurance), "none")),
        requesters_may_approve=table.flag("requesters_may_approve"),
        authors_may_approve=table.flag("authors_may_approve", default=True),
        remind_after=table.integer("remind_after", 0, low=0, high=86400, unit="seconds"),
        escalate_after=table.integer("escalate_after", 0, low=0, high=86400, unit="seconds"),
        escalate_to=read_approvers(table, "escalate_to", names, least=0),
        escalate_channel=_channel(table, "escalate_channel"),
        supersede=table.flag("supersede"),
    )
    check_rule(table, rule, names)
    table.done()
    return rule


def _require(table: Table, names: Names, *, passes: bool) -> tuple[Demand, ...]:
    """What the rule asks for; empty means no, so it is a fault unless the rule lets pass."""
    demands = tuple(_demand(inner, names) for inner in table.all_within("require", empty="" if passes else NOTHING))
    if passes and demands:
        table.fault("require", 'it does not go with confirm = "none"')
    return demands


def _demand(table: Table, names: Names) -> Demand:
    factor = Factor(table.choice("factor", tuple(Factor)))
    count = table.integer("count", 1, low=1, high=10, unit="people")
    approvers = read_approvers(table, "approvers", names)
    table.done()
    people = names.roster.named(approvers) if names.roster and not names.unsure(approvers) else frozenset()
    if people and len(people) < count:
        may = "1 person" if len(people) == 1 else len(people)
        table.fault("count", f"{count} people are needed, {may} may approve")
    return Demand(factor, count, approvers)


def _exemption(table: Table, names: Names, rules: list[str], now: int) -> Exemption:
    name = table.text("name", pattern=NAME, allowed="letters, digits, dot, dash, underscore; 64 at most")
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


def _ttl(table: Table, max_ttl: int) -> int:
    return table.integer("ttl_seconds", min(1800, max_ttl), low=1, high=max_ttl, unit="seconds")


def _channel(table: Table, key: str) -> str:
    return table.text(key, "", pattern=CHANNEL, allowed="a channel id such as C0123ABCD")
