"""Nothing is lost and nothing is done twice: lost answers, frozen and killed servers, forgotten scripts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import redis
from factory import chain, entry, gate, opening, step, stepped
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import SentinelConnectionPool

from jenkins_mfa.core.model import Commit, RunRecord
from jenkins_mfa.errors import StoreConflictError, StoreError, StoreUnavailableError, StoreUncertainError
from jenkins_mfa.store.connect import client_for
from jenkins_mfa.store.gates import SENDINGS, RedisStore
from line import Line
from store_server import SEAL_KEY, Server

PREFIX = "{faults}"


@pytest.fixture
def line(server: Server) -> Iterator[Line]:
    """Between the store and its server."""
    between = Line(server.socket)
    yield between
    between.cut()


@pytest.fixture
def fragile(line: Line) -> RedisStore:
    """A store behind the line, whose server knows the script already."""
    store = RedisStore(client_for(line.redis), SEAL_KEY, prefix=PREFIX)
    store.commit(Commit("first", (RunRecord("warm", 1),)))
    return store


def test_a_lost_answer_is_found_again(fragile: RedisStore, line: Line) -> None:
    """The commit is sent again, finds itself, and is told as done: one event, one version, no conflict."""
    one = gate()
    line.lose(SENDINGS - 1, b"EVALSHA")
    fragile.commit(opening(one))
    assert fragile.gate(one.id) == one
    assert chain(fragile).last == 1


def test_when_all_answers_are_lost_the_same_commit_finds_out(fragile: RedisStore, line: Line) -> None:
    """The effect is unknown, and is called so; committing the same again succeeds and changes nothing."""
    one = gate()
    line.lose(SENDINGS, b"EVALSHA")
    with pytest.raises(StoreUncertainError):
        fragile.commit(opening(one))
    fragile.commit(opening(one))
    assert chain(fragile).last == 1


def test_a_re_sent_commit_writes_a_fence(fragile: RedisStore, line: Line) -> None:
    """A WAIT after a commit that found itself would confirm nothing, were there no write of its own."""
    line.lose(1, b"EVALSHA")
    one = gate()
    fragile.commit(opening(one))
    client = client_for(line.redis)
    assert client.get(f"{PREFIX}:fence") == opening(one).id.encode()


def test_whose_answer_was_lost_and_who_was_overtaken_decides_again(fragile: RedisStore, line: Line) -> None:
    """When another commit landed in between, the re-sent one is a conflict: the caller looks and finds its own."""
    one, other = gate(), RedisStore(client_for(line.redis), SEAL_KEY, prefix=PREFIX)
    line.lose(SENDINGS, b"EVALSHA")
    with pytest.raises(StoreUncertainError):
        fragile.commit(opening(one))
    other.commit(step(stepped(one)))
    with pytest.raises(StoreConflictError):
        fragile.commit(opening(one))
    assert chain(fragile).last == 2


def test_a_parked_lane_is_parked_once(fragile: RedisStore, line: Line) -> None:
    """A lost answer to parking makes neither a second event nor a second alert."""
    fragile.commit(opening(gate()))
    due = fragile.claim_lane(60_000)
    assert due is not None
    line.lose(1, b"EVALSHA")
    fragile.park_lane(due, "gone")
    assert chain(fragile).last == 2
    alert = fragile.claim_lane(60_000)
    assert alert is not None
    assert (alert.lane, alert.want) == (f"alert:parked:{due.token}", 1)
    assert [(one.lane, one.reason, one.tries) for one in fragile.parked()] == [(due.lane, "gone", 1)]


def test_a_claim_whose_answer_was_lost_leases_no_second_lane(fragile: RedisStore, line: Line) -> None:
    """Claims are not sent again: one lane stays leased until its lease runs out, the others stay free."""
    fragile.commit(Commit("c", (RunRecord("k", 1),), (), ("tell:1", "tell:2")))
    first = fragile.claim_lane(1)
    assert first is not None
    fragile.settle_lane(first)
    line.lose(1, b"EVALSHA")
    with pytest.raises(StoreUnavailableError):
        fragile.claim_lane(60_000)
    assert fragile.claim_lane(60_000) is None


def test_a_frozen_server_is_uncertain_and_then_certain(server: Server) -> None:
    """A server that is stopped in mid-commit has done it or not; afterwards the same commit ends as done, once."""
    store = RedisStore(client_for(f"{server.url}?socket_timeout=0.1"), SEAL_KEY, prefix=PREFIX)
    one = gate()
    store.commit(opening(one))
    server.freeze()
    with pytest.raises(StoreUncertainError):
        store.commit(step(stepped(one)))
    server.thaw()
    store.commit(step(stepped(one)))
    assert store.gate(one.id) == stepped(one)
    assert chain(store).last == 2


def test_freezing_again_and_again_doubles_nothing(server: Server) -> None:
    """Eight threads commit through a server that stops now and then: each step counts once, none is a conflict."""
    store = RedisStore(client_for(f"{server.url}?socket_timeout=0.15"), SEAL_KEY, prefix=PREFIX)
    over = threading.Event()

    def freezer() -> None:
        while not over.wait(0.15):
            server.freeze()
            over.wait(0.4)
            server.thaw()

    def work(number: int) -> None:
        record = RunRecord(f"run{number}", 0)
        for _ in range(100):
            record = replace(record, version=record.version + 1)
            event = replace(entry(gate(number)), details={"version": record.version})
            _insist(store, Commit(f"{number}:{record.version}", (record,), (event,)))

    thread = threading.Thread(target=freezer)
    thread.start()
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(8)))
    finally:
        over.set()
        thread.join()
    assert [store.run(f"run{n}").version for n in range(8)] == [100] * 8
    assert chain(store).last == 800


def test_kill_9_loses_nothing_that_was_acknowledged(server: Server) -> None:
    """The server is killed under load and started again: every commit that returned is there, and the chain holds."""
    store = RedisStore(client_for(server.url), SEAL_KEY, prefix=PREFIX)
    acknowledged: dict[int, int] = {}
    enough = threading.Event()

    def work(number: int) -> None:
        record = RunRecord(f"run{number}", 0)
        while True:
            record = replace(record, version=record.version + 1)
            try:
                store.commit(Commit(f"{number}:{record.version}", (record,), (entry(gate(number)),)))
            except StoreError:
                return
            acknowledged[number] = record.version
            if record.version > 100:
                enough.set()

    with ThreadPoolExecutor(8) as pool:
        work_done = [pool.submit(work, number) for number in range(8)]
        assert enough.wait(30)
        server.kill()
        for done in work_done:
            done.result()
    server.start()
    for number, version in acknowledged.items():
        assert version <= store.run(f"run{number}").version <= version + 1
    assert chain(store).last >= sum(acknowledged.values())


def test_a_server_that_is_gone_is_unavailable(server: Server) -> None:
    """Nothing was sent: both reading and committing say so."""
    store = RedisStore(client_for(server.url), SEAL_KEY, prefix=PREFIX)
    server.kill()
    with pytest.raises(StoreUnavailableError):
        store.gate("g_1")
    with pytest.raises(StoreUnavailableError):
        store.commit(opening(gate()))


def test_a_restarted_server_is_used_again(server: Server) -> None:
    """After a restart the connections of before do no harm."""
    store = RedisStore(client_for(server.url), SEAL_KEY, prefix=PREFIX)
    store.commit(opening(gate(1)))
    server.kill()
    server.start()
    store.commit(opening(gate(2)))
    assert [one.id for one in store.open_gates()] == [gate(1).id, gate(2).id]


def test_forgotten_scripts_are_given_again(store: RedisStore, valkey: Server) -> None:
    """A new server, or one after a failover, does not know our scripts."""
    store.commit(opening(gate(1)))
    valkey.client().script_flush()
    store.commit(opening(gate(2)))
    valkey.client().script_flush()
    assert store.claim_lane(1000) is not None


def _insist(store: RedisStore, commit: Commit) -> None:
    """As callers do: unknown or unreachable means the same commit again."""
    for _ in range(100):
        try:
            store.commit(commit)
        except (StoreUncertainError, StoreUnavailableError):
            continue
        return
    pytest.fail("the store never came back")


class OneSentinel:
    """In a sentinel's place: it names one port, whatever happens there."""

    def __init__(self, port: int) -> None:
        self._port = port

    def discover_master(self, _service: str) -> tuple[str, int]:
        return "127.0.0.1", self._port


def test_an_answer_that_comes_too_late_is_not_taken_for_the_next_one(line: Line) -> None:
    """A connection of a sentinel's service does not end by itself when an answer is late: the next command on it read
    that one, and a commit could have taken another's for its own.
    """
    named = OneSentinel(line.port)
    pool = SentinelConnectionPool("mfa", named, socket_timeout=0.2, protocol=2, retry=Retry(NoBackoff(), 0))
    store = RedisStore(redis.Redis(connection_pool=pool), SEAL_KEY, prefix=PREFIX)
    store.commit(Commit("warm", (RunRecord("warm", 1),)))
    line.seconds = 0.3
    with pytest.raises(StoreError):
        store.claim_lane(1000)
    line.seconds = 0.0
    assert store.now() > 0
    store.close()
