"""From the schema before to this one: stop all, start the new ones; what was open goes on."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from builders import NONCE, policy, rule
from clock import START, Clock
from desk_world import World
from fakes import FakeSource
from jenkins_mfa.core.chain import Chain, verify_chain
from jenkins_mfa.core.model import SCHEMA, Factor, State
from jenkins_mfa.errors import StoreUnusableError
from store_server import Server, new_store

DUMP = Path(__file__).parent / "dumps" / "schema-1.json"  # written by the last release of schema 1, fields as they were
PAIR = policy(rule(factor=Factor.PUSH, quorum=2))
OTHER = "Mfa-" + "1" * 32


def put(server: Server, prefix: str) -> None:
    """The store as the agents of before left it: one gate approved and not delivered, one confirmed by one of two."""
    with server.client() as client:
        for name, content in json.loads(DUMP.read_text()).items():
            key = name.replace("{mfa}", prefix)
            ((kind, value),) = content.items()
            match kind:
                case "string":
                    client.set(key, value)
                case "hash":
                    client.hset(key, mapping=value)
                case "zset":
                    client.zadd(key, value)
                case "list":
                    client.rpush(key, *value)
                case "stream":
                    for at, fields in value.items():
                        client.xadd(key, fields, id=at)


def at_that_time() -> Clock:
    """A clock that a store goes by, and that stands where the dump was made."""
    clock = Clock()
    clock.offset = START - int(time.time() * 1000) + 5_000
    return clock


@pytest.mark.parametrize("fixture", ["valkey", "redis_server"])
def test_open_gates_of_the_schema_before_go_on(request: pytest.FixtureRequest, fixture: str) -> None:
    """What was approved is delivered, what waits takes the second confirmation, the trail holds from its beginning."""
    server, prefix = request.getfixturevalue(fixture), "{upgraded}"
    put(server, prefix)
    source = FakeSource(pauses={"ref-1": NONCE, "ref-2": OTHER})
    world = World(source=source, rules=PAIR, store=new_store(server, at_that_time(), prefix))
    waiting = world.store.gate_of("main", "ref-2")
    world.deliver()
    assert world.gate.state is State.RESUMED
    assert waiting.state is State.PENDING
    world.answers.tap(waiting.jti, world.who("bob"), "second")
    world.deliver()
    assert world.store.gate_of("main", "ref-2").state is State.RESUMED
    assert len(source.receipts) == 2
    assert world.store.person("alice").usable(Factor.TOTP) is not None
    head = world.store.heads()
    found = verify_chain(((x.raw, x.hash) for x in world.store.audit_events()), head=(head.seq, head.hash))
    assert isinstance(found, Chain)
    with server.client() as client:
        assert int(client.get(f"{prefix}:schema")) == SCHEMA


def test_while_an_agent_of_the_schema_before_runs_the_new_one_does_not_start(valkey: Server) -> None:
    """It would stand still, in the middle of what it does; a minute after the last one has stopped all goes on."""
    prefix, clock = "{beside}", at_that_time()
    put(valkey, prefix)
    with valkey.client() as client:
        client.hset(f"{prefix}:beats", "agent", json.dumps({"version": "0.1.0", "at": START}))
        with pytest.raises(StoreUnusableError, match="mend: stop all agents"):
            new_store(valkey, clock, prefix)
        assert int(client.get(f"{prefix}:schema")) == 1
    clock.move(seconds=60)
    assert new_store(valkey, clock, prefix).open_gates()
