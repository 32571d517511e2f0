"""A person's own page in the messenger: what waits for them, what they decided, what they answer with."""

from __future__ import annotations

from jenkins_mfa.core.home import Home
from jenkins_mfa.core.model import Factor, Gate
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.words import enrolment, facts, people, state
from jenkins_mfa.words.parts import Fact, Parts, Time, Word, join, say, sentences

DECIDED = "What you decided"
AUTHENTICATORS = "Your authenticators"
ME = "Manage your authenticators"


def waiting(home: Home) -> str:
    """The heading of what waits."""
    count = len(home.waiting) + home.more
    return f"Waits for you: {count:,}" if count else "Nothing waits for you"


def others(home: Home) -> Parts:
    """What waits for other people is only counted; empty where nothing does."""
    if not home.others:
        return ()
    if home.others == 1:
        return say("1 build waits for others: /mfa pending")
    return say("{n} builds wait for others: /mfa pending", n=home.others)


def more(left: int) -> Parts:
    """What there was no room for."""
    return say("{n} more wait for you: /mfa pending", n=left)


def asks(gate: Gate, factor: Factor, roster: Roster) -> list[Parts]:
    """A gate that waits for its reader: which build, what of them, until when, whose it is."""
    environments = gate.requirement.environments if gate.requirement else ()
    named = say("Environment by the policy: {names}.", names=Word(", ".join(environments))) if environments else ()
    who = join(people.requesters(gate, roster)[: people.MOST]) or say("nobody that Jenkins names")
    return [
        say("{word}: {build}", word=Word(state.word(gate)), build=_build(gate)),
        say(f"With {people.GIVES[factor]}, until {{until}}.", until=Time(gate.deadline)),
        sentences([named, say("Started by {who}.", who=who)]),
        say(f"All of it: /mfa show {state.short(gate)}"),
    ]


def decided(gate: Gate, person: str) -> list[Parts]:
    """A gate that its reader confirmed or denied, and where it stands."""
    return [say("{word}: {build}", word=Word(state.word(gate)), build=_build(gate)), *_answers(gate, person)]


def _answers(gate: Gate, person: str) -> list[Parts]:
    found = [
        say(f"You confirmed it with {people.GIVES[one.factor]}, {{at}}.", at=Time(one.at))
        for one in gate.confirmations
        if one.person == person
    ]
    if gate.denial is not None and gate.denial.person == person:
        found.append(say("You denied it, {at}: {why}", at=Time(gate.denial.at), why=Fact(gate.denial.reason)))
    return found


def _build(gate: Gate) -> Parts:
    job = facts.chip(gate.run.pipeline)
    return say("{job} {number}", job=job, number=people.number(gate.run))


def authenticators(home: Home, roster: Roster) -> list[Parts]:
    """What they have enrolled, as `/mfa me` says it."""
    if home.record is None:
        return [enrolment.damaged()]
    return enrolment.standing(roster.people[home.person], home.record, home.at)


def footer(home: Home) -> Parts:
    """How fresh it is, and the way to the rest."""
    return say("As of {at}. A lost phone or key: /mfa lost. The rest: /mfa help.", at=Time(home.at))
