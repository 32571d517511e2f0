"""Another installation with our account at a source: noticed, told once, and nothing new is asked there."""

from __future__ import annotations

import pytest

from desk_world import World
from jenkins_mfa.core.model import State
from jenkins_mfa.errors import SourceForbiddenError, SourceUnavailableError
from jenkins_mfa.usecases.owner import EVERY


def test_another_installation_is_refused_and_told_once() -> None:
    """No gate opens meanwhile; all goes on by itself when the other one has gone."""
    world = World()
    world.source.other = "staging"
    for _ in range(3):
        with pytest.raises(SourceForbiddenError, match=r"installation staging uses our account.*mend: "):
            world.watch.poll()
    assert world.store.gate_of("main", "ref-1") is None
    world.deliver()
    assert [(a.code, a.values) for a in world.messenger.alerts] == [
        ("other_installation", {"source": "main", "installation": "staging"})
    ]
    world.source.other = ""
    assert world.open().state is State.PENDING


def test_one_that_comes_later_is_noticed_within_a_minute() -> None:
    """And what was open already goes on."""
    world = World()
    world.open()
    world.source.other = "staging"
    world.clock.move(ms=EVERY)
    with pytest.raises(SourceForbiddenError):
        world.watch.poll()
    world.tap("alice")
    world.deliver()
    assert world.gate.state is State.RESUMED


def test_a_source_that_does_not_tell_stops_nothing() -> None:
    """An account that may not write its own description is still served."""
    world = World()

    def silent(installation: str) -> str:
        raise SourceUnavailableError("not told")

    world.source.owner = silent  # type: ignore[method-assign]
    assert world.open().state is State.PENDING
