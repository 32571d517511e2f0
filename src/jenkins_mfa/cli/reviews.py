"""Break-glass in `pending` and `show`: which reviews are open, and what was done to a gate."""

from __future__ import annotations

from typing import Any

from jenkins_mfa.cli.base import DAMAGED_RECORD
from jenkins_mfa.core.audit import Name
from jenkins_mfa.core.model import Entry, Gate, Review
from jenkins_mfa.errors import DamagedError
from jenkins_mfa.store.gates import RedisStore
from jenkins_mfa.words import glass, render

Waiting = list[tuple[Review, Gate | None]]


def waiting(store: RedisStore) -> Waiting | DamagedError:
    """The reviews that are open, each with its gate (None for one that cannot be read), or why nothing can be said."""
    try:
        record = store.reviews()
    except DamagedError as damaged:
        return damaged
    return [(one, _readable(store, one.gate)) for one in record.open]


def lines(found: Waiting | DamagedError) -> list[str]:
    """For people: one line for each."""
    if isinstance(found, DamagedError):
        return [f"Damaged: {found.record}: {found.reason}.\n  Mend: {DAMAGED_RECORD}."]
    return [render.terminal(glass.waiting(gate, one.gate)) for one, gate in found]


def as_json(found: Waiting | DamagedError) -> dict[str, Any]:
    """The members of `pending --json`; `reviews` is null where the list is damaged."""
    if isinstance(found, DamagedError):
        return {"reviews": None}
    return {"reviews": [{"id": one.gate, **(of_gate(gate) if gate else {})} for one, gate in found]}


def of_gate(gate: Gate) -> dict[str, Any]:
    """Who broke the glass, when, why and by which rule; nothing for other gates."""
    if gate.broken is None or gate.requirement is None:
        return {}
    return {
        "pipeline": gate.run.pipeline,
        "run": gate.run.id,
        "rule": gate.requirement.break_glass,
        "by": gate.broken.person,
        "at": render.iso(gate.broken.at),
        "reason": gate.broken.reason,
    }


def of_history(gate: Gate, history: list[Entry]) -> dict[str, Any] | None:
    """The member `break_glass` of `show --json`: with who reviewed it, if somebody has."""
    if gate.broken is None:
        return None
    found = signed(history)
    return {**of_gate(gate), "reviewed": {"by": found.actor, "at": render.iso(found.at)} if found else None}


def signed(history: list[Entry]) -> Entry | None:
    """The trail's event of whoever reviewed it; None if nobody has."""
    return next((one for one in reversed(history) if one.event == Name.GATE_REVIEWED), None)


def _readable(store: RedisStore, gate_id: str) -> Gate | None:
    try:
        return store.gate(gate_id)
    except DamagedError:
        return None
