"""Where replicas are counted on, nobody is told and nothing proceeds before they have it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from unittest import mock

import pytest
from factory import gate, opening, step, stepped

from clock import Clock
from desk_world import World
from jenkins_mfa.core.model import State
from jenkins_mfa.errors import StoreConflictError, StoreError, StoreUncertainError
from jenkins_mfa.store import wire
from jenkins_mfa.usecases import deliver
from replicated import running
from store_server import Server, new_store, server_binary

Pair = list[Server]


@pytest.fixture(scope="module", params=["valkey", "redis-server"])
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    """A primary and its replica, of each kind."""
    binary = server_binary() if request.param == "valkey" else shutil.which(request.param)
    if binary is None:
        pytest.skip("redis-server is not installed")
    with running(binary, 1) as servers:
        yield servers


@pytest.fixture
def world(pair: Pair) -> Iterator[World]:
    """A desk on both."""
    clock = Clock()
    store = new_store(pair[0], clock, replicas=1)
    yield World(clock=clock, store=store)
    store.close()


@contextmanager
def frozen(replica: Server) -> Iterator[None]:
    """It confirms nothing meanwhile; nobody waits long for it."""
    replica.freeze()
    try:
        with mock.patch.object(wire, "WAIT_MS", 20):
            yield
    finally:
        replica.thaw()


def delivered(world: World) -> None:
    """Deliver what can be; a store that does not confirm ends it, as it does the agent's round."""
    with suppress(StoreError):
        world.deliver()


def test_what_replicas_confirm_goes_on(world: World) -> None:
    """The straight line, with every step confirmed, however late on a busy machine."""
    with mock.patch.object(wire, "WAIT_MS", 20_000):
        world.open()
        world.tap("alice")
        world.deliver()
    assert world.gate.state is State.RESUMED
    assert len(world.source.receipts) == 1


def test_while_the_replica_is_frozen_nothing_is_told(world: World, pair: Pair) -> None:
    """Neither that a build waits, nor that a tap counted; afterwards all goes on by itself."""
    with frozen(pair[1]):
        with pytest.raises(StoreUncertainError, match="0 replicas of the store have it, not 1"):
            world.open()
        delivered(world)
        assert world.messenger.told == []
        with pytest.raises(StoreUncertainError):
            world.tap("alice", "one tap")
        with pytest.raises(StoreUncertainError):
            world.tap("alice", "one tap")
        delivered(world)
        assert (world.messenger.told, world.source.sent) == ([], [])
    world.tap("alice", "one tap")
    world.clock.move(ms=deliver.LEASE)
    world.deliver()
    assert world.gate.state is State.RESUMED
    assert world.messenger.told[-1].state is State.RESUMED
    assert len(world.gate.confirmations) == 1


def test_while_the_replica_is_frozen_nothing_proceeds(world: World, pair: Pair) -> None:
    """Neither what was approved before, nor what has been claimed; the same receipt goes out afterwards."""
    world.open()
    world.tap("alice")
    due = world.store.claim_lane(deliver.LEASE)
    while due is not None and not due.lane.startswith("answer:"):
        due = world.store.claim_lane(deliver.LEASE)
    assert due is not None
    with frozen(pair[1]):
        for _ in range(2):
            with pytest.raises(StoreUncertainError):
                deliver.deliver(world.desk, due)
            assert world.gate.state is State.SENDING
        assert world.source.sent == []
    world.clock.move(ms=deliver.LEASE)
    world.deliver()
    assert len(world.source.receipts) == 1
    assert world.gate.state is State.RESUMED


def test_a_commit_that_finds_itself_does_not_confirm_falsely(pair: Pair) -> None:
    """Valkey counts from the connection's own last write: on a new connection the re-sent commit must write one."""
    with frozen(pair[1]):
        for _ in range(2):
            store = new_store(pair[0], Clock(), "{again}", replicas=1)
            with pytest.raises(StoreUncertainError):
                store.commit(opening(gate()))
            store.close()
    new_store(pair[0], Clock(), "{again}", replicas=1).commit(opening(gate()))


def test_a_gate_is_confirmed_as_it_was_read(world: World, pair: Pair) -> None:
    """What was read and has moved on is not acted upon; what stands is only with the replica's word."""
    one = gate()
    world.store.commit(opening(one))
    world.store.confirm(one)
    world.store.commit(step(stepped(one)))
    with pytest.raises(StoreConflictError):
        world.store.confirm(one)
    with frozen(pair[1]), pytest.raises(StoreUncertainError):
        world.store.confirm(stepped(one))


def test_a_denial_that_is_sent_again_is_not_confirmed_falsely(world: World, pair: Pair) -> None:
    """It finds itself in the gate, without a commit of its own."""
    world.open()
    jti, who = world.gate.jti, world.who("alice")
    with frozen(pair[1]):
        for _ in range(2):
            with pytest.raises(StoreUncertainError):
                world.answers.deny(jti, who, "not yet", False, "one click")
    assert world.answers.deny(jti, who, "not yet", False, "one click").state is State.DENIED
