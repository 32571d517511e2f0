"""Messages of gates that wait are shown anew: a deleted one is posted again so (tests/faults plays that with Slack)."""

from __future__ import annotations

import pytest

from desk_world import World
from jenkins_mfa.core.model import State
from jenkins_mfa.usecases import refresh


@pytest.fixture
def world() -> World:
    made = World()
    made.open()
    made.deliver()
    return made


def shown_anew(world: World, replica: str = "one") -> int:
    """How often something was shown for one look."""
    before = len(world.messenger.told)
    refresh.look(world.desk, replica)
    world.deliver()
    return len(world.messenger.told) - before


def test_what_waits_is_shown_anew_and_its_thread_stays(world: World) -> None:
    """Each look once, though nothing has changed."""
    assert [shown_anew(world), shown_anew(world)] == [1, 1]
    assert world.gate.state is State.PENDING
    assert not world.store.told(world.gate.id).stale


def test_one_of_several_agents_looks(world: World) -> None:
    """Another one does when that has not for a while."""
    assert [shown_anew(world), shown_anew(world, "two")] == [1, 0]
    world.clock.move(seconds=refresh.SECONDS + 1)
    assert shown_anew(world, "two") == 1


def test_what_is_decided_is_not_shown_anew(world: World) -> None:
    """Its last message stands: who deletes it then has seen it."""
    world.tap("alice")
    world.deliver()
    assert world.gate.state is not State.PENDING
    assert shown_anew(world) == 0


def test_what_nobody_has_been_shown_yet_is_left_to_its_lane() -> None:
    """Its message is still to be posted."""
    world = World()
    world.open()
    refresh.look(world.desk, "one")
    world.deliver()
    assert len(world.messenger.told) == 1


def test_a_few_at_a_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slack takes 50 updates a minute; news come first."""
    monkeypatch.setattr(refresh, "MOST", 0)
    assert shown_anew(world) == 0
