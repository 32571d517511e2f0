"""Whoever has just set up somebody's authenticator does not confirm beside them (S9: no single identity alone)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest

from builders import policy, rule
from desk_world import World
from fakes import code_of, seed_of
from jenkins_mfa.core.model import Factor, PersonRecord, State
from jenkins_mfa.core.policy import Policy
from jenkins_mfa.errors import Refusal
from jenkins_mfa.usecases import enroll, loss

PAIR = policy(rule(factor=Factor.PUSH, quorum=2))


def set_up(rules: Policy = PAIR) -> World:
    """Alice has just set up bob's app; carol has had one for a while."""
    world = World(rules=rules)
    world.enrol("carol")
    world.clock.move(seconds=rules.enrol_delay + 1)
    enroll.enroll(world.desk, "bob", seed_of("bob"), code_of("bob", world.clock, -1), "operator:awu", by="alice")
    return world


@pytest.mark.parametrize(("first", "second"), [("alice", "bob"), ("bob", "alice")])
def test_who_set_up_an_authenticator_does_not_count_beside_its_owner(first: str, second: str) -> None:
    """Whichever of them answers first; somebody else completes the two."""
    world = set_up()
    world.open()
    world.tap(first)
    with pytest.raises(Refusal) as caught:
        world.tap(second)
    assert (caught.value.code, caught.value.values) == ("not_apart", {"person": first})
    world.tap("carol")
    assert world.gate.state is State.APPROVED
    assert {given.person for given in world.gate.confirmations} == {first, "carol"}


def test_after_the_delay_both_count() -> None:
    """By then the owner has had time to notice."""
    world = set_up()
    world.clock.move(seconds=world.desk.policy.enrol_delay)
    world.open()
    world.tap("alice")
    world.tap("bob")
    assert world.gate.state is State.APPROVED


def test_a_policy_may_do_without() -> None:
    """`enrol_delay = 0`."""
    world = set_up(replace(PAIR, enrol_delay=0))
    world.open()
    world.tap("alice")
    world.tap("bob")
    assert world.gate.state is State.APPROVED


def first(*people: str) -> World:
    """Alice sets up these people's apps, one after the other; nobody has had any before but alice."""
    world = World(rules=PAIR)
    world.enrol("alice")
    for person in people:
        world.clock.move(seconds=30)
        code = code_of(person, world.clock, -1)
        enroll.enroll(world.desk, person, seed_of(person), code, "operator:awu", by="alice")
    return world


def apart(world: World, one: str, other: str) -> bool:
    """Whether a gate keeps them from confirming beside each other."""
    world.open()
    world.tap(one)
    with suppress(Refusal):
        world.tap(other)
    return world.gate.state is not State.APPROVED


@pytest.mark.parametrize(("one", "other"), [("alice", "bob"), ("bob", "alice")])
def test_the_first_set_up_waits_for_nobody(one: str, other: str) -> None:
    """`enrol_delay` is 0 for it: there are no other two yet."""
    assert not apart(first("bob"), one, other)


def test_the_third_person_waits() -> None:
    """Somebody else has one by then."""
    assert apart(first("bob", "carol"), "alice", "carol")


def test_a_first_set_up_happens_once() -> None:
    """An authenticator that is switched off was one: who sets up the same person anew is kept apart."""
    world = first("bob")
    (made,) = world.store.person("bob").authenticators
    loss.revoke(world.desk, "bob", made.id, "operator:awu")
    world.clock.move(seconds=PAIR.enrol_delay + 1)
    enroll.enroll(world.desk, "bob", seed_of("bob"), code_of("bob", world.clock, -1), "operator:awu", by="alice")
    assert apart(world, "alice", "bob")


def test_an_unread_record_is_no_first_set_up() -> None:
    """It may hide an authenticator (S17)."""
    world = first("bob")
    world.store.put(PersonRecord("carol", 1))
    world.store._records["auth:carol"] = PersonRecord("carol", 2)
    assert apart(world, "alice", "bob")
