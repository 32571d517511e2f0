"""`when = { … }` of a rule → a predicate. Unknown names, empty lists, and what may not loosen, are faults."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from string import ascii_lowercase

from jenkins_mfa.core.calendars import Calendar
from jenkins_mfa.core.model import Trigger
from jenkins_mfa.core.policy import Globs, Predicate, Roster, loosening
from jenkins_mfa.core.policy.globs import problem
from jenkins_mfa.core.policy.people import groups_of
from jenkins_mfa.core.policy.predicates import (
    All,
    Any,
    Flag,
    Leaf,
    Not,
    Pair,
    People,
    Rate,
    Texts,
    Window,
    leaves,
)
from jenkins_mfa.toml_table import Table

DEPTH = 5  #: tables inside one another (any, all, not)
MOST = 100  #: questions in one `when`
EVERY_GATE = "it is empty; leave the key out where the rule is for every gate"

#: key → what it asks about, and whether all of it must match.
TEXTS = {
    "source": ("source", False),
    "pipeline": ("pipeline", False),
    "branch": ("branch", False),
    "environment": ("environment", False),
    "tags": ("tags", False),
    "trigger": ("trigger", False),
    "only_triggers": ("trigger", True),
    "upstream": ("upstream", False),
    "library": ("library", False),
    "plain_input": ("plain_input", False),
    "changed_paths": ("changed_paths", False),
    "only_paths": ("changed_paths", True),
    "changed_parameters": ("changed_parameters", False),
    "changed_variables": ("changed_variables", False),
}
PEOPLE = {
    "requesters": ("requester", False),
    "only_requesters": ("requester", True),
    "commit_authors": ("commit_author", False),
    "only_commit_authors": ("commit_author", True),
}
FLAGS = ("replayed", "unknown_requester")
FIRST = {"pipeline": "first_run", "branch": "first_run_of_branch"}
CLAIMS = ("environment", "action", "subject")
TRIGGERS = frozenset(trigger.value for trigger in Trigger)


@dataclass(frozen=True)
class Names:
    """The names that a policy may use. Without a roster, its own faults are told already. `outside` are groups whose
    members are kept elsewhere, with the id that they have there.
    """

    roster: Roster | None
    sources: frozenset[str]
    environments: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    outside: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def groups(self) -> frozenset[str]:
        """`group:NAME` of all that somebody is in, or that are kept elsewhere. Every rule asks for them."""
        people = self.roster.people.values() if self.roster else ()
        return frozenset(f"group:{group}" for group in {*(g for one in people for g in one.groups), *self.outside})

    def unsure(self, approvers: Iterable[str]) -> bool:
        """Whether no file tells who they are: without a roster, and for groups whose members are kept elsewhere."""
        return self.roster is None or not self.outside.keys().isdisjoint(groups_of(approvers))


def read_when(table: Table, names: Names, *, loosens: bool = False, empty: str = EVERY_GATE) -> Predicate | None:
    """The predicate of a rule's `when`; None where the rule has none. What `loosens` may not ask everything."""
    if "when" not in table:
        return None
    inner = table.within("when", empty=empty)
    if inner is None:
        return None
    found = _all(inner, names, 1)
    if len(leaves(found)) > MOST:
        table.fault("when", f"it asks {len(leaves(found))} questions; {MOST} are allowed")
    for fault in loosening.faults(found) if loosens else ():
        table.fault("when", fault)
    return found


def _all(table: Table, names: Names, depth: int) -> Predicate:
    parts = [*_leaves(table, names), *_combined(table, names, depth)]
    table.done()
    if not parts and not table.problems.found:
        table.fault("", "it is empty, and would hold for everything")
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _combined(table: Table, names: Names, depth: int) -> Iterable[Predicate]:
    kinds: dict[str, Callable[[tuple[Predicate, ...]], Predicate]] = {"any": Any, "all": All}
    if depth >= DEPTH and any(key in table for key in (*kinds, "not")):
        table.fault("", f"any, all and not are nested deeper than {DEPTH}")
        table.pass_over(*kinds, "not")
        return
    for key, make in kinds.items():
        if key in table:
            tables = table.all_within(key, empty="it is empty; name at least one table of questions")
            yield make(tuple(_all(inner, names, depth + 1) for inner in tables))
    if "not" in table:
        inner = table.within("not", empty="it is empty; name at least one question")
        if inner is not None:
            yield Not(_all(inner, names, depth + 1))


