"""A pause that waits again after its gate has ended, as after a backup of its source was put back: the next generation.

It is a gate of its own: nothing that was answered to the one before serves it, and it asks for no less. A settled
record never changes.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile

from jenkins_mfa.core.model import Entry, Gate, History, Reason, Run, RunRecord


def same_run(former: Gate, run: Run) -> bool:
    """Whether the pause is in the run that the former gate was in, and not in one that was made anew in its name."""
    return 0 in {former.run.started, run.started} or former.run.started == run.started


def denied(record: RunRecord, former: Gate | None) -> Reason | None:
    """Why the gate is denied whatever the policy asks: its run was denied by a person (sticky), nobody can tell whether
    it was, or the generation before was denied, by whomever: nothing revives that.
    """
    denial = record.denial or (former.denial if former else None)
    if denial is None:
        return None
    if denial.person is None:
        return Reason(denial.reason, denial.values)
    return Reason("sticky", {"person": denial.person, "reason": denial.reason})


def compared(fresh: History, former: Gate | None) -> History:
    """What the gate's values are compared with: what the generation before was. Its own confirmation has made them the
    known ones since, and must not let this one pass.
    """
    if former is None:
        return fresh
    return replace(former.history, at=fresh.at, earlier=fresh.earlier)


def rewound(record: RunRecord, settlers: tuple[str, ...]) -> RunRecord:
    """The run's record, of the same version, with the settlers that the source has forgotten taken off. Whom it lists
    beyond is not taken over: whether they have settled one of ours is still to be judged.
    """
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(record.settlers, settlers, strict=False))
    return replace(record, settlers=tuple(known for known, _ in alike))


def entry(gate: Gate, former: Gate) -> Entry:
    """The trail's event: which gate has ended before."""
    details: dict[str, str | int] = {"version": gate.version, "state": gate.state.value, "target": former.jti}
    return Entry("gate:reopened", gate.opened_at, "agent", gate.jti, gate.run.source, gate.run.key, details)
