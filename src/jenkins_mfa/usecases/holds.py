"""Gates that are not asked for the present (core/holds.py): who is held, who is released, whose turn it is.

The list of holds goes one version up with each gate that opens: so no gate can open between a report and what it holds,
and no two gates can take the last place.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from jenkins_mfa.core import holds
from jenkins_mfa.core.gate import Event, Kind, Refused, Transition, advance
from jenkins_mfa.core.model import Alert, Commit, Denial, Entry, Gate, Held, Hold, HoldsRecord, State
from jenkins_mfa.errors import Refusal
from jenkins_mfa.usecases.desk import Desk, commit_id, decide, named, whole


def placed(desk: Desk, gate: Gate) -> tuple[Gate, tuple[HoldsRecord, ...]]:
    """A gate that is about to open, held where it is not to be asked now; and what must be committed with it.

    What the policy lets pass by itself waits only for whom was reported. Raises DamagedError: nobody can tell then who
    is held.
    """
    if gate.state not in {State.PENDING, State.APPROVED} or not holds.requesters(gate):
        return gate, ()
    record = desk.store.holds()
    if gate.state is State.PENDING or holds.hold_of(gate, record.holds):
        why = holds.held(gate, record, desk.store.open_gates(), desk.asks_per_requester, gate.opened_at)
        if why is not None:
            gate = replace(gate, state=State.PENDING, deadline=gate.first_deadline, decided_at=0, held=why)
    return gate, (_with(record, record.holds),)


def report(desk: Desk, gate: Gate, denial: Denial) -> tuple[tuple[HoldsRecord, ...], list[Transition], list[Entry]]:
    """What a report brings with it: its requesters are held, and so are their other gates that are asked now.

    Nothing where nobody is named, or where the list is damaged, since no gate opens then anyway.
    """
    record, behind = whole(desk, desk.store.holds), holds.requesters(gate)
    if record is None or not behind:
        return (), [], []
    known = {hold.requester for hold in record.holds}
    fresh = tuple(Hold(one, denial.at, gate.id, denial.person or "") for one in behind if one not in known)
    others = [other for other in desk.store.open_gates() if other.run.key != gate.run.key and other.held is None]
    steps = [_hold(other, hold, denial) for other in others if (hold := holds.hold_of(other, fresh))]
    entry = Entry("requester:held", denial.at, denial.person or "", gate.jti, gate.run.source, gate.run.key)
    entries = [replace(entry, details={"target": hold.requester}) for hold in fresh]
    taken = [step for step in steps if not isinstance(step, Refused)]
    return (_with(record, (*record.holds, *fresh)),), taken, entries


def release(desk: Desk, requester: str, by: str, cause: str, now: int) -> Commit:
    """What lets builds of `requester` be asked again; those that waited are, and ops are told.

    `by` is the administrator's roster id, or the operator's login. Raises Refusal where nothing is held, and for one's
    own builds (S9).
    """
    if requester == by:
        raise Refusal("own_hold")
    record = whole(desk, desk.store.holds)
    if record is None:
        raise Refusal("holds_damaged")
    rest = tuple(hold for hold in record.holds if hold.requester != requester)
    if len(rest) == len(record.holds):
        raise Refusal("not_held")
    steps = []
    for gate in desk.store.open_gates():
        if gate.held is not None and gate.held.requester == requester and not holds.in_line(gate):
            step = _turn(desk, gate, _still(gate, rest), by, cause, now)
            steps += [] if isinstance(step, Refused) else [step]
    entry = Entry("requester:released", now, by, details={"target": requester})
    told = Alert(f"released:{requester}:{record.version}", "released", now, values={"requester": requester, "by": by})
    return Commit(
        commit_id(cause, "release", requester),
        (_with(record, rest), *(step.gate for step in steps)),
        (entry, *(one for step in steps for one in step.entries)),
        tuple(dict.fromkeys(lane for step in steps for lane in step.lanes)),
        (told,),
    )


def ask_next(desk: Desk) -> int:
    """Ask those whose turn it is, oldest first; returns how many. Raises StoreError.

    Where the first in a line waits on, those behind it do, too: they are not looked at, however many they are.
    """
    asked, stopped = 0, set[str]()
    for gate in desk.store.open_gates():
        if gate.state is not State.PENDING or gate.held is None or not holds.in_line(gate):
            continue
        if gate.held.requester in stopped:
            continue
        if decide(partial(_ask, desk, gate.id)):
            asked += 1
        else:
            stopped.add(gate.held.requester)
    return asked


def _ask(desk: Desk, gate_id: str) -> bool:
    """Ask one gate, or show it as held, if it is its turn."""
    gate, record, now = named(desk, gate_id), whole(desk, desk.store.holds), desk.store.now()
    if gate is None or record is None or not holds.in_line(gate) or now >= gate.deadline:
        return False
    why = holds.held(gate, record, desk.store.open_gates(), desk.asks_per_requester, now)
    if why is not None and why.why == holds.MANY:
        return False
    cause = f"turn:{gate.jti}:{gate.version}"
    step = _turn(desk, gate, why, "agent", cause, now)
    if isinstance(step, Refused):
        return False
    records = (step.gate, _with(record, record.holds))
    desk.store.commit(Commit(commit_id(cause), records, step.entries, step.lanes, step.alerts))
    return True


def _turn(desk: Desk, gate: Gate, why: Held | None, by: str, cause: str, now: int) -> Transition | Refused:
    """Asked from now on, or held for another reason than before."""
    event = Event(Kind.HELD if why else Kind.RELEASED, now, by, cause, held=why)
    return advance(gate, event, approval_ttl=desk.approval_ttl)


def _still(gate: Gate, rest: tuple[Hold, ...]) -> Held | None:
    """Why a gate stays held: somebody else behind it was reported, too."""
    hold = holds.hold_of(gate, rest)
    return Held(holds.REPORTED, hold.since, hold.requester, hold.by) if hold else None


def _hold(gate: Gate, hold: Hold, denial: Denial) -> Transition | Refused:
    why = Held(holds.REPORTED, hold.since, hold.requester, hold.by)
    return advance(gate, Event(Kind.HELD, denial.at, denial.person or "", denial.cause, held=why))


def _with(record: HoldsRecord, found: tuple[Hold, ...]) -> HoldsRecord:
    return replace(record, version=record.version + 1, holds=found)
