"""Where a gate stands, in words: the state word that comes first everywhere, and the lines that follow it.

`most` is how many names stand in a row before the rest is counted; a caller with little room lowers it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jenkins_mfa.core import quorum
from jenkins_mfa.core.model import Clause, Gate, Requirement, State
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.words import endings, people
from jenkins_mfa.words.parts import Claim, Parts, Person, Quote, Time, Word, duration, join, listing, say, sentences


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a message's state; `spoken` is how `text` says it, None the same, () not at all."""

    shown: Parts
    spoken: Parts | None = None


def word(gate: Gate) -> str:
    """The state word."""
    denied_by_us = gate.denial is not None and gate.denial.person is None
    if gate.state in {State.DENIED, State.ABORTED} and denied_by_us:
        superseded = gate.denial is not None and gate.denial.reason == "superseded"
        return "Replaced" if superseded else "Denied by jenkins-mfa"
    if gate.state is State.ABORTED:
        return "Denied, aborted" if gate.denial else "Expired, aborted"
    if gate.state is State.BYPASSED and gate.ending is not None and gate.ending.code == "token_stolen":
        return "Bypassed, token stolen"
    return _WORDS[gate.state]


_WORDS = {
    State.PENDING: "Needs confirmation",
    State.APPROVED: "Approved, on its way",
    State.SENDING: "Approved, on its way",
    State.RESUMED: "Approved, resumed",
    State.DENIED: "Denied, being aborted",
    State.EXPIRED: "Expired, being aborted",
    State.WITHDRAWN: "Withdrawn",
    State.BYPASSED: "Bypassed",
}


def lines(gate: Gate, roster: Roster, others: int, most: int) -> tuple[Line, ...]:
    """The lines of the present state; `others` more gates of the run wait too."""
    return tuple(_LINES[gate.state](gate, roster, others, most))


def _pending(gate: Gate, roster: Roster, others: int, most: int) -> list[Line]:
    requirement = gate.requirement
    if requirement is None:
        return []
    length = duration(gate.deadline - gate.opened_at)
    until = Time(gate.deadline)
    found = [
        *_needs(gate, requirement, roster, most),
        Line(
            say(f"Until {{until}} ({length} from the start), then the build is aborted.", until=until),
            say("Until {until}, then the build is aborted.", until=until),
        ),
        Line(_why(gate, requirement, most)),
    ]
    if others:
        found.append(
            Line(
                say(
                    "Another gate of this build waits too."
                    if others == 1
                    else "{n} more gates of this build wait too.",
                    n=others,
                )
            )
        )
    if gate.generation > 1:
        found.append(Line(say("Asked again: Jenkins brought this input back after a restart.")))
    if gate.assurance != "verified":
        found.append(
            Line(say("This build checks no receipt: a Proceed by somebody else would be noticed, not prevented."))
        )
    return [*found, *_asked(gate, requirement, roster)]


def _needs(gate: Gate, requirement: Requirement, roster: Roster, most: int) -> list[Line]:
    """What is missing. One clause is a sentence of its own; several are a line each."""
    given = gate.confirmations
    who = listing([people.confirmed(roster, one) for one in given], most, "and", "people")
    found: list[Line] = []
    if len(requirement.clauses) == 1:
        need = _need(requirement.clauses[0], roster, most)
        shown = say("{need}. So far {n}.", need=need, n=len(given)) if given else say("{need}.", need=need)
        spoken = say("{need}; so far {n}: {who}.", need=need, n=len(given), who=who) if given else shown
        found.append(Line(shown, spoken))
    else:
        places = quorum.open_places(requirement, given)
        found += [_clause(*pair, gate, roster, most) for pair in zip(requirement.clauses, places, strict=True)]
    if given:
        times = join([say("{who}, {at}", who=people.confirmed(roster, one), at=Time(one.at)) for one in given], "; ")
        several = say("So far {n}: {who}.", n=len(given), who=who) if len(requirement.clauses) > 1 else ()
        found.append(Line(say("Confirmed: {times}", times=times), several))
    return found


def _need(clause: Clause, roster: Roster, most: int) -> Parts:
    """As in "Needs 2 of release, each with a code", "Needs Alice Wu, Bob Ray or Carol Diaz with a code"."""
    gives = people.GIVES[clause.factor]
    if clause.count == 1 and len(clause.people) <= min(3, most):
        return say(f"Needs {{who}} with {gives}", who=people.names(roster, clause.people, last="or"))
    group = people.group(clause, roster, most)
    each = f"each with {gives}" if clause.count > 1 else f"with {gives}"
    return say(f"Needs {{n}} of {{group}}{',' if clause.count > 1 else ''} {each}", n=clause.count, group=group)


def _clause(clause: Clause, places: int, gate: Gate, roster: Roster, most: int) -> Line:
    group = people.group(clause, roster, most)
    if clause.rule == "unknown requester" and places:
        strangers = [one.subject for one in gate.facts.starters if one.subject and not one.person]
        if strangers:
            who = listing([people.unknown(one)[:1] for one in strangers], 1, "and", "accounts")
            return Line(say("One person more, since {who} is not in the roster.", who=who))
        return Line(say("One person more, since Jenkins does not tell who started this build."))
    if not places:
        return Line(say("Done: {n} of {group}.", n=clause.count, group=group))
    return Line(say(f"Open: {{n}} of {{group}} with {people.GIVES[clause.factor]}.", n=places, group=group))


