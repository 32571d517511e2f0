"""What time brings: gates whose deadline has come expire, further people are asked, and people are reminded."""

from __future__ import annotations

from collections.abc import Iterable

from jenkins_mfa.core import calendars
from jenkins_mfa.core.gate import Event, Kind, Refused, advance
from jenkins_mfa.usecases.desk import Desk, apply, decide, named


def tick(desk: Desk, due: Iterable[str]) -> int:
    """Expire those of the gates `due` (ids, in any order) whose deadline has come, and have others ask the further
    people whose time that is; returns how many have changed.
    """
    return sum(_step(desk, gate_id, (Kind.DEADLINE, Kind.ESCALATED)) for gate_id in due)


def remind(desk: Desk) -> int:
    """Remind where it is time; nobody inside the policy's quiet hours: that waits, and falls away at the deadline.

    Returns how many gates that were.
    """
    now, quiet = desk.store.now(), desk.policy.quiet
    if quiet is not None and calendars.look(quiet, now).inside:
        return 0
    return sum(_step(desk, gate_id, (Kind.REMINDED,)) for gate_id in desk.store.due_reminders(now))


def _step(desk: Desk, gate_id: str, kinds: tuple[Kind, ...]) -> bool:
    """Apply the first of the events whose time has come; whether there was one."""
    now = desk.store.now()

    def attempt() -> bool:
        gate = named(desk, gate_id)
        if gate is None:
            return False
        for kind in kinds:
            cause = f"{kind.value}:{gate.jti}:{gate.deadline if kind is Kind.DEADLINE else gate.version}"
            step = advance(gate, Event(kind, now, "agent", cause))
            if not isinstance(step, Refused):
                apply(desk, cause, step)
                return True
        return False

    return decide(attempt)
