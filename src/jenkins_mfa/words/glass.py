"""Break-glass in words: on a gate's message, to ops, to those who are asked now, and to whoever gave the command."""

from __future__ import annotations

from collections.abc import Mapping

from jenkins_mfa.core.model import Denial, Gate, State
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.words import denials, facts, people
from jenkins_mfa.words.parts import Everyone, Fact, Line, Parts, Person, Quote, Time, Word, listing, say, sentences


def lines(gate: Gate, roster: Roster, found: tuple[Line, ...]) -> tuple[Line, ...]:
    """The lines of a gate's state, with what break-glass adds: which rule first where it waits, the reason last."""
    if gate.broken is None:
        return found
    who = people.person(roster, gate.broken.person)
    reason = Quote(gate.broken.reason)
    review = Line(say("A third person must review it afterwards: {command}.", command=_review(gate)))
    if gate.state is State.PENDING:
        first = Line(say("Break-glass: rule {rule} replaces the normal ones.", rule=_rule(gate)))
        told = Line((*say("Reason given by {who}:", who=who), reason), say("Reason: {reason}", reason=reason))
        return (first, *found, review, told)
    at = Time(gate.broken.at)
    text = "Break-glass by {who}, {at}: rule {rule} replaced the normal ones."
    said = Line(say(text, who=who, at=at, rule=_rule(gate)), say("Break-glass by {who}.", who=who))
    shown = Line((*say("Reason given by {who} for it:", who=who), reason), ())
    return (*found, said, Line(review.shown, ()), shown)


def alert(gate: Gate, roster: Roster) -> Parts:
    """To ops, at once."""
    if gate.broken is None:
        return say("Break-glass.")
    return say(
        "{here} Break-glass by {who}: rule {rule} replaces the normal ones. Reason: {reason}",
        here=Everyone(),
        who=people.person(roster, gate.broken.person),
        rule=_rule(gate),
        reason=Fact(gate.broken.reason),
    )


def unreviewed(gate: Gate | None) -> Parts:
    """To ops, once a day."""
    if gate is None:
        return say("A break-glass is not reviewed yet.")
    return say("A break-glass is not reviewed yet. A third person types {command}.", command=_review(gate))


def asked(gate: Gate, roster: Roster) -> Parts:
    """Once in the thread, since a changed message calls nobody: who is asked now."""
    if gate.broken is None or gate.requirement is None:
        return ()
    everyone: list[Parts] = [(Person(one, roster.name(one), mention=True),) for one in gate.requirement.people]
    called = listing(everyone, people.MOST, "and", "people")
    text = "{called}: break-glass by {who}. It needs {opens} now. Earlier confirmations do not count for it."
    who = people.person(roster, gate.broken.person)
    return say(text, called=called, who=who, opens=people.opens(gate, roster))


def broken(gate: Gate, roster: Roster) -> Parts:
    """To whoever broke the glass."""
    first = say("Break-glass: rule {rule} replaces the normal ones. This confirms nothing.", rule=_rule(gate))
    still = say("It needs {opens}. Ops are told, and a third person must review it.", opens=people.opens(gate, roster))
    return sentences([first, still])


def reviewed(gate: Gate) -> Parts:
    """To whoever has reviewed."""
    return say("Reviewed: {build}. It stands in the trail with your name.", build=people.build(gate.run))


def waiting(gate: Gate | None, gate_id: str) -> Parts:
    """One review that is open, in a list."""
    if gate is None or gate.broken is None:
        return say("To review: a gate that cannot be read, {gate}.", gate=Fact(gate_id))
    text = "To review: {job} {number}, break-glass {at}. {command}"
    job, at = facts.chip(gate.run.pipeline), Time(gate.broken.at)
    return say(text, job=job, number=people.number(gate.run), at=at, command=_review(gate))


def unmet(values: Mapping[str, str], roster: Roster) -> Parts:
    """Why the people whom the break-glass rule names could not meet it."""
    why = denials.why(Denial(0, None, values.get("reason", ""), "", values=dict(values)), roster)
    return say("Not recorded: break-glass could not be met: {why}.", why=why)


def _rule(gate: Gate) -> Parts:
    return (Word(gate.requirement.break_glass if gate.requirement else ""),)


def _review(gate: Gate) -> Parts:
    return (Word(f"/mfa review {gate.id.removeprefix('g_')[:4]}"),)
