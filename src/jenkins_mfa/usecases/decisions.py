"""What a judged answer does to a gate: it counts, or it denies the run; all that follows is in the same commit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from jenkins_mfa.core import quorum
from jenkins_mfa.core.gate import Event, Kind, Refused, Transition, advance
from jenkins_mfa.core.model import Alert, Commit, Confirmation, Denial, Factor, Gate, PersonRecord, State
from jenkins_mfa.errors import Refusal
from jenkins_mfa.usecases import codes, holds, tighten
from jenkins_mfa.usecases.desk import Desk, Who, apply, commit_id, decide, gates_of, load, refused, run_record

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Counted:
    """The confirmation counts; `open` people are still needed."""

    gate: Gate
    open: int


def audited(desk: Desk, jti: str, who: Who, cause: str, attempt: Callable[[], T], factor: Factor | None = None) -> T:
    """Decide, and put a refusal into the trail before it is told; `factor` is what was given, if something was."""
    try:
        with desk.spans.span("answer", jti):
            return decide(attempt)
    except codes.CountedMissError:
        raise
    except Refusal as refusal:
        if refusal.code not in {"unknown_gate", "stale", "seal_broken"}:
            refused(desk, load(desk, jti), who, refusal, cause, factor)
        raise


def confirm(
    desk: Desk, gate: Gate, given: Confirmation, record: PersonRecord | None = None, evidence: str = ""
) -> Counted:
    """Count it: gate, the person's `record` (a burnt time step, a key's counter), trail and lanes in one commit. At
    quorum, what is asked for by now is added in the same step. `evidence` is of a key's answer, for the trail.
    """
    event = Event(Kind.CONFIRMED, given.at, given.person, given.cause, confirmation=given)
    step = advance(gate, event, approval_ttl=desk.approval_ttl)
    if not isinstance(step, Refused) and step.gate.state is State.APPROVED:
        more = tighten.added(desk, gate, given.at)
        if more is not None and more.refusal is not None:
            tighten.look(desk, gate)
            raise Refusal(State.DENIED.value)
        step = advance(gate, replace(event, requirement=more), approval_ttl=desk.approval_ttl)
    if isinstance(step, Refused):
        raise Refusal(step.code)
    return counted(apply(desk, given.cause, _with(step, evidence=evidence), *([record] if record else [])))


def _with(step: Transition, **told: str) -> Transition:
    """The step with these details, where they are not empty, in the first event, which is the answer's own."""
    first, *more = step.entries
    details = {**first.details, **{name: value for name, value in told.items() if value}}
    return replace(step, entries=(replace(first, details=details), *more))


def deny_run(
    desk: Desk,
    gate: Gate,
    denial: Denial,
    factor: Factor | None = None,
    record: PersonRecord | None = None,
    evidence: str = "",
) -> Gate:
    """Deny this gate and, when a person denies, the run's other open gates, in one commit (sticky). `factor` is what
    the person gave, None at a terminal, where a login is enough; `record` is theirs after it, `evidence` a key's.
    """
    event = Event(Kind.DENIED, denial.at, denial.person or "agent", denial.cause, denial=denial)
    first = advance(gate, event)
    if isinstance(first, Refused):
        raise Refusal(first.code)
    first = _with(first, factor=factor.value if factor else "", evidence=evidence)
    if denial.person is None:
        return apply(desk, denial.cause, first)
    run = run_record(desk, gate.run.key)
    steps = [first]
    for other in gates_of(desk, run):
        also = other.id != gate.id and other.run.started == gate.run.started
        step = advance(other, event) if also else Refused("not_meant")
        if not isinstance(step, Refused):
            steps.append(step)
    lists, held, entries = holds.report(desk, gate, denial) if denial.report else ((), [], [])
    steps += held
    sticky = replace(run, version=run.version + 1, denial=denial if run.about(gate.run) else run.denial)
    desk.store.commit(
        Commit(
            commit_id(denial.cause, gate.jti),
            (*(step.gate for step in steps), sticky, *lists, *([record] if record else [])),
            (*(entry for step in steps for entry in step.entries), *entries),
            tuple(dict.fromkeys(lane for step in steps for lane in step.lanes)),
            (_reported(gate, denial),) if denial.report else (),
        )
    )
    return first.gate


def _reported(gate: Gate, denial: Denial) -> Alert:
    """Who denies may say that something is wrong here: ops read it at once."""
    return Alert(f"reported:{gate.jti}", "reported", denial.at, gate.id, {"person": denial.person or ""})


def asked_of(gate: Gate, person: str) -> Factor:
    """What this person is asked for: a tap, or something that takes a form. Raises Refusal where nothing open needs
    them.
    """
    asked = quorum.asked(gate.requirement, gate.confirmations, person) if gate.requirement else None
    if asked is None:
        raise Refusal("not_needed")
    return asked


def counted(gate: Gate) -> Counted:
    """What stands of a gate whose confirmation counts."""
    still = sum(quorum.open_places(gate.requirement, gate.confirmations)) if gate.requirement else 0
    return Counted(gate, still)
