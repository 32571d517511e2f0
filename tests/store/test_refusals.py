"""What the store refuses whole: other types, full memory, newer or damaged data, an older gate put back."""

from __future__ import annotations

import pytest
from factory import chain, gate, opening, step, stepped

from clock import Clock
from jenkins_mfa.core.model import SCHEMA, State
from jenkins_mfa.errors import (
    StoreUnavailableError,
    StoreUnusableError,
)
from jenkins_mfa.store.connect import client_for
from jenkins_mfa.store.gates import RedisStore
from store_server import SEAL_KEY, Server, new_store

PREFIX = "{refusals}"


@pytest.mark.parametrize("name", ["audit", "due", "open", "want", "trail:" + gate().jti])
def test_a_key_of_another_type_stops_the_commit_before_it_writes(valkey: Server, clock: Clock, name: str) -> None:
    """Redis takes nothing back when a script fails half way, so nothing is written at all."""
    prefix = f"{{broken-{name.partition(':')[0]}}}"
    store, client, key = new_store(valkey, clock, prefix), valkey.client(), f"{prefix}:{name}"
    client.set(key, "x")
    with pytest.raises(StoreUnavailableError):
        store.commit(opening(gate()))
    assert store.gate(gate().id) is None
    assert store.heads().seq == 0
    client.delete(key)
    store.commit(opening(gate()))


def test_full_memory_refuses_whole_commits(server: Server) -> None:
    """A server without room takes nothing, evicts nothing, and goes on when there is room again."""
    store, client = RedisStore(client_for(server.url), SEAL_KEY, prefix=PREFIX), server.client()
    store.commit(opening(gate(1)))
    client.config_set("maxmemory", 1)
    with pytest.raises(StoreUnavailableError):
        store.commit(opening(gate(2)))
    client.config_set("maxmemory", 0)
    assert store.gate(gate(2).id) is None
    store.commit(opening(gate(2)))
    assert chain(store).last == 2


def test_an_older_gate_put_back_is_noticed(store: RedisStore, valkey: Server) -> None:
    """T8: an older copy of a gate, restored together with every index, still differs from the trail's last word."""
    one, client = gate(), valkey.client()
    store.commit(opening(one))
    tag = store._wire.key("")
    old = {key: client.dump(key) for key in client.keys(f"{tag}*") if key != f"{tag}audit".encode()}
    store.commit(step(stepped(one, State.APPROVED)))
    for key, value in old.items():
        client.restore(key, 0, value, replace=True)
    assert store.gate(one.id) == one
    assert (store.last_entry(one.jti) or ())[2] == 2


def test_a_newer_schema_is_refused_at_once_and_later(valkey: Server, clock: Clock) -> None:
    """An old agent neither starts on data of a newer one, nor goes on writing when a newer one took over."""
    running = new_store(valkey, clock, "{newer}")
    valkey.client().set("{newer}:schema", SCHEMA + 1)
    with pytest.raises(StoreUnusableError, match="newer release"):
        running.commit(opening(gate()))
    with pytest.raises(StoreUnusableError, match="newer release"):
        new_store(valkey, clock, "{newer}")
    assert running.gate(gate().id) is None


def test_data_of_an_older_schema_is_taken_over(valkey: Server, clock: Clock) -> None:
    """What an older agent wrote stays, and that agent writes no more: it would drop what it does not know."""
    old = new_store(valkey, clock, "{older}")
    old.commit(opening(gate()))
    valkey.client().set("{older}:schema", SCHEMA - 1)
    assert new_store(valkey, clock, "{older}").gate(gate().id) == gate()
    assert valkey.client().get("{older}:schema") == str(SCHEMA).encode()


def test_damaged_records_are_told_by_name(store: RedisStore, valkey: Server) -> None:
    """A record that cannot be read stops who needs it, and says which one it is."""
    store.commit(opening(gate()))
    valkey.client().hset(store._wire.key(f"gate:{gate().id}"), "json", "{")
    with pytest.raises(StoreUnusableError, match=gate().id):
        store.gate(gate().id)
