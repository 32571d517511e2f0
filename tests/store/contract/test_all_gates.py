"""Reading every gate that there ever was: all of them once, in order, and damaged ones by name."""

from __future__ import annotations

import pytest
from factory import gate, opening, step, stepped

from jenkins_mfa.core.model import State
from jenkins_mfa.errors import DamagedError
from jenkins_mfa.store import reader
from jenkins_mfa.store.gates import RedisStore
from jenkins_mfa.usecases.ports import Store
from memory_store import MemoryStore


def test_open_and_settled_gates_come_once_and_in_order(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left out or doubled where one reading ends and the next begins, whatever became of the gates."""
    monkeypatch.setattr(reader, "CHUNK", 2)
    gates = [gate(number) for number in range(1, 6)]
    for one in reversed(gates):
        store.commit(opening(one))
    ended = stepped(gates[2], State.WITHDRAWN)
    store.commit(step(ended))
    assert list(store.all_gates()) == [*gates[:2], ended, *gates[3:]]


def test_a_damaged_gate_stops_none_of_the_others(store: Store) -> None:
    """One whose record somebody has changed comes as the reason why it cannot be used."""
    for number in (1, 2, 3):
        store.commit(opening(gate(number)))
    if isinstance(store, MemoryStore):
        store._seals[f"gate:{gate(2).id}"] = "0" * 64
    elif isinstance(store, RedisStore):
        store._wire.client.hset(store._wire.key(f"gate:{gate(2).id}"), "seal", "0" * 64)
    first, second, third = store.all_gates()
    assert isinstance(second, DamagedError)
    assert second.record == f"gate:{gate(2).id}"
    assert (first, third) == (gate(1), gate(3))
