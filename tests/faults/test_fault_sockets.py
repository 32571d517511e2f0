"""Slack cuts or renews the agent's connections in each phase of a gate's life: nothing is doubled or lost."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator

import pytest
from fault_phases import PHASES, Phase
from fault_signals import SOCKETS, Process, bring, running

from history import seen, wrongs
from jenkins_mfa.demo.world import World
from jenkins_mfa.slack.app import CONNECTIONS

#: What `make test` plays, too.
IN_SHORT = ("Slack: sockets renewed", "answering")


@pytest.fixture
def agent(world: World) -> Iterator[Process]:
    """One that has not asked Slack for anybody's account yet: it remembers that for a while."""
    world.slack.wait_for(lambda slack: not slack.connections, 10)
    with running(world, "only") as process:
        yield process


def cells() -> Iterator[object]:
    """All of them; those that `make test` leaves out are marked."""
    for name in SOCKETS:
        for phase in PHASES:
            marks = () if (name, phase.name) == IN_SHORT else (pytest.mark.matrix,)
            yield pytest.param(name, phase, id=f"{name}, {phase.name}", marks=marks)


@pytest.mark.parametrize(("name", "phase"), list(cells()))
def test_sockets_that_end_lose_nothing(
    world: World, bodies: Counter[str], agent: Process, name: str, phase: Phase
) -> None:
    """They do with the phase's first request held back. One that is renewed takes the tap that was sent to it."""
    begun = threading.Event()
    world.slack.wait_for(lambda slack: slack.connections == CONNECTIONS, 30)

    def begin() -> None:
        SOCKETS[name](world.slack)
        begun.set()

    person = bring(world, agent, phase, begin, heard=True)
    assert begun.wait(30)
    person.until_ended()
    assert len(person.messages()) == 1
    assert wrongs(seen(world, [person.build], bodies)) == []
