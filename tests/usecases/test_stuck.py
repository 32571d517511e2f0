"""Who would have to enrol before a gate can be answered: what `/mfa pending` and `pending` say of it."""

from __future__ import annotations

from builders import policy, rule
from jenkins_mfa.core.model import Factor
from jenkins_mfa.core.policy import Policy
from jenkins_mfa.usecases import explain
from jenkins_mfa.words import alerts, commands, render
from key_world import KEYED, TWO_KEYS, KeyWorld
from memory_store import MemoryStore


def opened(rules: Policy = KEYED) -> KeyWorld:
    world = KeyWorld(rules=rules)
    world.open()
    return world


def stuck(world: KeyWorld) -> tuple[str, ...]:
    return explain.stuck(world.store, world.gate)


def test_nobody_who_may_answer_has_a_key() -> None:
    """The gate waits, ops see it; a code app is no key."""
    world = opened()
    world.enrol("alice")
    assert stuck(world) == ("alice", "bob", "carol")
    said = render.terminal(commands.nobody(world.gate, stuck(world), world.desk.roster))
    assert said == "nobody can answer: Alice, Bob and Carol have no key"


def test_one_key_is_enough_for_one_place_and_not_for_two() -> None:
    """All who may answer are counted together, with whoever has answered."""
    world = opened()
    world.give("alice")
    assert stuck(world) == ()
    world = opened(TWO_KEYS)
    world.give("alice")
    assert stuck(world) == ("bob", "carol")
    world.approve("alice")
    assert stuck(world) == ("bob", "carol")
    world.give("bob")
    assert stuck(world) == ()
    world.approve("bob")
    assert stuck(world) == ()


def test_ops_are_told_once_when_those_who_were_asked_cannot_answer() -> None:
    """With the first message, not at each change; nobody is called in for a gate that can be answered."""
    world = opened()
    world.deliver()
    (told,) = [one for one in world.messenger.alerts if one.code == "nobody_can"]
    said = [render.terminal(line) for line in alerts.alert(told, world.gate, world.desk.roster)]
    assert said[0] == (
        "Asked, but nobody can answer: Alice, Bob and Carol have no key. "
        "Enrol them, or the build is aborted when its time ends."
    )
    world.deny("alice")
    world.clock.move(seconds=1)
    world.deliver()
    assert len([one for one in world.messenger.alerts if one.code == "nobody_can"]) == 1
    world = KeyWorld(rules=KEYED)
    world.give("alice")
    world.open()
    world.deliver()
    assert [one for one in world.messenger.alerts if one.code == "nobody_can"] == []


def test_taps_and_numbers_need_nothing_and_a_key_serves_for_a_code() -> None:
    """Stronger counts for weaker."""
    assert stuck(opened(policy(rule(factor=Factor.PUSH)))) == ()
    world = opened(policy(rule(factor=Factor.TOTP), available=tuple(Factor)))
    assert stuck(world) == ("alice", "bob", "carol")
    world.give("carol")
    assert stuck(world) == ()


def test_a_damaged_record_is_as_good_as_none() -> None:
    """Nobody answers with it."""
    world = opened()
    world.give("alice")
    assert isinstance(world.store, MemoryStore)
    world.store._seals["auth:alice"] = "x"
    assert stuck(world) == ("alice", "bob", "carol")
