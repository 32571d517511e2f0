"""Where a gate stands, in words: the state word that comes first everywhere, and the lines that follow it.

`most` is how many names stand in a row before the rest is counted; a caller with little room lowers it.
"""

from __future__ import annotations

from collections.abc import Callable

from jenkins_mfa.core.model import Gate, Requirement, State, Trouble
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.words import asking, compared, delivery, denials, endings, glass, holding, people
from jenkins_mfa.words.parts import Line, Parts, Person, Quote, Time, duration, join, listing, say, sentences

TEST = "A test of jenkins-mfa: no build waits for it, and what you answer lets nothing pass."


def word(gate: Gate, trouble: Trouble | None = None) -> str:
    """The state word; `trouble` is why Jenkins does not get the answer. That of a test says that it is one."""
    return f"Test: {_word(gate, trouble)}" if gate.run.test else _word(gate, trouble)


def _word(gate: Gate, trouble: Trouble | None) -> str:
    if trouble is not None and gate.state in {State.APPROVED, State.SENDING}:
        return "Approved, not delivered yet"
    if gate.state is State.PENDING and gate.held is not None:
        return "Held"
    if gate.state is State.PENDING and gate.broken is not None:
        return "Break-glass, needs confirmation"
    denied_by_us = gate.denial is not None and gate.denial.person is None
    if gate.state in {State.DENIED, State.ABORTED} and denied_by_us:
        superseded = gate.denial is not None and gate.denial.reason == "superseded"
        return "Replaced" if superseded else "Denied by jenkins-mfa"
    if gate.state is State.ABORTED:
        return "Denied, aborted" if gate.denial else "Expired, aborted"
    if gate.state is State.BYPASSED and gate.ending is not None and gate.ending.code == "token_stolen":
        return "Bypassed, token stolen"
    if gate.state in {State.APPROVED, State.SENDING, State.RESUMED} and passes(gate):
        return "Passed by the policy"
    return _WORDS[gate.state]


def passes(gate: Gate) -> bool:
    """Whether the policy asks nobody about this gate."""
    return gate.requirement is not None and bool(gate.requirement.passes_by)


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


def lines(gate: Gate, roster: Roster, others: int, most: int, trouble: Trouble | None = None) -> tuple[Line, ...]:
    """The lines of the present state; `others` more gates of the run wait too, `trouble` keeps our answer from it."""
    shown = glass.lines(gate, roster, _present(gate, roster, others, most, trouble))
    return (Line(say(TEST)), *shown) if gate.run.test else shown


def _present(gate: Gate, roster: Roster, others: int, most: int, trouble: Trouble | None) -> tuple[Line, ...]:
    if trouble is None:
        return tuple(_LINES[gate.state](gate, roster, others, most))
    if gate.state in {State.APPROVED, State.SENDING}:
        first = _approval(gate, roster, most, delivery.why_not(trouble.reason))
        return (first, *delivery.lines(trouble), *_given(gate, roster), _limit(gate))
    first, *rest = _LINES[gate.state](gate, roster, others, most)
    return (first, Line(delivery.why_not(trouble.reason)), *delivery.lines(trouble), *rest)


def _pending(gate: Gate, roster: Roster, others: int, most: int) -> list[Line]:
    requirement = gate.requirement
    if requirement is None:
        return []
    length = duration(gate.deadline - gate.opened_at)
    until = Time(gate.deadline)
    found = [
        *([Line(holding.line(gate.held, roster, most))] if gate.held else []),
        *asking.needs(gate, requirement, roster, most),
        *asking.since(requirement, roster, most),
        *asking.standing_in(gate, requirement, roster),
        Line(
            say(f"Until {{until}} ({length} from the start), then the build is aborted.", until=until),
            say("Until {until}, then the build is aborted.", until=until),
        ),
        Line(sentences([asking.why(gate, requirement, most), say(f"More: /mfa why {short(gate)}.")])),
        *compared.lines(gate, most),
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
        found.append(Line(say("Asked again: this input came back after its gate had ended. No earlier answer counts.")))
    if gate.assurance != "verified":
        found.append(
            Line(say("This build checks no receipt: a Proceed by somebody else would be noticed, not prevented."))
        )
    return [*found, *_asked(gate, requirement, roster)]


def _asked(gate: Gate, requirement: Requirement, roster: Roster) -> list[Line]:
    """Whom the message calls; `text` leaves them out, since it is read aloud."""
    asked: list[Parts] = [(Person(one, roster.name(one), mention=True),) for one in requirement.people]
    if not asked or gate.held:
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
        _limit(gate),
    ]


def _limit(gate: Gate) -> Line:
    return Line(say("Must reach Jenkins by {by}.", by=Time(gate.deadline)))


def _resumed(gate: Gate, roster: Roster, _others: int, most: int) -> list[Line]:
    at = gate.ending.at if gate.ending else gate.decided_at
    found = [_approval(gate, roster, most, say("The build went on: {at}.", at=Time(at))), *_given(gate, roster)]
    if gate.claim is not None:
        found.append(Line(say(f"Receipt {gate.jti}, trail event {gate.claim.audit_seq}."), ()))
    return found


def _approval(gate: Gate, roster: Roster, most: int, then: Parts) -> Line:
    if gate.requirement is not None and passes(gate):
        why = asking.passed(gate.requirement)
        return Line(say("No confirmation needed: {why}. {then}", why=why, then=then))
    done, total = people.filled(gate)
    who = listing([people.confirmed(roster, one) for one in gate.confirmations], most, "", "people")
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
        return [Line(denials.system(denial, roster))]
    who = people.person(roster, denial.person)
    aborted = gate.state is State.ABORTED
    first = say("Denied by {who}. Jenkins has aborted the build." if aborted else "Denied by {who}.", who=who)
    with_it = "{at}. Other gates of this build are denied with it. Reason given by {who}:"
    then = "; Jenkins has aborted the build." if aborted else "."
    reason = "Reason given by {who}: {reason}" if most else "Reason: {reason}"
    typed = Quote(denial.reason)
    return [
        Line(first, say(f"Denied by {{who}}, {{at}}{then}", who=who, at=Time(denial.at))),
        Line((*say(with_it, at=Time(denial.at), who=who), typed), say(reason, who=who, reason=typed)),
    ]


def _expired(gate: Gate, _roster: Roster, _others: int, _most: int) -> list[Line]:
    done, total = people.filled(gate)
    counted = say("{done} of {total}", done=done, total=total) if total else say("passed by the policy")
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
