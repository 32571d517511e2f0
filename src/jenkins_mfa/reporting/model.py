"""What a report holds: frozen values. Times are ms UTC, lengths of time ms, hours and weekdays in UTC (0 is Monday)."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from jenkins_mfa.core.model import BrokenGlass, Confirmation, Denial, Ending, Entry, Factor, Reason, Run


class Outcome(enum.Enum):
    """What became of a gate, in the words of all surfaces; the order is that of tables and stacks."""

    APPROVED = "approved"
    PASSED = "passed by the policy"
    WAITING = "waiting"
    DENIED = "denied"
    REFUSED = "denied by jenkins-mfa"
    EXPIRED = "expired"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"
    BYPASSED = "bypassed"


@dataclass(frozen=True, slots=True)
class Place:
    """An environment: declared by the policy, or only claimed by the pipeline. An empty name is none at all."""

    name: str
    claimed: bool = False


@dataclass(frozen=True, slots=True)
class Behind:
    """Somebody behind a run: a person of the roster, or else the source's own name for them."""

    person: str | None
    subject: str


@dataclass(frozen=True, slots=True)
class GateLine:
    """One gate as reports tell it. `waited` is the time from opening to the people's decision, None without one.

    `reasons` is the policy's own tree (code "none" where it was not asked). `receipt_sha256`, `trail_seq` and
    `trail_head` say which receipt was signed, and where the trail stood then ("", 0 and "" without a receipt).
    """

    jti: str
    opened_at: int
    run: Run
    place: Place
    claimed: str
    outcome: Outcome
    asked: Factor | None
    waited: int | None
    starters: tuple[Behind, ...]
    authors: tuple[Behind, ...]
    confirmations: tuple[Confirmation, ...]
    denial: Denial | None
    ending: Ending | None
    rules: tuple[str, ...]
    reasons: Reason
    passes_by: tuple[str, ...]
    exemptions: tuple[str, ...]
    break_glass: str
    broken: BrokenGlass | None
    policy_sha256: str
    request_sha256: str
    receipt_sha256: str
    trail_seq: int
    trail_head: str


@dataclass(frozen=True, slots=True)
class Hole:
    """What the trail says went past a gate: the event, and the run that it is about."""

    entry: Entry
    pipeline: str
    run: str


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A third person has looked at a broken glass: who, when, and what they wrote."""

    person: str
    at: int
    note: str


@dataclass(frozen=True, slots=True)
class Times:
    """Lengths of time in ms. `median` is the middle (of two, their mean); p95, p25, p75 are the nearest rank's.

    `sample` holds at most SAMPLE of them, evenly spread over the sorted whole, least and greatest among them.
    """

    count: int
    median: int
    p95: int
    p25: int
    p75: int
    sample: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """Gates that share something: how many of each outcome, and how long people took to decide."""

    outcomes: Mapping[Outcome, int]
    times: Times | None

    @property
    def gates(self) -> int:
        """How many there are."""
        return sum(self.outcomes.values())


@dataclass(frozen=True, slots=True)
class FactorRow:
    """A factor: gates that asked for it at the most (None: that asked nobody), and answers that were given with it."""

    factor: Factor | None
    gates: int
    given: int


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Somebody who answered: confirmations by factor, denials, and the time from the opening to each of them."""

    person: str
    confirmations: Mapping[Factor, int]
    denials: int
    times: Times

    @property
    def answers(self) -> int:
        """How many there are."""
        return sum(self.confirmations.values()) + self.denials


@dataclass(frozen=True, slots=True)
class Slot:
    """An hour of a weekday: gates that asked people then, and how long these took (None: nobody decided)."""

    asked: int
    median: int | None


@dataclass(frozen=True, slots=True)
class Scope:
    """What a report is about: gates opened from `since` until before `until`, of these pipelines (globs) and of this
    environment; empty means all.
    """

    since: int
    until: int
    pipeline: str = ""
    environment: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """The whole report. `notable` are the gates of the outcomes that somebody wants to read one by one, oldest first;
    `exempted` those for which an exemption took clauses away, even if others were left; `each` are all gates, None if
    they were not asked for. `damaged` names records that could not be counted. `week` is by weekday and hour.
    `reviews` tell by `jti` whose broken glass a third person has reviewed, None if that is not known. `holes` are the
    trail's events about what went past gates, oldest first; None if the trail cannot be read.
    """

    scope: Scope
    total: Row
    pipelines: Mapping[str, Row]
    environments: Mapping[Place, Row]
    factors: tuple[FactorRow, ...]
    people: tuple[PersonRow, ...]
    hours: tuple[Row, ...]
    week: Mapping[tuple[int, int], Slot]
    days: Mapping[int, Mapping[Outcome, int]]
    notable: Mapping[Outcome, tuple[GateLine, ...]]
    exempted: tuple[GateLine, ...]
    break_glass: tuple[GateLine, ...]
    reviews: Mapping[str, Reviewed] | None
    holes: tuple[Hole, ...] | None
    each: tuple[GateLine, ...] | None
    damaged: tuple[str, ...]
