"""What stands in a store that somebody tampered with, and in copies of the trail that somebody hands over."""

from __future__ import annotations

import atexit
import json
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from fuzz_kit import FILES, target
from redis._parsers.helpers import parse_info
from targets_signed import CHECKPOINTS, events

import builders
import checkpoint_kit
from clock import START
from fakes import KEYS
from jenkins_mfa.archive import database, lines
from jenkins_mfa.archive.checkpoint_file import CheckpointFile
from jenkins_mfa.archive.copies import Copies
from jenkins_mfa.cli.trails import copies
from jenkins_mfa.core import audit, chain
from jenkins_mfa.core.checkpoint import Checkpoint, sign
from jenkins_mfa.core.model import (
    Alert,
    Authenticator,
    Commit,
    CredentialRecord,
    Entry,
    Factor,
    HoldsRecord,
    PersonRecord,
    PipelineRecord,
    RedemptionRecord,
    ReviewsRecord,
    RunRecord,
    TicketRecord,
    ToldRecord,
)
from jenkins_mfa.errors import ArchiveError, DamagedError, StoreError, UntrustedInputError
from jenkins_mfa.metrics.state import State
from jenkins_mfa.store import durability
from jenkins_mfa.store.gates import RedisStore
from jenkins_mfa.store.records import encode, opened, read_alert, record_key, seal_of
from jenkins_mfa.store.trail import link
from jenkins_mfa.words import history, render
from store_server import Server, server_binary

SEAL = b"m" * 32
EVENT = audit.encode(audit.AuditEvent(9, START, audit.Name.GATE_OPENED, "agent", "g_1.1"))
GATE = builders.gate()
RECORDS = {
    "gate": GATE,
    "run": RunRecord("k", 1, (GATE.id,)),
    "pipeline": PipelineRecord("main:job", 1),
    "auth": PersonRecord("alice", 1, (Authenticator("a_1", Factor.TOTP, "v1.v1.AAAA", START),)),
    "credential": CredentialRecord("ab" * 32, 1, "alice", "a_1"),
    "ticket": TicketRecord("cd" * 32, 1, "enrol", "alice", "bob", START, START + 1),
    "reviews": ReviewsRecord(1, ()),
    "holds": HoldsRecord(1, ()),
    "redeemed": RedemptionRecord("g_1.1", 1),
    "told": ToldRecord(GATE.id, 1),
}


def records() -> Iterator[bytes]:
    for name, record in RECORDS.items():
        yield name.encode() + b" " + encode(record)


@target(DamagedError, seeds=records)
def stored_record(data: bytes) -> object:
    """A record of any kind, even under our own seal: an older release, or a newer one, may have written it."""
    kind, _, text = data.partition(b" ")
    of = RECORDS.get(kind.decode(errors="replace"), GATE)
    name, version = record_key(of), str(of.version).encode()
    with suppress(DamagedError):
        opened((version, text, b"0" * 64), type(of), name, SEAL)
        raise AssertionError("without our seal")
    found = opened((version, text, seal_of(name, text, SEAL).encode()), type(of), name, SEAL)
    assert opened((version, encode(found), seal_of(name, encode(found), SEAL).encode()), type(of), name, SEAL) == found
    return found


@target(DamagedError, seeds=lambda: [msgspec.json.encode(Alert("a", "policy_right", START, "", {"a": "b"}))])
def stored_alert(data: bytes) -> object:
    """An alert that waits: it carries no seal."""
    return read_alert(data, "alert:a")


#: What a store holds beside its records, of which anybody who can write to it can make something else.
UNSEALED: dict[str, tuple[str, str]] = {
    "audit:head": ("hset", "seq"),
    "audit:base": ("set", ""),
    "audit:forwarded": ("hset", "siem"),
    "schema": ("set", ""),
    "changes": ("set", ""),
    "open": ("hset", GATE.id),
    "beats": ("hset", "agent:1"),
    "beats ": ("hset", "source:main"),
    "failing": ("hset", f"tell:{GATE.id}"),
    "tries": ("hset", f"tell:{GATE.id}"),
    "lease": ("hset", f"tell:{GATE.id}"),
    "want": ("hset", f"tell:{GATE.id}"),
    "parked": ("hset", f"tell:{GATE.id}"),
    f"trail:{GATE.jti}": ("rpush", ""),
    "gates": ("zadd", ""),
    "deadlines": ("zadd", ""),
    "due": ("zadd", ""),
    "audit": ("xadd", "event"),
    "audit hash": ("xadd", "hash"),
    "aside": ("hset", f"gate:{GATE.id}"),
}


