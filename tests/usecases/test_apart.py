"""Whoever has just set up somebody's authenticator does not confirm beside them (S9: no single identity alone)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import policy, rule
from desk_world import World
from fakes import code_of, seed_of
from jenkins_mfa.core.model import Factor, State
from jenkins_mfa.core.policy import Policy
from jenkins_mfa.errors import Refusal
from jenkins_mfa.usecases import enroll

PAIR = policy(rule(factor=Factor.PUSH, quorum=2))


def set_up(rules: Policy = PAIR) -> World:
    """Alice has just set up bob's app."""
    world = World(rules=rules)
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
