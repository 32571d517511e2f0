"""`[[rules]]` and `[default]` of policy.toml → what they ask for."""

from __future__ import annotations

from typing import cast, get_args

from jenkins_mfa.core.model import Factor
from jenkins_mfa.core.policy import Assurance, Demand, Rule
from jenkins_mfa.core.policy.rules import ALWAYS
from jenkins_mfa.rule_check import check_rule
from jenkins_mfa.toml_table import Table
from jenkins_mfa.when_table import Names, read_approvers, read_when

NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"  #: names of rules and exemptions
NAMES = "letters, digits, dot, dash, underscore; 64 at most"
NOTHING = 'nothing is asked; allowed: require = [{ factor = "totp", approvers = ["group:NAME"] }]'
CHANNEL = r"[A-Z0-9]{0,24}"


def read_rule(table: Table, names: Names, max_ttl: int) -> Rule:
    """One of [[rules]]; `max_ttl` is in seconds. Problems are noted."""
    name = table.text("name", pattern=NAME, allowed=NAMES)
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


def read_default(table: Table, names: Names, max_ttl: int) -> Rule:
    """What applies where no rule matches: the keys of a rule that say what is asked, and nothing else."""
    passes = table.choice("confirm", ("required", "none"), "required") == "none"
    require = _require(table, names, passes=passes)
    found = Rule("default", require, ttl=_ttl(table, max_ttl), channel=_channel(table, "channel"), passes=passes)
    table.done()
    return found


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


def _ttl(table: Table, max_ttl: int) -> int:
    return table.integer("ttl_seconds", min(1800, max_ttl), low=1, high=max_ttl, unit="seconds")


def _channel(table: Table, key: str) -> str:
    return table.text(key, "", pattern=CHANNEL, allowed="a channel id such as C0123ABCD")
