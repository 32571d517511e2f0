"""People and rules, as lists show them: who has what, what a rule asks of whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from jenkins_mfa.core import challenge
from jenkins_mfa.core.model import Factor, PersonRecord
from jenkins_mfa.core.policy import Demand, Roster, Rule
from jenkins_mfa.words import enrolment, people
from jenkins_mfa.words.parts import Fact, Parts, Time, Word, join, say


def title(count: int) -> str:
    """The heading: how many are in the roster."""
    return "1 person in the roster" if count == 1 else f"{count:,} people in the roster"


def person(name: str, id: str, groups: tuple[str, ...]) -> Parts:  # noqa: A002  (the roster's own word)
    """Somebody with their groups."""
    inside = say(", in {groups}", groups=join([(Word(group),) for group in groups])) if groups else ()
    return say("{name} ({id}){inside}", name=Word(name), id=Word(id), inside=inside)


def bare() -> Parts:
    """Somebody who can answer with a tap alone."""
    return say("No authenticator.")


def damaged_record() -> Parts:
    """Somebody whose record is not what an agent wrote."""
    return say("What is stored of them is not what jenkins-mfa wrote, so nothing of theirs counts. Ops are told.")


def kinds(found: Mapping[Factor, int]) -> Parts:
    """As in "Code app, 2 security keys"."""
    if not found:
        return bare()
    names = [(kind, n, enrolment.KINDS[kind.value]) for kind, n in sorted(found.items())]
    return say("In use: {all}.", all=join([say(f"{n} {name}s" if n > 1 else name) for _, n, name in names]))


def locked(record: PersonRecord) -> list[Parts]:
    """What keeps somebody's answers from counting."""
    found = []
    if record.locked_out:
        found.append(say("Called lost: {at}. Nothing of theirs counts until they enrol anew.", at=Time(record.lost_at)))
    if record.failures >= challenge.DISABLED_AT:
        found.append(say("Their codes are switched off after {n} misses.", n=record.failures))
    return found


def in_force(sha256: str, rules: int) -> Parts:
    """Which policy holds."""
    return say(f"{{n}} {'rule' if rules == 1 else 'rules'}, SHA-256 {{sha256}}.", n=rules, sha256=Fact(sha256))


def rule(found: Rule) -> Parts:
    """A rule's name, and what it is for where that is not to ask."""
    kind = ", on trial" if found.observe else ", for break-glass" if found.break_glass else ""
    passes = ": lets the gate pass by itself" if found.passes else ""
    return say(f"{{name}}{kind}{passes}", name=Word(found.name))


def difference(old: Rule | None, new: Rule | None) -> list[Parts]:
    """What became of a rule beside what it asks, and when: its other settings, as the policy calls them."""
    if old is None or new is None:
        return [say("New." if old is None else "Not there any more.")]
    names = [one.name for one in fields(Rule) if one.name not in {"name", "require", "when"}]
    pairs = [(name, str(getattr(old, name)), str(getattr(new, name))) for name in names]
    return [
        say("{name}: {was}, now {now}.", name=Word(name), was=Fact(was), now=Fact(now))
        for name, was, now in pairs
        if was != now
    ]


def demand(asked: Demand, roster: Roster) -> Parts:
    """As in "2 of release, each with a code"."""
    who = [
        (Word(name.removeprefix("group:")),) if name.startswith("group:") else people.person(roster, name)
        for name in asked.approvers
    ]
    each = "each " if asked.count > 1 else ""
    text = f"{{n}} of {{who}}, {each}with {people.GIVES[asked.factor]}"
    return say(text, n=asked.count, who=join(who, last=" or "))
