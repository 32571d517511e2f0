"""What the agent's own records add to a gate's facts, and how those records grow: when gates open, and when runs are
let through.
"""

from __future__ import annotations

from dataclasses import replace

from jenkins_mfa.core import baseline, seal
from jenkins_mfa.core.model import Claims, Facts, Gate, History, PipelineRecord, Run, State
from jenkins_mfa.core.policy import Policy
from jenkins_mfa.usecases.desk import Desk, whole

OPENED = 100  #: opening times that are kept; the largest rate that a policy may name
BRANCHES = 200  #: branches that are kept
BASELINES = 50  #: environments whose values are kept


def pipeline_record(desk: Desk, run: Run) -> PipelineRecord:
    """What is kept for the run's pipeline. Raises DamagedError: without it nobody can tell what changed."""
    return desk.store.pipeline(run.pipeline_key)


def look(desk: Desk, policy: Policy, record: PipelineRecord, facts: Facts, claims: Claims, at: int) -> History:
    """The gate's history at `at`; `facts` and `claims` are as they came, before anything in them is masked.

    A pipeline that names an environment of its own for the first time cannot be compared: while others are known that
    counts as changed, whatever the policy says of a first gate.
    """
    declared = [one for one in policy.environments if one.pipelines.match(facts.run.pipeline)]
    environment = baseline.environment_of([one.name for one in declared], claims)
    named = [one for one in policy.environments if one.name == claims.environment]
    watched = [*policy.watch, *(name for one in (*declared, *named) for name in one.watch)]
    before = next((one for one in record.baselines if one.environment == environment), None)
    digest = _digest(desk, record.key)
    values = baseline.values(facts, claims, digest)
    first = policy.changed_at_first or bool(record.baselines)
    return History(
        at,
        record.opened,
        bool(record.branches),
        facts.branch != "" and facts.branch in record.branches,
        before is not None,
        baseline.compare(values, before, watched, changed_at_first=first),
        environment,
        values,
    )


def _digest(desk: Desk, key: str) -> baseline.Digest:
    """Bound to its place, so that equal secrets of two parameters or pipelines cannot be told to be equal."""
    return lambda kind, name, text: seal.mac(desk.keys.mac_key, "value/v1", key, kind, name, text)


def opened(record: PipelineRecord, at: int) -> PipelineRecord:
    """One gate more was opened at `at` (ms UTC)."""
    return replace(record, version=record.version + 1, opened=(*record.opened, at)[-OPENED:])


def let_through(record: PipelineRecord, gate: Gate) -> PipelineRecord:
    """The gate's run went on. Its values are what later gates are compared with if people have confirmed them; what
    nobody has looked at takes that place only where nothing of it counted as changed. A pause that is not ours sends no
    variables, and says nothing about them.
    """
    history = gate.history
    branches = (*(b for b in record.branches if b != gate.facts.branch), gate.facts.branch)
    record = replace(record, version=record.version + 1, branches=branches[-BRANCHES:])
    unseen = not gate.confirmations and any(change.changed for change in history.changes)
    if unseen or gate.facts.plain:
        return record
    others = tuple(one for one in record.baselines if one.environment != history.environment)
    fresh = baseline.kept(history.environment, history.values)
    return replace(record, baselines=(*others, fresh)[-BASELINES:])


def after(desk: Desk, gates: list[Gate]) -> tuple[PipelineRecord, ...]:
    """The record to be committed with gates of one run that have just ended; none where none was let through.

    A damaged record is left as it is: it stops no run that was let through.
    """
    through = [gate for gate in gates if gate.state is State.RESUMED]
    if not through:
        return ()
    record = whole(desk, lambda: pipeline_record(desk, through[0].run))
    if record is None:
        return ()
    version = record.version + 1
    for gate in through:
        record = let_through(record, gate)
    return (replace(record, version=version),)
