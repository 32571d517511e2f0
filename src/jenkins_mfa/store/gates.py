"""The Store port on Redis or Valkey: records are read one by one and written by one script (commit.lua)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import msgspec
import redis

from jenkins_mfa.core.chain import Head
from jenkins_mfa.core.lanes import ASK, due_in
from jenkins_mfa.core.model import SCHEMA, Alert, Commit, Entry, Gate
from jenkins_mfa.errors import DamagedError, StoreConflictError, StoreUnavailableError, StoreUncertainError
from jenkins_mfa.store import durability
from jenkins_mfa.store.lanes import Bell, Lanes
from jenkins_mfa.store.reader import Reader
from jenkins_mfa.store.records import planned, record_key
from jenkins_mfa.store.trail import Trail, link
from jenkins_mfa.store.wire import Answer, Script, Wire, foreign, newer_schema, reading
from jenkins_mfa.usecases.ports import Due

COMMIT = Script("commit")
CONFIRM = Script("confirm")
SENDINGS = 3  #: how often one commit is sent when its answer is lost
LINKS = 64  #: how often the trail is linked anew when another process was faster
LOCK_SECONDS = 10.0  #: how long a commit waits for its turn within the process
REASON = 1000  #: characters kept of why a lane was given up


class RedisStore(Reader, Trail, Lanes):
    """The state. `key` seals records, `prefix` is the tag of all keys, in braces; so many `replicas` must have what
    somebody is told of, and `accepted` is the durability that the operator agreed to; `noted` hears of each commit that
    was acknowledged; `offset_ms` moves the clock in tests.
    """

    def __init__(
        self,
        client: redis.Redis,
        key: bytes,
        *,
        prefix: str = "{mfa}",
        replicas: int = 0,
        accepted: str = "always",
        noted: Callable[[Commit], None] | None = None,
        offset_ms: Callable[[], int] = lambda: 0,
    ) -> None:
        wire = Wire(client, prefix, offset_ms, replicas)
        wire.claim_schema()
        Reader.__init__(self, wire, key)
        Trail.__init__(self, wire)
        Lanes.__init__(self, wire, Bell())
        self._agreed = accepted, replicas
        self._turn = threading.Lock()
        self._noted = noted
        self._head: Head | None = None
        self._written = Head(0, "")

    def close(self) -> None:
        """Close all connections."""
        self._wire.client.close()

    def durability(self) -> tuple[str, bool]:
        """What the server keeps of what it acknowledges now, and whether that is as much as was accepted."""
        with reading():
            return durability.held(self._wire.client, *self._agreed)

    def written(self) -> Head:
        """The furthest head of the trail that this process has got for a commit of its own, since `forget_written`."""
        return self._written

    def forget_written(self) -> None:
        """Another trail is the true one from now on."""
        self._written = Head(0, "")
        self.forget_open()

    def commit(self, commit: Commit) -> None:
        """Write all of it in one step. Raises StoreConflictError when somebody else was first, StoreUncertainError
        when the answers of all sendings were lost, or too few replicas have it: then the same commit again finds out.
        """
        plan: dict[str, object] = {
            "id": commit.id,
            "schema": SCHEMA,
            "records": [planned(record, self._key) for record in commit.records],
            "lanes": [{"name": lane, "due": due_in(lane, commit)} for lane in commit.lanes],
            "alerts": [_alert(alert) for alert in commit.alerts],
        }
        self._write(plan, commit.entries)
        self._bell.ring(len(commit.lanes) + len(commit.alerts))
        if self._noted is not None:
            self._noted(commit)

    def confirm(self, gate: Gate) -> None:
        """The gate is still as it was read, and the replicas have it: it may be told, and acted upon. Raises
        StoreConflictError when it has moved on, StoreUncertainError when too few replicas confirm it.
        """
        verdict, *_ = self._wire.run(CONFIRM, {"record": record_key(gate), "version": gate.version}, confirm=True)
        if verdict == b"conflict":
            raise StoreConflictError("the gate has moved on")

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

    def unpark_lane(self, lane: str, by: str, *, again: bool) -> None:
        """Try a lane that was given up `again`, from its first try, or forget what it has to deliver; `by` is whose
        word that is, for the trail. Quietly nothing for a lane that was not given up.
        """
        at, event = self.now(), "delivery:retried" if again else "delivery:dropped"
        plan: dict[str, object] = {
            "id": f"unpark:{lane}:{at}",
            "schema": SCHEMA,
            "records": [],
            "lanes": [],
            "alerts": [],
            "unpark": {"lane": lane, "again": again},
        }
        self._write(plan, [Entry(event, at, by, details={"lane": lane})])
        self._bell.ring(again)

    def set_aside(self, damaged: DamagedError) -> None:
        """Tell ops once about a damaged record, and put it into the trail. The record stays as it is."""
        at = self.now()
        values = {"record": damaged.record, "reason": damaged.reason[:REASON]}
        alert = Alert(f"damaged:{damaged.record}", "record_damaged", at, values=values)
        plan: dict[str, object] = {
            "id": f"aside:{damaged.record}",
            "schema": SCHEMA,
            "records": [],
            "lanes": [],
            "alerts": [_alert(alert)],
            "aside": {"record": damaged.record, "json": msgspec.json.encode({"at": at, **values}).decode()},
        }
        self._write(plan, [Entry("record:damaged", at, "agent", details={**values})])
        self._bell.ring(1)

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
            match self._sent(plan):
                case [bytes(verdict), int(seq), bytes(digest)]:
                    self._head = Head(seq, digest.decode(errors="replace"))
                case _:
                    raise foreign("audit:head")
            if verdict in {b"done", b"already"} and seq > self._written.seq:
                self._written = self._head
            if verdict != b"head":
                return verdict
        raise StoreUnavailableError("the trail is too busy: other processes were faster each time")

    def _sent(self, plan: dict[str, object]) -> Answer:
        """Send until there is an answer, and replicas confirm it, a bounded number of times: the commit's id makes
        sending twice harmless.

        After a lost answer, not reaching the store any more leaves the effect as unknown as before.
        """
        lost: StoreUncertainError | None = None
        for _ in range(SENDINGS):
            try:
                return self._wire.run(COMMIT, plan, confirm=True)
            except StoreUncertainError as error:
                lost = error
            except StoreUnavailableError as error:
                raise (lost or error) from error
        raise lost or StoreUncertainError("nothing was sent")


def _alert(alert: Alert) -> dict[str, object]:
    """One element of the script's `plan.alerts`."""
    return {"lane": f"alert:{alert.id}", "due": -ASK, "json": msgspec.json.encode(alert).decode()}
