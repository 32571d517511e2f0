"""An operator takes an older store for the true one: what it may have forgotten is closed before all goes on (S21).

Every step tightens, and each may be done twice: whoever is interrupted begins again. The last one is the signed word
that this store is the one to go on with; until it is kept outside the store, nothing proceeds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from jenkins_mfa.core import totp
from jenkins_mfa.core.chain import Head
from jenkins_mfa.core.checkpoint import Change, Checkpoint, change_of
from jenkins_mfa.core.gate import Event, Kind, Refused, advance
from jenkins_mfa.core.model import Alert, Commit, Denial, Entry, Factor, Gate, PersonRecord, State
from jenkins_mfa.errors import DamagedError, Refusal
from jenkins_mfa.usecases import loss
from jenkins_mfa.usecases.continuity import ACCEPTED
from jenkins_mfa.usecases.desk import Desk, apply, commit_id, decide, named
from jenkins_mfa.usecases.ports import Checkpoints

REASON = "rolled_back"  #: of gates and authenticators that end with it


@dataclass(frozen=True, slots=True)
class Accepted:
    """Where the store stood, the checkpoint that knew of more, the gates that were closed, and what became of
    authenticators meanwhile: `changes`, of which those of `suspended` (ids) were still in use in this store.
    """

    at: Head
    lost: Checkpoint
    gates: tuple[Gate, ...]
    changes: tuple[Change, ...]
    suspended: tuple[str, ...]


def accept(desk: Desk, checkpoints: Checkpoints, operator: str) -> Accepted:
    """Close all open gates, use up all codes of now and the next step, suspend what was switched off meanwhile, and
    sign that this store is taken up. `operator` stands in the trail.

    Raises Refusal where the store lacks nothing, StoreError, ArchiveError.
    """
    if not desk.continuity.look():
        raise Refusal("not_rolled_back")
    at, lost = desk.store.heads(), desk.continuity.kept.newest
    if lost is None:
        raise Refusal("not_rolled_back")
    changes = missed(desk)
    closed = [_close(desk, gate.id, operator) for gate in desk.store.open_gates()]
    for person in sorted(desk.store.people()):
        _use_up(desk, person)
    suspended = _suspend(desk, changes, operator)
    found = Accepted(at, lost, tuple(gate for gate in closed if gate), changes, suspended)
    _sign(desk, checkpoints, operator, found)
    return found


def missed(desk: Desk) -> tuple[Change, ...]:
    """What became of authenticators and this store's trail does not tell, as the checkpoints do; of the last minute
    before the store was lost something may be missing. What was trimmed from the store is taken as known.
    """
    kept = desk.continuity.kept
    begin = kept.accepted.at if kept.accepted else 0
    oldest = next(iter(desk.store.audit_events(1, 1)), None)
    first = oldest.seq if oldest else 0
    return tuple(c for c in kept.changes if c.at >= begin and c.seq >= first and not _tells(desk, c))


def _tells(desk: Desk, change: Change) -> bool:
    """Whether the store's trail has this very event. A store that went on by itself has others at its place."""
    found = next(iter(desk.store.audit_events(change.seq, 1)), None)
    return found is not None and change_of(found.seq, found.entry) == change


def _close(desk: Desk, gate_id: str, operator: str) -> Gate | None:
    """Deny what waits or is approved; what was claimed lapses, since nobody knows any more whether it was sent."""

    def attempt() -> Gate | None:
        gate = named(desk, gate_id)
        if gate is None:
            return None
        now, cause = desk.store.now(), f"{REASON}:{gate.jti}:{gate.version}"
        kind = Kind.LAPSED if gate.state is State.SENDING else Kind.DENIED
        denial = Denial(now, None, REASON, cause) if kind is Kind.DENIED else None
        step = advance(gate, Event(kind, now, operator, cause, denial=denial))
        return None if isinstance(step, Refused) else apply(desk, cause, step)

    return decide(attempt)


def _use_up(desk: Desk, person: str) -> None:
    """No code of this time step, the one before or the next counts any more, and nothing that was asked goes on."""

    def attempt() -> None:
        try:
            record = desk.store.person(person)
        except DamagedError:
            return
        burnt = desk.store.now() // 1000 // totp.STEP + totp.DRIFT
        after = replace(
            record,
            authenticators=tuple(
                replace(one, last_step=max(one.last_step, burnt)) if one.kind is Factor.TOTP else one
                for one in record.authenticators
            ),
            challenges=(),
            ceremonies=(),
        )
        if after != record:
            after = replace(after, version=record.version + 1)
            desk.store.commit(Commit(commit_id(REASON, person, desk.randomness.hex(8)), (after,)))

    decide(attempt)


def _suspend(desk: Desk, changes: tuple[Change, ...], operator: str) -> tuple[str, ...]:
    """Whatever was switched off meanwhile and is in use in this store. Where a loss was told, the whole person's."""
    ended: list[str] = []
    for change in changes:
        if change.event != "authenticator:enrolled" and _in_use(desk, change):
            ended += loss.rolled_back(desk, change.person, change.authenticator, operator).authenticators
    return tuple(ended)


def _in_use(desk: Desk, change: Change) -> bool:
    record: PersonRecord = loss.record_of(desk, change.person)
    return any(one.id == change.authenticator and one.usable for one in record.authenticators)


def _sign(desk: Desk, checkpoints: Checkpoints, operator: str, found: Accepted) -> None:
    """Into the trail and to ops, for agents on other hosts, and at last into the file outside."""
    place, now, lost = desk.store.heads(), desk.store.now(), found.lost
    given = Checkpoint(desk.keys.installation, place.seq, place.hash, max(now, lost.at), rollback=True)
    token = checkpoints.sign(given)
    details: dict[str, str | int] = {
        "seq": lost.seq,
        "head": lost.head,
        "checkpoint": token,
        "reason": desk.continuity.problem,
    }
    entry = Entry("store:rollback", now, operator, details=details)
    values = {"by": operator, "seq": str(found.at.seq), "lost": str(lost.seq), "gates": str(len(found.gates))}
    alert = Alert(f"{ACCEPTED}:{lost.seq}:{now}", "rollback_accepted", now, values=values)
    desk.store.commit(Commit(commit_id(alert.id), (), (entry,), alerts=(alert,)))
    desk.store.beat(ACCEPTED, {"checkpoint": token})
    checkpoints.add(token)
