"""Who may answer a gate now: checked at every answer, at quorum and at the claim, never frozen at the start."""

from __future__ import annotations

from dataclasses import replace

from jenkins_mfa.core.model import Clause, Confirmation, Gate, Requirement, State
from jenkins_mfa.core.policy import Person
from jenkins_mfa.errors import MessengerUnavailableError, Refusal
from jenkins_mfa.usecases import apart
from jenkins_mfa.usecases.desk import Desk, Who, person_of, whole


def confirming(desk: Desk, gate: Gate, who: Who, cause: str, now: int) -> tuple[Person, bool]:
    """The person behind an account who confirms, and whether this very cause was recorded already.

    Raises Refusal with the reason why the answer does not count.
    """
    if desk.continuity.look():
        raise Refusal("rolled_back")
    person = person_of(desk, who)
    mine = [c for c in gate.confirmations if person is not None and c.person == person.id]
    if person is not None and any(c.cause == cause for c in mine):
        desk.store.confirm(gate)
        return person, True
    person = _answering(desk, gate, who, now, {State.PENDING}, "requester", _asked(gate)[:1])
    if gate.held is not None:
        raise Refusal("held")
    if mine:
        raise Refusal("confirmed_before", {"at": str(mine[0].at)})
    _not_lost(desk, person)
    apart.check(desk, gate, person.id, now)
    return person, False


def denying(desk: Desk, gate: Gate, who: Who, now: int) -> Person:
    """The person behind an account who denies. Anyone eligible may, until a proceed has been claimed; whoever was so
    before the glass was broken, too.
    """
    return _answering(desk, gate, who, now, {State.PENDING, State.APPROVED}, "requester_deny", _asked(gate))


def opening(desk: Desk, gate: Gate, who: Who, now: int, glass: Requirement) -> Person:
    """The person behind an account who puts the gate under break-glass: one whom a rule for that names."""
    breaking = {rule.name for rule in desk.policy.rules if rule.break_glass}
    named = replace(glass, clauses=tuple(clause for clause in glass.clauses if clause.rule in breaking))
    return _not_lost(desk, _answering(desk, gate, who, now, {State.PENDING}, "requester", (named,), "not_glass"))


def still_counting(desk: Desk, gate: Gate) -> frozenset[str]:
    """Those whose confirmations count at this moment: still in roster, group and policy, with an active account, and
    with an authenticator that was not revoked, suspended or called lost since (S11).

    Raises MessengerUnavailableError when accounts cannot be looked at: nobody is assumed to be active whose answer came
    through the messenger.
    """
    present = [c for c in gate.confirmations if _named(desk, _asked(gate)[:1], c.person) and _stands(desk, c)]
    people = frozenset(c.person for c in present)
    try:
        return people - desk.messenger.inactive(sorted(people))
    except MessengerUnavailableError:
        if any(through_messenger(desk, c.via) for c in present):
            raise
        return people


def through_messenger(desk: Desk, via: str) -> bool:
    """Whether an answer came through the messenger, which then must vouch for its account at every look. For one that
    was given elsewhere, it only must not say that the account is inactive: its silence stops nobody who is in the
    roster and gave a factor that it does not hold.
    """
    return via.startswith(f"{desk.messenger.issuer}/")


def kept(gate: Gate, people: frozenset[str]) -> tuple[Confirmation, ...]:
    """The confirmations of those people."""
    return tuple(c for c in gate.confirmations if c.person in people)


def reviewing(desk: Desk, gate: Gate, who: Who) -> Person:
    """The person behind an account who reviews a break-glass: a third one, who had no part in it.

    That is somebody whom the rule's `review_by` names, or who was asked before the glass was broken.
    """
    person = known(desk, who)
    took_part = {c.person for c in gate.confirmations} | {s.person for s in gate.facts.starters if s.person}
    if gate.broken is None or person.id in took_part | {gate.broken.person}:
        raise Refusal("took_part")
    review_by = gate.requirement.review_by if gate.requirement else ()
    named = desk.roster.named(review_by, desk.store.now())
    if person.id not in named and not _named(desk, (gate.broken.former,), person.id):
        raise Refusal("not_reviewer")
    return _not_lost(desk, active(desk, person))


