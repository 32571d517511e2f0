"""The life of a gate: one literal table of transitions (gate_table.py), and `advance`, the only way to change a gate.

What is not in the table is refused with a reason and changes nothing. Answers and *claimed* are
compared with the deadline here, whoever brings them; what the run's own record says is applied as itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from jenkins_mfa.core import holds, moments, quorum
from jenkins_mfa.core.gate_table import ENTERED, TABLE, Event, Kind, Refused, Transition
from jenkins_mfa.core.model import Alert, Ending, Entry, Gate, Requirement, State
from jenkins_mfa.core.policy.brief import listed

TOLD_AT_ONCE = frozenset({"superseded", "rolled_back", "test_stopped"})  #: denials of which ops do not read one by one
RETRACTED = 50  #: causes of confirmations taken back that a gate remembers, the newest

__all__ = ["ENTERED", "TABLE", "Event", "Kind", "Refused", "Transition", "advance"]


def advance(gate: Gate, event: Event, *, approval_ttl: int = 600) -> Transition | Refused:
    """Apply one event. `approval_ttl` (seconds) is how long an approval waits for its delivery.

    An answer or a claim at or after the deadline counts as *deadline* (traps: "timeout counts as success").
    """
    timed = {Kind.CONFIRMED, Kind.DENIED, Kind.RETRACTED, Kind.BROKE_GLASS, Kind.CLAIMED}
    late = event.kind in timed and gate.state in {State.PENDING, State.APPROVED}
    if late and event.at >= gate.deadline:
        event = Event(Kind.DEADLINE, event.at, "agent", f"deadline:{gate.jti}:{gate.deadline}")
    if event.kind is Kind.DEADLINE and event.at < gate.deadline:
        return Refused("not_yet")
    target = TABLE[gate.state].get(event.kind)
    if target is None:
        return Refused(f"{gate.state.value}")
    if isinstance(target, State):
        return _enter(gate, event, target)
    return _COUNTING[target](gate, event, approval_ttl)


def _enter(gate: Gate, event: Event, target: State) -> Transition:
    """A plain step into a state."""
    after = replace(gate, version=gate.version + 1, state=target)
    if event.kind is Kind.CLAIMED:
        after = replace(after, claim=event.claim)
    elif target in {State.DENIED, State.EXPIRED}:
        after = replace(after, denial=event.denial, decided_at=event.at, claim=None)
    else:
        after = replace(after, ending=event.ending or Ending(event.kind.name.lower(), event.at))
    entry = _entry(after, event, ENTERED[target])
    return Transition(after, (entry,), _lanes(after), _alerts(gate, after, event))


def _count(gate: Gate, event: Event, approval_ttl: int) -> Transition | Refused:
    """A confirmation is added; at quorum the gate is approved and gets the approval's deadline.

    Where the look at quorum found more to ask, that is added in the same step.
    """
    confirmation = event.confirmation
    if confirmation is None or gate.requirement is None:
        return Refused("nothing_to_count")
    if gate.held is not None:
        return Refused("held")
    if any(known.person == confirmation.person for known in gate.confirmations):
        return Refused("confirmed_before")
    if confirmation.cause in gate.retracted:
        return Refused("retracted")
    if confirmation.person not in gate.requirement.people:
        return Refused("not_eligible")
    after = replace(gate, version=gate.version + 1, confirmations=(*gate.confirmations, confirmation))
    entries = [_entry(after, event, "gate:confirmed")]
    by_us = replace(event, actor="agent")
    if event.requirement is not None:
        after = replace(after, requirement=event.requirement)
        entries.append(_entry(after, by_us, "gate:tightened"))
    if quorum.satisfied(event.requirement or gate.requirement, after.confirmations):
        after = replace(after, state=State.APPROVED, decided_at=event.at, deadline=event.at + approval_ttl * 1000)
        entries.append(_entry(after, by_us, ENTERED[State.APPROVED]))
    return Transition(after, tuple(entries), _lanes(after))


def _recount(gate: Gate, event: Event, _approval_ttl: int) -> Transition | Refused:
    """Confirmations of people outside `keep` no longer count; below quorum the gate waits again.

    A tap that was taken back does not count once more when its messenger brings it a second time.
    """
    kept = tuple(c for c in gate.confirmations if c.person in event.keep)
    if len(kept) == len(gate.confirmations) or gate.requirement is None:
        return Refused("nothing_dropped")
    after = replace(gate, version=gate.version + 1, confirmations=kept)
    if event.confirmation is not None:
        after = replace(after, retracted=(*gate.retracted, event.confirmation.cause)[-RETRACTED:])
    after = _again(after, gate.requirement)
    entry = _entry(after, event, "gate:retracted")
    dropped = listed(tuple(c.person for c in gate.confirmations if c.person not in event.keep))
    return Transition(after, (replace(entry, details={**entry.details, "people": dropped}),), _lanes(after))


def _break(gate: Gate, event: Event, _approval_ttl: int) -> Transition | Refused:
    """The break-glass rule replaces the others, until the same deadline. Whoever confirmed before has confirmed
    something else, so nobody counts yet.
    """
    if event.broken is None or event.requirement is None:
        return Refused("nothing_to_count")
    if gate.broken is not None:
        return Refused("broken_before")
    if gate.held is not None:
        return Refused("held")
    after = replace(
        gate,
        version=gate.version + 1,
        requirement=event.requirement,
        broken=event.broken,
        confirmations=(),
        escalated=(),
    )
    return Transition(after, (_entry(after, event, "gate:broke_glass"),), _lanes(after), _alerts(gate, after, event))


def _remind(gate: Gate, event: Event, _approval_ttl: int) -> Transition | Refused:
    """It still waits: that is said once."""
    after = moments.reminded(gate, event.at)
    return Transition(after, (_entry(after, event, "gate:reminded"),), _lanes(after)) if after else Refused("not_yet")


def _escalate(gate: Gate, event: Event, _approval_ttl: int) -> Transition | Refused:
    """From now on further people may answer."""
    after = moments.escalated(gate, event.at)
    if after is None:
        return Refused("not_yet")
    entry = _entry(after, event, "gate:escalated")
    rules = ", ".join(after.escalated[len(gate.escalated) :])
    entry = replace(entry, details={**entry.details, "rules": rules[:1000]})
    return Transition(after, (entry,), (*_lanes(after), f"note:{gate.id}"))


def _tighten(gate: Gate, event: Event, _approval_ttl: int) -> Transition | Refused:
    """More is asked than when the gate opened; what was confirmed counts on, and below quorum the gate waits again."""
    if event.requirement is None or event.requirement == gate.requirement:
        return Refused("nothing_added")
    after = _again(replace(gate, version=gate.version + 1, requirement=event.requirement), event.requirement)
    note = (f"note:{gate.id}",) if after.state is State.PENDING else ()
    return Transition(after, (_entry(after, event, "gate:tightened"),), (*_lanes(after), *note))


def _hold(gate: Gate, event: Event, _approval_ttl: int) -> Transition | Refused:
    """From now on nobody is asked; what was confirmed stays, and counts once it is released."""
    if event.held is None or event.held == gate.held:
        return Refused("nothing_held")
    after = replace(gate, version=gate.version + 1, held=event.held)
    return Transition(after, (_entry(after, event, "gate:held"),), (*_lanes(after), *_line(gate), f"note:{gate.id}"))


def _release(gate: Gate, event: Event, approval_ttl: int) -> Transition | Refused:
    """It is asked from now on; what needs nobody is approved."""
    if gate.held is None:
        return Refused("not_held")
    after = replace(gate, version=gate.version + 1, held=None, released_at=event.at)
    entries = [_entry(after, event, "gate:released")]
    if gate.requirement is not None and quorum.satisfied(gate.requirement, gate.confirmations):
        after = replace(after, state=State.APPROVED, decided_at=event.at, deadline=event.at + approval_ttl * 1000)
        entries.append(_entry(after, replace(event, actor="agent"), ENTERED[State.APPROVED]))
    lanes = (*_lanes(after), *_line(gate), f"note:{gate.id}", f"supersede:{gate.id}")
    return Transition(after, tuple(entries), lanes)


def _line(gate: Gate) -> tuple[str, ...]:
    """Whoever waits in line behind the gate's requester is counted anew."""
    return (f"many:{gate.held.requester}",) if gate.held and holds.in_line(gate) else ()