def _why(gate: Gate, requirement: Requirement, most: int) -> Parts:
    """Which rules ask, and which environment they saw."""
    rules: list[Parts] = [(Word(rule),) for rule in requirement.rules]
    defaults = [node for node in requirement.reasons.children if node.code == "default" and node.holds]
    if defaults:
        why = say("Why: no rule matches, so the default applies.")
    elif len(rules) == 1:
        why = say("Why: rule {rule}.", rule=rules[0])
    else:
        why = say("Why: rules {rules}.", rules=listing(rules, most, "and", "rules"))
    return sentences([why, environment(gate)])


def environment(gate: Gate) -> Parts:
    """The environment by the policy, and what the pipeline says instead."""
    declared = gate.requirement.environments if gate.requirement else ()
    if not declared:
        return ()
    names = listing([(Word(name),) for name in declared], 3, "and", "environments")
    if gate.claims is not None and gate.claims.environment not in declared:
        return say(
            "The Jenkinsfile says {claim}; the policy says {names}. The rules of both apply.",
            claim=Claim(gate.claims.environment),
            names=names,
        )
    return say("Environment by the policy: {names}.", names=names)


def _asked(gate: Gate, requirement: Requirement, roster: Roster) -> list[Line]:
    """Whom the message calls; `text` leaves them out, since it is read aloud."""
    asked: list[Parts] = [(Person(one, roster.name(one), mention=True),) for one in requirement.people]
    if not asked:
        return []
    shown = join(asked[: people.MOST])
    if len(asked) > people.MOST:
        rest = len(asked) - people.MOST
        shown = say(f"{{shown}} and {{rest}} more: /mfa show {short(gate)}", shown=shown, rest=rest)
    return [Line(say("Asked: {shown}", shown=shown), ())]


def _approved(gate: Gate, roster: Roster, _others: int, most: int) -> list[Line]:
    return [
        _approval(gate, roster, most, say("Jenkins gets the answer now.")),
        *_given(gate, roster),
        Line(say("Must reach Jenkins by {by}.", by=Time(gate.deadline))),
    ]


def _resumed(gate: Gate, roster: Roster, _others: int, most: int) -> list[Line]:
    at = gate.ending.at if gate.ending else gate.decided_at
    found = [_approval(gate, roster, most, say("The build went on at {at}.", at=Time(at))), *_given(gate, roster)]
    if gate.claim is not None:
        found.append(Line(say(f"Receipt {gate.jti}, trail event {gate.claim.audit_seq}."), ()))
    return found


def _approval(gate: Gate, roster: Roster, most: int, then: Parts) -> Line:
    done, total = people.filled(gate)
    who = listing([people.confirmed(roster, one) for one in gate.confirmations], most, "and", "people")
    return Line(
        say("Approved by {done} of {total}. {then}", done=done, total=total, then=then),
        say("Approved by {done} of {total}: {who}. {then}", done=done, total=total, who=who, then=then),
    )


def _given(gate: Gate, roster: Roster) -> list[Line]:
    """One line a person, for the eye; `text` has named them."""
    return [
        Line(say("{who}, {at}", who=people.confirmed(roster, one), at=Time(one.at)), ()) for one in gate.confirmations
    ]


def _denied(gate: Gate, roster: Roster, _others: int, most: int) -> list[Line]:
    denial = gate.denial
    if denial is None:
        return _expired(gate, roster, _others, most)
    if denial.person is None:
        return [Line(endings.system(denial, roster))]
    who = people.person(roster, denial.person)
    aborted = gate.state is State.ABORTED
    first = say("Denied by {who}. Jenkins has aborted the build." if aborted else "Denied by {who}.", who=who)
    with_it = "{at}. Other gates of this build are denied with it. Reason given by {who}:"
    then = "on {at}; Jenkins has aborted the build." if aborted else "on {at}."
    reason = "Reason given by {who}: {reason}" if most else "Reason: {reason}"
    typed = Quote(denial.reason)
    return [
        Line(first, say(f"Denied by {{who}} {then}", who=who, at=Time(denial.at))),
        Line((*say(with_it, at=Time(denial.at), who=who), typed), say(reason, who=who, reason=typed)),
    ]


def _expired(gate: Gate, _roster: Roster, _others: int, _most: int) -> list[Line]:
    done, total = people.filled(gate)
    counted = say("{done} of {total}", done=done, total=total)
    late = "Not delivered in time" if gate.requirement and done == total else "Not enough answers"
    first = say(f"{late} by {{at}}: {{counted}}.", at=Time(gate.deadline), counted=counted)
    again = say("A new build asks again.")
    if gate.state is State.ABORTED:
        return [Line(sentences([first, say("Jenkins has aborted the build."), again]))]
    return [Line(sentences([first, again]))]


def _ended(gate: Gate, _roster: Roster, _others: int, _most: int) -> list[Line]:
    return [Line(line) for line in endings.ending(gate)]


def short(gate: Gate) -> str:
    """The first four hexadecimal digits of the gate's id: for people."""
    return gate.id.removeprefix("g_")[:4]


_LINES: dict[State, Callable[[Gate, Roster, int, int], list[Line]]] = {
    State.PENDING: _pending,
    State.APPROVED: _approved,
    State.SENDING: _approved,
    State.RESUMED: _resumed,
    State.DENIED: _denied,
    State.ABORTED: _denied,
    State.EXPIRED: _expired,
    State.WITHDRAWN: _ended,
    State.BYPASSED: _ended,
}
