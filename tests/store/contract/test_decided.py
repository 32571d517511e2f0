"""What somebody has confirmed or denied, as the trail tells it."""

from __future__ import annotations

from dataclasses import replace

from factory import entry, gate, opening, stepped

from jenkins_mfa.core.model import Commit, State
from jenkins_mfa.usecases.ports import Store


def answer(store: Store, number: int, person: str, event: str = "gate:confirmed") -> str:
    """Somebody answers a gate, which opens with it; returns its jti."""
    opened = gate(number)
    store.commit(opening(opened))
    after = stepped(opened, State.DENIED if event == "gate:denied" else State.PENDING)
    store.commit(Commit(f"a{number}", (after,), (replace(entry(after, event), actor=person),)))
    return after.jti


def test_the_newest_answer_comes_first_and_each_gate_once(store: Store) -> None:
    """Only one's own, and only confirmations and denials."""
    first, _, third = answer(store, 1, "alice"), answer(store, 2, "bob"), answer(store, 3, "alice", "gate:denied")
    answer(store, 4, "alice", "gate:retracted")
    assert store.decided_by("alice", 1_000) == [third, first]
    assert store.decided_by("ali", 1_000) == []


def test_it_looks_back_no_further_than_it_is_told(store: Store) -> None:
    """A long trail costs no more than that; and more than a page of it is read."""
    first = answer(store, 1, "alice")
    for number in range(2, 72):
        answer(store, number, "bob")
    assert store.decided_by("alice", 141) == [first]
    assert store.decided_by("alice", 140) == []