@cache
def server() -> Server:
    """One for the process that makes the seeds, as long as it lives; those that it forks use it, too."""
    folder = tempfile.TemporaryDirectory(prefix="mfa-", dir=FILES)
    found = Server(server_binary(), Path(folder.name), "--appendonly", "no")
    found.start()
    atexit.register(folder.cleanup)
    atexit.register(found.kill)
    return found


def tampered() -> Iterator[bytes]:
    server()
    values = (
        "7",
        "",
        "-1",
        "{}",
        '{"at":1,"ok":true,"ms":2,"kids":["k1"]}',
        "1764000000000 1764000000001 refused",
        GATE.id,
        EVENT.decode(),
    )
    for name in UNSEALED:
        for value in values[:: 1 if name.strip() in {"beats", "failing"} else 3]:
            yield f"{name}={value}".encode()


@target(StoreError, seeds=tampered)
def stored_index(data: bytes) -> object:
    """Heads, indexes, lanes, heartbeats and the stream of the trail: whatever stands there, reading it fails as a store
    does, and so does committing to it.
    """
    name, _, value = data.partition(b"=")
    with closing(server().client()) as client:
        client.flushall()
        return _read(client, name.decode(errors="replace"), value)


def _read(client: Any, name: str, value: bytes) -> object:
    """Each reading by itself; the last one's is the target's."""
    store = RedisStore(client, SEAL)
    entry = Entry("gate:opened", START, "agent", GATE.jti, "main", GATE.run.key, {"version": 1})
    store.commit(Commit("open", (GATE,), (entry,), (f"tell:{GATE.id}",)))
    _tamper(client, name, value)
    reads: list[Callable[[], object]] = [
        *(
            store.now,
            store.heads,
            store.base,
            store.forwarded,
            store.open_gates,
            store.damaged_gates,
            store.beats,
            store.people,
            store.reviews,
        ),
        lambda: list(store.audit_events()),
        lambda: [store.entries(GATE.jti), store.last_entry(GATE.jti), store.first_of(GATE.jti)],
        lambda: store.decided_by("alice", 100),
        lambda: [store.due_gates(START + 10**9), store.due_reminders(START + 10**9), store.find_gates("8f")],
        lambda: [
            store.trouble(f"tell:{GATE.id}"),
            store.parked(),
            list(store.all_gates()),
            store.gate_of("main", "ref-1"),
        ],
        lambda: store.claim_lane(1000),
        lambda: store.audit_events(7, 1) and store.trim(list(store.audit_events(1, 1)), "base"),
        lambda: list(State(store, KEYS, lambda: ["production"]).collect()),
        lambda: RedisStore(client, SEAL),
        lambda: store.commit(Commit("later", (), (entry,))),
    ]
    for read in reads[:-1]:
        with suppress(StoreError):
            read()
    return reads[-1]()


def _tamper(client: Any, name: str, value: bytes) -> None:
    key, (command, field) = f"{{mfa}}:{name}", UNSEALED.get(name, ("set", ""))
    match command:
        case "hset":
            client.hset(key.strip(), field, value)
        case "zadd":
            client.zadd(key, {value: 0})
        case "rpush":
            client.rpush(key, value)
        case "xadd":
            client.xadd(key.partition(" ")[0], {b"event": EVENT, b"hash": b"0" * 64, field: value}, id="9-0")
        case _:
            client.delete(key)
            client.set(key, value)


def copied() -> Iterator[bytes]:
    yield b"".join(lines.line(one.raw, one.hash) for one in link(chain.Head(0, ""), events()))


@target(ArchiveError, seeds=copied)
def trail_lines(data: bytes) -> object:
    """A file of JSON lines: read, followed, and put into words, as `audit verify` and `audit search` do."""
    return _followed(data, "trail.jsonl")


