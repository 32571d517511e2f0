"""Number matching: the six digits that a run shows are typed by whoever confirms it (SP 800-63B-4, 3.1.3.2).

The number is read out of the gate's request when it is compared, and is nowhere else: no challenge, trail, log, error
or message has it.
"""

from __future__ import annotations

import hmac
from dataclasses import replace

from jenkins_mfa.core import challenge, seal, totp
from jenkins_mfa.core import request as requests
from jenkins_mfa.core.model import Alert, Challenge, Factor, Gate, PersonRecord, PipelineRecord
from jenkins_mfa.errors import Refusal
from jenkins_mfa.usecases import codes
from jenkins_mfa.usecases.desk import Desk

REMEMBERED = 20  #: gates of a pipeline whose numbers are remembered
DIGEST = 16  #: hexadecimal digits of a number's digest
TOLD_AT = 2  #: wrong numbers of one person at one gate of which ops read: one may be a slip


def issue(desk: Desk, gate: Gate, person: str, cause: str, now: int) -> Challenge:
    """A challenge for this person and gate (S5). Raises Refusal for who has no tries left here, or must wait."""
    record = codes.record_of(desk, person)
    _left(record, gate)
    return codes.issued(desk, gate, record, Factor.PUSH_NUMBER, cause, now)


def judge(desk: Desk, gate: Gate, person: str, challenge_id: str, typed: str, cause: str, now: int) -> PersonRecord:
    """The person's record with the challenge used up; the caller commits it together with the confirmation.

    A miss is committed here. Raises Refusal: what is no number at all is no guess, and is not counted.
    """
    record = codes.record_of(desk, person)
    _left(record, gate)
    asked = codes.open_challenge(record, gate, challenge_id, Factor.PUSH_NUMBER, now)
    codes.throttle(record, now)
    digits = totp.digits(typed)
    if not digits:
        raise Refusal("number_malformed")
    if not hmac.compare_digest(_of(gate), digits):
        raise _miss(desk, gate, record, asked, cause, now)
    return challenge.matched_number(record, asked)


def reused(desk: Desk, gate: Gate, pipeline: PipelineRecord) -> bool:
    """Whether the gate asks for a number that was shown lately: by one of its pipeline's last gates, or by one of its
    source that still waits. A pipeline that shows always the same would make it no secret.

    Of two honest gates that happens once in 1,000,000 / (REMEMBERED + gates that wait and ask for a number).
    """
    if not _asks(gate):
        return False
    number = _of(gate)
    others = (one for one in desk.store.open_gates(gate.run.source) if _asks(one))
    # What is asked again shows the number that it showed before.
    known = gate.generation == 1 and _digest(desk, gate) in pipeline.numbers
    return known or any(_of(one) == number for one in others)


def remembered(desk: Desk, gate: Gate, pipeline: PipelineRecord) -> PipelineRecord:
    """The pipeline's record, of the same version, with the number that this gate shows."""
    if gate.facts.plain or gate.claims is None:
        return pipeline
    return replace(pipeline, numbers=(*pipeline.numbers, _digest(desk, gate))[-REMEMBERED:])


def _asks(gate: Gate) -> bool:
    """Whether the number is what anybody is asked for."""
    clauses = gate.requirement.clauses if gate.requirement else ()
    return any(clause.factor is Factor.PUSH_NUMBER for clause in clauses)


def _of(gate: Gate) -> str:
    """The number that the run shows."""
    return requests.parse(gate.request_text).number


def _digest(desk: Desk, gate: Gate) -> str:
    """Bound to its pipeline, so that equal numbers of two pipelines cannot be told to be equal."""
    return seal.mac(desk.keys.mac_key, "number/v1", gate.run.source, gate.run.pipeline, _of(gate))[:DIGEST]


def _left(record: PersonRecord, gate: Gate) -> int:
    """How many tries the person has left at this gate. No challenge, form or replica gives new ones."""
    left = challenge.NUMBER_TRIES - challenge.misses(record, gate)
    if left <= 0:
        raise Refusal("no_number_tries")
    return left


def _miss(desk: Desk, gate: Gate, record: PersonRecord, asked: Challenge, cause: str, now: int) -> Refusal:
    """Count it: in the person's throttle, and at this gate. Ops read of a second one, once."""
    after = challenge.missed_number(record, asked, gate, now)
    count = challenge.misses(after, gate)
    values = {"person": record.person}
    told = Alert(f"number_missed:{gate.jti}:{record.person}", "number_missed", now, gate.id, values)
    alerts = (told,) if count == TOLD_AT else ()
    left = challenge.NUMBER_TRIES - count
    code = "number_wrong" if left else "no_number_tries"
    codes.count_miss(desk, gate, after, ("number_wrong", Factor.PUSH_NUMBER), cause, now, alerts)
    return codes.CountedMissError(code, {"left": str(left)})
