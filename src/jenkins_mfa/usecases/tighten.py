"""A later look at an open gate: what policy, roster, history and time ask for now is added to what it was opened with.

It is taken when an answer reaches the quorum, at the claim, and when a policy is taken over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from jenkins_mfa.core.gate import Event, Kind, Refused, advance
from jenkins_mfa.core.model import Denial, Gate, History, Reason, Requirement, State
from jenkins_mfa.core.policy import tightened
from jenkins_mfa.usecases import history
from jenkins_mfa.usecases.desk import Desk, apply, decide, named, whole
from jenkins_mfa.usecases.rules import asked


def tighten_all(desk: Desk) -> Iterator[Gate]:
    """Add what is asked for now to all open gates; yields those of which that asks more. Raises StoreError.

    A gate is read again only where something comes on top of what it asked for when it was seen last.
    """
    now = desk.store.now()
    for gate in desk.store.open_gates():
        if _may_ask_more(gate, now) and added(desk, gate, now) is not None and tighten(desk, gate.id):
            yield gate


def tighten(desk: Desk, gate_id: str) -> bool:
    """Add what is asked for now to an open gate; whether that was anything. Raises StoreError."""

    def attempt() -> bool:
        gate = named(desk, gate_id)
        return gate is not None and look(desk, gate) is not None

    return decide(attempt)


def look(desk: Desk, gate: Gate) -> Gate | None:
    """The gate with what is asked for now, committed; None where nothing came on top, or it is past that.

    Where nobody could meet it before the deadline, that is said now, as it is at an opening: the gate is denied.
    """
    now = desk.store.now()
    if not _may_ask_more(gate, now):
        return None
    after = added(desk, gate, now)
    if after is None:
        return None
    cause = f"tightened:{gate.jti}:{gate.version}"
    event = Event(Kind.TIGHTENED, now, "agent", cause, requirement=after)
    if after.refusal is not None:
        denial = Denial(now, None, after.refusal.code, cause, values=dict(after.refusal.values))
        event = Event(Kind.DENIED, now, "agent", cause, denial=denial)
    step = advance(gate, event)
    return None if isinstance(step, Refused) else apply(desk, cause, step)


def _may_ask_more(gate: Gate, now: int) -> bool:
    return gate.state in {State.PENDING, State.APPROVED} and now < gate.deadline


def added(desk: Desk, gate: Gate, now: int) -> Requirement | None:
    """The gate's requirement with what is asked for now on top; None where that is nothing.

    `refusal` is set where nobody could meet it, and where the policy cannot be asked. Once the glass is broken, only
    rules marked `always` add to it. A test asks for what it was begun with, since it lets nothing pass.
    """
    if gate.requirement is None or gate.claims is None or gate.run.test:
        return None
    rules = desk.rules.now
    if gate.requirement.break_glass:
        rules = replace(rules, policy=rules.policy.under_broken_glass)
    fresh = asked(rules, gate.facts, gate.claims, _history(desk, gate, now))
    if isinstance(fresh, Reason):
        return replace(gate.requirement, refusal=fresh)
    return tightened(gate.requirement, fresh, rules.policy.available, now)


def _history(desk: Desk, gate: Gate, now: int) -> History:
    """As it was at the opening, but for the time, and for the gates that opened since if that record is whole."""
    record = whole(desk, lambda: history.pipeline_record(desk, gate.run))
    if record is None:
        return replace(gate.history, at=now)
    others = list(record.opened)
    if gate.opened_at in others:
        others.remove(gate.opened_at)
    return replace(gate.history, at=now, earlier=tuple(others))
