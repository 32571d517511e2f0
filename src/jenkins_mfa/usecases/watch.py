"""Watching one source: new pauses become gates, pauses that went away are looked into.

Missing from one listing is not settled: a source that has just restarted lists nothing for a while. So a pause is
looked into when two polls in a row missed it, and the run's own record decides.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import replace

import structlog

from jenkins_mfa.core.gate import Refused, advance
from jenkins_mfa.core.judge import Outcome, judge
from jenkins_mfa.core.model import Alert, Commit, Denial, Gate, Run, State
from jenkins_mfa.errors import DamagedError, SourceError, StoreError, UntrustedInputError
from jenkins_mfa.usecases import history, plain
from jenkins_mfa.usecases.answer import deny_run
from jenkins_mfa.usecases.desk import Desk, commit_id, decide, gates_of, named, run_record
from jenkins_mfa.usecases.open_gate import open_gate
from jenkins_mfa.usecases.owner import Owner
from jenkins_mfa.usecases.ports import Paused, Source

log = structlog.get_logger()


Task = Callable[[], None]


def at_once(task: Task) -> None:
    """Do it here and now."""
    task()


class Watch:
    """One source's watcher. It remembers only what it may forget: which gates the last poll missed, which runs it could
    not read and how often, who had settled other pauses of the runs that wait, and whose pauses are being opened.

    `begin` takes what opens one run's pauses, in their order: a run that is read slowly then delays no other's.
    """

    def __init__(self, desk: Desk, source: Source, begin: Callable[[Task], None] = at_once) -> None:
        self._desk = desk
        self._source = source
        self._owner = Owner(desk, source)
        self._begin = begin
        self._lock = threading.Lock()
        self._opening: set[str] = set()
        self._settlers: dict[Run, tuple[str, ...]] = {}
        self._remembered: dict[Run, tuple[str, ...]] = {}
        self._missed: frozenset[str] = frozenset()
        self._unread: dict[str, int] = {}
        self._passed_over: dict[str, str] = {}
        self._returned: set[str] = set()

    def poll(self) -> int:
        """One poll: returns how many pauses wait. Raises SourceError or StoreError; then nothing has changed."""
        self._owner.require()
        listed = self._source.pending()
        known = {gate.external_ref: gate.id for gate in self._desk.store.open_gates(self._source.id)}
        for damaged in self._desk.store.damaged_gates():
            self._desk.store.set_aside(damaged)
        new: dict[str, list[Paused]] = {}
        for paused in listed:
            if paused.ref not in known:
                new.setdefault(paused.run.key, []).append(paused)
            elif paused.problem:
                self._distrust(known[paused.ref], paused.problem)
        for key, pauses in new.items():
            self._open_all(key, pauses)
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
        self._passed_over = {ref: sha256 for ref, sha256 in self._passed_over.items() if ref in refs}
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

    def _open_all(self, key: str, pauses: list[Paused]) -> None:
        """Open what is new of one run, unless that is under way: then the next poll sees what is left."""
        with self._lock:
            if key in self._opening:
                return
            self._opening.add(key)

        def opening() -> None:
            try:
                for paused in pauses:
                    self._open(paused)
            finally:
                with self._lock:
                    self._opening.discard(key)

        self._begin(opening)

    def _open(self, paused: Paused) -> None:
        """Open one gate; what is wrong with one pause does not stop the others.

        A pause that is listed although its gate has ended is not asked again, and stays paused; ops are told.
        """
        if paused.plain and not self._might_be_wanted(paused):
            return
        try:
            known = self._desk.store.gate_of(self._source.id, paused.ref)
            if known is not None:
                self._came_back(known)
                return
            gate = open_gate(self._desk, self._source, paused)
            if gate is None:
                self._passed_over[paused.ref] = self._desk.policy.sha256
                return
        except DamagedError as damaged:
            self._desk.store.set_aside(damaged)
            return
        except (SourceError, UntrustedInputError) as error:
            log.warning("pause not opened", source=self._source.id, run=paused.run.key, problem=str(error))
            return
        except StoreError:
            raise
        except Exception:
            log.exception("pause not opened", source=self._source.id, run=paused.run.key)
            return
        log.info("gate opened", gate=gate.jti, source=self._source.id, run=gate.run.key, state=gate.state.value)

    def _came_back(self, gate: Gate) -> None:
        """Tell ops, once, of a pause that waits again after its gate has ended, as after a backup of the source was put
        back. The listing may be older than that end, so the run is read afresh.
        """
        if not gate.state.settled or gate.jti in self._returned:
            return
        if gate.external_ref in self._source.outcome(gate.run).open_refs:
            alert = Alert(f"brought_back:{gate.jti}", "brought_back", self._desk.store.now(), gate.id)
            self._desk.store.commit(Commit(commit_id(alert.id), (), alerts=(alert,)))
            self._returned.add(gate.jti)

    def _might_be_wanted(self, paused: Paused) -> bool:
        """A plain pause that no rule selects is not read again while the policy stays what it was."""
        policy = self._desk.policy
        passed_over = self._passed_over.get(paused.ref) == policy.sha256
        return not passed_over and plain.might_be_wanted(policy, paused.nonce)

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
