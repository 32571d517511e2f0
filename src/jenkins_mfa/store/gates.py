"""The Store port on Redis or Valkey: records are read one by one and written by one script (commit.lua)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec
import redis

from jenkins_mfa.core.model import SCHEMA, Alert, Commit, Entry, Gate, PersonRecord, RunRecord, ToldRecord
from jenkins_mfa.errors import StoreConflictError, StoreUnavailableError, StoreUncertainError
from jenkins_mfa.store.lanes import Bell, Lanes
from jenkins_mfa.store.records import R, decode, planned, ref_key
from jenkins_mfa.store.trail import Head, Trail, link
from jenkins_mfa.store.wire import Answer, Script, Wire, newer_schema, reading
from jenkins_mfa.usecases.ports import Due

COMMIT = Script("commit")
SENDINGS = 3  #: how often one commit is sent when its answer is lost
LINKS = 64  #: how often the trail is linked anew when another process was faster
LOCK_SECONDS = 10.0  #: how long a commit waits for its turn within the process
CHUNK = 500  #: records per read
REASON = 1000  #: characters kept of why a lane was given up
FOUND = 10  #: how many gates find_gates names


@dataclass(frozen=True, slots=True)
class Open:
    """The open gates, oldest first, as they were when the store's count of gate changes stood at `changes`."""

    changes: int
    gates: list[Gate]


