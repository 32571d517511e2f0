"""What every use case has at hand, and the loop that makes a decision stick.

A decision is taken in Python only: load, decide, commit with the versions that were read. Who loses a race loads and
decides again (style: compare-and-swap with a pure function).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from jenkins_mfa.core import seal
from jenkins_mfa.core.gate import Transition
from jenkins_mfa.core.keys import Keys
from jenkins_mfa.core.model import Commit, Confirmation, Entry, Gate, PersonRecord, RunRecord
from jenkins_mfa.core.policy import Policy, Roster
from jenkins_mfa.errors import Refusal, StoreConflictError, StoreUnavailableError
from jenkins_mfa.usecases.ports import Messenger, Randomness, Source, Store

T = TypeVar("T")

ATTEMPTS = 64  #: decisions per request before giving up; each lost race means that somebody else got ahead


@dataclass(frozen=True, slots=True)
class Who:
    """The acting account as the messenger's envelope reports it (S14), never as a payload claims."""

    issuer: str
    subject: str

    @property
    def via(self) -> str:
        """For the trail."""
        return f"{self.issuer}/{self.subject}"


@dataclass(frozen=True, slots=True)
class Desk:
    """Ports and settings. `approval_ttl` in seconds; `libraries` maps a source to the library its runs must have
    loaded; `line` renders a gate's state as one line for the run's own page.
    """

    store: Store
    messenger: Messenger
    sources: Mapping[str, Source]
    policy: Policy
    roster: Roster
    keys: Keys
    randomness: Randomness
    line: Callable[[Gate], str]
    libraries: Mapping[str, str]
    approval_ttl: int = 600


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


def apply(desk: Desk, cause: str, transition: Transition, *records: RunRecord | PersonRecord | Gate) -> Gate:
    """Commit a transition with whatever else belongs to the same step; returns the gate afterwards."""
    gate = sealed(desk, transition.gate)
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
    """The gate that a button's value names. Raises Refusal: `unknown_gate`, or `stale` for an older generation."""
    gate_id, _, generation = jti.rpartition(".")
    gate = desk.store.gate(gate_id) if gate_id else None
    if gate is None:
        raise Refusal("unknown_gate")
    if str(gate.generation) != generation:
        raise Refusal("stale")
    return gate


def snapshot_mac(desk: Desk, gate: Gate) -> str:
    """Seals what was frozen at opening (T8): a gate whose requirement or request was changed in the store is caught."""
    frozen = repr((gate.facts, gate.claims, gate.requirement, gate.kids, gate.assurance))
    return seal.mac(
        desk.keys.mac_key,
        "gate",
        gate.jti,
        gate.external_ref,
        gate.nonce,
        gate.run.key,
        gate.request_sha256,
        hashlib.sha256(gate.request_text.encode()).hexdigest(),
        str(gate.opened_at),
        str(gate.first_deadline),
        hashlib.sha256(frozen.encode()).hexdigest(),
    )


def confirmation_mac(desk: Desk, gate: Gate, given: Confirmation) -> str:
    """Seals one confirmation to its gate, request and person (T8)."""
    return seal.mac(
        desk.keys.mac_key,
        "confirmation",
        gate.jti,
        gate.snapshot_mac,
        given.person,
        given.factor.value,
        str(given.at),
        given.authenticator,
        str(given.step),
    )


def sealed(desk: Desk, gate: Gate) -> Gate:
    """The gate with the seal of this version, which covers all of it: state, deadlines, denial and claim, too (T8)."""
    bare = replace(gate, mac="")
    return replace(bare, mac=seal.mac(desk.keys.mac_key, "gate version", repr(bare)))


def intact(desk: Desk, gate: Gate) -> bool:
    """Whether this version of the gate is as we stored it. Asked wherever a step leads towards a receipt: whatever is
    committed next carries a new seal.
    """
    return seal.check_mac(gate.mac, sealed(desk, gate).mac)


def seals_hold(desk: Desk, gate: Gate) -> bool:
    """Whether gate, snapshot and confirmations are ours, and the trail's last word about it names this version."""
    if not intact(desk, gate) or not seal.check_mac(gate.snapshot_mac, snapshot_mac(desk, gate)):
        return False
    if not all(seal.check_mac(c.mac, confirmation_mac(desk, gate, c)) for c in gate.confirmations):
        return False
    last = desk.store.last_entry(gate.jti)
    return last is not None and last[2] == gate.version


def refused(desk: Desk, gate: Gate, who: Who, refusal: Refusal, cause: str) -> None:
    """Put an answer that was not counted into the trail; the run's record carries the commit."""
    person = desk.roster.find(who.issuer, who.subject)
    actor = person.id if person else who.via

    def attempt() -> None:
        run = desk.store.run(gate.run.key)
        details: dict[str, str | int] = {"reason": refusal.code, "via": who.via}
        now = desk.store.now()
        entry = Entry("answer:refused", now, actor, gate.jti, gate.run.source, gate.run.key, details)
        bumped = replace(run, version=run.version + 1)
        desk.store.commit(Commit(commit_id("refused", cause, actor, gate.jti), (bumped,), (entry,)))

    decide(attempt)
