"""One reminder and one escalation, at their times, once, whatever happens around them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_races import at_once

from builders import ROSTER, policy, rule
from clock import START
from desk_world import World
from jenkins_mfa.core import calendars, moments
from jenkins_mfa.core.calendars import Calendar
from jenkins_mfa.core.model import Factor, Gate, State
from jenkins_mfa.core.policy import Policy
from jenkins_mfa.errors import Refusal
from jenkins_mfa.usecases.rules import Rules
from jenkins_mfa.usecases.tick import remind, tick

WAITS = 1_200  #: seconds that a gate here waits


def nudging(**values: object) -> Policy:
    """One tap of alice, within 20 minutes, with the reminder and the escalation given."""
    return policy(rule(factor=Factor.PUSH, approvers=("alice",), ttl=WAITS, **values))


def world_of(rules: Policy) -> World:
    """A gate of these rules waits."""
    world = World(rules=rules)
    world.open()
    return world


def pass_time(world: World, seconds: int, step: int = 1) -> None:
    """Let time pass as the agent's clock does: a tick in every `step` seconds."""
    for _ in range(0, seconds, step):
        world.clock.move(seconds=step)
        tick(world.desk, world.store.due_gates(world.store.now()))
        remind(world.desk)


def happened(world: World, event: str) -> list[float]:
    """At which seconds after the opening it happened."""
    return [(e.at - START) / 1000 for e in world.store.entries(world.gate.jti) if e.event == event]


def test_a_reminder_comes_once_at_its_time() -> None:
    """Not a tick before; stored before told, and never again."""
    world = world_of(nudging(remind_after=600))
    pass_time(world, 599)
    assert happened(world, "gate:reminded") == []
    pass_time(world, 1)
    assert world.gate.reminded_at == START + 600_000
    pass_time(world, 300)
    assert happened(world, "gate:reminded") == [600.0]


def test_who_is_called_in_may_answer_from_then_on_and_not_before() -> None:
    """Before: not eligible. After: their tap counts, the seal and the trail name the new requirement."""
    world = world_of(nudging(escalate_after=300, escalate_to=("bob", "group:security")))
    for early in ("bob", "carol"):
        with pytest.raises(Refusal, match="not_eligible"):
            world.tap(early)
    pass_time(world, 300)
    assert happened(world, "gate:escalated") == [300.0]
    assert world.gate.requirement
    clause = world.gate.requirement.clauses[0]
    assert clause.people == ("alice", "bob", "carol")
    assert clause.approvers == ("alice", "bob", "group:security")
    world.tap("carol")
    world.deliver()
    assert world.gate.state is State.RESUMED
    assert [c.person for c in world.gate.confirmations] == ["carol"]
    assert world.verified(world.source.receipts[0]).approvers[0].id == "carol"


def test_only_that_rules_clauses_get_further_people() -> None:
    """A second rule's clause stays with those whom it names."""
    second = rule("second", factor=Factor.PUSH, approvers=("bob",))
    escalating = rule(factor=Factor.PUSH, approvers=("alice",), escalate_after=60, escalate_to=("carol",))
    world = world_of(policy(escalating, second))
    pass_time(world, 60)
    assert world.gate.requirement
    assert [clause.people for clause in world.gate.requirement.clauses] == [("alice", "carol"), ("bob",)]


def test_who_is_behind_the_build_is_not_called_in() -> None:
    """S9 holds for escalations: dan started it."""
    world = world_of(nudging(escalate_after=60, escalate_to=("dan", "bob")))
    pass_time(world, 60)
    with pytest.raises(Refusal, match="requester"):
        world.tap("dan")
    assert world.gate.requirement
    assert world.gate.requirement.people == ("alice", "bob")


def test_two_rules_escalate_each_at_its_own_time() -> None:
    """Each once."""
    rules = [
        rule(name, factor=Factor.PUSH, approvers=(first,), escalate_after=after, escalate_to=("carol",))
        for name, after, first in (("a", 60, "alice"), ("b", 120, "bob"))
    ]
    world = world_of(policy(*rules))
    pass_time(world, 300)
    assert happened(world, "gate:escalated") == [60.0, 120.0]
    assert world.gate.escalated == ("a", "b")


