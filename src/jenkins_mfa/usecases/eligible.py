"""Who may answer a gate now: checked at every answer, at quorum and at the claim, never frozen at the start."""

from __future__ import annotations

from jenkins_mfa.core.model import Clause, Confirmation, Gate, State
from jenkins_mfa.core.policy import Person
from jenkins_mfa.errors import Refusal
from jenkins_mfa.usecases.desk import Desk, Who, whole


def confirming(desk: Desk, gate: Gate, who: Who, cause: str, now: int) -> tuple[Person, bool]:
    """The person behind an account who confirms, and whether this very cause was recorded already.

    Raises Refusal with the reason why the answer does not count.
    """
    person = desk.roster.find(who.issuer, who.subject)
    mine = [c for c in gate.confirmations if person is not None and c.person == person.id]
    if person is not None and any(c.cause == cause for c in mine):
        return person, True
    person = _answering(desk, gate, who, now, {State.PENDING}, "requester")
    if mine:
        raise Refusal("confirmed_before", {"at": str(mine[0].at)})
    return person, False


def denying(desk: Desk, gate: Gate, who: Who, now: int) -> Person:
    """The person behind an account who denies. Anyone eligible may, until a proceed has been claimed."""
    return _answering(desk, gate, who, now, {State.PENDING, State.APPROVED}, "requester_deny")


def still_counting(desk: Desk, gate: Gate) -> frozenset[str]:
    """Those whose confirmations count at this moment: still in roster, group and policy, with an active account, and
    with an authenticator that was not revoked since (S11).

    Raises MessengerUnavailableError when accounts cannot be looked at: nobody is assumed to be active.
    """
    present = [c.person for c in gate.confirmations if _named(desk, gate, c.person) and _in_use(desk, c)]
    return frozenset(present) - desk.messenger.inactive(present)


def kept(gate: Gate, people: frozenset[str]) -> tuple[Confirmation, ...]:
    """The confirmations of those people."""
    return tuple(c for c in gate.confirmations if c.person in people)


def _answering(desk: Desk, gate: Gate, who: Who, now: int, states: set[State], requester: str) -> Person:
    person = desk.roster.find(who.issuer, who.subject)
    if person is None:
        raise Refusal("not_in_roster", {"account": who.subject})
    if gate.state not in states:
        raise Refusal(gate.state.value)
    if gate.requirement is None or now >= gate.deadline:
        raise Refusal("deadline")
    if person.id not in gate.requirement.people:
        if any(starter.person == person.id for starter in gate.facts.starters):
            raise Refusal(requester)
        raise Refusal("author" if any(a.person == person.id for a in gate.facts.authors) else "not_eligible")
    if not _named(desk, gate, person.id):
        raise Refusal("not_eligible")
    if desk.messenger.inactive([person.id]):
        raise Refusal("inactive_account")
    return person


def _in_use(desk: Desk, given: Confirmation) -> bool:
    """Whether the authenticator that was used may still be used; a tap has none."""
    if not given.authenticator:
        return True
    record = whole(desk, lambda: desk.store.person(given.person))
    return record is not None and any(a.id == given.authenticator and a.usable for a in record.authenticators)


def _named(desk: Desk, gate: Gate, person: str) -> bool:
    """Whether roster and policy still name the person for a clause of this gate (traps: "a leaver can still approve").

    A rule that the policy has lost meanwhile keeps its clause, and its people as the roster knows them now.
    """
    in_force = desk.rules.now
    policy, roster = in_force.policy, in_force.roster
    if gate.requirement is None or person not in roster.people:
        return False
    now = desk.store.now()
    rules = {rule.name: rule for rule in policy.rules}

    def names(clause: Clause) -> bool:
        rule = rules.get(clause.rule)
        present = [*(a for d in rule.require for a in d.approvers), *rule.escalate_to] if rule else clause.approvers
        named = roster.named(clause.approvers, now) & roster.named(present, now)
        return person in clause.people and person in named

    return any(names(clause) for clause in gate.requirement.clauses)
