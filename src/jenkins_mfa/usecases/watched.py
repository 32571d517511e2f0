"""Watched pipelines: a run that ended without the gate that it should have had is told, once (`gate:missing`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from jenkins_mfa.core import watched
from jenkins_mfa.core.model import Alert, Commit, Entry, Gate, PipelineRecord, State
from jenkins_mfa.core.watched import Place, Ran
from jenkins_mfa.errors import DamagedError, SourceError, SourceGoneError, UntrustedInputError
from jenkins_mfa.usecases.desk import Desk, commit_id, decide, gates_of, run_record
from jenkins_mfa.usecases.open_gate import STEP
from jenkins_mfa.usecases.ports import Source

LONGEST = 255  #: characters of a name out of a source's records that are kept


@dataclass(frozen=True, slots=True)
class Wanted:
    """A run whose stages are to be read, and how far its pipeline was looked at when that was found."""

    ran: Ran
    place: Place


@dataclass
class WatchedJobs:
    """The watched pipelines of one source, with the stages that none of their runs may reach without a gate.

    How far each was looked at is in the store, so that runs that ended while no agent ran are caught up with. It
    remembers only which pipelines the last look did not see, and of which it is to read stages next.
    """

    desk: Desk
    source: Source
    pipelines: Mapping[str, frozenset[str]]
    _gone: dict[str, int] = field(default_factory=dict, init=False)
    _wanted: dict[str, Wanted] = field(default_factory=dict, init=False)

    def look(self) -> str:
        """Look at each, one request for each; what is wrong, for the heartbeat. Raises StoreError."""
        problems = []
        for pipeline in self.pipelines:
            try:
                self._look(pipeline)
            except DamagedError as damaged:
                self.desk.store.set_aside(damaged)
                problems.append(f"{pipeline}: its record is damaged")
            except SourceError as error:
                problems.append(f"{pipeline}: {error}")
                if isinstance(error, SourceGoneError):
                    self._missed(pipeline)
            else:
                self._gone.pop(pipeline, None)
        return "; ".join(problems)

    def _look(self, pipeline: str) -> None:
        """One request: for the stages of one run, where the last look has found one that needs it, or for the runs."""
        guarded, wanted = self.pipelines[pipeline], self._wanted.pop(pipeline, None)
        if wanted is not None:
            look_at_stages(self.desk, self.source, wanted, guarded)
        elif found := look(self.desk, self.source, pipeline, guarded):
            self._wanted[pipeline] = found

    def _missed(self, pipeline: str) -> None:
        """Ops are told at the second look in a row that does not see a pipeline: one says nothing by itself."""
        self._gone[pipeline] = self._gone.get(pipeline, 0) + 1
        if self._gone[pipeline] == 2:
            now, key = self.desk.store.now(), f"{self.source.id}:{pipeline}"
            alert = Alert(f"unwatched:{key}:{now}", "unwatched", now, values={"pipeline": pipeline})
            self.desk.store.commit(Commit(commit_id(alert.id), (), alerts=(alert,)))


def look(desk: Desk, source: Source, pipeline: str, guarded: frozenset[str] = frozenset()) -> Wanted | None:
    """Judge what has ended since the last look, and keep how far that was, in one commit. Returns the oldest run that
    is not judged before its stages were read. Raises SourceError, DamagedError and StoreError: then the next look sees
    the same again.
    """
    rans = source.ran(pipeline)

    def attempt() -> Wanted | None:
        record = desk.store.pipeline(f"{source.id}:{pipeline}")
        stored = Place(record.seen, record.looked)
        before = watched.begin(rans, stored)
        due = watched.due(rans, before)
        judged = {ran.number: _judged(desk, source, ran, guarded) for ran in due}
        done = {number: found for number, found in judged.items() if found is not None}
        now = watched.after(rans, before, done)
        if now != stored:
            wrong = [(ran, done[ran.number]) for ran in due if done.get(ran.number)]
            _keep(desk, record, now, wrong, watched.unseen(rans, before, now))
        return next((Wanted(ran, now) for ran in due if guarded and _asks_stages(ran, _gates(desk, ran))), None)

    return decide(attempt)


def look_at_stages(desk: Desk, source: Source, wanted: Wanted, guarded: frozenset[str]) -> None:
    """Read the stages of a run, and judge it. Whoever looked at its pipeline meanwhile has gone on from there, and this
    is left to the next look. Raises SourceUnavailableError, SourceForbiddenError, DamagedError and StoreError.
    """
    ran = _reached(source, wanted.ran)

    def attempt() -> None:
        record = desk.store.pipeline(ran.run.pipeline_key)
        if Place(record.seen, record.looked) != wanted.place:
            return
        found = _judged(desk, source, ran, guarded)
        if found is not None:
            now = Place(record.seen, tuple(sorted({*record.looked, ran.number})))
            _keep(desk, record, now, [(ran, found)] if found else [])

    decide(attempt)


def _keep(
    desk: Desk, record: PipelineRecord, now: Place, wrong: Sequence[tuple[Ran, tuple[str, ...]]], unseen: int = 0
) -> None:
    """How far a pipeline was looked at now, with what is told of its runs, and that so many were not to be seen."""
    at = desk.store.now()
    said = [told(ran, found, at) for ran, found in wrong]
    alerts = [alert for _, alert in said]
    if unseen:
        values = {"pipeline": record.key.partition(":")[2], "count": str(unseen), "upto": str(now.seen)}
        alerts.append(Alert(f"runs_unseen:{record.key}:{record.version}", "runs_unseen", at, values=values))
    desk.store.commit(
        Commit(
            commit_id("watched", record.key, str(record.version), str(now)),
            (replace(record, version=record.version + 1, seen=now.seen, looked=now.looked),),
            tuple(entry for entry, _ in said),
            alerts=tuple(alerts),
        )
    )


def _judged(desk: Desk, source: Source, ran: Ran, guarded: frozenset[str]) -> tuple[str, ...] | None:
    """What is wrong with a finished run; None while the end of a gate of it, or its stages, are still to be read."""
    gates = _gates(desk, ran)
    if any(not gate.state.settled for gate in gates) or (guarded and _asks_stages(ran, gates)):
        return None
    resumed = any(gate.state is State.RESUMED for gate in gates)
    return watched.missing(ran, resumed, desk.libraries.get(source.id, ""), STEP, guarded)


def _gates(desk: Desk, ran: Ran) -> list[Gate]:
    return [gate for gate in gates_of(desk, run_record(desk, ran.run.key)) if gate.run.started == ran.run.started]


def _asks_stages(ran: Ran, gates: list[Gate]) -> bool:
    """Whether its stages are still to be read, and make a difference: a run that ended well is told for that, and one
    that was denied, and went on all the same, when its abort was taken.
    """
    return ran.stages is None and ran.readable and not ran.well and not gates


def _reached(source: Source, ran: Ran) -> Ran:
    """The run with its stages. Raises SourceError where they cannot be read now."""
    try:
        return replace(ran, stages=source.stages(ran.run))
    except SourceGoneError:
        return replace(ran, stages=frozenset())  # deleted since it was listed
    except UntrustedInputError:
        return replace(ran, readable=False)


def told(ran: Ran, found: tuple[str, ...], at: int, named: str = "") -> tuple[Entry, Alert]:
    """What the trail and ops are told of a run: why, who started it and what was checked out, as its record tells.
    `named` are those who may settle its pause.
    """
    by = ", ".join(starter.subject for starter in ran.starters if starter.subject)
    person = next((starter.person for starter in ran.starters if starter.person), "")
    commit = ", ".join(revision.commit for revision in ran.revisions)
    about = {"reason": " ".join(found), "by": by[:LONGEST], "person": person, "commit": commit[:LONGEST]}
    about |= {"named": named} if named else {}
    entry = Entry("gate:missing", at, "agent", "", ran.run.source, ran.run.key, {**about})
    values = about | {"pipeline": ran.run.pipeline, "run": ran.run.id, "url": ran.run.url}
    # One for each run and reason of its own: the id is the run's, and that of the moment when it began.
    kind = watched.MISDIRECTED if watched.MISDIRECTED in found else "missing"
    return entry, Alert(f"{kind}:{ran.run.key}:{ran.run.started}", "gate_missing", at, values=values)
