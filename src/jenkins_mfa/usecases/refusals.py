"""Gates that are denied as they open: people are told once for each run and reason, and so often an hour for each
pipeline and reason. A hostile pipeline makes no storm of them; the trail and the run's own page have all.
"""

from __future__ import annotations

from dataclasses import replace

from jenkins_mfa.core.model import Alert, Gate, PipelineRecord, RunRecord

HOUR = 3_600_000  #: ms
PER_HOUR = 20  #: refusals of one pipeline for one reason that are told within an hour
KEPT = 200  #: refusals of a pipeline that are remembered

Counted = tuple[Gate, RunRecord, PipelineRecord, tuple[Alert, ...]]


def counted(gate: Gate, run: RunRecord, pipeline: PipelineRecord) -> Counted:
    """The gate that is about to open, `untold` where it was refused as others before it; what is remembered for that;
    and what ops read with the last one that is told.
    """
    if gate.denial is None:
        return gate, run, pipeline, ()
    reason, now = gate.denial.reason, gate.opened_at
    lately = tuple((code, at) for code, at in pipeline.refused if at > now - HOUR)
    before = sum(code == reason for code, _ in lately)
    if reason in run.refused or before >= PER_HOUR:
        return replace(gate, untold=True), run, pipeline, ()
    run = replace(run, refused=(*run.refused, reason))
    pipeline = replace(pipeline, refused=(*lately, (reason, now))[-KEPT:])
    if before + 1 < PER_HOUR:
        return gate, run, pipeline, ()
    values = {"target": gate.run.pipeline, "reason": reason}
    return gate, run, pipeline, (Alert(f"refused_often:{gate.jti}", "refused_often", now, values=values),)
