"""What time brings: gates whose deadline has come expire."""

from __future__ import annotations

from collections.abc import Iterable

from jenkins_mfa.core.gate import Event, Kind, Refused, advance
from jenkins_mfa.usecases.desk import Desk, apply, decide, named


def tick(desk: Desk, due: Iterable[str]) -> int:
    """Expire those of the gates `due` (ids, in any order) whose deadline has come; returns how many that were."""
    now = desk.store.now()
    return sum(decide(lambda gate_id=gate_id: _expire(desk, gate_id, now)) for gate_id in due)  # type: ignore[misc]


def _expire(desk: Desk, gate_id: str, now: int) -> bool:
    gate = named(desk, gate_id)
    if gate is None:
        return False
    cause = f"deadline:{gate.jti}:{gate.deadline}"
    step = advance(gate, Event(Kind.DEADLINE, now, "agent", cause))
    if isinstance(step, Refused):
        return False
    apply(desk, cause, step)
    return True