def _asked(gate: Gate) -> tuple[Requirement, ...]:
    """What the gate needs, and what it needed before somebody broke the glass."""
    former = (gate.broken.former,) if gate.broken else ()
    return (gate.requirement, *former) if gate.requirement else ()


def known(desk: Desk, who: Who) -> Person:
    """The person of the roster behind an account. Raises Refusal."""
    person = person_of(desk, who)
    if person is None:
        raise Refusal("not_in_roster", {"account": who.subject})
    return person


def active(desk: Desk, person: Person, via: str = "") -> Person:
    """The same person, whose account may act now.

    Raises Refusal; MessengerUnavailableError where the messenger does not tell, unless the answer came from elsewhere
    (`via`).
    """
    try:
        inactive = desk.messenger.inactive([person.id])
    except MessengerUnavailableError:
        if not via or through_messenger(desk, via):
            raise
        return person
    if inactive:
        raise Refusal("inactive_account")
    return person


def _wrote(desk: Desk, gate: Gate, asked: tuple[Requirement, ...], person: str) -> bool:
    """Whether it is only a commit of theirs that keeps somebody whom the rules name from answering."""
    now = desk.store.now()
    named = any(person in desk.roster.named(clause.approvers, now) for one in asked for clause in one.clauses)
    return named and any(author.person == person for author in gate.facts.authors)


def _answering(
    desk: Desk,
    gate: Gate,
    who: Who,
    now: int,
    states: set[State],
    requester: str,
    asked: tuple[Requirement, ...],
    outsider: str = "not_eligible",
) -> Person:
    person = known(desk, who)
    if gate.state not in states:
        raise Refusal(gate.state.value)
    if not asked or now >= gate.deadline:
        raise Refusal("deadline")
    if not any(person.id in requirement.people for requirement in asked):
        if any(starter.person == person.id for starter in gate.facts.starters):
            raise Refusal(requester)
        raise Refusal("author" if _wrote(desk, gate, asked, person.id) else outsider)
    if not _named(desk, asked, person.id):
        raise Refusal(outsider)
    return active(desk, person, who.via)


def _not_lost(desk: Desk, person: Person) -> Person:
    """Who has said that their phone is lost answers nothing until they have enrolled anew. A record that cannot be read
    may hold that they have.
    """
    record = whole(desk, lambda: desk.store.person(person.id))
    if record is None:
        raise Refusal("authenticator_damaged")
    if record.locked_out:
        raise Refusal("locked_out")
    return person


def _stands(desk: Desk, given: Confirmation) -> bool:
    """Whether what the person answered with was neither called lost since, a tap too, nor switched off."""
    record = whole(desk, lambda: desk.store.person(given.person))
    if record is None or record.locked_out or given.at <= record.lost_at:
        return False
    return not given.authenticator or any(a.id == given.authenticator and a.usable for a in record.authenticators)


def _named(desk: Desk, asked: tuple[Requirement, ...], person: str) -> bool:
    """Whether roster and policy still name the person for a clause (traps: "a leaver can still approve").

    A rule that the policy has lost meanwhile keeps its clause, and its people as the roster knows them now.
    """
    in_force = desk.rules.now
    policy, roster = in_force.policy, in_force.roster
    if person not in roster.people:
        return False
    now = desk.store.now()
    rules = {rule.name: rule for rule in policy.rules}

    def names(clause: Clause) -> bool:
        rule = rules.get(clause.rule)
        present = [*(a for d in rule.require for a in d.approvers), *rule.escalate_to] if rule else clause.approvers
        named = roster.named(clause.approvers, now) & roster.named(present, now)
        return person in clause.people and person in named

    return any(names(clause) for requirement in asked for clause in requirement.clauses)
