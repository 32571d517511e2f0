"""What a run's own record says is applied to its gates, each thing once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from jenkins_mfa.core.gate import Refused, advance
from jenkins_mfa.core.judge import Outcome, judge
from jenkins_mfa.core.model import Commit, Gate, Run, State
from jenkins_mfa.usecases import history
from jenkins_mfa.usecases.desk import Desk, commit_id, decide, gates_of, run_record
from jenkins_mfa.usecases.ports import Source


def remember(desk: Desk, run: Run, settlers: tuple[str, ...], open_refs: Collection[str]) -> bool:
    """While all gates of a run still wait, and no proceed of ours is under way, whoever has settled a pause has settled
    another one: that is no bypass, however the run ends. `settlers` are not newer than `open_refs`. Returns whether
    there is nothing left to keep.
    """

    def attempt() -> bool:
        record = run_record(desk, run.key)
        seen = len(record.settlers)
        if not record.about(run) or len(settlers) <= seen or settlers[:seen] != record.settlers:
            return True
        waiting = [g for g in gates_of(desk, record) if g.run.started == run.started and not g.state.settled]
        if any(g.state is State.SENDING or g.external_ref not in open_refs for g in waiting):
            return False
        after = replace(record, version=record.version + 1, settlers=settlers)
        desk.store.commit(Commit(commit_id("seen", run.key, str(record.version)), (after,)))
        return True

    return decide(attempt)


def settle_run(desk: Desk, source: Source, run: Run) -> tuple[Outcome, list[Gate]]:
    """Read a run afresh and apply that to its gates; returns the reading, and the gates that changed.

    A reading knows nothing of pauses that came after it, so only gates that were stored before it are judged. What has
    been judged is never judged again: the list of settlers that was looked at goes into the run's record in the same
    commit. Raises SourceError and StoreError.
    """
    known = run_record(desk, run.key).gates
    outcome = source.outcome(run)

    def attempt() -> list[Gate]:
        record = run_record(desk, run.key)
        gates = [gate for gate in gates_of(desk, replace(record, gates=known)) if gate.run.started == run.started]
        now = desk.store.now()
        steps = [advance(gate, event) for gate, event in judge(gates, record.settlers, outcome, now)]
        taken = [step for step in steps if not isinstance(step, Refused)]
        if not taken:
            return []
        settlers = outcome.settlers if record.about(run) else record.settlers
        seen = replace(record, version=record.version + 1, settlers=settlers)
        desk.store.commit(
            Commit(
                commit_id("judged", run.key, *(f"{step.gate.jti}:{step.gate.version}" for step in taken)),
                (*(step.gate for step in taken), seen, *history.after(desk, [step.gate for step in taken])),
                tuple(entry for step in taken for entry in step.entries),
                tuple(dict.fromkeys([lane for step in taken for lane in (*step.lanes, *_after(step.gate))])),
                tuple(alert for step in taken for alert in step.alerts),
            )
        )
        return [step.gate for step in taken]

    return outcome, decide(attempt)


def _after(gate: Gate) -> tuple[str, ...]:
    """What is still to be looked at or written once a gate has ended."""
    if gate.state in {State.RESUMED, State.WITHDRAWN}:
        return (f"note:{gate.id}",)
    if gate.state is State.ABORTED:
        return (f"ended:{gate.id}",)
    return ()