class RedisStore(Trail, Lanes):
    """The state. `prefix` is the tag of all keys, in braces; `offset_ms` moves the clock in tests."""

    def __init__(self, client: redis.Redis, *, prefix: str = "{mfa}", offset_ms: Callable[[], int] = lambda: 0) -> None:
        wire = Wire(client, prefix, offset_ms)
        wire.claim_schema()
        Trail.__init__(self, wire)
        Lanes.__init__(self, wire, Bell())
        self._turn = threading.Lock()
        self._head: Head | None = None
        self._open = Open(0, [])

    def close(self) -> None:
        """Close all connections."""
        self._wire.client.close()

    # -- reading ------------------------------------------------------------------------------------------------

    def now(self) -> int:
        """The server's clock in ms UTC: the one clock for all replicas."""
        return self._wire.now()

    def gate(self, gate_id: str) -> Gate | None:
        """A gate by id."""
        return self._load(f"gate:{gate_id}", Gate)

    def find_gates(self, prefix: str) -> list[str]:
        """Ids of gates whose hexadecimal part begins with `prefix`, at most ten, open ones first."""
        first = f"g_{prefix}".encode()
        with reading():
            waiting = self._wire.client.hkeys(self._wire.key("open"))
            known = self._wire.client.zrangebylex(
                self._wire.key("gates"), b"[" + first, b"[" + first + b"\xff", 0, 2 * FOUND
            )
        ids = sorted(gate for gate in waiting if gate.startswith(first)) + known
        return [gate.decode() for gate in dict.fromkeys(ids)][:FOUND]

    def gate_of(self, source: str, ref: str) -> Gate | None:
        """The newest gate of a source's handle."""
        with reading():
            gate_id = self._wire.client.hget(self._wire.key(ref_key(source, ref)), "gate")
        return self.gate(gate_id.decode()) if gate_id else None

    def open_gates(self, source: str | None = None) -> list[Gate]:
        """All gates that are not settled, oldest first. What did not change since the last call is not read again,
        so this serves looking around; a decision loads its gate afresh.
        """
        with reading():
            changes = int(self._wire.client.get(self._wire.key("changes")) or 0)
        if changes != self._open.changes:
            self._open = self._look(changes)
        return [gate for gate in self._open.gates if source in (None, gate.run.source)]

    def _look(self, changes: int) -> Open:
        """The open gates now, at least as new as `changes` says; unchanged ones are taken from the last look."""
        with reading():
            index = self._wire.client.hgetall(self._wire.key("open"))
        versions = {gate_id.decode(): int(version) for gate_id, version in index.items()}
        kept = {gate.id: gate for gate in self._open.gates if versions.get(gate.id) == gate.version}
        changed = [gate_id for gate_id in versions if gate_id not in kept]
        for start in range(0, len(changed), CHUNK):
            kept.update(self._load_gates(changed[start : start + CHUNK]))
        gates = [gate for gate in kept.values() if not gate.state.settled]
        return Open(changes, sorted(gates, key=lambda gate: (gate.opened_at, gate.id)))

    def due_gates(self, now: int, limit: int = 100) -> list[str]:
        """Ids of pending and approved gates whose deadline has come."""
        with reading():
            ids = self._wire.client.zrange(self._wire.key("deadlines"), "-inf", now, byscore=True, offset=0, num=limit)
        return [gate_id.decode() for gate_id in ids]

    def run(self, key: str) -> RunRecord:
        """A run's record; a fresh one of version 0 if there is none."""
        return self._load(f"run:{key}", RunRecord) or RunRecord(key, 0)

    def person(self, person: str) -> PersonRecord:
        """A person's record; a fresh one of version 0 if there is none."""
        return self._load(f"auth:{person}", PersonRecord) or PersonRecord(person, 0)

    def told(self, gate_id: str) -> ToldRecord:
        """Which messages tell about a gate; a fresh record of version 0 if none do."""
        return self._load(f"told:{gate_id}", ToldRecord) or ToldRecord(gate_id, 0)

    def alert(self, alert_id: str) -> Alert | None:
        """An alert that waits for its delivery."""
        with reading():
            text = self._wire.client.get(self._wire.key(f"alert:{alert_id}"))
        return decode(text, Alert, f"alert:{alert_id}") if text else None

    def beat(self, name: str, value: dict[str, object]) -> None:
        """Keep a heartbeat record (state of a source, of the agent) for `check` and health."""
        with reading():
            self._wire.client.hset(self._wire.key("beats"), name, msgspec.json.encode(value))

    def beats(self) -> dict[str, dict[str, object]]:
        """All heartbeat records."""
        with reading():
            found = self._wire.client.hgetall(self._wire.key("beats"))
        return {name.decode(): msgspec.json.decode(value) for name, value in found.items()}

    # -- writing ------------------------------------------------------------------------------------------------

    def commit(self, commit: Commit) -> None:
        """Write all of it in one step. Raises StoreConflictError when somebody else was first, StoreUncertainError
        when the answers of all sendings were lost: then the same commit again finds out.
        """
        plan: dict[str, object] = {
            "id": commit.id,
            "schema": SCHEMA,
            "records": [planned(record) for record in commit.records],
            "lanes": commit.lanes,
            "alerts": [_alert(alert) for alert in commit.alerts],
        }
        self._write(plan, commit.entries)
        self._bell.ring(len(commit.lanes) + len(commit.alerts))

    def park_lane(self, due: Due, reason: str) -> None:
        """Give a lane up for good: it stays visible, with an audit event and an alert (none about an alert's own lane).
        Quietly nothing if the lease was lost.
        """
        at = self.now()
        kind, _, name = due.lane.partition(":")
        details: dict[str, str | int] = {"lane": due.lane, "reason": reason[:REASON], "tries": due.tries}
        entry = Entry("delivery:parked", at, "agent", details=details)
        alert = Alert(
            f"parked:{due.token}",
            "delivery_parked",
            at,
            name if kind == "tell" else "",
            {"lane": due.lane, "reason": reason},
        )
        parked = msgspec.json.encode({"at": at, "reason": reason, "tries": due.tries}).decode()
        plan: dict[str, object] = {
            "id": f"park:{due.token}",
            "schema": SCHEMA,
            "records": [],
            "lanes": [],
            "alerts": [] if kind == "alert" else [_alert(alert)],
            "park": {"lane": due.lane, "token": due.token, "json": parked},
        }
        self._write(plan, [entry])
        self._bell.ring(kind != "alert")

    def _write(self, plan: dict[str, object], entries: Sequence[Entry]) -> None:
        """Link and send under one lock, so that threads of this process never race for the trail's head."""
        if not self._turn.acquire(timeout=LOCK_SECONDS):
            raise StoreUnavailableError("the store is too slow: other commits are still waiting")
        try:
            verdict = self._linked(plan, entries)
        finally:
            self._turn.release()
        if verdict == b"newer":
            raise newer_schema()
        if verdict == b"conflict":
            raise StoreConflictError("somebody else committed first")

    def _linked(self, plan: dict[str, object], entries: Sequence[Entry]) -> bytes:
        """Link the entries to the head and send; a head that moved is linked to again, nothing is decided again."""
        for _ in range(LINKS):
            head = self._head or self.heads()
            linked = link(head, entries)
            plan["entries"] = [
                {"bytes": x.raw.decode(), "hash": x.hash, "gate": e.gate} for x, e in zip(linked, entries, strict=True)
            ]
            if linked:
                plan["head"] = {"seq": head.seq, "hash": head.hash}
            self._head = None
            verdict, seq, digest = self._sent(plan)
            self._head = Head(seq, digest.decode())
            if verdict != b"head":
                return bytes(verdict)
        raise StoreUnavailableError("the trail is too busy: other processes were faster each time")

    def _sent(self, plan: dict[str, object]) -> Answer:
        """Send until there is an answer, a bounded number of times: the commit's id makes sending twice harmless.

        After a lost answer, not reaching the store any more leaves the effect as unknown as before.
        """
        lost: StoreUncertainError | None = None
        for _ in range(SENDINGS):
            try:
                return self._wire.run(COMMIT, plan)
            except StoreUncertainError as error:
                lost = error
            except StoreUnavailableError as error:
                raise (lost or error) from error
        raise lost or StoreUncertainError("nothing was sent")

    # -- records ------------------------------------------------------------------------------------------------

    def _load(self, name: str, kind: type[R]) -> R | None:
        with reading():
            text = self._wire.client.hget(self._wire.key(name), "json")
        return None if text is None else decode(text, kind, name)

    def _load_gates(self, ids: Sequence[str]) -> dict[str, Gate]:
        with reading():
            pipeline = self._wire.client.pipeline(transaction=False)
            for gate_id in ids:
                pipeline.hget(self._wire.key(f"gate:{gate_id}"), "json")
            texts = pipeline.execute()
        return {i: decode(text, Gate, f"gate:{i}") for i, text in zip(ids, texts, strict=True) if text is not None}


def _alert(alert: Alert) -> dict[str, object]:
    """One element of the script's `plan.alerts`."""
    return {"lane": f"alert:{alert.id}", "json": msgspec.json.encode(alert).decode()}
