"""Somebody takes a confirmation of theirs back: until the answer is on its way, and they may confirm again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import policy, rule
from desk_world import TAP, World
from jenkins_mfa.core.model import Factor, State
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.errors import MessengerUnavailableError, Refusal
from jenkins_mfa.usecases.answer import Answers, NeedsTap
from jenkins_mfa.usecases.decisions import Counted
from jenkins_mfa.usecases.rules import Rules
from jenkins_mfa.usecases.tick import remind

PAIR = policy(rule(factor=Factor.PUSH, quorum=2, remind_after=600))


def waiting(*confirmed: str, rules=PAIR) -> World:  # type: ignore[no-untyped-def]
    world = World(rules=rules)
    world.enrol("alice", "bob", "carol")
    world.open()
    for person in confirmed:
        world.tap(person)
    return world


def back(world: World, person: str) -> None:
    world.numbers += 1
    world.answers.retract(world.gate.jti, world.who(person), f"back-{world.numbers}")


def refused(code: str, act) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Refusal) as caught:
        act()
    assert caught.value.code == code


def test_a_confirmation_that_was_taken_back_does_not_count() -> None:
    """And who did it stands in the trail."""
    world = waiting("alice")
    back(world, "alice")
    assert (world.gate.state, world.gate.confirmations) == (State.PENDING, ())
    last = world.store.entries(world.gate.jti)[-1]
    assert (last.event, last.actor, last.details["via"]) == ("gate:retracted", "alice", "chat:T1/UALICE")


def test_an_approval_that_loses_one_waits_until_its_first_deadline() -> None:
    """Nothing is delivered; its message is told anew, and what time brings goes on."""
    world = waiting("alice", "bob")
    assert world.gate.state is State.APPROVED
    back(world, "bob")
    assert (world.gate.state, world.gate.deadline) == (State.PENDING, world.gate.first_deadline)
    world.deliver()
    assert world.source.sent == []
    assert world.messenger.told[-1].version == world.gate.version
    world.clock.move(seconds=601)
    assert remind(world.desk) == 1
    world.clock.move(seconds=1200)
    world.expire()
    assert world.gate.state is State.EXPIRED


def test_the_same_person_may_confirm_again() -> None:
    """With a new tap; the old one, delivered once more, does not bring the answer back."""
    world = waiting()
    world.tap("alice", "first")
    back(world, "alice")
    refused("retracted", lambda: world.tap("alice", "first"))
    assert world.gate.confirmations == ()
    assert isinstance(world.tap("alice"), Counted)
    world.tap("bob")
    world.deliver()
    assert world.gate.state is State.RESUMED


def test_a_code_is_asked_anew_after_it_was_taken_back() -> None:
    """The step stays burnt: the same code does not count again."""
    world = waiting(rules=policy(rule(factor=Factor.TOTP, quorum=2)))
    world.code("alice")
    back(world, "alice")
    refused("code_used", lambda: world.code("alice"))
    world.clock.move(seconds=30)
    assert world.code("alice").open == 1


def test_it_is_too_late_once_the_answer_is_on_its_way() -> None:
    """A claimed proceed may have arrived already."""
    world = waiting("alice", rules=TAP)
    world.store.put(replace(world.gate, state=State.SENDING))
    refused("sending", lambda: back(world, "alice"))
    assert world.store.entries(world.gate.jti)[-1].details["reason"] == "sending"


def test_at_the_deadline_there_is_nothing_to_take_back() -> None:
    """The deadline decides, whoever brings it."""
    world = waiting("alice")
    world.clock.move(seconds=1800)
    refused("deadline", lambda: back(world, "alice"))


@pytest.mark.parametrize(("person", "code"), [("bob", "not_confirmed"), ("zoe", "not_in_roster")])
def test_only_ones_own_confirmation_is_taken_back(person: str, code: str) -> None:
    """S14: the account decides whose it is."""
    world = waiting("alice")
    refused(code, lambda: back(world, person))
    assert [one.person for one in world.gate.confirmations] == ["alice"]


def test_taking_back_asks_nobody_whether_it_may_be() -> None:
    """Nothing is let pass by it: it works while Slack vouches for nobody, and for who left the group."""
    world = waiting("alice")
    world.messenger.error = MessengerUnavailableError("away")
    people = {**world.desk.roster.people, "alice": replace(world.desk.roster.people["alice"], groups=())}
    moved = Answers(replace(world.desk, rules=Rules(PAIR, Roster(people))))
    moved.retract(world.gate.jti, world.who("alice"), "x")
    assert world.gate.confirmations == ()


def test_a_typed_approve_is_shown_before_it_counts() -> None:
    """A command confirms nothing blindly; with a code the form shows it anyway."""
    world = waiting()
    asked = world.answers.tap(world.gate.jti, world.who("alice"), "typed", seen=False)
    assert isinstance(asked, NeedsTap)
    assert world.gate.confirmations == ()
