"""What ends with an authenticator: confirmations on gates that are still open, questions, tickets. One commit (S11).

A person says that their phone is lost, somebody else says so for them, an authenticator is revoked, or the person
leaves the roster. What is suspended or revoked never comes back: the way back is a new ticket.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from jenkins_mfa.core.gate import Event, Kind, Refused, Transition, advance
from jenkins_mfa.core.model import Alert, Authenticator, Commit, Confirmation, Entry, Gate, PersonRecord
from jenkins_mfa.errors import DamagedError, Refusal
from jenkins_mfa.usecases.desk import Desk, Who, commit_id, decide, named, whole

LOST, LEFT, COPIED, UNCONFIRMED = "lost", "left", "copied", "unconfirmed"  #: why authenticators are suspended
ROLLED_BACK = "rolled_back"  #: why one is that was switched off in a time that the store has lost


@dataclass(frozen=True, slots=True)
class Ended:
    """What ended: ids of authenticators, and the gates on which a confirmation does not count any more."""

    authenticators: tuple[str, ...]
    gates: tuple[Gate, ...]


@dataclass(frozen=True, slots=True)
class OwnLoss:
    """Somebody says that their own phone or key is lost: it takes their account only, since it only ends things."""

    desk: Desk

    def lose(self, who: Who) -> Ended:
        """Suspend all that the account's person answers with. Raises Refusal for an account outside the roster."""
        person = self.desk.roster.find(who.issuer, who.subject)
        if person is None:
            raise Refusal("not_in_roster", {"account": who.subject})
        return lose(self.desk, person.id, person.id)


def lose(desk: Desk, person: str, actor: str) -> Ended:
    """Suspend all that a person answers with. They answer nothing from then on, not even by a tap, until they have
    enrolled anew. `actor` stands in the trail. Raises Refusal for somebody of whom nothing is known.
    """

    def attempt() -> Ended:
        record = record_of(desk, person)
        if person not in desk.roster.people and record.version == 0:
            raise Refusal("not_in_roster", {"account": person})
        end = _End("suspended", person, actor, desk.store.now(), LOST)
        return _suspend(desk, end, replace(record, lost_at=end.at))

    return decide(attempt)


def lost(desk: Desk, person: str, by: str, cause: str, now: int) -> Commit:
    """The same for somebody else, as an administrator's act (acts.py): what is to be committed. Raises Refusal."""
    if person not in desk.roster.people:
        raise Refusal("unknown_person", {"target": person})
    if person == by:
        raise Refusal("own_loss")
    end, record = _End("suspended", person, by, now, LOST), record_of(desk, person)
    _, commit = _suspension(desk, end, replace(record, lost_at=now))
    return replace(commit, id=commit_id(cause, "lost", person))


def leave(desk: Desk) -> int:
    """Whoever has left the roster: the same for each of them, once; returns how many they were. A tap that comes after
    they are back in the roster counts again.
    """
    people = set(desk.store.people())
    people |= {given.person for gate in desk.store.open_gates() for given in gate.confirmations}
    gone = sorted(people - set(desk.roster.people))
    return sum(_left(desk, person) for person in gone)


def revoke(desk: Desk, person: str, authenticator_id: str, operator: str) -> Ended:
    """Switch one authenticator off for good. Raises Refusal when the person has no such one in use."""

    def attempt() -> Ended:
        end = _End("revoked", person, operator, desk.store.now())
        return _one(desk, end, authenticator_id, lambda found: replace(found, revoked_at=end.at))

    return decide(attempt)


def removed(desk: Desk, record: PersonRecord, authenticator_id: str, now: int) -> Commit:
    """The same by the person themselves: what is to be committed. `record` is theirs as stored, but for what their
    proof has used up. Raises Refusal.
    """
    end = _End("revoked", record.person, record.person, now)
    return _one_off(desk, end, record, authenticator_id, lambda found: replace(found, revoked_at=now))[1]


def copied(desk: Desk, person: str, authenticator_id: str) -> Ended:
    """A security key signed well, but its counter did not grow: there may be a copy of it. It is suspended (S7).

    Raises Refusal when somebody else was first.
    """

    def attempt() -> Ended:
        end = _End("suspended", person, "agent", desk.store.now(), COPIED)
        return _one(desk, end, authenticator_id, lambda found: replace(found, suspended_at=end.at))

    return decide(attempt)


def unconfirmed(desk: Desk) -> int:
    """What no second administrator has confirmed in time (second_admin.py) is suspended; returns of how many people.
    A record that cannot be read is left: nothing in it counts.
    """
    return sum(_unconfirmed(desk, person) for person in sorted(desk.roster.people))


def _unconfirmed(desk: Desk, person: str) -> bool:
    def attempt() -> bool:
        record, now = whole(desk, lambda: desk.store.person(person)), desk.store.now()
        late = tuple(a for a in record.authenticators if a.waits and now >= a.waits_until) if record else ()
        if record is None or not late:
            return False
        off = tuple(replace(a, suspended_at=now) if a in late else a for a in record.authenticators)
        end = _End("suspended", person, "agent", now, UNCONFIRMED)
        _, commit = _ending(desk, end, replace(record, authenticators=off), late, [])
        desk.store.commit(commit)
        return True

    return decide(attempt)


