"""Many threads and several processes' stores on one server: versions decide, the trail stays one chain."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from factory import entry, gate, opening

from clock import Clock
from jenkins_mfa.core.chain import Chain, verify_chain
from jenkins_mfa.core.model import Commit, RunRecord
from jenkins_mfa.errors import StoreConflictError
from jenkins_mfa.store.gates import RedisStore
from store_server import Server, new_store


@pytest.mark.parametrize("agents", [1, 2])
def test_eight_threads_make_one_chain(valkey: Server, clock: Clock, agents: int) -> None:
    """Whoever was faster with the trail's head, everybody else only links anew: all commits land, each once."""
    stores = [new_store(valkey, clock, f"{{chain-{agents}}}") for _ in range(agents)]

    def work(number: int) -> None:
        for version in range(1, 51):
            commit = Commit(f"{number}:{version}", (RunRecord(str(number), version),), (entry(gate(number)),))
            stores[number % agents].commit(commit)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    trail = list(stores[0].audit_events())
    head = stores[-1].heads()
    assert verify_chain(((x.raw, x.hash) for x in trail), head=(head.seq, head.hash)) == Chain(1, 400, head.hash)
    assert len(stores[0].entries(gate(3).jti)) == 50


def test_two_agents_that_see_one_pause_open_one_gate(valkey: Server, clock: Clock) -> None:
    """Each of twenty references is opened by exactly one of the two, at the same moment."""
    first, second = new_store(valkey, clock, "{twins}"), new_store(valkey, clock, "{twins}")
    barrier = threading.Barrier(2)

    def open_all(store: RedisStore, offset: int) -> int:
        won = 0
        for number in range(20):
            barrier.wait()
            try:
                store.commit(opening(gate(number + offset, ref=f"ref{number}")))
            except StoreConflictError:
                continue
            won += 1
        return won

    with ThreadPoolExecutor(2) as pool:
        wins = list(pool.map(open_all, (first, second), (0, 1000)))
    assert sum(wins) == 20
    assert len(first.open_gates()) == 20
    assert first.heads().seq == 20


def test_one_version_is_taken_by_one_of_many(valkey: Server, clock: Clock) -> None:
    """Of fifty threads that saw the same version one commits, forty-nine decide again."""
    store = new_store(valkey, clock)
    taken = []

    def take(number: int) -> None:
        try:
            store.commit(Commit(str(number), (RunRecord("k", 1, settlers=(str(number),)),)))
        except StoreConflictError:
            return
        taken.append(str(number))

    with ThreadPoolExecutor(50) as pool:
        list(pool.map(take, range(50)))
    assert len(taken) == 1
    assert store.run("k").settlers == (taken[0],)


def test_a_commit_between_look_and_wait_is_not_missed(store: RedisStore) -> None:
    """A deliverer that found nothing does not sleep over what was committed just then."""
    assert store.claim_lane(1000) is None
    store.commit(opening(gate()))
    store.wait(3600)


def test_a_commit_wakes_who_waits(store: RedisStore) -> None:
    """Deliverers wait on an event that each commit sets."""
    looked = threading.Event()

    def waiter() -> None:
        store.claim_lane(1000)
        looked.set()
        store.wait(3600)

    thread = threading.Thread(target=waiter)
    thread.start()
    assert looked.wait(10)
    store.commit(opening(gate()))
    thread.join(10)
    assert not thread.is_alive()


def test_waiting_ends_by_itself(store: RedisStore) -> None:
    """Lanes that other processes noted are found by looking again."""
    store.wait(0.01)
    store.claim_lane(1000)
    store.wait(0.01)


def test_the_trail_is_read_page_by_page(store: RedisStore) -> None:
    """`tail` reads from any event on, `verify` reads all of it, more than one page long."""
    store.commit(Commit("c", (RunRecord("k", 1),), (replace(entry(gate())),) * 230))
    assert [x.seq for x in store.audit_events()] == list(range(1, 231))
    assert [x.seq for x in store.audit_events(start=99, count=102)] == list(range(99, 201))
    assert list(store.audit_events(start=231)) == []
