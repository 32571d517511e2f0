"""Pauses that look like gates, but that others than the agent alone may settle: told once for each run
(`gate:missing`), never answered. Whoever writes a Pipeline can make one, so nothing that it says is asked of anybody.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import structlog

from jenkins_mfa.core import watched
from jenkins_mfa.core.model import Commit, Run
from jenkins_mfa.core.watched import Ran
from jenkins_mfa.errors import DamagedError, SourceError
from jenkins_mfa.usecases.desk import Desk, commit_id, decide, run_record
from jenkins_mfa.usecases.ports import Paused, Source
from jenkins_mfa.usecases.watched import told

log = structlog.get_logger()


class Misdirected:
    """Those of one source. It remembers only which runs that are listed were told."""

    def __init__(self, desk: Desk, source: Source) -> None:
        self._desk = desk
        self._source = source
        self._told: set[Run] = set()

    def notice(self, pauses: Iterable[Paused]) -> None:
        """Tell what is new among those that are listed now. Raises StoreError."""
        found = {paused.run: paused for paused in pauses}
        self._told &= found.keys()
        for run in found.keys() - self._told:
            try:
                _tell(self._desk, self._source, found[run])
            except DamagedError as damaged:
                self._desk.store.set_aside(damaged)
            self._told.add(run)


def _tell(desk: Desk, source: Source, paused: Paused) -> None:
    run = paused.run
    if run_record(desk, run.key).misdirected == run.started:
        return
    about = _ran(source, run)

    def attempt() -> None:
        record, at = run_record(desk, run.key), desk.store.now()
        if record.misdirected == run.started:
            return
        entry, alert = told(about, (watched.MISDIRECTED,), at, named=paused.settled_by or "")
        after = replace(record, version=record.version + 1, misdirected=run.started)
        desk.store.commit(Commit(commit_id(alert.id), (after,), (entry,), alerts=(alert,)))

    decide(attempt)


def _ran(source: Source, run: Run) -> Ran:
    """Who started the run and what it was made from, where its source tells."""
    try:
        rans = source.ran(run.pipeline)
    except SourceError as error:
        log.info("not known who started a run", run=run.key, problem=str(error))
        rans = []
    return next((ran for ran in rans if ran.run == run), Ran(run, 0, finished=False))
