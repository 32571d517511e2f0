"""Records that are not what we wrote: each is refused and named, and stops nothing but itself. On a real server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count

import fakeredis
import pytest
import redis
from factory import gate, opening
from hypothesis import given
from hypothesis import strategies as st

from builders import NONCE, RUN, policy, rule
from clock import Clock
from fakes import FakeMessenger, FakeSource, desk
from jenkins_mfa.core.model import SCHEMA, Factor, RunRecord, State
from jenkins_mfa.errors import DamagedError, StoreUnusableError
from jenkins_mfa.store.gates import RedisStore
from jenkins_mfa.store.records import encode, seal_of
from jenkins_mfa.usecases import deliver
from jenkins_mfa.usecases.answer import Answers
from jenkins_mfa.usecases.desk import Who
from jenkins_mfa.usecases.tick import tick
from jenkins_mfa.usecases.watch import Watch
from store_server import SEAL_KEY, Server, new_store

READS: dict[str, Callable[[RedisStore], object]] = {
    "gate:g_1": lambda store: store.gate("g_1"),
    "run:main:job:1:1": lambda store: store.run("main:job:1:1"),
    "pipeline:main:job": lambda store: store.pipeline("main:job"),
    "auth:alice": lambda store: store.person("alice"),
    "told:g_1": lambda store: store.told("g_1"),
    "reviews": lambda store: store.reviews(),
}

#: What somebody makes of the key of a stored record.
Damage = Callable[[redis.Redis, str], object]

DAMAGES: dict[str, Damage] = {
    "undecodable": lambda client, key: client.hset(key, "json", b"\xff{"),
    "cut": lambda client, key: client.hset(key, "json", b"{}"),
    "changed": lambda client, key: client.hset(key, "json", client.hget(key, "json").replace(b"17", b"18")),
    "another's seal": lambda client, key: client.hset(key, "seal", "0" * 64),
    "no seal": lambda client, key: client.hdel(key, "seal"),
    "another version": lambda client, key: client.hset(key, "version", 7),
    "no version": lambda client, key: client.hset(key, "version", "x"),
    "another type": lambda client, key: (client.delete(key), client.set(key, "x")),
    "gone": lambda client, key: client.delete(key),
}

FIRST, SECOND, THIRD = NONCE, "Mfa-" + "1" * 32, "Mfa-" + "2" * 32
_numbers = count(1)


@pytest.mark.parametrize("key", READS)
@given(junk=st.one_of(st.binary(max_size=60), st.sampled_from([b"{}", b"[]", b"null", b'{"version": 1}', b"1e999"])))
def test_s19_a_damaged_record_is_named_and_refused(key: str, junk: bytes) -> None:
    """Whatever bytes stand there, even under our own seal: DamagedError with the key, so that an operator finds it."""
    client = fakeredis.FakeRedis()
    store = RedisStore(client, SEAL_KEY)
    for sealed in ("", seal_of(key, junk, SEAL_KEY)):
        client.hset(f"{{mfa}}:{key}", mapping={"version": 1, "commit": "x", "json": junk, "seal": sealed})
        with pytest.raises(DamagedError, match=key.split(":")[0]):
            READS[key](store)


@pytest.mark.parametrize("key", READS)
def test_a_record_of_another_type_is_refused(key: str) -> None:
    """A string where a hash belongs."""
    client = fakeredis.FakeRedis()
    store = RedisStore(client, SEAL_KEY)
    client.set(f"{{mfa}}:{key}", "x")
    with pytest.raises(DamagedError, match="another type"):
        READS[key](store)


def test_a_record_that_a_later_model_has_outgrown_is_still_ours() -> None:
    """The seal is over the stored bytes: a field that is new, or gone, in the model of a later release breaks none."""
    client = fakeredis.FakeRedis()
    store = RedisStore(client, SEAL_KEY)
    older = b'{"gates":["g_1"],"key":"k","once":"known","version":3}'
    client.hset("{mfa}:run:k", mapping={"version": 3, "json": older, "seal": seal_of("run:k", older, SEAL_KEY)})
    assert store.run("k") == RunRecord("k", 3, ("g_1",))


def test_a_record_moved_to_another_place_is_refused() -> None:
    """The seal covers the name."""
    client = fakeredis.FakeRedis()
    store = RedisStore(client, SEAL_KEY)
    text = encode(RunRecord("k", 1))
    client.hset("{mfa}:run:other", mapping={"version": 1, "json": text, "seal": seal_of("run:k", text, SEAL_KEY)})
    with pytest.raises(DamagedError, match="seal"):
        store.run("other")


def test_records_sealed_with_another_key_are_refused(valkey: Server, clock: Clock) -> None:
    """A lost or replaced hmac.key: nothing is decided on what another key has sealed."""
    store = new_store(valkey, clock, "{other-key}")
    store.commit(opening(gate()))
    other = RedisStore(valkey.client(), b"x" * 32, prefix="{other-key}")
    with pytest.raises(DamagedError, match="seal"):
        other.gate(gate().id)
    assert [damaged.record for damaged in other.damaged_gates()] == [f"gate:{gate().id}"]


def test_data_of_a_newer_schema_is_refused() -> None:
    """An older agent does not touch what a newer one wrote."""
    client = fakeredis.FakeRedis()
    client.set("{mfa}:schema", SCHEMA + 1)
    with pytest.raises(StoreUnusableError):
        RedisStore(client, SEAL_KEY)


class House:
    """An agent without threads on a real server: two builds wait, the gate of the first is damaged."""

    def __init__(self, server: Server, clock: Clock) -> None:
        self.clock = clock
        self.prefix = f"{{damaged-{next(_numbers)}}}"
        self.store, self.client = new_store(server, clock, self.prefix), server.client()
        self.sources = {name: FakeSource(id=name) for name in ("main", "other")}
        self.sources["main"].pauses = {"ref-1": FIRST, "ref-2": SECOND}
        self.sources["other"].pauses = {"ref-3": THIRD}
        self.sources["other"].known = replace(self.sources["other"].known, run=replace(RUN, source="other"))
        self.messenger = FakeMessenger()
        rules = policy(rule(factor=Factor.PUSH))
        self.desk = replace(desk(self.store, messenger=self.messenger, rules=rules), sources=self.sources)
        self.watches = [Watch(self.desk, source) for source in self.sources.values()]
        for watch in self.watches:
            watch.poll()
        first = self.store.gate_of("main", "ref-1")
        assert first is not None
        self.first = first

    def key(self, name: str) -> str:
        """A key of this store."""
        return f"{self.prefix}:{name}"

    def go_on(self) -> None:
        """Everything that the agent's threads do, once."""
        for watch in self.watches:
            watch.poll()
        tick(self.desk, self.store.due_gates(self.store.now()))
        while due := self.store.claim_lane(deliver.LEASE):
            deliver.deliver(self.desk, due)