def _again(gate: Gate, requirement: Requirement) -> Gate:
    """An approved gate below quorum waits again, with its first deadline."""
    if gate.state is State.APPROVED and not quorum.satisfied(requirement, gate.confirmations):
        return replace(gate, state=State.PENDING, deadline=gate.first_deadline, decided_at=0)
    return gate


_COUNTING: dict[str, Callable[[Gate, Event, int], Transition | Refused]] = {
    "count": _count,
    "recount": _recount,
    "break": _break,
    "remind": _remind,
    "escalate": _escalate,
    "tighten": _tighten,
    "hold": _hold,
    "release": _release,
}


def _entry(gate: Gate, event: Event, name: str) -> Entry:
    """The trail's event for this step. It names the gate's version, which the claim compares (S19)."""
    details: dict[str, str | int] = {"version": gate.version, "state": gate.state.value}
    if name in {"gate:confirmed", "gate:retracted"} and event.confirmation is not None:
        details |= {
            "factor": event.confirmation.factor.value,
            "step": event.confirmation.step,
            "via": event.confirmation.via,
            "authenticator": event.confirmation.authenticator,
        }
    if name == "gate:tightened" and gate.requirement is not None:
        added = gate.requirement.tightened[-1]
        details |= {"rules": listed(added.rules), "policy_sha256": gate.requirement.policy_sha256}
    if event.denial is not None:
        details |= {"reason": event.denial.reason, "via": event.denial.via, "report": int(event.denial.report)}
    if event.held is not None:
        details |= {"reason": event.held.why, "target": event.held.requester}
    if event.ending is not None:
        details |= {"reason": event.ending.code, "by": event.ending.by}
    if event.broken is not None and event.requirement is not None:
        details |= {
            "reason": event.broken.reason,
            "rules": listed(event.requirement.rules),
            "policy_sha256": event.requirement.policy_sha256,
        }
    if event.claim is not None:
        details |= {"iat": event.claim.iat, "exp": event.claim.exp}
        if event.claim.receipt_sha256:
            details |= {"kid": event.claim.kid, "receipt_sha256": event.claim.receipt_sha256}
    return Entry(name, event.at, event.actor, gate.jti, gate.run.source, gate.run.key, details)


