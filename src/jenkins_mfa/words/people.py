"""How people, clauses and factors are called in sentences."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from jenkins_mfa.core import quorum
from jenkins_mfa.core.model import Clause, Confirmation, Factor, Gate, Requirement, Run, Starter, Trigger
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.words.parts import Fact, Link, Parts, Person, Word, flat, join, listing, say

MOST = 10  #: names in a row before the rest is counted

#: What somebody gives: "each with a code".
GIVES = {
    Factor.PUSH: "a tap",
    Factor.PUSH_NUMBER: "a tap and the number",
    Factor.TOTP: "a code",
    Factor.WEBAUTHN: "a security key",
}
STRANGER = "unknown requester"  #: the clause that a requester outside the roster adds
#: How it was given: "Alice Wu (code)".
GAVE = {Factor.PUSH: "tap", Factor.PUSH_NUMBER: "number", Factor.TOTP: "code", Factor.WEBAUTHN: "key"}


def person(roster: Roster, id: str, *, mention: bool = False) -> Parts:  # noqa: A002  (the roster's own word)
    """Somebody of the roster by name; an id that the roster does not hold (any more) stays recognizable."""
    if id in roster.people:
        return (Person(id, roster.name(id), mention),)
    return unknown(id)


def unknown(subject: str) -> Parts:
    """A source's user whom the roster does not know."""
    return say("{who} (not in the roster)", who=Fact(subject))


def names(roster: Roster, people: Iterable[str], *, last: str = "and", most: int = MOST) -> Parts:
    """As in "Alice Wu, Bob Ray and 4 more people"."""
    return listing([person(roster, one) for one in people], most, last, "people")


def number(run: Run) -> Parts:
    """As in "#17" as a link; an id that is not a number is shown as what it is, foreign."""
    plain = run.id.isascii() and run.id.isdigit() and len(run.id) <= 12
    if plain and run.url.startswith(("https://", "http://")) and len(run.url) <= 3000:
        return (Link(run.url, f"#{run.id}"),)
    return (Word(f"#{run.id}"),) if plain else (Fact(run.id),)


def build(run: Run) -> Parts:
    """As in "`team one/deploy` #17"."""
    return say("{job} {number}", job=Fact(run.pipeline), number=number(run))


def starter(start: Starter, roster: Roster) -> Parts:
    """How a run was started: "Dan Fox, by hand", "a schedule", "`other/job #8`, started by Dan Fox, by hand"."""
    who, via = _who(start, roster), Fact(start.via)
    match start.trigger:
        case Trigger.REPLAY:
            return say("{who}, replayed {via}", who=who, via=via)
        case Trigger.RESTART:
            return say("{who}, restarted from {via}", who=who, via=via)
        case Trigger.UPSTREAM if not start.subject:
            return (via,)
        case Trigger.SCHEDULE:
            base = say("a schedule")
        case Trigger.SCM:
            base = say("a push")
        case Trigger.PERSON:
            base = say("{who}, by hand", who=who)
        case Trigger.API:
            base = say("{who}, through the API", who=who)
        case _:
            base = who
    return say("{via}, started by {base}", via=via, base=base) if start.via else base


def _who(start: Starter, roster: Roster) -> Parts:
    if start.person:
        return person(roster, start.person)
    return unknown(start.subject) if start.subject else say("nobody that Jenkins names")


def requesters(gate: Gate, roster: Roster, *, mention: bool = False) -> list[Parts]:
    """Everyone behind the run who is named, each once."""
    found: dict[str, Parts] = {}
    for start in gate.facts.starters:
        if start.person:
            found[start.person] = person(roster, start.person, mention=mention)
        elif start.subject:
            found[start.subject] = unknown(start.subject)
    return list(found.values())


def group(clause: Clause, roster: Roster, most: int = MOST) -> Parts:
    """Whom a clause asks, as a set: "release", "Alice Wu or Bob Ray"; sets of more names than `most` are counted."""
    if " " in clause.rule:  # what no rule names: one person more, people whom the pipeline asks for
        return say("those asked")
    found: list[Parts] = []
    for label in clause.approvers:
        kind, _, name = label.partition(":")
        found.append((Word(name),) if kind == "group" else person(roster, label))
    if len(found) > max(1, most):
        return say("{n} people", n=len(clause.people))
    return join(found, last=" or ")


def opens(gate: Gate, roster: Roster, *, more: bool = False, most: int = MOST) -> Parts:
    """What is still missing: "1 of release with a code and 1 of security with a tap"."""
    if gate.requirement is None:
        return ()
    amount = "{n} more" if more else "{n}"
    found = [
        say(f"{amount} of {{group}} with {GIVES[clause.factor]}", n=n, group=group(clause, roster, most))
        for clause, n in places(gate.requirement, gate.confirmations)
        if n
    ]
    return join(found, last=" and ")


def places(requirement: Requirement, given: tuple[Confirmation, ...]) -> list[tuple[Clause, int]]:
    """The clauses, each with how many are missing; those that ask the same of the same people are one."""
    found: dict[tuple[object, ...], tuple[Clause, int]] = {}
    for clause, n in zip(requirement.clauses, quorum.open_places(requirement, given), strict=True):
        key = (clause.label, clause.people, clause.factor, clause.rule == STRANGER)
        known, missing = found.get(key, (replace(clause, count=0), 0))
        found[key] = (replace(known, count=known.count + clause.count), missing + n)
    return list(found.values())


def filled(gate: Gate) -> tuple[int, int]:
    """How many places of the requirement are filled, and how many there are."""
    if gate.requirement is None:
        return 0, 0
    total = gate.requirement.total
    return total - sum(quorum.open_places(gate.requirement, gate.confirmations)), total


def others(gate: Gate, roster: Roster, but: str = "") -> list[str]:
    """Roster ids of those who can still answer, `but` one; nobody while it is held."""
    if gate.held is not None:
        return []
    confirmed = {c.person for c in gate.confirmations}
    people = gate.requirement.people if gate.requirement else ()
    return [one for one in people if one not in confirmed and one != but and one in roster.people]


def confirmed(roster: Roster, given: Confirmation) -> Parts:
    """As in "Alice Wu (code)"."""
    return flat([*person(roster, given.person), Word(f" ({GAVE[given.factor]})")])
