"""A new pause: read its request and facts once, ask the policy, store the gate. It opens pending, or denied at once, or
approved at once where the policy asks for nobody.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from jenkins_mfa.core import baseline
from jenkins_mfa.core import request as requests
from jenkins_mfa.core.flood import Room
from jenkins_mfa.core.model import (
    Claims,
    Denial,
    Facts,
    Gate,
    History,
    PipelineRecord,
    Reason,
    Requirement,
    Run,
    RunRecord,
    State,
)
from jenkins_mfa.errors import RequestError, SourceError, UntrustedInputError
from jenkins_mfa.usecases import history, holds, numbers, plain, receipt_keys, reopen
from jenkins_mfa.usecases.desk import Desk, decide, run_record, unsettled
from jenkins_mfa.usecases.opening_commit import written
from jenkins_mfa.usecases.ports import Opened, Paused, Source
from jenkins_mfa.usecases.rules import InForce, asked

STEP = "mfaGate"  #: what our library brings; nobody untrusted may bring the same
LONGEST_NAME = 100  #: characters of another library's name that are told
MOST_PROBLEMS = 5  #: of a request that are told


class FullError(Exception):
    """As many gates of the run, or of its pipeline, are open as may be at a time: the pause waits unasked."""


def open_gate(desk: Desk, source: Source, paused: Paused, former: Gate | None = None) -> Gate | None:
    """Open the gate of one pause. Whoever else saw the same pause opens the same gate: the reference decides. `former`
    is the pause's gate that has ended, where a fresh reading has shown that it waits again.

    None for a plain pause that is not ours to answer: no rule selects it, or it wants more than a yes.
    Raises FullError, SourceError where the facts cannot be read (the next poll tries again), and StoreError.
    """
    opened, problem = _read(desk, source, paused)
    if paused.plain and problem is not None:
        return None
    gate_id = f"g_{desk.randomness.hex(16)}"
    receipt_keys.look(desk)
    last, generation = (former.jti, former.generation + 1) if former else ("", 1)
    before = former if former and reopen.same_run(former, paused.run) else None

    def attempt() -> Gate | None:
        known = desk.store.gate_of(source.id, paused.ref)
        if known is not None and known.jti != last:
            return known
        run = _kept(run_record(desk, paused.run.key), paused.run, opened.facts)
        run = reopen.rewound(run, paused.settlers) if before else run
        pipeline = history.pipeline_record(desk, opened.facts.run)
        # Looked at after the pipeline's record was read: whoever takes a place meanwhile has gone on from that.
        beside = (gate.run for gate in desk.store.open_gates(source.id) if gate.run.pipeline == paused.run.pipeline)
        if not Room(beside).take(paused.run):
            raise FullError
        gate = replace(_draft(desk, paused, opened, gate_id), generation=generation)
        gate = _deny(gate, problem) if problem else _judge(desk, gate, opened, run, pipeline, before)
        if paused.plain and not (gate.requirement and plain.selected(desk.policy, gate.requirement)):
            return None
        pipeline = numbers.remembered(desk, gate, history.opened(pipeline, gate.opened_at))
        gate, compared = holds.placed(desk, gate)
        desk.store.commit(written(gate, run, unsettled(desk, run), pipeline, compared, before))
        return gate

    gate = decide(attempt)
    if gate is not None:
        receipt_keys.warn(desk, gate)
    return gate


def _read(desk: Desk, source: Source, paused: Paused) -> tuple[Opened, Reason | None]:
    """Facts and exact request text, and what is wrong with the pause before its request was even looked at."""
    if paused.problem:
        return Opened(b"", _told(source, paused.run)), Reason(paused.problem)
    try:
        opened = source.facts(paused)
    except UntrustedInputError as error:
        return Opened(b"", _told(source, paused.run)), Reason("bad_request", {"problem": str(error).rstrip(".")})
    if paused.plain:
        return opened, None
    name = desk.libraries.get(source.id, "")
    ours = [library for library in opened.facts.libraries if library.name == name]
    if name and not (len(ours) == 1 and ours[0].trusted):
        return opened, Reason("foreign_library", {"library": name})
    others = [library.name for library in opened.facts.libraries if not library.trusted and STEP in library.variables]
    if name and others:
        return opened, Reason("shadowed", {"library": others[0][:LONGEST_NAME]})
    return opened, None


def _told(source: Source, run: Run) -> Facts:
    """What is read of a run whose pause is denied anyway, at once: whoever reads of it asks who started it."""
    try:
        return Facts(run, starters=source.starters(run))
    except (SourceError, UntrustedInputError):
        return Facts(run)


def _draft(desk: Desk, paused: Paused, opened: Opened, gate_id: str) -> Gate:
    """The gate before anything is decided about it."""
    now = desk.store.now()
    return Gate(
        id=gate_id,
        generation=1,
        version=1,
        state=State.PENDING,
        external_ref=paused.ref,
        nonce=paused.nonce,
        run=opened.facts.run,
        facts=baseline.masked(opened.facts),
        opened_at=now,
        deadline=now,
        first_deadline=now,
        request_text="",
        request_sha256=hashlib.sha256(opened.request).hexdigest(),
        kids=(),
        claims=None,
        requirement=None,
        history=History(now),
    )


def _judge(
    desk: Desk, gate: Gate, opened: Opened, run: RunRecord, pipeline: PipelineRecord, former: Gate | None
) -> Gate:
    """Pending with its requirement, approved where that asks for nobody, or denied with the first reason found.

    Facts are as they came; the gate has them, and its request, without the values of what looks like a secret.
    """
    request = None if gate.facts.plain else _parsed(opened.request)
    if isinstance(request, Reason):
        return _deny(gate, request)
    claims, faults = (requests.claims_of(request), []) if request else plain.claims(opened.request)
    rules = desk.rules.now
    compared = history.look(desk, rules.policy, pipeline, opened.facts, claims, gate.opened_at)
    claims = baseline.masked_claims(claims)
    gate = replace(
        gate,
        kids=request.kids if request else (),
        assurance="verified" if request else "detected",
        claims=claims,
        history=reopen.compared(compared, former),
        request_text=requests.hiding(opened.request, claims.hidden),
    )
    gate = _asked(gate, rules, claims)
    if gate.requirement is None:
        return gate
    if faults:  # what cannot be shown is not kept: it would fill the store, and no message would take it
        return _deny(replace(gate, claims=None, request_text=""), Reason("bad_request", {"problem": _first(faults)}))
    fault = _fault(desk, gate, request, gate.requirement, pipeline) or reopen.denied(run, former)
    if fault is None and desk.continuity.before(gate.run.started):
        fault = Reason("rolled_back")
    if fault is not None:
        return _deny(gate, fault)
    return _pass(gate, desk.approval_ttl) if gate.requirement.passes_by else gate


def _parsed(text: bytes) -> requests.Request | Reason:
    try:
        return requests.parse(text)
    except requests.RequestVersionError as error:
        return Reason("wrong_version", {"problem": str(error).rstrip(".")})
    except RequestError as error:
        return Reason("bad_request", {"problem": _first(error.problems)})


def _pass(gate: Gate, approval_ttl: int) -> Gate:
    """Approved by the policy itself, for as long as any approval waits for its delivery."""
    until = gate.opened_at + approval_ttl * 1000
    return replace(gate, state=State.APPROVED, deadline=until, decided_at=gate.opened_at)


def _asked(gate: Gate, rules: InForce, claims: Claims) -> Gate:
    """The gate with what the policy asks for; denied, without a requirement, if the policy cannot be asked."""
    requirement = asked(rules, gate.facts, claims, gate.history)
    if isinstance(requirement, Reason):
        return _deny(gate, requirement)
    deadline = gate.opened_at + requirement.ttl * 1000
    return replace(gate, requirement=requirement, deadline=deadline, first_deadline=deadline)


def _first(problems: list[str]) -> str:
    """Problems as one text that a message takes: a hostile request can have hundreds."""
    more = len(problems) - MOST_PROBLEMS
    return "; ".join(problems[:MOST_PROBLEMS]) + (f"; and {more} more" if more > 0 else "")


def _fault(
    desk: Desk, gate: Gate, request: requests.Request | None, requirement: Requirement, pipeline: PipelineRecord
) -> Reason | None:
    """What stands against asking anybody."""
    if request and (request.pipeline, request.run_id) != (gate.run.pipeline, gate.run.id):
        return Reason("other_run", {"named": f"{request.pipeline} #{request.run_id}"})
    if request and desk.keys.signer(gate.kids, gate.opened_at // 1000) is None:
        revoked = [kid for kid in gate.kids if kid in desk.keys.revoked]
        return Reason("revoked_key" if revoked else "unknown_key", {"kids": ", ".join(revoked or gate.kids)})
    if requirement.refusal is not None:
        return requirement.refusal
    if numbers.reused(desk, gate, pipeline):
        return Reason("number_reused")
    too_long = desk.messenger.cannot_show(gate)
    return Reason("cannot_show", {"problem": too_long}) if too_long else None


def _deny(gate: Gate, reason: Reason) -> Gate:
    denial = Denial(gate.opened_at, None, reason.code, f"open:{gate.id}", values=dict(reason.values))
    return replace(gate, state=State.DENIED, denial=denial, decided_at=gate.opened_at)


def _kept(record: RunRecord, run: Run, facts: Facts) -> RunRecord:
    """What is kept for the run. What was decided about an earlier one of its name says nothing about this one: its
    first gate begins with what its own facts tell.
    """
    if not record.about(run):
        return replace(record, started=run.started, denial=None, settlers=facts.settlers, refused=())
    settlers = record.settlers if record.gates else facts.settlers
    return replace(record, started=run.started or record.started, settlers=settlers)
