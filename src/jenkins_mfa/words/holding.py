"""Gates that are not asked for the present: why, who is told, and how they are released."""

from __future__ import annotations

from collections.abc import Sequence

from jenkins_mfa.core import flood, holds
from jenkins_mfa.core.model import Flood, Gate, Held, Hold
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.words import facts, people
from jenkins_mfa.words.parts import Fact, Parts, Time, Word, join, say


def why(held: Held, roster: Roster) -> Parts:
    """Why a gate is not asked, without a full stop."""
    who = people.person(roster, held.requester)
    if held.why == holds.MANY:
        return say("as many builds of {who} are asked as may be at a time", who=who)
    return say(
        "{who} was reported at {at} by {by}; ops release with /mfa release {name}",
        who=who,
        at=Time(held.at, clock=True),
        by=people.person(roster, held.by),
        name=_name(held.requester, roster),
    )


def line(held: Held, roster: Roster, most: int) -> Parts:
    """The first line of a message that asks nobody; without names where there is room for none (`most` is 0)."""
    if not most:
        return say("Held: reported." if held.why == holds.REPORTED else "Held: waits in line.")
    return say("Held: {why}.", why=why(held, roster))


def refused(held: Held, roster: Roster) -> Parts:
    """To who would have confirmed it."""
    return say("Not counted: this build is held, since {why}.", why=why(held, roster))


def summary(requester: str, waiting: int, most: int, roster: Roster) -> Parts:
    """In place of single messages for all that wait their turn."""
    who = people.person(roster, requester)
    if not waiting:
        return say("No more gates of {who} wait for their turn.", who=who)
    text = "{n} more gate of {who} waits" if waiting == 1 else "{n} more gates of {who} wait"
    return say(f"{text}: at most {{most}} are asked at a time.", n=waiting, who=who, most=most)


def flooded(target: str, waiting: int) -> Parts:
    """In place of single messages for all inputs of a job, or of a whole controller, that are not asked."""
    one_job = not target.endswith(":")
    of = facts.chip(target, facts.WHOLE) if one_job else say("the controller {id}", id=Word(target.rstrip(":")))
    if not waiting:
        return say("No more of {of} is held back.", of=of)
    verb = "is" if waiting == 1 else "are"
    why = f"at most {flood.PER_RUN} of one build and {flood.PER_PIPELINE} of one job are asked."
    if not one_job:
        why = f"at most {flood.PER_SOURCE:,} gates of one controller are open, beside the first of each job."
    return say(f"{{n}} more of {{of}} {verb} held back: {why}", n=waiting, of=of)


def floods(found: Sequence[Flood], most: int = 5) -> list[Parts]:
    """What is held back, one line for each job, largest first; what there is no room for is counted."""
    ordered = sorted(found, key=lambda one: (-one.waiting, one.pipeline))
    lines = [flooded(flood.name_of(one.pipeline), one.waiting) for one in ordered[:most]]
    rest = sum(one.waiting for one in ordered[most:])
    return [*lines, say("{n} more of other jobs are held back.", n=rest)] if rest else lines


def further(gate: Gate, roster: Roster) -> Parts:
    """What a report holds beside the build itself."""
    behind = [people.person(roster, one) for one in holds.requesters(gate)]
    if not behind:
        return say("Nobody is named as who started it, so no further build is held.")
    return say("Further builds of {who} are held until an administrator releases them.", who=join(behind, last=" and "))


def reported(gate: Gate, roster: Roster) -> Parts:
    """The same to ops, with what releases them."""
    ways = [say("/mfa release {name}", name=_name(one, roster)) for one in holds.requesters(gate)]
    told = further(gate, roster)
    return say("{told} To release: {ways}", told=told, ways=join(ways, last=" and ")) if ways else told


def released(requester: str, by: str, roster: Roster) -> Parts:
    """To ops."""
    who = people.person(roster, by) if by in roster.people else (Fact(by),)
    return say("Builds of {of} are asked again: {who} released them.", of=people.person(roster, requester), who=who)


def asked_now(gate: Gate, roster: Roster) -> Parts:
    """To the approvers, once a gate that was held is asked."""
    answered = {one.person for one in gate.confirmations}
    asked = gate.requirement.people if gate.requirement else ()
    who = [people.person(roster, one, mention=True) for one in asked if one not in answered]
    shown = join(who[: people.MOST])
    if len(who) > people.MOST:
        shown = say("{shown} and {n} more people", shown=shown, n=len(who) - people.MOST)
    return say("Released, and asked now: {shown}", shown=shown) if who else ()


def _name(requester: str, roster: Roster) -> Word | Fact:
    """A requester as the command takes them."""
    return Word(requester) if requester in roster.people else Fact(requester)


def listed(hold: Hold, roster: Roster) -> Parts:
    """One hold in the terminal."""
    return say(
        "{who}: reported at {at} by {by}, gate {gate}. To release: jenkins-mfa holds release {name}",
        who=people.person(roster, hold.requester),
        at=Time(hold.since),
        by=people.person(roster, hold.by),
        gate=Word(hold.gate.removeprefix("g_")[:4]),
        name=_name(hold.requester, roster),
    )