def contents(client: redis.Redis, key: str) -> object:
    """What stands there; a hash's fields have no order that a dump keeps."""
    return client.hgetall(key) if client.type(key) == b"hash" else client.dump(key)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_gate_stands_still_and_all_others_go_on(damage: str, valkey: Server, clock: Clock) -> None:
    """Its build is never resumed nor aborted, its record is kept as it is, ops are told once; another gate of the same
    run is approved, one of another source expires, and new ones open.
    """
    house = House(valkey, clock)
    key = house.key(f"gate:{house.first.id}")
    DAMAGES[damage](house.client, key)
    before = contents(house.client, key)
    house.go_on()
    second = house.store.gate_of("main", "ref-2")
    assert second is not None
    Answers(house.desk).tap(second.jti, Who("chat:T1", "UALICE"), "tap")
    house.sources["main"].pauses["ref-4"] = "Mfa-" + "4" * 32
    for _ in range(3):
        house.go_on()
        clock.move(seconds=1800)
    third, fourth = house.store.gate_of("other", "ref-3"), house.store.gate_of("main", "ref-4")
    assert [ref for ref, _ in house.sources["main"].sent if ref == "ref-1"] == []
    assert "ref-1" in house.sources["main"].pauses
    assert contents(house.client, key) == before
    stored = house.store.gate(second.id)
    assert stored is not None
    assert (stored.state, third and third.state, fourth is not None) == (State.RESUMED, State.ABORTED, True)
    told = [alert.values["record"] for alert in house.messenger.alerts if alert.code == "record_damaged"]
    assert told == [f"gate:{house.first.id}"]
    assert [damaged.record for damaged in new_store(valkey, clock, house.prefix).damaged_gates()] == told


@pytest.mark.parametrize("damage", [name for name in DAMAGES if name != "gone"])
def test_s17_a_damaged_record_of_a_run_denies_the_run(damage: str, valkey: Server, clock: Clock) -> None:
    """What it had decided is lost, so its approved gate gets no receipt, and its build ends; other sources go on."""
    house = House(valkey, clock)
    house.go_on()
    Answers(house.desk).tap(house.first.jti, Who("chat:T1", "UALICE"), "tap")
    DAMAGES[damage](house.client, house.key(f"run:{house.first.run.key}"))
    house.go_on()
    assert house.sources["main"].receipts == []
    stored = house.store.gate(house.first.id)
    assert stored is not None
    assert stored.state is State.ABORTED
    assert "record_damaged" in [alert.code for alert in house.messenger.alerts]
    assert [gate.run.source for gate in house.store.open_gates("other")] == ["other"]


def test_many_damaged_gates_do_not_hide_those_that_are_due(valkey: Server, clock: Clock) -> None:
    """What was set aside stays due for ever, and takes nobody's turn."""
    store = new_store(valkey, clock, "{aside-many}")
    for number in range(3):
        store.commit(opening(gate(number, at=number)))
    client = valkey.client()
    for number in range(2):
        client.hset(f"{{aside-many}}:gate:{gate(number).id}", "seal", "")
    for damaged in store.damaged_gates():
        store.set_aside(damaged)
    assert gate(2).id in store.due_gates(store.now(), limit=1)
