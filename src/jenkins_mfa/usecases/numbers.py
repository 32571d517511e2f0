"""Number matching: the six digits that a run shows are typed by whoever confirms it (SP 800-63B-4, 3.1.3.2).

The number is read out of the gate's request when it is compared, and is nowhere else: no challenge, trail, log, error
or message has it.
"""

from __future__ import annotations

import hmac

from jenkins_mfa.core import challenge, totp
from jenkins_mfa.core import request as requests
from jenkins_mfa.core.model import Alert, Challenge, Factor, Gate, PersonRecord
from jenkins_mfa.errors import Refusal
from jenkins_mfa.usecases import codes
from jenkins_mfa.usecases.desk import Desk

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
    if not hmac.compare_digest(requests.parse(gate.request_text).number, digits):
        raise _miss(desk, gate, record, asked, cause, now)
    return challenge.matched_number(record, asked)


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
    codes.count_miss(desk, gate, after, "number_wrong", cause, now, alerts)
    return codes.CountedMissError(code, {"left": str(left)})
