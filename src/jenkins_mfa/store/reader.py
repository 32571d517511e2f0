"""The reading half of the records: each is opened only with our seal, and a damaged one stops nothing but itself."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager

import msgspec

from jenkins_mfa.core.model import (
    Alert,
    CredentialRecord,
    FloodsRecord,
    Gate,
    HoldsRecord,
    KeysRecord,
    PersonRecord,
    PipelineRecord,
    RedemptionRecord,
    ReviewsRecord,
    RunRecord,
    TicketRecord,
    ToldRecord,
)
from jenkins_mfa.errors import DamagedError, StoreUnavailableError
from jenkins_mfa.store import open_gates
from jenkins_mfa.store.open_gates import Look
from jenkins_mfa.store.records import FIELDS, R, opened, read_alert, ref_key
from jenkins_mfa.store.wire import Wire, reading

CHUNK = 500  #: records per read
FOUND = 10  #: how many gates find_gates names
LOOK_SECONDS = 10.0  #: how long a look at the open gates waits for that of another thread


class Reader:
    """Reads records. `key` is what their seals are made with. Raises DamagedError for one that is not ours."""

    def __init__(self, wire: Wire, key: bytes) -> None:
        self._wire = wire
        self._key = key
        self._open = Look()
        self._looking = threading.Lock()

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
        return [gate.decode(errors="replace") for gate in dict.fromkeys(ids)][:FOUND]

    def gate_of(self, source: str, ref: str) -> Gate | None:
        """The newest gate of a source's handle."""
        with reading():
            gate_id = self._wire.client.hget(self._wire.key(ref_key(source, ref)), "gate")
        if gate_id is None:
            return None
        name = f"gate:{gate_id.decode(errors='replace')}"
        return self._load_gate(name, self._read([name])[0])

    def copied(self, nonce: str, source: str, ref: str) -> bool:
        """Whether another pause than that with this handle had the nonce, which is random, before."""
        with reading():
            first = self._wire.client.hget(self._wire.key("nonces"), nonce)
        return first not in (None, ref_key(source, ref).encode())

    def open_gates(self, source: str | None = None) -> list[Gate]:
        """All gates that are not settled, oldest first. What did not change since the last call is not read again,
        so this serves looking around; a decision loads its gate afresh. Damaged ones are left out.
        """
        gates = self._looked().gates
        return list(gates) if source is None else [gate for gate in gates if gate.run.source == source]

    def damaged_gates(self) -> list[DamagedError]:
        """Why each of the open gates that `open_gates` leaves out cannot be used."""
        damaged = self._looked().damaged
        return [damaged[gate_id] for gate_id in sorted(damaged)]

    def forget_open(self) -> None:
        """What is open is read from the start with the next look: another state is the true one from now on."""
        with self._look():
            self._open = Look()

    def _looked(self) -> Look:
        """The open gates now. One thread at a time: what all want to know at the start is read once."""
        with self._look(), reading():
            self._open = open_gates.look(self._wire, self._open, self._gates)
            return self._open

    @contextmanager
    def _look(self) -> Generator[None]:
        """The turn of one thread. Raises StoreUnavailableError when it does not come."""
        if not self._looking.acquire(timeout=LOOK_SECONDS):
            raise StoreUnavailableError("the store is too slow: the open gates are still being read")
        try:
            yield
        finally:
            self._looking.release()

    def _gates(self, ids: Sequence[str]) -> dict[str, Gate | DamagedError]:
        """The gate of each id, or why it cannot be used, read a few at a time."""
        found: dict[str, Gate | DamagedError] = {}
        for start in range(0, len(ids), CHUNK):
            some = ids[start : start + CHUNK]
            for gate_id, answer in zip(some, self._read([f"gate:{gate_id}" for gate_id in some]), strict=True):
                try:
                    found[gate_id] = self._load_gate(f"gate:{gate_id}", answer)
                except DamagedError as error:
                    found[gate_id] = error
        return found

    def all_gates(self) -> Iterator[Gate | DamagedError]:
        """Every gate that there ever was, by id, read a few at a time; why, where one cannot be used.

        One that is opened while this runs may be among them, or not.
        """
        after = b"-"
        while ids := self._ids(after):
            yield from self._gates([gate_id.decode(errors="replace") for gate_id in ids]).values()
            after = b"(" + ids[-1]

    def _ids(self, after: bytes) -> list[bytes]:
        """The next ids of the index of all gates; `after` is a bound of ZRANGEBYLEX."""
        with reading():
            found: list[bytes] = self._wire.client.zrangebylex(self._wire.key("gates"), after, b"+", 0, CHUNK)
        return found

    def due_gates(self, now: int, limit: int = 100) -> list[str]:
        """Ids of gates whose deadline has come, or that ask further people now."""
        return self._due("deadlines", now, limit)

    def due_reminders(self, now: int, limit: int = 100) -> list[str]:
        """Ids of pending gates whose people are to be reminded."""
        return self._due("reminders", now, limit)

    def _due(self, index: str, now: int, limit: int) -> list[str]:
        """Those set aside stay due for ever: `limit` is beside them."""
        with reading():
            limit += self._wire.client.hlen(self._wire.key("aside"))
            ids = self._wire.client.zrange(self._wire.key(index), "-inf", now, byscore=True, offset=0, num=limit)
        return [gate_id.decode(errors="replace") for gate_id in ids]

    def run(self, key: str) -> RunRecord:
        """A run's record; a fresh one of version 0 if there is none."""
        return self._load(f"run:{key}", RunRecord) or RunRecord(key, 0)

    def pipeline(self, key: str) -> PipelineRecord:
        """A pipeline's record; a fresh one of version 0 if there is none."""
        return self._load(f"pipeline:{key}", PipelineRecord) or PipelineRecord(key, 0)

    def person(self, person: str) -> PersonRecord:
        """A person's record; a fresh one of version 0 if there is none."""
        return self._load(f"auth:{person}", PersonRecord) or PersonRecord(person, 0)

    def throttled(self, now: int) -> dict[str, float]:
        """Whose codes do not count now, and until when (ms UTC; infinity where an administrator has to unlock them). By
        an index beside the records, for people who look: what counts is judged by a person's own record.
        """
        with reading():
            found = self._wire.client.zrange(self._wire.key("waits"), f"({now}", "+inf", byscore=True, withscores=True)
        return {person.decode(errors="replace"): until for person, until in found}

    def people(self) -> list[str]:
        """Everybody of whom a record is kept, in no order. It looks through all keys: for commands and rare moments."""
        prefix = self._wire.key("auth:").encode()
        with reading():
            found = set(self._wire.client.scan_iter(match=prefix + b"*", count=CHUNK))
        return [key.removeprefix(prefix).decode(errors="replace") for key in found]

    def credential(self, credential_id: str) -> CredentialRecord | None:
        """Whose a security key is, by the SHA-256 of its credential id."""
        return self._load(f"credential:{credential_id}", CredentialRecord)

    def ticket(self, ticket_id: str) -> TicketRecord | None:
        """A one-time address, by the SHA-256 of its token."""
        return self._load(f"ticket:{ticket_id}", TicketRecord)

    def told(self, gate_id: str) -> ToldRecord:
        """Which messages tell about a gate; a fresh record of version 0 if none do."""
        return self._load(f"told:{gate_id}", ToldRecord) or ToldRecord(gate_id, 0)

    def reviews(self) -> ReviewsRecord:
        """The reviews that are open; a fresh record of version 0 if there never was one."""
        return self._load("reviews", ReviewsRecord) or ReviewsRecord(0, ())

    def holds(self) -> HoldsRecord:
        """The requesters who are not asked for; a fresh record of version 0 if there never was one."""
        return self._load("holds", HoldsRecord) or HoldsRecord(0, ())

    def keys(self) -> KeysRecord:
        """The receipt keys that agents had, and revoked ones; a fresh record of version 0 if there never was one."""
        return self._load("keys", KeysRecord) or KeysRecord(0)

    def floods(self) -> FloodsRecord:
        """The pipelines of which pauses wait unasked; a fresh record of version 0 if there never was one."""
        return self._load("floods", FloodsRecord) or FloodsRecord(0, ())

    def redemption(self, jti: str) -> RedemptionRecord:
        """What became of a receipt; a fresh record of version 0 if it never was presented."""
        return self._load(f"redeemed:{jti}", RedemptionRecord) or RedemptionRecord(jti, 0)

    def alert(self, alert_id: str) -> Alert | None:
        """An alert that waits for its delivery."""
        with reading():
            text = self._wire.client.get(self._wire.key(f"alert:{alert_id}"))
        return read_alert(text, f"alert:{alert_id}") if text else None

    def beat(self, name: str, value: dict[str, object]) -> None:
        """Keep a heartbeat record (state of a source, of the agent) for `check` and health."""
        with reading():
            self._wire.client.hset(self._wire.key("beats"), name, msgspec.json.encode(value))

    def beats(self) -> dict[str, dict[str, object]]:
        """All heartbeat records."""
        return self._wire.beats()

    def forget_beat(self, name: str) -> None:
        """Whoever kept it has stopped."""
        with reading():
            self._wire.client.hdel(self._wire.key("beats"), name)

    def _load(self, name: str, kind: type[R]) -> R | None:
        (answer,) = self._read([name])
        return opened(answer, kind, name, self._key)

    def _load_gate(self, name: str, answer: object) -> Gate:
        """A gate that an index names."""
        found = opened(answer, Gate, name, self._key)
        if found is None:
            raise DamagedError(name, "it is not there any more")
        return found

    def _read(self, names: Sequence[str]) -> list[object]:
        """What the server says for each record: its fields, or why it refuses."""
        with reading():
            pipeline = self._wire.client.pipeline(transaction=False)
            for name in names:
                pipeline.hmget(self._wire.key(name), *FIELDS)
            return list(pipeline.execute(raise_on_error=False))
