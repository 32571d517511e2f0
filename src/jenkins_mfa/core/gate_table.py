"""The table of a gate's transitions, and the values that go in and come out: data, which gate.py applies."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from jenkins_mfa.core.model import (
    Alert,
    BrokenGlass,
    Claim,
    Confirmation,
    Denial,
    Ending,
    Entry,
    Gate,
    Held,
    Requirement,
    State,
)


class Kind(enum.Enum):
    """The columns of the table."""

    CONFIRMED = "confirmed"
    DENIED = "denied"
    RETRACTED = "retracted"
    DROPPED = "dropped"
    TIGHTENED = "tightened"
    BROKE_GLASS = "broke the glass"
    REMINDED = "reminded"
    ESCALATED = "escalated"
    HELD = "held"
    RELEASED = "released"
    DEADLINE = "deadline"
    CLAIMED = "claimed"
    LAPSED = "lapsed"
    ENDED = "run ended, or input gone without a proceed"
    PROCEEDED_BY_OTHER = "proceeded by another"
    PROCEEDED_BY_US = "proceeded under our user"
    ABORT_TAKEN = "our abort taken"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at `at`; `actor` goes into the trail, `cause` makes the commit's id. `confirmation` is
    the one that is given, or taken back; of the others, those of `keep` count on.

    `requirement` is what stands for the gate's own from then on: that of break-glass, or its own with what was added.
    """

    kind: Kind
    at: int
    actor: str
    cause: str
    confirmation: Confirmation | None = None
    denial: Denial | None = None
    keep: frozenset[str] = frozenset()
    claim: Claim | None = None
    ending: Ending | None = None
    broken: BrokenGlass | None = None
    requirement: Requirement | None = None
    held: Held | None = None


@dataclass(frozen=True, slots=True)
class Transition:
    """What follows from an event, as data: the gate afterwards, what the trail says, who must be told."""

    gate: Gate
    entries: tuple[Entry, ...]
    lanes: tuple[str, ...]
    alerts: tuple[Alert, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing changes; `code` says why (words.py has the sentence)."""

    code: str


#: The rows of DESIGN, section 3. A missing cell is refused.
TABLE: dict[State, dict[Kind, State | str]] = {
    State.PENDING: {
        Kind.CONFIRMED: "count",
        Kind.DENIED: State.DENIED,
        Kind.RETRACTED: "recount",
        Kind.DROPPED: "recount",
        Kind.TIGHTENED: "tighten",
        Kind.BROKE_GLASS: "break",
        Kind.REMINDED: "remind",
        Kind.ESCALATED: "escalate",
        Kind.HELD: "hold",
        Kind.RELEASED: "release",
        Kind.DEADLINE: State.EXPIRED,
        Kind.ENDED: State.WITHDRAWN,
        Kind.PROCEEDED_BY_OTHER: State.BYPASSED,
        Kind.PROCEEDED_BY_US: State.BYPASSED,
    },
    State.APPROVED: {
        Kind.DENIED: State.DENIED,
        Kind.RETRACTED: "recount",
        Kind.DROPPED: "recount",
        Kind.TIGHTENED: "tighten",
        Kind.DEADLINE: State.EXPIRED,
        Kind.CLAIMED: State.SENDING,
        Kind.ENDED: State.WITHDRAWN,
        Kind.PROCEEDED_BY_OTHER: State.BYPASSED,
        Kind.PROCEEDED_BY_US: State.BYPASSED,
    },
    State.SENDING: {
        Kind.LAPSED: State.EXPIRED,
        Kind.ENDED: State.WITHDRAWN,
        Kind.PROCEEDED_BY_OTHER: State.BYPASSED,
        Kind.PROCEEDED_BY_US: State.RESUMED,
    },
    State.DENIED: {
        Kind.ENDED: State.ABORTED,
        Kind.PROCEEDED_BY_OTHER: State.BYPASSED,
        Kind.PROCEEDED_BY_US: State.BYPASSED,
        Kind.ABORT_TAKEN: State.ABORTED,
    },
    State.EXPIRED: {
        Kind.ENDED: State.ABORTED,
        Kind.PROCEEDED_BY_OTHER: State.BYPASSED,
        Kind.PROCEEDED_BY_US: State.BYPASSED,
        Kind.ABORT_TAKEN: State.ABORTED,
    },
    State.RESUMED: {Kind.PROCEEDED_BY_OTHER: State.RESUMED},
    State.ABORTED: {},
    State.WITHDRAWN: {},
    State.BYPASSED: {},
}

#: Names of the trail for entering a state.
ENTERED = {
    State.APPROVED: "gate:approved",
    State.SENDING: "gate:claimed",
    State.DENIED: "gate:denied",
    State.EXPIRED: "gate:expired",
    State.RESUMED: "gate:resumed",
    State.ABORTED: "gate:aborted",
    State.WITHDRAWN: "gate:withdrawn",
    State.BYPASSED: "gate:bypassed",
}
