"""What else is stored, and how it is written: records beside gates, alerts, the trail's events, commits."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from jenkins_mfa.core.model.factors import CredentialRecord, PersonRecord, TicketRecord
from jenkins_mfa.core.model.gates import Denial, Gate
from jenkins_mfa.core.model.keys import KeysRecord
from jenkins_mfa.core.model.runs import Run, Value

APPROVERS = "#"  #: before a channel, in `Alert.to`
SCHEMA = 2  #: version of the stored shapes; an agent refuses to run on a newer one
KEPT_GATES = 16  #: gates of a run that its record names beside those that wait for something


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What is kept for a run: its gates (those that wait, and the newest others), a sticky denial, and who had settled
    pauses at the last claim or look.

    Denial and settlers are those of the run that began at `started`; the gates may be of earlier ones of its name, too.
    `misdirected` is the start of the one of which it was told that others may settle its pauses, -1 for none. `refused`
    are the reasons for which gates of it were denied as they opened.
    """

    key: str
    version: int
    gates: tuple[str, ...] = ()
    denial: Denial | None = None
    settlers: tuple[str, ...] = ()
    started: int = 0
    misdirected: int = -1
    refused: tuple[str, ...] = ()

    def with_gate(self, gate: str, waiting: Collection[str]) -> RunRecord:
        """One version on, with one gate more. Of those that are not `waiting` the newest KEPT_GATES stay: however often
        a run was refused, whoever looks at its gates reads no more of them.
        """
        ended = [one for one in self.gates if one not in waiting]
        dropped = set(ended[:-KEPT_GATES])
        return replace(self, version=self.version + 1, gates=(*(g for g in self.gates if g not in dropped), gate))

    def about(self, run: Run) -> bool:
        """Whether denial and settlers are this run's; where nothing tells, they are."""
        return 0 in {self.started, run.started} or self.started == run.started


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the last confirmed gate of one environment had."""

    environment: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class PipelineRecord:
    """What is kept for a pipeline (`key`: source and name), newest last and bounded: when gates of it opened, which
    branches were let through ("" for runs that tell none), what its confirmed gates had, and keyed digests of the
    `numbers` that its gates showed. Of a watched one: the number of the run up to which all were `seen`, -1 before the
    first look, and the runs after it that were `looked` at. `refused`: why and when gates of it were denied as they
    opened, as far as people were told.
    """

    key: str
    version: int
    opened: tuple[int, ...] = ()
    branches: tuple[str, ...] = ()
    baselines: tuple[Baseline, ...] = ()
    numbers: tuple[str, ...] = ()
    seen: int = -1
    looked: tuple[int, ...] = ()
    refused: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """Where a messenger keeps one message: its channel and its own id there; `thread` marks what was said once."""

    channel: str
    ts: str
    thread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ToldRecord:
    """Which messages tell about a gate, the gate's version that they show, and the reason of a trouble if they do. For
    `many:<requester>` in a gate's place `shown` is how many gates wait their turn, for `flood:<pipeline>` how many
    pauses wait unasked.

    `refused` says why the whole was not taken: then they show a short text in its place. `stale`: they are to be shown
    anew, since somebody who was slow may have shown an older state, or somebody may have deleted one. `copies` are
    messages whose posting was never confirmed, and which somebody pressed.
    """

    gate: str
    version: int
    shown: int = 0
    messages: tuple[Message, ...] = ()
    trouble: str = ""
    refused: str = ""
    stale: bool = False
    copies: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class Review:
    """A gate that was put under a break-glass rule at `at`, and that no third person has reviewed yet. Ops were
    reminded of it at `reminded` (0: never).
    """

    gate: str
    at: int
    reminded: int = 0


@dataclass(frozen=True, slots=True)
class ReviewsRecord:
    """All reviews that are open, oldest first. One record, so that a single seal covers the list."""

    version: int
    open: tuple[Review, ...]


@dataclass(frozen=True, slots=True)
class Hold:
    """A requester whose further gates are not asked, since one of their gates was reported.

    `requester` is a roster id, or `<source>:<subject>` of somebody whom the roster does not know; `by` has reported it.
    """

    requester: str
    since: int
    gate: str
    by: str


@dataclass(frozen=True, slots=True)
class HoldsRecord:
    """All holds, oldest first. One record, so that a single seal covers the list, and each gate that opens goes one
    version on from the list that it was compared with.
    """

    version: int
    holds: tuple[Hold, ...]


@dataclass(frozen=True, slots=True)
class Flood:
    """A pipeline (its key) of which more pauses wait than may be gates at a time: how many are `waiting` unasked, since
    when, and when that was last counted.
    """

    pipeline: str
    waiting: int
    since: int
    counted: int


@dataclass(frozen=True, slots=True)
class FloodsRecord:
    """All floods of all sources, oldest first."""

    version: int
    floods: tuple[Flood, ...]


@dataclass(frozen=True, slots=True)
class RedemptionRecord:
    """What became of a receipt (`jti`) that was presented. `consumer` has redeemed it at `at`, with a token of its own
    of which the SHA-256 is kept; empty while nobody has. `refused` says to whom it was refused, and why.

    It is kept as long as its gate: no clock makes a receipt count again.
    """

    jti: str
    version: int
    consumer: str = ""
    token_sha256: str = ""
    at: int = 0
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trouble:
    """An answer that its run does not take: why at the last try (a code of words), how often it was tried, from
    `since` to `at`, and when the next try is due (0 while one is under way).
    """

    reason: str
    since: int
    at: int
    tries: int
    next: int


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that must be read: a code of words.py and its values; `gate` if it is about one.

    `to` is the person (roster id) who is told in a direct message; ops are, where it is empty. With `APPROVERS` before
    it, it is the channel where approvers read it too, the default one where nothing follows.
    """

    id: str
    code: str
    at: int
    gate: str = ""
    values: dict[str, str] = field(default_factory=dict)
    to: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """An audit event before it has its place in the chain. `details` hold only listed keys and never a secret."""

    event: str
    at: int
    actor: str
    gate: str = ""
    source: str = ""
    run: str = ""
    details: dict[str, str | int] = field(default_factory=dict)


Record = (
    Gate
    | RunRecord
    | PipelineRecord
    | PersonRecord
    | CredentialRecord
    | TicketRecord
    | ToldRecord
    | ReviewsRecord
    | HoldsRecord
    | KeysRecord
    | FloodsRecord
    | RedemptionRecord
)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is to be delivered: how many lanes, since when one of them fails (ms UTC; 0: none), how many are parked, and
    since when the oldest waits (ms UTC; 0: none).
    """

    waiting: int
    failing: int
    parked: int
    oldest: int = 0


@dataclass(frozen=True, slots=True)
class Parked:
    """A lane of people's messages that was given up at `at` (ms UTC), after so many tries, and why."""

    lane: str
    at: int
    reason: str
    tries: int


@dataclass(frozen=True, slots=True)
class Commit:
    """One atomic step: records (each one version above what was read), audit events, lanes, alerts. All or nothing.

    `id` is derived from the cause, so that the same commit sent twice finds itself: the first record stores it. Where
    only the trail is written there is no record, and a commit whose answer was lost may stand there twice. `lanes`
    name what must be delivered: `answer:<run key>`, `tell:<gate id>`. `asked_after` is for who hears of commits, and is
    not stored: so many ms after it could be asked a gate has its first message with this one; -1 where it has none.
    """

    id: str
    records: tuple[Record, ...]
    entries: tuple[Entry, ...] = ()
    lanes: tuple[str, ...] = ()
    alerts: tuple[Alert, ...] = ()
    asked_after: int = -1
