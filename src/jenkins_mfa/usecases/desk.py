"""What every use case has at hand, and the loop that makes a decision stick.

A decision is taken in Python only: load, decide, commit with the versions that were read. Who loses a race loads and
decides again (style: compare-and-swap with a pure function).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from jenkins_mfa.core.gate import Transition
from jenkins_mfa.core.keys import Keys
from jenkins_mfa.core.model import KEPT_GATES, Commit, Denial, Entry, Factor, Gate, Record, Run, RunRecord
from jenkins_mfa.core.policy import Person, Policy, Roster
from jenkins_mfa.errors import DamagedError, Refusal, StoreConflictError, StoreUnavailableError
from jenkins_mfa.usecases.continuity import Continuity
from jenkins_mfa.usecases.ports import Messenger, Randomness, Source, Store
from jenkins_mfa.usecases.rules import Rules
from jenkins_mfa.usecases.spans import Spans, Untraced

T = TypeVar("T")

ATTEMPTS = 64  #: decisions per request before giving up; each lost race means that somebody else got ahead


@dataclass(frozen=True, slots=True)
class Who:
    """The acting account as the messenger's envelope reports it (S14), never as a payload claims.

    Where a session of the pages has told who acts, that is `person` (roster id), `subject` where it came from, and
    `session` its name.
    """

    issuer: str
    subject: str
    person: str = ""
    session: str = ""

    @property
    def via(self) -> str:
        """For the trail."""
        return f"{self.issuer}/{self.subject}"


@dataclass(frozen=True, slots=True)
class Desk:
    """Ports and settings. `approval_ttl` in seconds; of one requester at most `asks_per_requester` gates are asked at a
    time; `libraries` maps a source to the library its runs must have
    loaded; `line` renders a gate's state as one line for the run's own page; `spans` measures where time goes;
    `rehearsals` are the sources of tests. What becomes of gates is announced by `announcer`, too, where there is one;
    nobody answers through it.
    """

    store: Store
    continuity: Continuity
    messenger: Messenger
    sources: Mapping[str, Source]
    rules: Rules
    keys: Keys
    randomness: Randomness
    line: Callable[[Gate], str]
    libraries: Mapping[str, str]
    approval_ttl: int = 600
    asks_per_requester: int = 5
    announcer: Messenger | None = None
    spans: Spans = field(default_factory=Untraced)
    rehearsals: Mapping[str, Source] = field(default_factory=dict)

    def source(self, run: Run) -> Source:
        """Where a run is, or the stand-in where it is a test."""
        return (self.rehearsals if run.test else self.sources)[run.source]

    @property
    def policy(self) -> Policy:
        """The policy that holds now; together with the roster: `rules.now`."""
        return self.rules.policy

    @property
    def roster(self) -> Roster:
        """The roster that holds now."""
        return self.rules.roster


def person_of(desk: Desk, who: Who) -> Person | None:
    """Who of the roster acts."""
    return desk.roster.people.get(who.person) if who.person else desk.roster.find(who.issuer, who.subject)


def commit_id(*cause: str) -> str:
    """A commit's id: a digest of what caused it, so that the same cause sent twice finds itself."""
    return hashlib.sha256("\0".join(cause).encode()).hexdigest()[:32]


def decide(attempt: Callable[[], T]) -> T:
    """Run `attempt` until its commit is not overtaken. It may run several times: no I/O but the store's in it."""
    for _ in range(ATTEMPTS):
        try:
            return attempt()
        except StoreConflictError:
            continue
    raise StoreUnavailableError("the store is too busy: others were faster each time")


def apply(desk: Desk, cause: str, transition: Transition, *records: Record) -> Gate:
    """Commit a transition with whatever else belongs to the same step; returns the gate afterwards."""
    gate = transition.gate
    desk.store.commit(
        Commit(
            commit_id(cause, gate.jti),
            (gate, *records),
            transition.entries,
            transition.lanes,
            transition.alerts,
        )
    )
    return gate


def load(desk: Desk, jti: str) -> Gate:
    """The gate that a button's value names. Raises Refusal: `unknown_gate`, `stale` for an older generation, or
    `seal_broken`.
    """
    gate_id, _, generation = jti.rpartition(".")
    try:
        gate = desk.store.gate(gate_id) if gate_id else None
    except DamagedError as damaged:
        desk.store.set_aside(damaged)
        raise Refusal("seal_broken") from None
    if gate is None:
        raise Refusal("unknown_gate")
    if str(gate.generation) != generation:
        raise Refusal("stale")
    return gate


def newest(desk: Desk, gate: Gate) -> bool:
    """Whether the trail's last word about the gate names this version: an older record has its seal, too (T8)."""
    last = desk.store.last_entry(gate.jti)
    return last is not None and last[2] == gate.version


def run_record(desk: Desk, key: str) -> RunRecord:
    """What is kept for a run. In place of a damaged record stands one of a denied run: nobody can tell any more
    whether it was denied, and for whatever is committed next that is kept.
    """
    try:
        return desk.store.run(key)
    except DamagedError as damaged:
        desk.store.set_aside(damaged)
        gates = tuple(gate.id for gate in desk.store.open_gates() if gate.run.key == key)
        denial = Denial(desk.store.now(), None, "seal_broken", f"seal_broken:{key}")
        return RunRecord(key, damaged.version, gates, denial)


def gates_of(desk: Desk, run: RunRecord) -> list[Gate]:
    """The run's gates. A damaged one is set aside, and stands still; the others go on."""
    found = (named(desk, gate_id) for gate_id in run.gates)
    return [gate for gate in found if gate is not None]


def unsettled(desk: Desk, run: RunRecord) -> frozenset[str]:
    """Ids of the run's gates that are not settled, or of which nobody knows because they are damaged. Of few gates all
    count as such: it saves a look.
    """
    if len(run.gates) <= KEPT_GATES:
        return frozenset(run.gates)
    waiting = {gate.id for gate in desk.store.open_gates() if gate.run.key == run.key}
    damaged = {one.record.removeprefix("gate:") for one in desk.store.damaged_gates()}
    return frozenset(waiting | (damaged & set(run.gates)))


def named(desk: Desk, gate_id: str) -> Gate | None:
    """A gate that the store itself names; None for one that is damaged or gone, which ops are told about once."""
    gate = whole(desk, lambda: desk.store.gate(gate_id))
    if gate is None:
        desk.store.set_aside(DamagedError(f"gate:{gate_id}", "it is not there any more"))
    return gate


def whole(desk: Desk, read: Callable[[], T | None]) -> T | None:
    """What `read` gives; None for a damaged record, which ops are told about once."""
    try:
        return read()
    except DamagedError as damaged:
        desk.store.set_aside(damaged)
        return None


def refused(desk: Desk, gate: Gate, who: Who, refusal: Refusal, cause: str, factor: Factor | None = None) -> None:
    """Put an answer that was not counted into the trail, with the `factor` that was given; the run's record carries
    the commit.
    """
    person = person_of(desk, who)
    actor = person.id if person else who.via

    def attempt() -> None:
        run = run_record(desk, gate.run.key)
        details: dict[str, str | int] = {"reason": refusal.code, "via": who.via}
        details |= {"problem": refusal.values["problem"]} if "problem" in refusal.values else {}
        details |= {"factor": factor.value} if factor else {}
        now = desk.store.now()
        entry = Entry("answer:refused", now, actor, gate.jti, gate.run.source, gate.run.key, details)
        bumped = replace(run, version=run.version + 1)
        desk.store.commit(Commit(commit_id("refused", cause, actor, gate.jti), (bumped,), (entry,)))

    decide(attempt)
