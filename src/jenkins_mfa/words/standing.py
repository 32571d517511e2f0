"""What a gate still misses, clause by clause: who can answer, who cannot and why; and what did not count."""

from __future__ import annotations

from collections.abc import Sequence

from jenkins_mfa.core import quorum
from jenkins_mfa.core.model import Clause, Entry, Factor, Gate, State
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.words import demanded, history, people
from jenkins_mfa.words.parts import Parts, Time, Word, duration, join, say
from jenkins_mfa.words.tree import Branch

REFUSED = "answer:refused"


def branches(gate: Gate, roster: Roster, entries: Sequence[Entry], bare: frozenset[str], now: int) -> list[Branch]:
    """As lines; `entries` are the trail's events of the gate, `bare` the roster ids of those without authenticator."""
    found: list[Branch] = []
    requirement = gate.requirement
    if gate.state is State.PENDING and requirement is not None:
        found.append(Branch(0, say(f"Waits {duration(gate.deadline - now)} more.")))
        missing = quorum.open_places(requirement, gate.confirmations)
        for clause, n in zip(requirement.clauses, missing, strict=True):
            found += _clause(gate, clause, n, roster, bare)
    found += [
        Branch(0, say("Counted: {who}, {at}.", who=people.confirmed(roster, one), at=Time(one.at)))
        for one in gate.confirmations
    ]
    refused = [entry for entry in entries if entry.event == REFUSED]
    found += [
        Branch(0, say("{at}: {why}", at=Time(one.at, clock=True), why=history.sentence(one, roster))) for one in refused
    ]
    return found


def _clause(gate: Gate, clause: Clause, missing: int, roster: Roster, bare: frozenset[str]) -> list[Branch]:
    head = say("{clause} ({by})", clause=demanded.clause(clause, roster), by=demanded.by(clause))
    if not missing:
        return [Branch(0, say("Filled: {head}.", head=head))]
    able, unable = _answerers(gate, clause, roster, bare)
    gives = people.GIVES[clause.factor]
    can = say(f"Can still answer with {gives}: {{who}}.", who=people.names(roster, able)) if able else ()
    found = [
        Branch(0, say("Missing {n}: {head}.", n=missing, head=head)),
        Branch(1, can or say("Nobody can answer it now.")),
    ]
    if unable:
        command = Word(f"jenkins-mfa enroll local {unable[0] if len(unable) == 1 else 'NAME'}")
        says = "No authenticator: {who}. Mend: {command}"
        found.append(Branch(1, say(says, who=people.names(roster, unable), command=command)))
    barred = _barred(gate, clause, roster)
    return [*found, *([Branch(1, barred)] if barred else [])]


def _answerers(gate: Gate, clause: Clause, roster: Roster, bare: frozenset[str]) -> tuple[list[str], list[str]]:
    """Those who can fill the clause, and those who could if they had an authenticator."""
    confirmed = {one.person for one in gate.confirmations}
    left = [one for one in clause.people if one not in confirmed and one in roster.people]
    if clause.factor is Factor.PUSH and gate.requirement is not None and gate.requirement.factor is Factor.PUSH:
        return left, []  # everyone is asked for the strongest factor of the gate
    return [one for one in left if one not in bare], [one for one in left if one in bare]


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
