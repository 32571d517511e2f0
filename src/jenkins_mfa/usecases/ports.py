"""What the use cases need from the outside: a store, sources, a messenger, and randomness.

Adapters map every foreign failure to the errors named here; nothing else leaves them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from jenkins_mfa.core.chain import Head, Linked
from jenkins_mfa.core.checkpoint import Checkpoint, Kept
from jenkins_mfa.core.home import Home
from jenkins_mfa.core.judge import Outcome
from jenkins_mfa.core.model import (
    Alert,
    Backlog,
    Commit,
    CredentialRecord,
    Entry,
    Facts,
    FloodsRecord,
    Gate,
    HoldsRecord,
    KeysRecord,
    PersonRecord,
    PipelineRecord,
    RedemptionRecord,
    ReviewsRecord,
    Run,
    RunRecord,
    TicketRecord,
    ToldRecord,
    Trouble,
)
from jenkins_mfa.core.watched import Ran
from jenkins_mfa.errors import DamagedError


@dataclass(frozen=True, slots=True)
class Paused:
    """One pause as a source lists it: our handle for it, the verifier's nonce, and the run it belongs to.

    `problem` is a code when the pause must not be answered although it is listed (twin ids, for instance); `settlers`
    are those who have settled pauses of the run so far. A `plain` pause is not of our library: it checks no receipt,
    and is answered only where a rule of the policy selects it. One that others than we alone may settle is told, and
    never answered: `settled_by` is whom the source names for it, empty for everybody; None for all other pauses.
    """

    ref: str
    nonce: str
    run: Run
    problem: str = ""
    settlers: tuple[str, ...] = ()
    plain: bool = False
    settled_by: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """What is read once for each new gate: the exact request text, as bytes of UTF-8, and the facts.

    A plain pause has no request: there it is what the pause says to people.
    """

    request: bytes
    facts: Facts


@dataclass(frozen=True, slots=True)
class Proceed:
    """Answer: go on, with this receipt (a secret: it never reaches a log); a plain pause takes none.

    By its own clock the run takes it from the first to before the second of `valid` (Unix seconds); None: at any time.
    """

    receipt: str = field(repr=False)
    valid: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Abort:
    """Answer: stop. `says` is the line for the run's own page, without a prefix."""

    says: str


class Source(Protocol):
    """One CI system. All verbs raise SourceUnavailableError (retry), SourceForbiddenError (operator) or
    SourceGoneError (look again).
    """

    @property
    def id(self) -> str:
        """The configured id."""

    @property
    def kind(self) -> str:
        """`jenkins`, later others."""

    def pending(self) -> list[Paused]:
        """All pauses that wait for us, and those that look like it but may be settled by others, in one request."""

    def facts(self, paused: Paused) -> Opened:
        """The request text and the run's records. Raises UntrustedInputError for what cannot be read whole."""

    def outcome(self, run: Run) -> Outcome:
        """A fresh reading of the run. A run that is no longer visible comes back as finished, `ended="invisible"`."""

    def ran(self, pipeline: str) -> list[Ran]:
        """The newest runs of a pipeline, in one request; SourceGoneError where the account does not see it."""

    def stages(self, run: Run) -> frozenset[str]:
        """The names of the stages that a run has reached. Raises UntrustedInputError where it does not tell all."""

    def answer(self, ref: str, answer: Proceed | Abort) -> None:
        """Send an answer. Returning means that it was taken on the wire, not that it decided (see outcome)."""

    def note(self, run: Run, says: str, *, ended: bool = False) -> None:
        """Write our line on the run's own page where the account may; quietly nothing where it may not. What is said of
        a pause that `ended` by itself only takes the place of a line that says that the run waits.
        """

    def owner(self, installation: str) -> str:
        """The other installation whose name stands at our account there; empty where it is ours, or where none stood
        and ours stands now.
        """


@dataclass(frozen=True, slots=True)
class Due:
    """A leased lane: `tries` counts deliveries so far, `want` is the number of notes that this delivery covers."""

    lane: str
    token: str
    tries: int
    want: int