@pytest.mark.parametrize("after", [600, 899, 900, 901])
def test_inside_quiet_hours_the_reminder_waits_until_they_are_over(after: int) -> None:
    """Quiet for five minutes from the tenth to the fifteenth: an edge belongs to what begins there."""
    begins = datetime.fromtimestamp(START / 1000 + 600, UTC)
    quiet = Calendar(
        "night",
        ZoneInfo("UTC"),
        hours=(),
        openings=(calendars.Opening(calendars.to_ms(begins), calendars.to_ms(begins) + 300_000),),
    )
    world = world_of(replace(nudging(remind_after=after, escalate_after=600, escalate_to=("bob",)), quiet=quiet))
    pass_time(world, WAITS - 10)
    assert happened(world, "gate:reminded") == [max(after, 900)]
    assert happened(world, "gate:escalated") == [600.0]


def test_a_reminder_falls_away_when_the_deadline_comes_first() -> None:
    """Quiet for longer than the gate waits: it expires, and nobody is reminded of a build that has ended."""
    quiet = Calendar("always", ZoneInfo("Europe/Berlin"))
    world = world_of(replace(nudging(remind_after=600), quiet=quiet))
    pass_time(world, WAITS)
    assert world.gate.state is State.EXPIRED
    world.desk = replace(world.desk, rules=Rules(nudging(), ROSTER))
    pass_time(world, 60)
    assert happened(world, "gate:reminded") == []
    assert world.store.due_reminders(world.store.now()) == []


@pytest.mark.parametrize("late", [0, 1, 250, 598])
def test_a_restart_loses_neither(late: int) -> None:
    """An agent that was away does what is due when it is back, once."""
    world = world_of(nudging(remind_after=600, escalate_after=600, escalate_to=("bob",)))
    world.clock.move(seconds=600 + late)
    pass_time(world, 3)
    assert happened(world, "gate:reminded") == happened(world, "gate:escalated") == [601.0 + late]


def test_an_agent_that_comes_back_after_the_deadline_calls_nobody() -> None:
    """The gate expires; an escalation then would give people something to answer that nobody can."""
    world = world_of(nudging(remind_after=600, escalate_after=600, escalate_to=("bob",)))
    world.clock.move(seconds=WAITS)
    pass_time(world, 3)
    assert world.gate.state is State.EXPIRED
    assert happened(world, "gate:reminded") == happened(world, "gate:escalated") == []


def test_two_agents_do_it_once() -> None:
    """Both tick at the same moment: one commit wins, the other finds it done."""
    world = world_of(nudging(remind_after=600, escalate_after=600, escalate_to=("bob",)))
    world.clock.move(seconds=600)
    due = world.store.due_gates(world.store.now())
    at_once(*([lambda: tick(world.desk, due)] * 4), *([lambda: remind(world.desk)] * 4))
    assert happened(world, "gate:reminded") == happened(world, "gate:escalated") == [600.0]


def test_nobody_is_reminded_of_what_is_decided() -> None:
    """Approved, denied: neither reminder nor escalation."""
    for act in ("tap", "deny"):
        world = world_of(nudging(remind_after=600, escalate_after=600, escalate_to=("bob",)))
        getattr(world, act)("alice")
        world.clock.move(seconds=600)
        assert tick(world.desk, [world.gate.id]) == 0 or world.gate.state is State.EXPIRED
        remind(world.desk)
        assert happened(world, "gate:reminded") == happened(world, "gate:escalated") == []


@given(st.integers(0, WAITS), st.integers(0, WAITS), st.integers(-WAITS, 2 * WAITS))
def test_nothing_happens_outside_its_time(remind_after: int, escalate_after: int, at: int) -> None:
    """Whatever the times: only in a waiting gate, from its moment on, and before the deadline."""
    gate = waiting(remind_after, escalate_after)
    now = gate.opened_at + at * 1000
    assert (moments.reminded(gate, now) is not None) == (0 < remind_after <= at < WAITS)
    assert (moments.escalated(gate, now) is not None) == (0 < escalate_after <= at < WAITS)


def waiting(remind_after: int, escalate_after: int) -> Gate:
    """A gate with these two times, as it is opened."""
    more = {"escalate_to": ("bob",)} if escalate_after else {}
    return world_of(nudging(remind_after=remind_after, escalate_after=escalate_after, **more)).gate