def _lanes(gate: Gate) -> tuple[str, ...]:
    """Who must be told: always the people; the run, when it waits for our answer."""
    tell = f"tell:{gate.id}"
    if gate.state in {State.APPROVED, State.DENIED, State.EXPIRED}:
        return (f"answer:{gate.run.key}", tell, *_line(gate))
    return (tell, *_line(gate))


def _alerts(before: Gate, after: Gate, event: Event) -> tuple[Alert, ...]:
    """What ops must read: bypasses, break-glass, a stolen token, a second proceed after ours, a seal that is broken, a
    run that somebody else than its starters has ended.
    """
    if after.state is State.BYPASSED:
        code = "token_stolen" if event.kind is Kind.PROCEEDED_BY_US else "bypassed"
    elif event.kind is Kind.BROKE_GLASS:
        code = "broke_glass"
    elif event.ending is not None and event.ending.code == "unclear":
        code = "ended_unclear"
    elif after.state is State.WITHDRAWN and _by_other(after):
        code = "aborted_by_other"
    elif before.state is State.RESUMED:
        code = "proceeded_again"
    elif event.denial is not None and event.denial.person is None and event.denial.reason not in TOLD_AT_ONCE:
        code = event.denial.reason
    else:
        return ()
    by = event.ending.by if event.ending else ""
    return (Alert(f"{code}:{after.jti}:{after.version}", code, event.at, after.id, {"by": by}),)


def _by_other(gate: Gate) -> bool:
    """Whether somebody has ended the run who has not started it; we do that for gates beside this one."""
    if gate.ending is None or not gate.ending.by or gate.ending.ours:
        return False
    return gate.ending.by not in {starter.subject for starter in gate.facts.starters}