class Store(Protocol):
    """The state. Raises StoreUnavailableError, StoreUncertainError, StoreConflictError (commit only), and DamagedError
    for a record that is not as it was committed.
    """

    def now(self) -> int:
        """The store's clock in ms UTC: the one clock for all replicas."""

    def gate(self, gate_id: str) -> Gate | None:
        """A gate by id."""

    def find_gates(self, prefix: str) -> list[str]:
        """Ids of gates whose hexadecimal part begins with `prefix`, at most ten, open ones first."""

    def gate_of(self, source: str, ref: str) -> Gate | None:
        """The newest gate of a source's handle."""

    def copied(self, nonce: str, source: str, ref: str) -> bool:
        """Whether another pause than that with this handle had the nonce, which is random, before."""

    def open_gates(self, source: str | None = None) -> list[Gate]:
        """All gates that are not settled, oldest first; damaged ones are left out."""

    def damaged_gates(self) -> list[DamagedError]:
        """Why each of those that `open_gates` leaves out cannot be used."""

    def all_gates(self) -> Iterator[Gate | DamagedError]:
        """Every gate that there ever was, by id, read a few at a time; why, where one cannot be used.

        One that is opened while this runs may be among them, or not.
        """

    def due_gates(self, now: int, limit: int = 100) -> list[str]:
        """Ids of gates whose deadline has come, or that ask further people now."""

    def due_reminders(self, now: int, limit: int = 100) -> list[str]:
        """Ids of gates whose people are to be reminded."""

    def run(self, key: str) -> RunRecord:
        """A run's record; a fresh one of version 0 if there is none."""

    def pipeline(self, key: str) -> PipelineRecord:
        """A pipeline's record; a fresh one of version 0 if there is none."""

    def person(self, person: str) -> PersonRecord:
        """A person's record; a fresh one of version 0 if there is none."""

    def people(self) -> list[str]:
        """Everybody of whom a record is kept, in no order. It looks through all keys: for commands and rare moments."""

    def credential(self, credential_id: str) -> CredentialRecord | None:
        """Whose a security key is, by the SHA-256 of its credential id."""

    def ticket(self, ticket_id: str) -> TicketRecord | None:
        """A one-time address, by the SHA-256 of its token."""

    def told(self, gate_id: str) -> ToldRecord:
        """Which messages tell about a gate; a fresh record of version 0 if none do."""

    def reviews(self) -> ReviewsRecord:
        """The reviews that are open; a fresh record of version 0 if there never was one."""

    def holds(self) -> HoldsRecord:
        """The requesters who are not asked for; a fresh record of version 0 if there never was one."""

    def keys(self) -> KeysRecord:
        """The receipt keys that agents had, and revoked ones; a fresh record of version 0 if there never was one."""

    def floods(self) -> FloodsRecord:
        """The pipelines of which pauses wait unasked; a fresh record of version 0 if there never was one."""

    def redemption(self, jti: str) -> RedemptionRecord:
        """What became of a receipt; a fresh record of version 0 if it never was presented."""

    def alert(self, alert_id: str) -> Alert | None:
        """An alert that waits for its delivery."""

    def commit(self, commit: Commit) -> None:
        """Write all of it in one step. Every record's version must be one above the stored one.

        A commit whose id is already stored returns at once. Opening a gate (version 1) also requires that its
        reference is unknown or at generation - 1. Raises StoreConflictError when somebody else was first.
        """

    def confirm(self, gate: Gate) -> None:
        """The gate is still as it was read, and no fail-over of the store takes that back: before it leaves the house.

        Raises StoreConflictError when it has moved on.
        """

    def set_aside(self, damaged: DamagedError) -> None:
        """Tell ops about a damaged record, once. It stays as it is: whatever reads it stands still."""

    def heads(self) -> Head:
        """Where the trail stands."""

    def written(self) -> Head:
        """The furthest head of the trail that this process has got for a commit of its own, since `forget_written`."""

    def forget_written(self) -> None:
        """Another trail is the true one from now on."""

    def base(self) -> str:
        """The signed place of the newest event that was trimmed; empty where all are there."""

    def first_of(self, gate_jti: str) -> int:
        """The sequence number of the oldest event about a gate that is there; 0 where there is none."""

    def trim(self, events: Sequence[Linked], base: str) -> bool:
        """Take these events out, the oldest ones of all, in order and without a gap; `base` is the signed place of the
        last. Whether they were: somebody else may have been faster.
        """

    def audit_events(self, start: int = 1, count: int | None = None) -> Iterator[Linked]:
        """The trail's events from sequence number `start` on, oldest first, at most `count`."""

    def forwarded(self) -> Mapping[str, Head]:
        """How far the trail was sent to each destination; one that got nothing yet is not there."""

    def note_forwarded(self, destination: str, place: Head) -> None:
        """It was sent up to there."""

    def last_entry(self, gate_jti: str) -> tuple[int, str, int] | None:
        """(sequence, head, version) of the newest trail event about a gate."""

    def entries(self, gate_jti: str) -> list[Entry]:
        """The trail's events about one gate, oldest first."""

    def decided_by(self, person: str, within: int) -> list[str]:
        """The gates (`jti`) that somebody has confirmed or denied, newest answer first, as far as the newest `within`
        events of the trail tell.
        """

    def claim_lane(self, lease_ms: int, skip: frozenset[str] = frozenset()) -> Due | None:
        """Lease the lane that is due first."""

    def renew_lane(self, due: Due, lease_ms: int) -> None:
        """Keep a lease that is still ours for `lease_ms` from now."""

    def settle_lane(self, due: Due) -> None:
        """Done: the lane goes away unless something was noted meanwhile."""

    def retry_lane(self, due: Due, delay_ms: int, reason: str = "", tell: Sequence[str] = ()) -> None:
        """Try again later. `reason` is kept as the lane's trouble; the lanes `tell` are noted when it is a new one."""

    def trouble(self, lane: str) -> Trouble | None:
        """Why a lane is not delivered; None where nothing failed, or nothing is left to deliver."""

    def park_lane(self, due: Due, reason: str) -> None:
        """Give up for good: kept visible, with an audit event and an alert."""

    def unpark_lane(self, lane: str, by: str, *, again: bool) -> None:
        """Try what was given up `again`, or forget it; `by` is whose word that is."""

    def wait(self, seconds: float) -> None:
        """Return when something was committed by this process, at the latest after `seconds`."""

    def backlog(self) -> Backlog:
        """What is to be delivered, for people who look."""

    def durability(self) -> tuple[str, bool]:
        """What is kept now of what was acknowledged (`always`, `everysec` or `none`), and whether that is as much as
        was accepted.
        """

    def throttled(self, now: int) -> dict[str, float]:
        """Whose codes do not count now, and until when (ms UTC; infinity: until they are unlocked). Nothing that must
        be right rests on it.
        """

    def courtesy(self, name: str, holder: str, ms: int) -> bool:
        """Whether `holder` is the one of all replicas to do something, for `ms` from now. Nothing that must be right
        rests on it.
        """

    def beat(self, name: str, value: dict[str, object]) -> None:
        """Keep a heartbeat record (state of a source, of the agent) for `check` and health."""

    def beats(self) -> dict[str, dict[str, object]]:
        """All heartbeat records."""

    def forget_beat(self, name: str) -> None:
        """Whoever kept it has stopped."""


