"""The Store port in a few dicts, for tests of use cases; the contract test holds it to what the real one does."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import count

from clock import Clock
from jenkins_mfa.core import moments
from jenkins_mfa.core.audit_evidence import DECISIONS
from jenkins_mfa.core.chain import Head, Linked
from jenkins_mfa.core.challenge import DISABLED_AT
from jenkins_mfa.core.lanes import ASK, due_in
from jenkins_mfa.core.model import (
    Alert,
    Backlog,
    Commit,
    CredentialRecord,
    Entry,
    FloodsRecord,
    Gate,
    HoldsRecord,
    KeysRecord,
    PersonRecord,
    PipelineRecord,
    Record,
    RedemptionRecord,
    ReviewsRecord,
    RunRecord,
    State,
    TicketRecord,
    ToldRecord,
    Trouble,
)
from jenkins_mfa.errors import DamagedError, StoreConflictError
from jenkins_mfa.store.records import encode, record_key, ref_key, seal_of
from jenkins_mfa.store.trail import link
from jenkins_mfa.usecases.ports import Due


@dataclass
class Lane:
    """One lane: when it is due (ms), how much was noted, who holds it, what went wrong between when and when;
    `noted` is since when it waits.
    """

    due: int
    want: int = 0
    tries: int = 0
    token: str = ""
    parked: str = ""
    reason: str = ""
    since: int = 0
    at: int = 0
    noted: int = 0


class MemoryStore:
    """All state in this process; commits are atomic under one lock. Records are sealed as in the real one: whoever
    writes into `_records` has damaged them.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.lanes: dict[str, Lane] = {}
        self.trail: list[Linked] = []
        self._records: dict[str, Record] = {}
        self._seals: dict[str, str] = {}
        self._aside: set[str] = set()
        self._commits: dict[str, str] = {}
        self._refs: dict[str, Gate] = {}
        self._nonces: dict[str, str] = {}
        self._alerts: dict[str, Alert] = {}
        self._beats: dict[str, dict[str, object]] = {}
        self._courtesies: dict[str, tuple[str, int]] = {}
        self._forwarded: dict[str, Head] = {}
        self._tokens = count(1)
        self._lock = threading.RLock()
        self._written = Head(0, "")

    def now(self) -> int:
        return self.clock.now()

    def gate(self, gate_id: str) -> Gate | None:
        return self._read(f"gate:{gate_id}")  # type: ignore[return-value]

    def find_gates(self, prefix: str) -> list[str]:
        found = [gate for gate in self._gates() if gate.id.startswith(f"g_{prefix}")]
        return [gate.id for gate in sorted(found, key=lambda gate: (gate.state.settled, gate.id))][:10]

    def gate_of(self, source: str, ref: str) -> Gate | None:
        newest = self._refs.get(ref_key(source, ref))
        return self.gate(newest.id) if newest else None

    def copied(self, nonce: str, source: str, ref: str) -> bool:
        return self._nonces.get(nonce, ref_key(source, ref)) != ref_key(source, ref)

    def open_gates(self, source: str | None = None) -> list[Gate]:
        found = [g for g in self._gates() if not g.state.settled and source in (None, g.run.source)]
        return sorted((g for g in found if self._intact(g)), key=lambda gate: (gate.opened_at, gate.id))

    def damaged_gates(self) -> list[DamagedError]:
        found = [g for g in self._gates() if not g.state.settled and not self._intact(g)]
        return [DamagedError(record_key(gate), "it does not carry our seal", gate.version) for gate in found]

    def confirm(self, gate: Gate) -> None:
        stored = self._records.get(f"gate:{gate.id}")
        if stored is None or stored.version != gate.version:
            raise StoreConflictError("the gate has moved on")

    def set_aside(self, damaged: DamagedError) -> None:
        with self._lock:
            if damaged.record in self._aside:
                return
            self._aside.add(damaged.record)
            values = {"record": damaged.record, "reason": damaged.reason}
            self.trail += link(self.heads(), [Entry("record:damaged", self.now(), "agent", details={**values})])
            alert = Alert(f"damaged:{damaged.record}", "record_damaged", self.now(), values=values)
            self._alerts[alert.id] = alert
            self._note(f"alert:{alert.id}", -ASK)

    def backup(self) -> dict[str, object]:
        """All that is stored, as it is now."""
        with self._lock:
            return {name: deepcopy(kept) for name, kept in vars(self).items() if isinstance(kept, dict | list | set)}

    def restore(self, backup: dict[str, object]) -> None:
        """Put it back: everything that was stored since is gone."""
        with self._lock:
            vars(self).update({name: deepcopy(kept) for name, kept in backup.items()})

    def put(self, record: Record) -> None:
        """Whoever can write to the store puts back a record that the agent has sealed at some time."""
        with self._lock:
            self._records[record_key(record)] = record
            self._seals[record_key(record)] = self._seal(record)

    def _read(self, name: str) -> Record | None:
        with self._lock:
            record = self._records.get(name)
            if record is not None and not self._intact(record):
                raise DamagedError(name, "it does not carry our seal", record.version)
            return record

    def _intact(self, record: Record) -> bool:
        return self._seals.get(record_key(record)) == self._seal(record)

    @staticmethod
    def _seal(record: Record) -> str:
        return seal_of(record_key(record), encode(record), b"m" * 32)

    def all_gates(self) -> Iterator[Gate | DamagedError]:
        for gate in sorted(self._gates(), key=lambda gate: gate.id):
            damaged = DamagedError(record_key(gate), "it does not carry our seal", gate.version)
            yield gate if self._intact(gate) else damaged

    def due_gates(self, now: int, limit: int = 100) -> list[str]:
        timed = [g for g in self._gates() if g.state in (State.PENDING, State.APPROVED)]
        return self._due({g.id: min(g.deadline, moments.escalation(g) or g.deadline) for g in timed}, now, limit)

    def due_reminders(self, now: int, limit: int = 100) -> list[str]:
        found = {gate.id: moments.reminder(gate) for gate in self._gates()}
        return self._due({gate_id: at for gate_id, at in found.items() if at is not None}, now, limit)

    @staticmethod
    def _due(found: dict[str, int], now: int, limit: int) -> list[str]:
        due = [gate_id for gate_id, at in found.items() if at <= now]
        return sorted(due, key=lambda gate_id: (found[gate_id], gate_id))[:limit]

    def run(self, key: str) -> RunRecord:
        return self._read(f"run:{key}") or RunRecord(key, 0)  # type: ignore[return-value]

    def pipeline(self, key: str) -> PipelineRecord:
        return self._read(f"pipeline:{key}") or PipelineRecord(key, 0)  # type: ignore[return-value]

    def person(self, person: str) -> PersonRecord:
        return self._read(f"auth:{person}") or PersonRecord(person, 0)  # type: ignore[return-value]

    def people(self) -> list[str]:
        return [record.person for record in list(self._records.values()) if isinstance(record, PersonRecord)]

    def told(self, gate_id: str) -> ToldRecord:
        return self._records.get(f"told:{gate_id}", ToldRecord(gate_id, 0))  # type: ignore[return-value]

    def reviews(self) -> ReviewsRecord:
        return self._read("reviews") or ReviewsRecord(0, ())  # type: ignore[return-value]

    def holds(self) -> HoldsRecord:
        return self._read("holds") or HoldsRecord(0, ())  # type: ignore[return-value]

    def keys(self) -> KeysRecord:
        return self._read("keys") or KeysRecord(0)  # type: ignore[return-value]

    def floods(self) -> FloodsRecord:
        return self._read("floods") or FloodsRecord(0, ())  # type: ignore[return-value]

    def redemption(self, jti: str) -> RedemptionRecord:
        return self._read(f"redeemed:{jti}") or RedemptionRecord(jti, 0)  # type: ignore[return-value]

    def credential(self, credential_id: str) -> CredentialRecord | None:
        return self._read(f"credential:{credential_id}")  # type: ignore[return-value]

    def ticket(self, ticket_id: str) -> TicketRecord | None:
        return self._read(f"ticket:{ticket_id}")  # type: ignore[return-value]

    def alert(self, alert_id: str) -> Alert | None:
        return self._alerts.get(alert_id)

    @property
    def waiting_alerts(self) -> list[Alert]:
        """Those that are still to be told, oldest first."""
        waiting = [name.removeprefix("alert:") for name in self.lanes if name.startswith("alert:")]
        return [found for name in waiting if (found := self.alert(name))]

    def commit(self, commit: Commit) -> None:
        with self._lock:
            first = record_key(commit.records[0]) if commit.records else ""
            if first and self._commits.get(first) == commit.id:
                return
            self._check(commit)
            linked = link(self.heads(), commit.entries)
            self._commits[first] = commit.id
            for record in commit.records:
                self.put(record)
                if isinstance(record, Gate) and record.version == 1:
                    ref = ref_key(record.run.source, record.external_ref)
                    self._refs[ref] = record
                    self._nonces.setdefault(record.nonce, ref)
            self.trail += linked
            self._written = max(self._written, self.heads(), key=lambda head: head.seq)
            for alert in commit.alerts:
                self._alerts[alert.id] = alert
            for lane in (*(f"alert:{alert.id}" for alert in commit.alerts), *commit.lanes):
                self._note(lane, due_in(lane, commit))

    def _check(self, commit: Commit) -> None:
        for record in commit.records:
            stored = self._records.get(record_key(record))
            if record.version != (stored.version if stored else 0) + 1:
                raise StoreConflictError("somebody else committed first")
            if isinstance(record, Gate) and record.version == 1:
                known = self._refs.get(ref_key(record.run.source, record.external_ref))
                if known and known.generation != record.generation - 1:
                    raise StoreConflictError("somebody else opened it")

    def audit_events(self, start: int = 1, count: int | None = None) -> Iterator[Linked]:
        return iter([linked for linked in self.trail if linked.seq >= start][:count])

    def forwarded(self) -> dict[str, Head]:
        return dict(self._forwarded)

    def note_forwarded(self, destination: str, place: Head) -> None:
        self._forwarded[destination] = place

    def base(self) -> str:
        return ""

    def first_of(self, gate_jti: str) -> int:
        return next((linked.seq for linked in self.trail if linked.entry.gate == gate_jti), 0)

    def trim(self, events: Sequence[Linked], base: str) -> bool:
        raise NotImplementedError("a real store is trimmed in tests/store")

    def written(self) -> Head:
        return self._written

    def forget_written(self) -> None:
        self._written = Head(0, "")

    def heads(self) -> Head:
        return Head(self.trail[-1].seq, self.trail[-1].hash) if self.trail else Head(0, "")

    def last_entry(self, gate_jti: str) -> tuple[int, str, int] | None:
        for linked in reversed(self.trail):
            entry = linked.entry
            if entry.gate == gate_jti and "version" in entry.details:
                return linked.seq, linked.hash, int(entry.details["version"])
        return None

    def entries(self, gate_jti: str) -> list[Entry]:
        return [linked.entry for linked in self.trail if linked.entry.gate == gate_jti]

    def decided_by(self, person: str, within: int) -> list[str]:
        newest = [linked.entry for linked in self.trail[-within:][::-1]]
        found = [e.gate for e in newest if e.actor == person and e.event in DECISIONS]
        return list(dict.fromkeys(found))

    def claim_lane(self, lease_ms: int, skip: frozenset[str] = frozenset()) -> Due | None:
        with self._lock:
            waiting = [
                (lane.due, name)
                for name, lane in self.lanes.items()
                if lane.due <= self.now() and not lane.parked and not any(f"{name}:".startswith(f"{s}:") for s in skip)
            ]
            if not waiting:
                return None
            name = min(waiting)[1]
            lane = self.lanes[name]
            lane.due, lane.token, lane.tries = self.now() + lease_ms, f"token{next(self._tokens)}", lane.tries + 1
            return Due(name, lane.token, lane.tries, lane.want)

    def backlog(self) -> Backlog:
        with self._lock:
            due = [lane for lane in self.lanes.values() if not lane.parked]
            since = [lane.since for lane in due if lane.since]
            oldest = min((lane.noted for lane in due), default=0)
            return Backlog(len(due), min(since, default=0), len(self.lanes) - len(due), oldest)

    def durability(self) -> tuple[str, bool]:
        return "always", True

    def throttled(self, now: int) -> dict[str, float]:
        people = [record for record in list(self._records.values()) if isinstance(record, PersonRecord)]
        until = {one.person: math.inf if one.failures >= DISABLED_AT else one.wait_until for one in people}
        return {person: at for person, at in until.items() if at > now}

    def renew_lane(self, due: Due, lease_ms: int) -> None:
        if lane := self._leased(due):
            lane.due = self.now() + lease_ms

    def settle_lane(self, due: Due) -> None:
        with self._lock:
            if not (lane := self._leased(due)):
                return
            if lane.want == due.want:
                del self.lanes[due.lane]
                self._alerts.pop(due.lane.removeprefix("alert:"), None)
            else:
                lane.due, lane.tries, lane.token, lane.reason, lane.since = self.now(), 0, "", "", 0
                lane.noted = self.now()

    def retry_lane(self, due: Due, delay_ms: int, reason: str = "", tell: Sequence[str] = ()) -> None:
        if not (lane := self._leased(due)):
            return
        lane.due, lane.token = self.now() + delay_ms, ""
        if reason:
            known, lane.reason = lane.reason, reason
            lane.since, lane.at = lane.since or self.now(), self.now()
            for name in tell if known != reason else ():
                self._note(name)

    def trouble(self, lane: str) -> Trouble | None:
        found = self.lanes.get(lane)
        if found is None or not found.reason:
            return None
        return Trouble(found.reason, found.since, found.at, found.tries, 0 if found.token else max(found.at, found.due))

    def park_lane(self, due: Due, reason: str) -> None:
        with self._lock:
            if not (lane := self._leased(due)):
                return
            lane.parked, lane.token = reason, ""
            details: dict[str, str | int] = {"lane": due.lane, "reason": reason, "tries": due.tries}
            self.trail += link(self.heads(), [Entry("delivery:parked", self.now(), "agent", details=details)])
            kind, _, name = due.lane.partition(":")
            if kind != "alert":
                gate = name if kind == "tell" else ""
                alert = Alert(
                    f"parked:{due.token}",
                    "delivery_parked",
                    self.now(),
                    gate,
                    {"lane": due.lane, "reason": reason},
                )
                self._alerts[alert.id] = alert
                self._note(f"alert:{alert.id}", -ASK)

    def unpark_lane(self, lane: str, by: str, *, again: bool) -> None:
        with self._lock:
            if lane not in self.lanes or not self.lanes[lane].parked:
                return
            del self.lanes[lane]
            event = "delivery:retried" if again else "delivery:dropped"
            self.trail += link(self.heads(), [Entry(event, self.now(), by, details={"lane": lane})])
            if again:
                self._note(lane)
            else:
                self._alerts.pop(lane.removeprefix("alert:"), None)

    def wait(self, seconds: float) -> None:
        """Time is the test's."""

    def beat(self, name: str, value: dict[str, object]) -> None:
        self._beats[name] = value

    def beats(self) -> dict[str, dict[str, object]]:
        return dict(self._beats)

    def forget_beat(self, name: str) -> None:
        self._beats.pop(name, None)

    def courtesy(self, name: str, holder: str, ms: int) -> bool:
        held, ends = self._courtesies.get(name, (holder, 0))
        if held != holder and ends > self.now():
            return False
        self._courtesies[name] = (holder, self.now() + ms)
        return True

    def _gates(self) -> list[Gate]:
        return [record for record in list(self._records.values()) if isinstance(record, Gate)]

    def _note(self, name: str, due_in: int = 0) -> None:
        lane = self.lanes.setdefault(name, Lane(self.now() + due_in, noted=self.now()))
        lane.want += 1
        if not lane.token and not lane.parked:
            lane.due = min(lane.due, self.now() + due_in)

    def _leased(self, due: Due) -> Lane | None:
        lane = self.lanes.get(due.lane)
        return lane if lane and lane.token == due.token else None