def sqlite() -> Iterator[bytes]:
    with tempfile.TemporaryDirectory(prefix="mfa-", dir=FILES) as folder:
        path = Path(folder) / database.NAME
        copy = database.Database(path)
        copy.add(link(chain.Head(0, ""), events())[:3])
        copy.close()
        with sqlite3.connect(path) as found:
            found.execute("PRAGMA journal_mode=DELETE")
        yield path.read_bytes()


@target(ArchiveError, seeds=sqlite)
def trail_database(data: bytes) -> object:
    """A copy in SQLite."""
    return _followed(data, "trail.sqlite")


def rows() -> Iterator[bytes]:
    found = [(one.seq, one.hash, one.raw.decode()) for one in link(chain.Head(0, ""), events())[:3]]
    yield json.dumps(found).encode()
    yield json.dumps([[1, None, 7], [2, 1.5, ""]]).encode()


@target(ArchiveError, UntrustedInputError, seeds=rows)
def trail_rows(data: bytes) -> object:
    """A well-formed copy in SQLite whose columns hold anything."""
    try:
        given = [[*row, None, None, None][:3] for row in json.loads(data)]
    except (ValueError, TypeError, RecursionError):
        raise UntrustedInputError("no rows") from None
    made = sqlite3.connect(":memory:")
    made.execute(database._EVENTS)
    try:
        made.executemany("INSERT INTO events VALUES (NULL, ?, ?, 0, '', '', '', '', '', ?)", given)
    except (sqlite3.Error, OverflowError, UnicodeError):
        raise UntrustedInputError("no rows of SQLite") from None
    made.commit()
    return _followed(made.serialize(), "trail.sqlite")


@target(ArchiveError, seeds=copied)
def trail_own_lines(data: bytes) -> object:
    """What the exporter finds of its own lines, and adds to them: a crash, or somebody, has left it there."""
    events_ = link(chain.Head(0, ""), events())
    with tempfile.TemporaryDirectory(prefix="mfa-", dir=FILES) as folder:
        (Path(folder) / "trail-000000000001.jsonl").write_bytes(data)
        found = Copies(Path(folder))
        try:
            found.add(events_[:2])
            return [found.newest(), found.hash_of(1)]
        finally:
            found.close()


def told() -> Iterator[bytes]:
    yield (
        b"redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:9.1.0\r\nrole:master\r\naof_enabled:1\r\n"
        b"maxmemory_policy:noeviction\r\nevicted_keys:0\r\nconnected_slaves:1\r\naof_last_write_status:ok\r\n"
        b"slave0:ip=127.0.0.1,port=6380,state=online,offset=1,lag=1\r\n"
    )


@target(StoreError, seeds=told)
def store_info(data: bytes) -> object:
    """What a server tells of itself; managed ones leave things out."""
    client = Told(parse_info(data), {b"appendfsync": b"always", b"no-appendfsync-on-rewrite": b"no"})
    durability.snapshot(client)
    return durability.inspect(client, accepted="always")


class Told:
    """A client of a server that says so."""

    def __init__(self, info: Any, config: Any) -> None:
        self.info, self.config_get = (lambda _: info), (lambda *_: config)


def _followed(data: bytes, name: str) -> object:
    with tempfile.TemporaryDirectory(prefix="mfa-", dir=FILES) as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        trail = copies(path)
        found = chain.verify_chain(trail.pairs(), first=trail.begin.seq + 1, previous=trail.begin.hash)
        with suppress(ArchiveError):
            database.holds(path, chain.Head(1, "0" * 64))
        roster = builders.ROSTER
        for linked in trail.events():
            entry = linked.entry
            said = render.terminal(history.sentence(entry, roster)) + render.terminal(history.about(entry))
            assert said.isprintable()
            render.iso(entry.at)
        return found


@target(ArchiveError, seeds=lambda: [b"\n".join([*_tokens(), b""])])
def checkpoint_file(data: bytes) -> object:
    """The file of checkpoints, line by line."""
    with tempfile.TemporaryDirectory(prefix="mfa-", dir=FILES) as folder:
        path = Path(folder) / "checkpoints.jws"
        path.write_bytes(data)
        return CheckpointFile(path, checkpoint_kit.keys(), "test").read()


def _tokens() -> Iterator[bytes]:
    for seq in (1, 5):
        yield sign(Checkpoint("test", seq, "0" * 64, START), CHECKPOINTS).encode()
