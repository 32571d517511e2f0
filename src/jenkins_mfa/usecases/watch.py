"""Watching one source: new pauses become gates, pauses that went away are looked into.

Missing from one listing is not settled: a source that has just restarted lists nothing for a while. So a pause is
looked into when two polls in a row missed it, and the run's own record decides.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from jenkins_mfa.core.model import Commit, Denial, Gate, Run, State
from jenkins_mfa.errors import SourceError
from jenkins_mfa.usecases.decisions import deny_run
from jenkins_mfa.usecases.desk import Desk, commit_id, decide, named
from jenkins_mfa.usecases.misdirected import Misdirected
from jenkins_mfa.usecases.openings import Openings, Task, at_once
from jenkins_mfa.usecases.owner import Owner
from jenkins_mfa.usecases.ports import Paused, Source
from jenkins_mfa.usecases.settling import remember, settle_run

log = structlog.get_logger()

#: Polls at which answers are brought once the source lists again: a try that was under way at the first may end badly
#: after it.
HURRIES = 3


class Watch:
    """One source's watcher. It remembers only what it may forget: which gates the last poll missed, which runs it could
    not read and how often, who had settled other pauses of the runs that wait, and how often answers are hurried.

    `begin` takes the tasks that open what is new (openings.py).
    """

    def __init__(self, desk: Desk, source: Source, begin: Callable[[Task], None] = at_once) -> None:
        self._desk = desk
        self._source = source
        self._owner = Owner(desk, source)
        self._openings = Openings(desk, source, begin)
        self._misdirected = Misdirected(desk, source)
        self._settlers: dict[Run, tuple[str, ...]] = {}
        self._remembered: dict[Run, tuple[str, ...]] = {}
        self._missed: frozenset[str] = frozenset()
        self._unread: dict[str, int] = {}
        self._hurries = HURRIES

    def poll(self) -> int:
        """One poll: returns how many pauses wait. Raises SourceError or StoreError; then nothing has changed."""
        self._owner.require()
        found = self._pending()
        listed = [paused for paused in found if paused.settled_by is None]
        waiting = self._desk.store.open_gates(self._source.id)
        self._hurry(waiting)
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
        self._misdirected.notice(paused for paused in found if paused.settled_by is not None)
        return len(listed)

    def _pending(self) -> list[Paused]:
        try:
            return self._source.pending()
        except SourceError:
            self._hurries = HURRIES
            raise

    def _hurry(self, waiting: list[Gate]) -> None:
        """A source that was away answers again: what it did not take is brought now, not when the pause between two
        tries ends, which has grown meanwhile.
        """
        lanes = {f"answer:{gate.run.key}" for gate in waiting if gate.state.answered}
        if self._hurries and lanes:
            cause = commit_id("hurry", self._source.id, str(self._desk.store.now()))
            self._desk.store.commit(Commit(cause, (), (), tuple(sorted(lanes))))
        self._hurries = max(0, self._hurries - 1)

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
