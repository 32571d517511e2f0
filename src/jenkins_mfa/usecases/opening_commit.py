"""What is written when a gate opens: one commit, with all that follows from it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from jenkins_mfa.core.holds import in_line
from jenkins_mfa.core.model import Alert, Commit, Entry, Gate, HoldsRecord, PipelineRecord, RunRecord, State
from jenkins_mfa.core.policy.brief import effects, listed
from jenkins_mfa.usecases import refusals, reopen
from jenkins_mfa.usecases.desk import commit_id

#: Denials at opening that look like an attack or a broken set-up: ops read them at once.
ALARMING = frozenset(
    {
        "other_run",
        "wrong_version",
        "unknown_key",
        "revoked_key",
        "foreign_library",
        "twin",
        "policy_error",
        "number_reused",
    }
)


def written(
    gate: Gate,
    run: RunRecord,
    waiting: Collection[str],
    pipeline: PipelineRecord,
    compared: tuple[HoldsRecord, ...],
    former: Gate | None,
) -> Commit:
    """The gate, its place in the run's record and the pipeline's, the trail's events, and who must be told. `waiting`
    are the run's gates that are not settled.
    """
    gate, run, pipeline, refused = refusals.counted(gate, run, pipeline)
    run = run.with_gate(gate.id, waiting)
    state: dict[str, str | int] = {"version": gate.version, "state": gate.state.value}
    details, policy = dict(state), ""
    if gate.requirement is not None:
        policy = gate.requirement.policy_sha256
        details |= {"rules": listed(gate.requirement.rules), "effects": effects(gate.requirement.reasons)}
    details |= {"request_sha256": gate.request_sha256, "policy_sha256": policy, "nonce": gate.nonce}
    entries = [Entry("gate:opened", gate.opened_at, "agent", gate.jti, gate.run.source, gate.run.key, details)]
    lanes = [] if gate.untold else [f"tell:{gate.id}"]
    alerts = refused
    if former is not None:
        entries.append(reopen.entry(gate, former))
        alerts += (Alert(f"brought_back:{gate.jti}", "brought_back", gate.opened_at, gate.id),)
    if gate.state is State.PENDING:
        lanes += [f"note:{gate.id}", f"supersede:{gate.id}"]
        if gate.held is not None:
            why: dict[str, str | int] = {"reason": gate.held.why, "target": gate.held.requester}
            entries.append(replace(entries[0], event="gate:held", details=state | why))
            lanes += [f"many:{gate.held.requester}"] if in_line(gate) else []
    else:
        passed = listed(gate.requirement.passes_by) if gate.requirement else ""
        settled = dict(state)
        settled |= {"reason": gate.denial.reason} if gate.denial else {"rules": passed}
        entries.append(replace(entries[0], event=f"gate:{gate.state.value}", details=settled))
        lanes.append(f"answer:{gate.run.key}")
    if gate.denial is not None and gate.denial.reason in ALARMING and not gate.untold:
        alerts += (Alert(f"open:{gate.jti}", gate.denial.reason, gate.opened_at, gate.id, gate.denial.values),)
    cause = commit_id("open", gate.run.source, gate.external_ref, str(gate.generation), gate.id)
    return Commit(cause, (gate, run, pipeline, *compared), tuple(entries), tuple(lanes), alerts)