class Checkpoints(Protocol):
    """Where checkpoints are kept outside the store. Raises ArchiveError."""

    def read(self) -> Kept:
        """What all of them say together."""

    def sign(self, given: Checkpoint) -> str:
        """The signed one."""

    def add(self, token: str) -> None:
        """Keep a signed one, for good when this returns."""

    def opened(self, token: str) -> Checkpoint:
        """A signed one that came another way. Raises UntrustedInputError."""


class Copies(Protocol):
    """Where the trail is copied to. Raises ArchiveError. As text it is the place's name."""

    def mine(self) -> bool:
        """Whether this process writes them; another one may."""

    def newest(self) -> tuple[Head, int]:
        """Where they end, and the moment of that event (ms UTC)."""

    def hash_of(self, seq: int) -> str:
        """The hash of an event as it was copied last; empty where there is none."""

    def add(self, events: list[Linked]) -> None:
        """Add events, for good when this returns; those that are there already stay as they are."""


class Destination(Protocol):
    """Where the trail is sent to. Raises ArchiveError."""

    def send(self, events: Sequence[Linked]) -> None:
        """Send events, in order; what it returns from has arrived. Some may have been sent before."""


class Messenger(Protocol):
    """Where people are asked and told. Raises MessengerUnavailableError, MessageGoneError, MessageRefusedError."""

    @property
    def issuer(self) -> str:
        """Under which name the roster knows its accounts."""

    def tell(self, gate: Gate, told: ToldRecord, others: int, trouble: Trouble | None) -> ToldRecord:
        """Show the gate's present state in all its messages; `others` more gates of the run wait too, `trouble` is
        why the run does not get its answer.

        Returns the record (version one higher) to be committed.
        """

    def tell_line(self, requester: str, waiting: Sequence[Gate], most: int, told: ToldRecord) -> ToldRecord:
        """Say in one message that these gates of a requester wait their turn, as `most` are asked at a time.

        Returns the record (version one higher, `shown` how many wait) to be committed.
        """

    def tell_flood(self, pipeline: str, waiting: int, asked: Sequence[Gate], told: ToldRecord) -> ToldRecord:
        """Say in one message, where those of a pipeline that are `asked` stand, how many more of it wait unasked.

        Returns the record (version one higher, `shown` how many wait) to be committed.
        """

    def alert(self, alert: Alert, gate: Gate | None) -> None:
        """Tell ops, or the one person whom it is for."""

    def show_home(self, home: Home) -> None:
        """Show one person their own page; quietly nothing where there is no such place, or nobody to show it to."""

    def cannot_show(self, gate: Gate) -> str:
        """What of the gate cannot be shown whole, in words; empty when all of it can."""

    def inactive(self, people: Iterable[str]) -> frozenset[str]:
        """Those of `people` (roster ids) whose account may not answer now: deactivated, guest, other workspace."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check looked at: a stable code, whether it is right, what was seen, how to mend it."""

    code: str
    ok: bool
    says: str
    mend: str = ""


class Randomness(Protocol):
    """The only source of unpredictable values."""

    def hex(self, size: int) -> str:
        """`size` random bytes in lower-case hexadecimal."""

    def bytes(self, size: int) -> bytes:
        """`size` random bytes."""