def rolled_back(desk: Desk, person: str, authenticator_id: str, operator: str) -> Ended:
    """The store is older than the moment at which this authenticator was switched off: it is suspended once more (S21).

    Raises Refusal when the person has no such one in use.
    """

    def attempt() -> Ended:
        end = _End("suspended", person, operator, desk.store.now(), ROLLED_BACK)
        return _one(desk, end, authenticator_id, lambda found: replace(found, suspended_at=end.at))

    return decide(attempt)


def _one(desk: Desk, end: _End, authenticator_id: str, off: Callable[[Authenticator], Authenticator]) -> Ended:
    """One authenticator goes, with what was confirmed with it."""
    ended, commit = _one_off(desk, end, desk.store.person(end.person), authenticator_id, off)
    desk.store.commit(commit)
    return ended


def _one_off(
    desk: Desk, end: _End, record: PersonRecord, authenticator_id: str, off: Callable[[Authenticator], Authenticator]
) -> tuple[Ended, Commit]:
    found = next((a for a in record.authenticators if a.id == authenticator_id and not a.ended), None)
    if found is None:
        raise Refusal("no_such_authenticator", {"authenticator": authenticator_id})
    after = replace(record, authenticators=tuple(off(a) if a is found else a for a in record.authenticators))
    steps = _dropped(desk, end, lambda given: given.authenticator == found.id)
    return _ending(desk, end, after, (found,), steps)


def record_of(desk: Desk, person: str) -> PersonRecord:
    """The person's record; an empty one in place of a damaged one, which ends with what is committed next."""
    try:
        return desk.store.person(person)
    except DamagedError as damaged:
        desk.store.set_aside(damaged)
        return PersonRecord(person, damaged.version)


@dataclass(frozen=True, slots=True)
class _End:
    """What happened (the event's second half), to whom, through whom, when, and why."""

    what: str
    person: str
    actor: str
    at: int
    why: str = ""


def _left(desk: Desk, person: str) -> bool:
    """Nothing is committed where nothing ends."""

    def attempt() -> bool:
        end, record = _End("suspended", person, "agent", desk.store.now(), LEFT), record_of(desk, person)
        counts = any(given.person == person for gate in desk.store.open_gates() for given in gate.confirmations)
        if not counts and all(one.ended for one in record.authenticators):
            return False
        ended = _suspend(desk, end, record)
        return bool(ended.authenticators or ended.gates)

    return decide(attempt)


def _suspend(desk: Desk, end: _End, record: PersonRecord) -> Ended:
    ended, commit = _suspension(desk, end, record)
    desk.store.commit(commit)
    return ended


def _suspension(desk: Desk, end: _End, record: PersonRecord) -> tuple[Ended, Commit]:
    mine = tuple(one for one in record.authenticators if not one.ended)
    off = tuple(a if a.ended else replace(a, suspended_at=end.at) for a in record.authenticators)
    return _ending(desk, end, replace(record, authenticators=off), mine, _dropped(desk, end, lambda _: True))


def _dropped(desk: Desk, end: _End, which: Callable[[Confirmation], bool]) -> list[Transition]:
    """What becomes of the open gates on which a confirmation of the person no longer counts."""

    def counted(gate: Gate | None) -> bool:
        return gate is not None and any(c.person == end.person and which(c) for c in gate.confirmations)

    steps = []
    for gate in [named(desk, gate.id) for gate in desk.store.open_gates() if counted(gate)]:
        if gate is None or not counted(gate):
            continue
        keep = frozenset(given.person for given in gate.confirmations) - {end.person}
        cause = f"dropped:{gate.jti}:{gate.version}"
        step = advance(gate, Event(Kind.DROPPED, end.at, "agent", cause, keep=keep))
        if not isinstance(step, Refused):
            steps.append(step)
    return steps


def _ending(
    desk: Desk, end: _End, record: PersonRecord, ended: tuple[Authenticator, ...], steps: list[Transition]
) -> tuple[Ended, Commit]:
    """All of it in one step. What the person is being asked ends, too."""
    after = replace(record, version=record.version + 1, challenges=(), ceremonies=())
    about: dict[str, str | int] = {"person": end.person, **({"reason": end.why} if end.why else {})}
    each = [about | {"authenticator": one.id, "kind": one.kind.value} for one in ended] or [about]
    entries = [Entry(f"authenticator:{end.what}", end.at, end.actor, details=one) for one in each]
    values = {"person": end.person, "by": end.actor, "reason": end.why, "gates": str(len(steps))}
    values["kinds"] = ",".join(sorted(one.kind.value for one in ended))
    alert = Alert(f"{end.what}:{end.person}:{after.version}", end.what, end.at, values=values)
    commit = Commit(
        # Two ends of the same version are two, and not one that was sent twice.
        commit_id(alert.id, desk.randomness.hex(8)),
        (after, *(step.gate for step in steps)),
        (*entries, *(entry for step in steps for entry in step.entries)),
        tuple(dict.fromkeys(lane for step in steps for lane in step.lanes)),
        announced(desk, alert),
    )
    return Ended(tuple(one.id for one in ended), tuple(step.gate for step in steps)), commit


def announced(desk: Desk, alert: Alert) -> tuple[Alert, ...]:
    """A change of somebody's authenticators (`person` in its values), told to ops and to them (S11)."""
    person = alert.values["person"]
    return (alert, replace(alert, id=f"{alert.id}:own", to=person)) if person in desk.roster.people else (alert,)
