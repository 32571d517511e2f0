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
        "shadowed",
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
    gate, run, pipeline, alerts = refusals.counted(gate, run, pipeline)
    run = run.with_gate(gate.id, waiting)
    opened = _opened(gate)
    entries = [opened]
    if former is not None:
        entries.append(reopen.entry(gate, former))
        alerts += (Alert(f"brought_back:{gate.jti}", "brought_back", gate.opened_at, gate.id),)
    more, lanes = _asked(gate, opened) if gate.state is State.PENDING else _settled(gate, opened)
    if not gate.untold:
        lanes = [f"tell:{gate.id}", *lanes]
    if gate.denial is not None and gate.denial.reason in ALARMING and not gate.untold:
        alerts += (Alert(f"open:{gate.jti}", gate.denial.reason, gate.opened_at, gate.id, gate.denial.values),)
    cause = commit_id("open", gate.run.source, gate.external_ref, str(gate.generation), gate.id)
    return Commit(cause, (gate, run, pipeline, *compared), (*entries, *more), tuple(lanes), alerts)


def _opened(gate: Gate) -> Entry:
    details, policy = _state(gate), ""
    if gate.requirement is not None:
        policy = gate.requirement.policy_sha256
        details |= {"rules": listed(gate.requirement.rules), "effects": effects(gate.requirement.reasons)}
    details |= {"request_sha256": gate.request_sha256, "policy_sha256": policy, "nonce": gate.nonce}
    return Entry("gate:opened", gate.opened_at, "agent", gate.jti, gate.run.source, gate.run.key, details)


def _asked(gate: Gate, opened: Entry) -> tuple[list[Entry], list[str]]:
    """Events and lanes of a gate that waits, held or not."""
    lanes = [f"note:{gate.id}", f"supersede:{gate.id}"]
    if gate.held is None:
        return [], lanes
    why: dict[str, str | int] = {"reason": gate.held.why, "target": gate.held.requester}
    lanes += [f"many:{gate.held.requester}"] if in_line(gate) else []
    return [replace(opened, event="gate:held", details=_state(gate) | why)], lanes


def _settled(gate: Gate, opened: Entry) -> tuple[list[Entry], list[str]]:
    """Events and lanes of a gate that was denied at once, or passed by the policy."""
    passed = listed(gate.requirement.passes_by) if gate.requirement else ""
    why: dict[str, str | int] = {"reason": gate.denial.reason} if gate.denial else {"rules": passed}
    settled = replace(opened, event=f"gate:{gate.state.value}", details=_state(gate) | why)
    return [settled], [f"answer:{gate.run.key}"]


def _state(gate: Gate) -> dict[str, str | int]:
    return {"version": gate.version, "state": gate.state.value}
