"""Which gates are not asked for the present: those of requesters whom somebody reported, and those of requesters of
whom as many are asked as may be at a time. Patience is an attack: asking until somebody taps (MITRE ATT&CK T1621).
"""

from __future__ import annotations

from collections.abc import Iterable

from jenkins_mfa.core.model import Gate, Held, Hold, HoldsRecord, State

REPORTED = "reported"  #: somebody denied a gate of the requester and reported it; administrators release them
MANY = "many"  #: it waits in line, and is asked when a gate before it has ended


def requesters(gate: Gate) -> tuple[str, ...]:
    """Everybody behind the run who is named: roster ids, and `<source>:<subject>` of those whom the roster lacks."""
    named = (s.person or (f"{gate.run.source}:{s.subject}" if s.subject else "") for s in gate.facts.starters)
    return tuple(dict.fromkeys(one for one in named if one))


def hold_of(gate: Gate, holds: Iterable[Hold]) -> Hold | None:
    """Why a gate is held, if one of its requesters was reported."""
    behind = requesters(gate)
    return next((hold for hold in holds if hold.requester in behind), None)


def held(gate: Gate, record: HoldsRecord, waiting: Iterable[Gate], most: int, now: int) -> Held | None:
    """Why the gate is not asked at `now` (ms UTC); None where it is. `waiting` are the gates that are open, `most` how
    many of one requester people see at a time: those that are held since they were reported are among them.
    """
    pending = [other for other in waiting if other.state is State.PENDING and other.id != gate.id]
    for requester in requesters(gate):
        seen = [other for other in pending if not in_line(other) and requester in requesters(other)]
        before = (other for other in pending if in_line(other, requester) and _older(other, gate))
        if len(seen) >= most or any(before):
            return Held(MANY, now, requester)
    hold = hold_of(gate, record.holds)
    return Held(REPORTED, hold.since, hold.requester, hold.by) if hold else None


def in_line(gate: Gate, requester: str = "") -> bool:
    """Whether it waits for its turn, since so many of one requester, of `requester` if that is given, are asked."""
    return gate.held is not None and gate.held.why == MANY and requester in {"", gate.held.requester}


def _older(one: Gate, other: Gate) -> bool:
    return (one.opened_at, one.id) < (other.opened_at, other.id)
