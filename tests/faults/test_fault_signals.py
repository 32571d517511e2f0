"""Signals to a real agent in each phase of a gate's life, while another one goes on: nothing is lost, nothing twice.

`make faults` plays every cell, `make test` two of them.
"""

from __future__ import annotations

import signal
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from fault_ends import TAPPED, end_of
from fault_phases import PHASES, Phase, arm
from fault_signals import SIGNALS, Person, Process, Signal, leases_end, running

from history import seen, wrongs
from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.jenkins import Build
from jenkins_mfa.simulators.jenkins_samples import STAGING

#: What `make test` plays, too: a tap in the hands of an agent that is told to end, and a claim that comes too late.
IN_SHORT = {("process: SIGTERM", "answering"), (SIGNALS[-1].name, "claiming")}
WAITING = next(phase for phase in PHASES if phase.name == "waiting")


@pytest.fixture(scope="module")
def bodies() -> Counter[str]:
    """How often the body of each build has run, by number."""
    return Counter()


@pytest.fixture(scope="module")
def world(bodies: Counter[str]) -> Iterator[World]:
    """One world for all, without its own agent."""

    def pipeline(build: Build) -> None:
        def body() -> None:
            bodies[str(build.number)] += 1

        build.mfa_gate(body, environment="staging", action="deploy", message="Deploy 1.4", watchEnv=["REPLICAS"])

    with tempfile.TemporaryDirectory(prefix="mfa-") as folder, World(Path(folder)) as made:
        made.stop_agent()
        made.slack.wait_for(lambda slack: not slack.connections, 10)
        made.slack.ack_seconds = 1.0
        made.jenkins.job(STAGING, pipeline, env={"REPLICAS": "2"})
        yield made


def cells() -> Iterator[object]:
    """All of them; those that `make test` leaves out are marked."""
    for one in SIGNALS:
        for phase in PHASES:
            marks = () if (one.name, phase.name) in IN_SHORT else (pytest.mark.matrix,)
            yield pytest.param(one, phase, id=f"{one.name}, {phase.name}", marks=marks)


@pytest.mark.parametrize(("one", "phase"), list(cells()))
def test_an_agent_that_gets_a_signal_loses_nothing(
    world: World, bodies: Counter[str], one: Signal, phase: Phase
) -> None:
    """It comes with the phase's first request held back; another agent goes on, and a stopped one comes back."""
    begun, late = threading.Event(), threading.Event()
    with running(world, "first") as first:

        def begin() -> None:
            if one.lost:
                for line in first.lines.values():
                    line.cut()
            first.send(one.number)
            begun.set()
            if one.late:
                late.wait(100)

        person = bring(world, first, phase, begin)
        assert begun.wait(30)
        if one.number is not signal.SIGSTOP:
            assert first.process.wait(30) == (0 if one.number is signal.SIGTERM else -signal.SIGKILL)
            world.slack.wait_for(lambda slack: not slack.connections, 10)
        if one.number is not signal.SIGTERM:
            leases_end(world)
        with running(world, "second") as second:
            person.until_ended()
            late.set()
            if one.number is signal.SIGSTOP:
                first.stop()
                person.until_ended()
            second.stop()
    copies = 2 if end_of(one, phase) is TAPPED else 1
    assert len(person.messages()) <= copies
    assert wrongs(seen(world, [person.build], bodies)) == []
    if one.number is signal.SIGTERM and PHASES.index(phase) > PHASES.index(WAITING):
        assert person.taps == 1, "a tap was lost"


def bring(world: World, agent: Process, phase: Phase, begin: object) -> Person:
    """A gate to that phase; Alice taps as soon as it waits, if that is before the phase."""
    waits = threading.Event()
    early = PHASES.index(phase) <= PHASES.index(WAITING)
    arm(agent.lines, phase if early else WAITING, begin if early else waits.set)  # type: ignore[arg-type]
    person = Person(world, world.jenkins.build(STAGING, user="dev"))
    if not early:
        assert waits.wait(30)
        arm(agent.lines, phase, begin, WAITING)  # type: ignore[arg-type]
        person.tap()
    return person
