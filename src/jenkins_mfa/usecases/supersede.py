"""A newer run asks for the same: the gates of older runs that still wait are replaced, where their rules say so."""

from __future__ import annotations

from jenkins_mfa.core import holds
from jenkins_mfa.core.gate import Event, Kind, Refused, advance
from jenkins_mfa.core.model import Denial, Gate, Run, State
from jenkins_mfa.usecases.desk import Desk, apply, decide, named

#: States of a gate that asks, or has got what it asked for.
ASKS = frozenset({State.PENDING, State.APPROVED, State.SENDING, State.RESUMED})
DIGITS = 18  #: of a run's number


def supersede(desk: Desk, gate_id: str) -> None:
    """Compare one gate, just opened, with all others of its pipeline and environment: whichever is older is denied.

    Both ways, since gates are opened side by side: an older run's may come after a newer one's.
    """
    gate = named(desk, gate_id)
    if gate is None:
        return
    for other in desk.store.open_gates(gate.run.source):
        if _same(gate, other):
            older, newer = (other, gate) if newer_run(gate.run, other.run) else (gate, other)
            if newer_run(newer.run, older.run) and newer.state in ASKS and not _reported(newer):
                _replace(desk, older, newer)


def _reported(gate: Gate) -> bool:
    """Whether it is held since its requester was reported: then it takes no other's place."""
    return gate.held is not None and not holds.in_line(gate)


def newer_run(run: Run, than: Run) -> bool:
    """Whether it started after the other one; where number and start disagree, that is not known."""
    numbered = all(one.id.isascii() and one.id.isdigit() and len(one.id) <= DIGITS for one in (run, than))
    if numbered and int(run.id) <= int(than.id):
        return False
    if run.started and than.started:
        return run.started > than.started
    return numbered


def _same(gate: Gate, other: Gate) -> bool:
    return gate.id != other.id and _asked(gate) == _asked(other) is not None


def _asked(gate: Gate) -> tuple[object, ...] | None:
    """What gates have in common that replace one another."""
    if gate.requirement is None or gate.claims is None:
        return None
    return gate.run.pipeline, gate.facts.plain, gate.requirement.environments, gate.claims.environment


def _replace(desk: Desk, older: Gate, newer: Gate) -> None:
    """Only a gate that waits: what is approved or on its way is left alone. Other gates of its run stay, too."""

    def attempt() -> None:
        gate = named(desk, older.id)
        if (
            gate is None
            or gate.state is not State.PENDING
            or gate.requirement is None
            or not gate.requirement.supersede
        ):
            return
        now, cause = desk.store.now(), f"superseded:{gate.jti}:{newer.jti}"
        denial = Denial(now, None, "superseded", cause, values={"run": newer.run.id})
        step = advance(gate, Event(Kind.DENIED, now, "agent", cause, denial=denial))
        if not isinstance(step, Refused):
            apply(desk, cause, step)

    decide(attempt)
