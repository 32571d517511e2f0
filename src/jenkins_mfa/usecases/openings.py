"""New pauses of one source become gates: so many at a time, in turns, and what is wrong with one stops no other."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

import structlog

from jenkins_mfa.core.flood import Room, folder_of, in_turns, pipeline_of
from jenkins_mfa.core.model import Gate
from jenkins_mfa.errors import DamagedError, SourceError, StoreError, UntrustedInputError
from jenkins_mfa.usecases import floods, plain
from jenkins_mfa.usecases.desk import Desk
from jenkins_mfa.usecases.open_gate import FullError, open_gate
from jenkins_mfa.usecases.ports import Paused, Source
from jenkins_mfa.usecases.reopen import same_run
from jenkins_mfa.usecases.settling import settle_run

log = structlog.get_logger()

Task = Callable[[], None]


def at_once(task: Task) -> None:
    """Do it here and now."""
    task()


class Openings:
    """What waits to be opened. `begin` takes tasks, each of which opens the pauses of one run, in their order: a run
    that is read slowly then delays no other's. Which run that is, is decided as late as can be: one that comes later
    does not stand behind a crowd that came before it.
    """

    def __init__(self, desk: Desk, source: Source, begin: Callable[[Task], None]) -> None:
        self._desk = desk
        self._source = source
        self._begin = begin
        self._lock = threading.Lock()
        self._waiting: dict[str, list[Paused]] = {}
        self._opening: set[str] = set()
        self._begun = 0
        self._passed_over: dict[str, str] = {}
        self._flooded = True

    def offer(self, listed: Iterable[Paused], open_gates: Iterable[Gate]) -> None:
        """Begin with what is new in a listing, and tell what there is no room for. Raises StoreError."""
        pauses, known = {paused.ref: paused for paused in listed}, list(open_gates)
        self._passed_over = {ref: sha256 for ref, sha256 in self._passed_over.items() if ref in pauses}
        beside = {gate.external_ref for gate in known}
        new = [paused for ref, paused in pauses.items() if ref not in beside and self._might_be_wanted(paused)]
        # Most polls find nothing new, however many gates are open: then nothing is counted.
        room, over = Room(gate.run for gate in known if new), Counter[str]()
        runs: dict[str, list[Paused]] = {}
        for paused in sorted(new, key=lambda paused: paused.run.started):
            if room.take(paused.run):
                runs.setdefault(paused.run.key, []).append(paused)
            else:
                over[room.over(paused.run)] += 1
        self._take_up(runs)
        if over or self._flooded:
            self._flooded = floods.noticed(self._desk, self._source.id, over)

    def _take_up(self, runs: dict[str, list[Paused]]) -> None:
        """These wait now, in turns; what another task has in its hands is seen again by the next poll."""
        ordered = in_turns([pauses[0].run for pauses in runs.values()], (pipeline_of, folder_of))
        with self._lock:
            self._waiting = {run.key: runs[run.key] for run in ordered if run.key not in self._opening}
            more = len(self._waiting) - self._begun
        for _ in range(more):
            with self._lock:
                self._begun += 1
            self._begin(self._next)

    def _next(self) -> None:
        """Open what the run whose turn it is waits with."""
        with self._lock:
            self._begun -= 1
            if not self._waiting:
                return
            key = next(iter(self._waiting))
            pauses = self._waiting.pop(key)
            self._opening.add(key)
        try:
            for paused in pauses:
                self._open(paused)
        finally:
            with self._lock:
                self._opening.discard(key)

    def _open(self, paused: Paused) -> None:
        """Open one gate; what is wrong with one pause does not stop the others.

        A pause that is listed although its gate has ended gets the next one, once a fresh reading has shown it, too.
        """
        try:
            known = self._desk.store.gate_of(self._source.id, paused.ref)
            if known is not None and not self._came_back(paused, known):
                return
            if self._copied(paused, known):
                paused = replace(paused, problem="twin")
            with self._desk.spans.span("open") as about:
                gate = open_gate(self._desk, self._source, paused, known)
                about(gate.jti if gate else "")
            if gate is None:
                self._passed_over[paused.ref] = self._desk.policy.sha256
                return
        except FullError:
            return  # a replica was faster; the next poll finds what there is room for
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

    def _copied(self, paused: Paused, known: Gate | None) -> bool:
        """Whether the pause's id was another one's before, in this run's name or anywhere: random ones never repeat. A
        plain pause has the id that its pipeline gives to it.
        """
        if paused.plain:
            return False
        if known is not None:
            return not same_run(known, paused.run)
        return self._desk.store.copied(paused.nonce, self._source.id, paused.ref)

    def _came_back(self, paused: Paused, gate: Gate) -> bool:
        """Whether a pause waits again after its gate has ended, as after a backup of the source was put back.

        The listing may be older than that end, so the run is read afresh; what else that shows is judged at once.
        """
        return gate.state.settled and paused.ref in settle_run(self._desk, self._source, paused.run)[0].open_refs

    def _might_be_wanted(self, paused: Paused) -> bool:
        """A plain pause that no rule selects is not read again while the policy stays what it was."""
        policy = self._desk.policy
        passed_over = self._passed_over.get(paused.ref) == policy.sha256
        return not paused.plain or (not passed_over and plain.might_be_wanted(policy, paused.nonce))
