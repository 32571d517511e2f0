"""Watched pipelines: a run that ended without the gate that it should have had is told, once (`gate:missing`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import structlog

from jenkins_mfa.core import watched
from jenkins_mfa.core.model import Alert, Commit, Entry, Gate, State
from jenkins_mfa.core.watched import Place, Ran
from jenkins_mfa.errors import DamagedError, SourceError, SourceGoneError, UntrustedInputError
from jenkins_mfa.usecases.desk import Desk, commit_id, decide, gates_of, run_record
from jenkins_mfa.usecases.open_gate import STEP
from jenkins_mfa.usecases.ports import Source

log = structlog.get_logger()

STAGES = 5  #: runs whose stages are read at one look
LONGEST = 255  #: characters of a name out of a source's records that are kept


@dataclass
class WatchedJobs:
    """The watched pipelines of one source, with the stages that none of their runs may reach without a gate.

    How far each was looked at is in the store, so that runs that ended while no agent ran are caught up with. It
    remembers only which pipelines the last look did not see.
    """

    desk: Desk
    source: Source
    pipelines: Mapping[str, frozenset[str]]
    _gone: dict[str, int] = field(default_factory=dict, init=False)

    def look(self) -> str:
        """Look at each, one request for each; what is wrong, for the heartbeat. Raises StoreError."""
        problems = []
        for pipeline, guarded in self.pipelines.items():
            try:
                look(self.desk, self.source, pipeline, guarded)
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

    def _missed(self, pipeline: str) -> None:
        """Ops are told at the second look in a row that does not see a pipeline: one says nothing by itself."""
        self._gone[pipeline] = self._gone.get(pipeline, 0) + 1
        if self._gone[pipeline] == 2:
            now, key = self.desk.store.now(), f"{self.source.id}:{pipeline}"
            alert = Alert(f"unwatched:{key}:{now}", "unwatched", now, values={"pipeline": pipeline})
            self.desk.store.commit(Commit(commit_id(alert.id), (), alerts=(alert,)))


def look(desk: Desk, source: Source, pipeline: str, guarded: frozenset[str] = frozenset()) -> None:
    """Judge what has ended since the last look, and keep how far that was, in one commit. Raises SourceError,
    DamagedError and StoreError: then the next look sees the same again.
    """
    rans = source.ran(pipeline)
    if guarded:
        rans = _with_stages(desk, source, pipeline, rans)

    def attempt() -> None:
        record = desk.store.pipeline(f"{source.id}:{pipeline}")
        at = desk.store.now()
        stored = Place(record.seen, record.looked)
        before = watched.begin(rans, stored)
        judged = {ran.number: _judged(desk, source, ran, guarded) for ran in watched.due(rans, before)}
        done = {number: found for number, found in judged.items() if found is not None}
        now = watched.after(rans, before, done)
        if now == stored:
            return
        wrong = [told(ran, done[ran.number] or (), at) for ran in rans if done.get(ran.number)]
        alerts = [alert for _, alert in wrong]
        if lost := watched.unseen(rans, before, now):
            values = {"pipeline": pipeline, "count": str(lost), "upto": str(now.seen)}
            alerts.append(Alert(f"runs_unseen:{record.key}:{record.version}", "runs_unseen", at, values=values))
        desk.store.commit(
            Commit(
                commit_id("watched", record.key, str(record.version), str(now)),
                (replace(record, version=record.version + 1, seen=now.seen, looked=now.looked),),
                tuple(entry for entry, _ in wrong),
                alerts=tuple(alerts),
            )
        )

    decide(attempt)


def _judged(desk: Desk, source: Source, ran: Ran, guarded: frozenset[str]) -> tuple[str, ...] | None:
    """What is wrong with a finished run; None while the end of a gate of it, or its stages, are still to be read."""
    gates = _gates(desk, ran)
    if any(not gate.state.settled for gate in gates) or (guarded and ran.stages is None and _asks_stages(ran, gates)):
        return None
    resumed = any(gate.state is State.RESUMED for gate in gates)
    return watched.missing(ran, resumed, desk.libraries.get(source.id, ""), STEP, guarded)


def _gates(desk: Desk, ran: Ran) -> list[Gate]:
    return [gate for gate in gates_of(desk, run_record(desk, ran.run.key)) if gate.run.started == ran.run.started]


def _asks_stages(ran: Ran, gates: list[Gate]) -> bool:
    """Whether its stages make a difference: one that ended well is told for that, and one that was denied, and went on
    all the same, when its abort was taken.
    """
    return ran.readable and not ran.well and not gates


def _with_stages(desk: Desk, source: Source, pipeline: str, rans: list[Ran]) -> list[Ran]:
    """The runs, with the stages of the first that are due and need them read: others wait for the next look."""
    record = desk.store.pipeline(f"{source.id}:{pipeline}")
    place = watched.begin(rans, Place(record.seen, record.looked))
    wanted = [ran for ran in watched.due(rans, place) if _asks_stages(ran, _gates(desk, ran))][:STAGES]
    read = {ran.number: _reached(source, ran) for ran in wanted}
    return [read.get(ran.number, ran) for ran in rans]


def _reached(source: Source, ran: Ran) -> Ran:
    try:
        return replace(ran, stages=source.stages(ran.run))
    except SourceGoneError:
        return replace(ran, stages=frozenset())  # deleted since it was listed
    except UntrustedInputError:
        return replace(ran, readable=False)
    except SourceError as error:
        log.info("stages not read", run=ran.run.key, problem=str(error))
        return ran


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
