"""Challenges and the throttle: bound to one person and one gate or act, single use, counted (S4, S5).

The throttle belongs to the person, not to the gate: a new gate, challenge, replica or restart gives no new guesses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from jenkins_mfa.core.model import Act, Challenge, Factor, Gate, Misses, PersonRecord

LIFETIME = 600_000  #: ms; S5: at most ten minutes
TRIES = 5  #: answers to one challenge
NUMBER_TRIES = 3  #: numbers that one person may type for one gate, over all challenges (S5)
FREE_FAILURES = 5  #: failures in a row before the first wait
FIRST_WAIT = 30_000  #: ms; doubles with each further failure
LONGEST_WAIT = 3_600_000  #: ms
WARN_AGAIN = 3_600_000  #: ms between two warnings that a used code was typed again
DISABLED_AT = 50  #: failures in a row after which codes are switched off (S4 allows at most 100)


def issue(
    record: PersonRecord, about: Gate | Act, challenge_id: str, now: int, factor: Factor = Factor.TOTP
) -> PersonRecord:
    """The record with one new challenge for this gate or act; it replaces an older one and ended ones are dropped."""
    if isinstance(about, Gate):
        ends = min(now + LIFETIME, about.deadline)
        tries = NUMBER_TRIES - misses(record, about) if factor is Factor.PUSH_NUMBER else TRIES
        broken = about.broken is not None
        fresh = Challenge(challenge_id, about.id, about.generation, now, ends, tries, factor, broken=broken)
    else:
        fresh = Challenge(challenge_id, "", 0, now, now + LIFETIME, TRIES, act=about)
    kept = tuple(c for c in record.challenges if c.expires > now and (c.gate, c.act) != (fresh.gate, fresh.act))
    return replace(record, version=record.version + 1, challenges=(*kept, fresh))


def find(
    record: PersonRecord, about: Gate | Act, challenge_id: str, now: int, factor: Factor = Factor.TOTP
) -> Challenge | None:
    """The challenge with that id if it is this person's, for this gate or act and factor, in time and not used up."""
    return next(
        (
            c
            for c in record.challenges
            if c.id == challenge_id and _serves(c, about) and c.factor is factor and now < c.expires and c.tries > 0
        ),
        None,
    )


def _serves(challenge: Challenge, about: Gate | Act) -> bool:
    """Whether it was issued for exactly this: an act's never serves a gate, another act or another target. Who began
    before the glass was broken was shown another requirement, and does not count for the new one.
    """
    if isinstance(about, Gate):
        asked = (challenge.gate, challenge.generation, challenge.act, challenge.broken)
        return asked == (about.id, about.generation, None, about.broken is not None)
    return challenge.act == about


def missed(record: PersonRecord, challenge: Challenge, now: int) -> PersonRecord:
    """The record after an answer that did not match: one try and one failure more, and a wait from the fifth on."""
    failures = record.failures + 1
    wait = 0
    if failures >= FREE_FAILURES:
        wait = min(FIRST_WAIT * 2 ** (failures - FREE_FAILURES), LONGEST_WAIT)
    left = tuple(replace(c, tries=c.tries - 1) if c.id == challenge.id else c for c in record.challenges)
    return replace(
        record,
        version=record.version + 1,
        failures=failures,
        wait_until=max(record.wait_until, now + wait) if wait else record.wait_until,
        challenges=left,
    )


def misses(record: PersonRecord, gate: Gate) -> int:
    """How many wrong numbers the person typed for this gate."""
    return next((one.count for one in record.misses if one.gate == gate.jti), 0)


def missed_number(record: PersonRecord, challenge: Challenge, gate: Gate, now: int) -> PersonRecord:
    """The record after a number that did not match: a failure like any other, kept for the gate, too, for as long as it
    can be answered.
    """
    after = missed(record, challenge, now)
    mine = Misses(gate.jti, misses(record, gate) + 1, gate.first_deadline)
    others = (one for one in record.misses if one.gate != gate.jti and one.until > now)
    return replace(after, number_failures=record.number_failures + 1, misses=(*others, mine))


def matched_number(record: PersonRecord, challenge: Challenge) -> PersonRecord:
    """The record after a number that matched: the challenge is gone, and wrong numbers are forgiven. Wrong codes are
    not: a number says nothing about who has the phone, and would buy new guesses at its codes.
    """
    return replace(
        record,
        version=record.version + 1,
        failures=max(0, record.failures - record.number_failures),
        number_failures=0,
        challenges=tuple(c for c in record.challenges if c.id != challenge.id),
    )


def reused(record: PersonRecord, now: int) -> PersonRecord | None:
    """The record once its person is warned that a used code was typed again; None where they were lately."""
    if record.warned_at and now < record.warned_at + WARN_AGAIN:
        return None
    return replace(record, warned_at=now)


def matched(record: PersonRecord, challenge: Challenge, burnt: Mapping[str, int], now: int) -> PersonRecord:
    """The record after a code that matched: the challenge is gone, and for each authenticator (id) whose code it was,
    its step and all before it are burnt (S1).
    """
    authenticators = tuple(
        replace(a, last_step=burnt[a.id], last_used=now) if a.id in burnt else a for a in record.authenticators
    )
    return replace(
        record,
        version=record.version + 1,
        failures=0,
        number_failures=0,
        wait_until=0,
        authenticators=authenticators,
        challenges=tuple(c for c in record.challenges if c.id != challenge.id),
    )
