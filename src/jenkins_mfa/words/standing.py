"""What a gate still misses, clause by clause: who can answer, who cannot and why; and what did not count."""

from __future__ import annotations

from collections.abc import Sequence

from jenkins_mfa.core import quorum
from jenkins_mfa.core.model import Clause, Entry, Factor, Gate, State
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.words import demanded, enrolment, history, people
from jenkins_mfa.words.parts import Parts, Time, duration, join, say
from jenkins_mfa.words.tree import Branch

REFUSED = "answer:refused"


def branches(
    gate: Gate, roster: Roster, entries: Sequence[Entry], bare: frozenset[str], now: int, *, pages: bool
) -> list[Branch]:
    """As lines; `entries` are the trail's events of the gate, `bare` the roster ids of those without authenticator.
    `pages` says whether there are pages to enrol on.
    """
    found: list[Branch] = []
    requirement = gate.requirement
    if gate.state is State.PENDING and requirement is not None:
        found.append(Branch(0, say(f"Waits {duration(gate.deadline - now)} more.")))
        missing = quorum.open_places(requirement, gate.confirmations)
        unable = frozenset(one for one in people.others(gate, roster) if one in bare and not _taps(gate, one))
        for clause, n in zip(requirement.clauses, missing, strict=True):
            found += _clause(gate, clause, n, roster, unable, pages=pages)
    found += [
        Branch(0, say("Counted: {who}, {at}.", who=people.confirmed(roster, one), at=Time(one.at)))
        for one in gate.confirmations
    ]
    refused = [entry for entry in entries if entry.event == REFUSED]
    found += [
        Branch(0, say("{at}: {why}", at=Time(one.at, clock=True), why=history.sentence(one, roster))) for one in refused
    ]
    return found


def _clause(
    gate: Gate, clause: Clause, missing: int, roster: Roster, unable: frozenset[str], *, pages: bool
) -> list[Branch]:
    """One clause; those who are `unable` could answer if they had an authenticator."""
    head = say("{clause} ({by})", clause=demanded.clause(clause, roster), by=demanded.by(clause))
    if not missing:
        return [Branch(0, say("Filled: {head}.", head=head))]
    bare = [one for one in clause.people if one in unable]
    found = [
        Branch(0, say("Missing {n}: {head}.", n=missing, head=head)),
        Branch(1, _able(gate, clause, roster, unable)),
    ]
    if bare:
        command = enrolment.way(bare[0] if len(bare) == 1 else "NAME", pages=pages)
        says = "No authenticator: {who}. Mend: {command}"
        found.append(Branch(1, say(says, who=people.names(roster, bare), command=command)))
    barred = _barred(gate, clause, roster)
    return [*found, *([Branch(1, barred)] if barred else [])]


def _able(gate: Gate, clause: Clause, roster: Roster, unable: frozenset[str]) -> Parts:
    """Who can fill the clause, or by whose answer somebody who has confirmed comes free for it."""
    left = [one for one in people.others(gate, roster) if one not in unable]
    able = [one for one in left if one in clause.people]
    if able:
        gives = people.GIVES[clause.factor]
        return say(f"Can still answer with {gives}: {{who}}.", who=people.names(roster, able))
    movable = any(quorum.fits(clause, one.person, one.factor) for one in gate.confirmations)
    freeing = [one for one in left if movable and _helps(gate, one)]
    if not freeing:
        return say("Nobody can answer it now.")
    who = people.names(roster, freeing, last="or")
    return say("Whoever has confirmed moves here once {who} answers.", who=who)


def _helps(gate: Gate, person: str) -> bool:
    """Whether one more place would be filled, if that person confirmed."""
    requirement = gate.requirement
    if requirement is None:
        return False
    given = {one.person: one.factor for one in gate.confirmations}
    filled = sum(quorum.assign(requirement.clauses, given))
    return sum(quorum.assign(requirement.clauses, given | {person: requirement.factor})) > filled


def _taps(gate: Gate, person: str) -> bool:
    """Whether this person can give what they are asked for without an authenticator."""
    requirement = gate.requirement
    asked = quorum.asked(requirement, gate.confirmations, person) if requirement else None
    return asked in {Factor.PUSH, Factor.PUSH_NUMBER}


def _barred(gate: Gate, clause: Clause, roster: Roster) -> Parts:
    """Whom the rule names and the gate does not ask: they are behind the build, or wrote what it builds."""
    out = sorted(roster.named(clause.approvers, gate.history.at) - set(clause.people))
    if not out:
        return ()
    starters = {one.person for one in gate.facts.starters}
    authors = {one.person for one in gate.facts.authors}

    def why(person: str) -> Parts:
        who = people.person(roster, person)
        if person in starters:
            return say("{who} is behind this build", who=who)
        return say("{who} wrote a commit in it" if person in authors else "{who} was not among them then", who=who)

    return say("Not asked: {out}.", out=join([why(person) for person in out]))
