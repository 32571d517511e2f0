"""The nouns of the domain: frozen values without behaviour of their own that matters.

All times are whole milliseconds since the Unix epoch (UTC) unless a name says seconds. Every value here can be
written as JSON and read back (msgspec), so enums have their stored spelling as value.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Literal

SCHEMA = 1  #: version of the stored shapes; an agent refuses to run on a newer one


class Factor(enum.StrEnum):
    """Authentication factors, named as in policies and receipts. Compare them by `strength`."""

    PUSH = "push"
    PUSH_NUMBER = "push+number"
    TOTP = "totp"
    WEBAUTHN = "webauthn"

    @property
    def strength(self) -> int:
        """Position in the order push < push+number < totp < webauthn."""
        return _STRENGTH[self]


_STRENGTH = {factor: position for position, factor in enumerate(Factor)}  # looked at very often


class Trigger(enum.StrEnum):
    """What kind of thing started a run."""

    PERSON = "person"
    SCHEDULE = "schedule"
    SCM = "scm"
    UPSTREAM = "upstream"
    REPLAY = "replay"
    RESTART = "restart"
    API = "api"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Run:
    """One execution in a source. `id` is a string there; `url` is for people (the source's public address). `started`
    (ms by the source's clock, 0 if it does not tell) tells it from another one of the same name, after a pipeline was
    deleted and made anew.
    """

    source: str
    kind: str
    pipeline: str
    id: str
    attempt: int
    url: str
    started: int = 0

    @property
    def key(self) -> str:
        """Names this run among all runs of all sources."""
        return f"{self.source}:{self.pipeline}:{self.id}:{self.attempt}"


@dataclass(frozen=True, slots=True)
class Starter:
    """One cause of a run: how, by whom (the source's user id and, if known, the roster id), through what.

    `via` names what was replayed, restarted or built upstream, e.g. `other/job #8`; empty otherwise.
    """

    trigger: Trigger
    subject: str | None = None
    person: str | None = None
    via: str = ""


@dataclass(frozen=True, slots=True)
class Revision:
    """What a run has checked out of one repository, as the source recorded it."""

    repository: str
    branch: str
    commit: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A build parameter; `value` is None where the source does not tell it (passwords, files)."""

    name: str
    value: str | None


@dataclass(frozen=True, slots=True)
class Library:
    """A library that a run has loaded. `variables` are the global names that it brings."""

    name: str
    version: str
    trusted: bool
    variables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a commit, as the source's records name them; `person` is the roster id, if known."""

    subject: str
    email: str = ""
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What the source's own records say about a run; `settlers` are those who settled earlier pauses of it.

    `paths` are those that the commits since the run before changed: None where the source does not tell them all (a
    first run, a checkout that is still to come, more than can be read). `upstream` names the pipelines behind it.
    `plain` is the id of a pause that is not ours, which checks no receipt; empty for a gate.
    """

    run: Run
    branch: str = ""
    starters: tuple[Starter, ...] = ()
    revisions: tuple[Revision, ...] = ()
    commits: int = 0
    authors: tuple[Author, ...] = ()
    paths: tuple[str, ...] | None = None
    upstream: tuple[str, ...] = ()
    since: str = ""
    parameters: tuple[Parameter, ...] = ()
    libraries: tuple[Library, ...] = ()
    settlers: tuple[str, ...] = ()
    plain: str = ""


@dataclass(frozen=True, slots=True)
class Claims:
    """What the pipeline itself says: untrusted, shown as such, and able only to tighten. `hidden` names variables that
    were sent although they look like secrets: their values are nowhere.
    """

    environment: str
    action: str
    message: str
    subject_name: str = ""
    subject_digest: str = ""
    details: tuple[tuple[str, str], ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    unset: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    factor: Factor | None = None
    quorum: int | None = None
    ttl: int | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """A variable or a parameter (`kind`) of a gate, as it is kept for the comparison with later ones.

    `text` is None where it is not kept: for a name that looks like a secret and for a long text, `digest` stands for
    it, keyed and never outside the store; for a variable that is not set, and for a value that the source does not
    tell, nothing does.
    """

    name: str
    kind: Literal["variable", "parameter"]
    text: str | None = None
    digest: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Change:
    """A watched variable or a parameter, compared with the last confirmed gate of this pipeline and environment.

    `kind` is `variable` or `parameter`; `changed` is None where it is not known. A `hidden` one looks like a secret:
    its values are in neither text. `sent` is false for a variable that is watched and that the pipeline kept to itself,
    which counts as changed.
    """

    name: str
    kind: Literal["variable", "parameter"]
    changed: bool | None
    was: str | None = None
    now: str | None = None
    hidden: bool = False
    sent: bool = True


@dataclass(frozen=True, slots=True)
class History:
    """What the agent's own records add to a gate's facts, as they were at `at` (ms UTC), when the policy was asked.

    `earlier` are the times at which gates of this pipeline opened lately. `pipeline_known` and `branch_known` say
    whether a run of it was let through before. `compared` is false where there is nothing to compare values with.
    `values` are what later gates of this `environment` (core/baseline.py) are compared with once this is confirmed.
    """

    at: int
    earlier: tuple[int, ...] = ()
    pipeline_known: bool = False
    branch_known: bool = False
    compared: bool = False
    changes: tuple[Change, ...] = ()
    environment: str = ""
    values: tuple[Value, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Reason:
    """One node of an explanation: a stable code, its values, whether it held, and what it rests on.

    `holds` is None where that is not known.
    """

    code: str
    values: dict[str, str] = field(default_factory=dict)
    holds: bool | None = True
    children: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Clause:
    """`count` distinct people out of `people` (roster ids), each with at least `factor`.

    `approvers` are the roster ids and `group:<name>` that the rule names: whoever answers must still be one of them.
    """

    rule: str
    factor: Factor
    count: int
    people: tuple[str, ...]
    approvers: tuple[str, ...]

    @property
    def label(self) -> str:
        """The set of people in the words of the rule."""
        return ", ".join(self.approvers)


@dataclass(frozen=True, slots=True)
class Escalation:
    """Who is asked too, `after` seconds from the opening, for the clauses of `rule`; and where it is told."""

    rule: str
    after: int
    people: tuple[str, ...] = ()
    approvers: tuple[str, ...] = ()
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Tightening:
    """What a look after the opening added at `at` (ms UTC): the `rules` that ask for more since then, and what for:
    `clauses` hold only what came on top, `reasons` why those rules apply.
    """

    at: int
    rules: tuple[str, ...]
    clauses: tuple[Clause, ...]
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Requirement:
    """A conjunction of clauses, frozen when the gate opens. `refusal` is set when no answer could satisfy it;
    `channels` are where people are asked, "" stands for the default one. `ttl` and `remind_after` (0: never) are
    seconds.

    `passes_by` names what lets the gate pass without anybody (rules with `confirm = "none"`, exemptions): then there
    are no clauses. `observed` is what rules on trial would have asked. `break_glass` names the rule that replaced the
    others, and `review_by` who may review that afterwards (roster ids and `group:<name>`). `tightened` tells what was
    added since the gate opened.
    """

    clauses: tuple[Clause, ...]
    ttl: int
    channels: tuple[str, ...]
    rules: tuple[str, ...]
    policy_sha256: str
    environments: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    refusal: Reason | None = None
    reasons: Reason = field(default_factory=lambda: Reason("none"))
    passes_by: tuple[str, ...] = ()
    observed: tuple[Clause, ...] = ()
    remind_after: int = 0
    escalations: tuple[Escalation, ...] = ()
    supersede: bool = False
    break_glass: str = ""
    review_by: tuple[str, ...] = ()
    tightened: tuple[Tightening, ...] = ()

    @property
    def total(self) -> int:
        """How many people it takes."""
        return sum(clause.count for clause in self.clauses)

    @property
    def factor(self) -> Factor:
        """The strongest factor of the clauses."""
        return max((clause.factor for clause in self.clauses), key=lambda f: f.strength, default=Factor.PUSH)

    @property
    def people(self) -> tuple[str, ...]:
        """Everyone who may answer, sorted."""
        return tuple(sorted({person for clause in self.clauses for person in clause.people}))


@dataclass(frozen=True, slots=True)
class Confirmation:
    """One person's counted answer. `step` is the TOTP time step that it used."""

    person: str
    factor: Factor
    at: int
    via: str
    cause: str
    authenticator: str = ""
    step: int = 0


@dataclass(frozen=True, slots=True)
class Denial:
    """A refusal by a person (sticky: it holds for the whole run) or by the system (`person` is None).

    For people `reason` holds what they wrote; for the system it holds a code of words.py and `values` its values.
    """

    at: int
    person: str | None
    reason: str
    cause: str
    via: str = ""
    report: bool = False
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claim:
    """A proceed that is about to be sent: the receipt's frozen times (Unix seconds), who counted, and where the
    trail stood. Every retry signs the same claims.
    """

    iat: int
    exp: int
    approvers: tuple[str, ...]
    audit_seq: int
    audit_head: str


@dataclass(frozen=True, slots=True)
class BrokenGlass:
    """Who had the break-glass rule replace the normal ones, when and why. `former` is what the gate needed before."""

    person: str
    at: int
    reason: str
    cause: str
    former: Requirement


class State(enum.StrEnum):
    """States of a gate (DESIGN, section 3)."""

    PENDING = "pending"
    APPROVED = "approved"
    SENDING = "sending"
    DENIED = "denied"
    EXPIRED = "expired"
    RESUMED = "resumed"
    ABORTED = "aborted"
    WITHDRAWN = "withdrawn"
    BYPASSED = "bypassed"

    @property
    def settled(self) -> bool:
        """Whether nothing is left to do for the run."""
        return self in {State.RESUMED, State.ABORTED, State.WITHDRAWN, State.BYPASSED}


@dataclass(frozen=True, slots=True)
class Ending:
    """How a gate ended: a code of words.py, who did it (a source's user id), when, and further values."""

    code: str
    at: int
    by: str = ""
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gate:
    """One run paused at one point. `request_text` is exactly what the run sent; `version` counts committed
    transitions. `escalated` names the rules whose further people may answer by now.
    """

    id: str
    generation: int
    version: int
    state: State
    external_ref: str
    nonce: str
    run: Run
    facts: Facts
    opened_at: int
    deadline: int
    first_deadline: int
    request_text: str
    request_sha256: str
    kids: tuple[str, ...]
    claims: Claims | None
    requirement: Requirement | None
    history: History = History(0)
    confirmations: tuple[Confirmation, ...] = ()
    denial: Denial | None = None
    claim: Claim | None = None
    ending: Ending | None = None
    decided_at: int = 0
    assurance: Literal["verified", "detected", "none"] = "verified"
    broken: BrokenGlass | None = None
    reminded_at: int = 0
    escalated: tuple[str, ...] = ()

    @property
    def jti(self) -> str:
        """`<gate_id>.<generation>`: the receipt's id, and the value that buttons carry."""
        return f"{self.id}.{self.generation}"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What is kept for a run: its gates, a sticky denial, and who had settled pauses at the last claim or look.

    Denial and settlers are those of the run that began at `started`; the gates may be of earlier ones of its name, too.
    """

    key: str
    version: int
    gates: tuple[str, ...] = ()
    denial: Denial | None = None
    settlers: tuple[str, ...] = ()
    started: int = 0

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
    branches were let through ("" for runs that tell none), what its confirmed gates had.
    """

    key: str
    version: int
    opened: tuple[int, ...] = ()
    branches: tuple[str, ...] = ()
    baselines: tuple[Baseline, ...] = ()


@dataclass(frozen=True, slots=True)
class Challenge:
    """One person's attempt at one gate: issued at the tap, single use, `tries` left, never past the gate's deadline."""

    id: str
    gate: str
    generation: int
    issued: int
    expires: int
    tries: int


@dataclass(frozen=True, slots=True)
class Authenticator:
    """What a person has enrolled. `sealed` holds the secret (core/seal.py); `last_step` stays outside the seal.

    `by` is the roster id of whoever set it up, where that is known.
    """

    id: str
    kind: Factor
    sealed: str
    since: int
    last_used: int = 0
    last_step: int = 0
    revoked_at: int = 0
    by: str = ""

    @property
    def usable(self) -> bool:
        """Whether it may be used for answers."""
        return self.revoked_at == 0


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """A person's authenticators, open challenges and throttle: failures count across gates, replicas, restarts (S4)."""

    person: str
    version: int
    authenticators: tuple[Authenticator, ...] = ()
    challenges: tuple[Challenge, ...] = ()
    failures: int = 0
    wait_until: int = 0

    def usable(self, kind: Factor) -> Authenticator | None:
        """The person's authenticator of that kind, if there is one to use."""
        return next((a for a in self.authenticators if a.kind is kind and a.usable), None)


@dataclass(frozen=True, slots=True)
class Message:
    """Where a messenger keeps one message: its channel and its own id there; `thread` marks what was said once."""

    channel: str
    ts: str
    thread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ToldRecord:
    """Which messages tell about a gate, the gate's version that they show, and the reason of a trouble if they do.

    `refused` says why the whole was not taken: then they show a short text in its place.
    """

    gate: str
    version: int
    shown: int = 0
    messages: tuple[Message, ...] = ()
    trouble: str = ""
    refused: str = ""


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
    """Something that ops must read: a code of words.py and its values; `gate` if it is about one."""

    id: str
    code: str
    at: int
    gate: str = ""
    values: dict[str, str] = field(default_factory=dict)


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


Record = Gate | RunRecord | PipelineRecord | PersonRecord | ToldRecord | ReviewsRecord


@dataclass(frozen=True, slots=True)
class Commit:
    """One atomic step: records (each one version above what was read), audit events, lanes, alerts. All or nothing.

    `id` is derived from the cause, so that the same commit sent twice finds itself: the first record stores it. Where
    only the trail is written there is no record, and a commit whose answer was lost may stand there twice. `lanes`
    name what must be delivered: `answer:<run key>`, `tell:<gate id>`.
    """

    id: str
    records: tuple[Record, ...]
    entries: tuple[Entry, ...] = ()
    lanes: tuple[str, ...] = ()
    alerts: tuple[Alert, ...] = ()