def _leaves(table: Table, names: Names) -> Iterable[Leaf]:
    for key, (asks, every) in TEXTS.items():
        patterns = table.one_or_more(key)
        if patterns:
            _check(table, key, patterns, _known(asks, names))
            yield Texts(asks, Globs(tuple(patterns)), every)
    for key, (asks, every) in PEOPLE.items():
        if key in table:
            yield People(asks, _askable(table, key, names), every)
    for key in FLAGS:
        if key in table:
            yield Flag(key, table.flag(key))
    if "first_run" in table:
        yield Flag(FIRST[table.choice("first_run", tuple(FIRST))], True)
    for key in ("inside", "outside"):
        if key in table:
            name = table.text(key)
            if name in names.calendars:
                yield Window(names.calendars[name], key == "inside")
            else:
                allowed = ", ".join(sorted(names.calendars)) or "none; write a [calendars.NAME] table"
                table.fault(key, f'seen: "{name}" (no such calendar); allowed: {allowed}')
    yield from _rate(table)
    yield from _pairs(table, "parameters", "parameters")
    claims = table.within("claims")
    if claims is not None:
        yield from _claims(claims)


def _rate(table: Table) -> Iterable[Leaf]:
    inner = table.within("rate")
    if inner is not None:
        more_than = inner.integer("more_than", low=1, high=100, unit="gates")
        yield Rate(more_than, 60 * inner.integer("within_minutes", low=1, high=10080, unit="minutes"))
        inner.done()


def _claims(claims: Table) -> Iterable[Leaf]:
    for key in CLAIMS:
        patterns = claims.one_or_more(key)
        if patterns:
            _check(claims, key, patterns, None)
            yield Texts(f"claims.{key}", Globs(tuple(patterns)))
    yield from _pairs(claims, "details", "claims.details")
    yield from _pairs(claims, "variables", "claims.variables")
    claims.done()


def _pairs(table: Table, key: str, asks: str) -> Iterable[Leaf]:
    inner = table.within(key)
    if inner is None:
        return
    for name in inner.keys():  # noqa: SIM118  (a Table is no mapping)
        patterns = inner.one_or_more(name)
        _check(inner, name, patterns, None)
        yield Pair(asks, name, Globs(tuple(patterns)))
    inner.done()


def _known(asks: str, names: Names) -> frozenset[str] | None:
    """The names that a text of this kind can have; None where it can be anything."""
    match asks:
        case "source":
            return names.sources if "" not in names.sources else None
        case "environment":
            return names.environments
        case "tags":
            return names.tags
        case "trigger":
            return TRIGGERS
    return None


def _check(table: Table, key: str, patterns: Iterable[str], known: frozenset[str] | None) -> None:
    """Patterns must be right, and match a name that there is."""
    for pattern in patterns:
        wrong = problem(pattern)
        if wrong:
            table.fault(key, f'the pattern "{pattern}" {wrong}')
        elif key == "plain_input" and pattern[0] in ascii_lowercase:
            capital = pattern[0].upper() + pattern[1:]
            table.fault(key, f'seen: "{pattern}" (Jenkins begins each id with a capital); mend: "{capital}"')
        elif known is not None and not any(map(Globs((pattern,)).match, known)):
            allowed = ", ".join(sorted(known)) or "none is declared"
            table.fault(key, f'seen: "{pattern}" (there is none of that name); allowed: {allowed}')


def _askable(table: Table, key: str, names: Names) -> tuple[str, ...]:
    """People of whom a question may ask: files tell who they are. Else a group that cannot be read, and is empty then,
    would switch rules off.
    """
    found = read_approvers(table, key, names)
    for name in found:
        if names.roster is not None and names.unsure([name]):
            table.fault(key, f'"{name}" is in [slack_groups]; whether a rule applies may not rest on what Slack says')
    return found


def read_approvers(table: Table, key: str, names: Names, *, least: int = 1) -> tuple[str, ...]:
    """Roster ids and `group:NAME` that stand for somebody: a misspelt one must not show at three in the morning."""
    found = tuple(table.texts(key, None if least else [], allowed="a list of roster ids and group:NAME", least=least))
    roster = names.roster
    if roster is None:
        return found
    for approver in found:
        if approver.startswith("group:") and approver not in names.groups:
            allowed = ", ".join(sorted(names.groups)) or "none"
            table.fault(key, f'seen: "{approver}" (nobody is in it); allowed: {allowed}')
        elif not approver.startswith("group:") and approver not in roster.people:
            near = "".join(f"; nearest: {one}" for one in get_close_matches(approver, roster.people, 1))
            table.fault(key, f'seen: "{approver}" (not in the roster){near}')
    return found
