"""Watching one source: new pauses become gates, pauses that went away are looked into.

Missing from one listing is not settled: a source that has just restarted lists nothing for a while. So a pause is
looked into when two polls in a row missed it, and the run's own record decides.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

import structlog

from jenkins_mfa.core.gate import Refused, advance
from jenkins_mfa.core.judge import Outcome, judge
from jenkins_mfa.core.model import Commit, Denial, Gate, Run, State
from jenkins_mfa.errors import SourceError
from jenkins_mfa.usecases import history
from jenkins_mfa.usecases.answer import deny_run
from jenkins_mfa.usecases.desk import Desk, commit_id, decide, gates_of, named, run_record
from jenkins_mfa.usecases.openings import Openings, Task, at_once
from jenkins_mfa.usecases.owner import Owner
from jenkins_mfa.usecases.ports import Source

log = structlog.get_logger()


class Watch:
    """One source's watcher. It remembers only what it may forget: which gates the last poll missed, which runs it could
    not read and how often, and who had settled other pauses of the runs that wait.

    `begin` takes the tasks that open what is new (openings.py).
    """

    def __init__(self, desk: Desk, source: Source, begin: Callable[[Task], None] = at_once) -> None:
        self._desk = desk
        self._source = source
        self._owner = Owner(desk, source)
        self._openings = Openings(desk, source, begin)
        self._settlers: dict[Run, tuple[str, ...]] = {}
        self._remembered: dict[Run, tuple[str, ...]] = {}
        self._missed: frozenset[str] = frozenset()
        self._unread: dict[str, int] = {}

    def poll(self) -> int:
        """One poll: returns how many pauses wait. Raises SourceError or StoreError; then nothing has changed."""
        self._owner.require()
        listed = self._source.pending()
        waiting = self._desk.store.open_gates(self._source.id)
        known = {gate.external_ref: gate.id for gate in waiting}
        for damaged in self._desk.store.damaged_gates():
            self._desk.store.set_aside(damaged)
        for paused in listed:
            if paused.problem and paused.ref in known:
                self._distrust(known[paused.ref], paused.problem)
        self._openings.offer(listed, waiting)
        refs = {paused.ref for paused in listed}
        self._remember({paused.run: paused.settlers for paused in listed}, refs)
        missing = frozenset(gate_id for ref, gate_id in known.items() if ref not in refs)
        keys: dict[str, Gate] = {}
        for gate_id in missing & self._missed:
            gate = named(self._desk, gate_id)
            if gate is not None and not gate.state.settled:
                keys[gate.run.key] = gate
        self._tell({key for key, gate in keys.items() if not self._look(gate)})
        self._missed = missing
        return len(listed)

    def _remember(self, runs: dict[Run, tuple[str, ...]], refs: set[str]) -> None:
        """Keep who had settled a pause of a run at the poll before: it was none that waits still. Not at this poll:
        a source names who settles a pause before it takes the pause off its list.
        """
        before, self._settlers = self._settlers, runs
        told, self._remembered = self._remembered, {}
        for run in runs:
            settlers = before.get(run, ())
            if not settlers or told.get(run) == settlers or remember(self._desk, run, settlers, refs):
                self._remembered[run] = settlers

    def _distrust(self, gate_id: str, problem: str) -> None:
        """A pause that must not be answered any more, such as one whose id a second one has taken: denied at once."""

        def attempt() -> None:
            gate = named(self._desk, gate_id)
            if gate is not None and gate.state in {State.PENDING, State.APPROVED}:
                now = self._desk.store.now()
                deny_run(self._desk, gate, Denial(now, None, problem, f"{problem}:{gate.jti}:{gate.version}"))

        decide(attempt)

    def _look(self, gate: Gate) -> bool:
        """Read the run's own record and apply what it says; whether it could be read."""
        try:
            settle_run(self._desk, self._source, gate.run)
        except SourceError as error:
            if gate.run.key not in self._unread:
                log.info("run not read", source=self._source.id, run=gate.run.key, problem=str(error))
            return False
        return True

    def _tell(self, unread: set[str]) -> None:
        """A run that cannot be read is logged when that begins and when it ends: a poll comes twice a second."""
        for key in self._unread.keys() - unread:
            log.info("run settled or read again", source=self._source.id, run=key, not_read=self._unread.pop(key))
        for key in unread:
            self._unread[key] = self._unread.get(key, 0) + 1


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
    if gate.state is State.RESUMED:
        return (f"note:{gate.id}",)
    if gate.state is State.ABORTED:
        return (f"ended:{gate.id}",)
    return ()
