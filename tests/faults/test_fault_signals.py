"""Signals to a real agent in each phase of a gate's life, while another one goes on: nothing is lost, nothing twice.

`make faults` plays every cell, `make test` two of them.
"""

from __future__ import annotations

import signal
import threading
from collections import Counter
from collections.abc import Iterator

import pytest
from fault_ends import TAPPED, end_of
from fault_phases import PHASES, Phase
from fault_signals import SIGNALS, Signal, bring, leases_end, running

from history import seen, wrongs
from jenkins_mfa.demo.world import World

#: What `make test` plays, too: a tap in the hands of an agent that is told to end, and a claim that comes too late.
IN_SHORT = {("process: SIGTERM", "answering"), (SIGNALS[-1].name, "claiming")}


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

        person = bring(world, first, phase, begin, heard=one.number is signal.SIGTERM)
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
