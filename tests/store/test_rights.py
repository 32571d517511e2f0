"""The rights on the store that docs/operations.md lists are enough, and each of them is needed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.exceptions import RedisError

from clock import Clock
from desk_world import World
from fakes import code_of, seed_of
from jenkins_mfa.core.model import Commit, RunRecord, State, TicketRecord
from jenkins_mfa.errors import DamagedError, StoreError
from jenkins_mfa.store.connect import open_store
from jenkins_mfa.store.gates import RedisStore
from jenkins_mfa.store.settings import Settings
from jenkins_mfa.usecases import enroll
from replicated import running
from store_server import SEAL_KEY, Server, server_binary

DOCUMENT = Path(__file__).parents[2] / "docs" / "operations.md"
LINE = re.search(r"^ACL SETUSER mfa .*?\n```", DOCUMENT.read_text(), re.DOTALL | re.MULTILINE)
LISTED = sorted(set(re.findall(r"\+(\S+)", LINE[0]))) if LINE else []


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A primary with one replica."""
    with running(server_binary(), 1) as servers:
        yield servers[0]


def grant(server: Server, rights: list[str]) -> None:
    """An empty store, and a user with these rights alone."""
    with server.client() as admin:
        admin.flushall()
        admin.script_flush()
        admin.execute_command("ACL", "DELUSER", "mfa")
        allowed = [f"+{right}" for right in rights]
        admin.execute_command("ACL", "SETUSER", "mfa", "on", ">s3cret", "~{mfa}:*", "-@all", *allowed)


def work(server: Server) -> None:
    """All that an agent and the commands do with the store."""
    url = f"redis://mfa:s3cret@127.0.0.1:{server.port}/0"
    with open_store(Settings(url, replicas=1), SEAL_KEY) as (store, promise):
        assert promise.fsync == "always"
        clock = Clock()
        clock.offset = store.now() - clock.now()
        world = World(clock=clock, store=store)
        enroll.enroll(world.desk, "alice", seed_of("alice"), code_of("alice", clock, -1), "operator")
        world.open()
        world.tap("alice")
        world.deliver()
        assert world.gate.state is State.RESUMED
        looked_at(store, world)
        damaged(store, server)
        assert store.trim(list(store.audit_events(1, 3)), "signed")


def looked_at(store: RedisStore, world: World) -> None:
    """Readings and small notes."""
    one = world.gate
    assert store.people() == ["alice"]
    assert store.find_gates(one.id[2:8]) == [one.id]
    assert [found.id for found in store.all_gates() if not isinstance(found, DamagedError)] == [one.id]
    assert len(store.entries(one.jti)) == 5
    assert store.last_entry(one.jti) is not None
    assert store.first_of(one.jti) > 0
    assert store.due_gates(store.now()) == []
    assert store.courtesy("poll:main", "a", 1000)
    store.beat("agent:a", {"at": 1})
    assert "agent:a" in store.beats()
    store.forget_beat("agent:a")
    ticket = TicketRecord("0" * 64, 1, "enroll", "alice", "operator", store.now(), store.now() + 1000)
    store.commit(Commit("ticket", (ticket,), (), ("tell:later",)))
    assert store.trouble("tell:later") is None
    assert store._wire.client.ping()  # as redis-py does on a connection that was idle


def damaged(store: RedisStore, server: Server) -> None:
    """A record of another type is set aside, and written anew."""
    with server.client() as admin:
        admin.rpush("{mfa}:run:broken", "x")
    with pytest.raises(DamagedError) as caught:
        store.run("broken")
    store.set_aside(caught.value)
    store.commit(Commit("anew", (RunRecord("broken", 1),)))


def test_the_listed_rights_are_enough(server: Server) -> None:
    """And what they do not list is refused."""
    assert len(LISTED) > 30
    grant(server, LISTED)
    work(server)


@pytest.mark.parametrize("right", LISTED)
def test_each_listed_right_is_needed(server: Server, right: str) -> None:
    """Without it something of the agent's work ends with an error."""
    grant(server, [one for one in LISTED if one != right])
    with pytest.raises((StoreError, RedisError, AssertionError)):
        work(server)
