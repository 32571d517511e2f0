"""Each fault in each phase of a gate's life: what must hold holds throughout, and the gate ends where it should.

`make faults` plays every cell; `make test` one of each fault, in another phase each.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fault_causes import FAULTS, Fault
from fault_ends import end_of, ended, holds
from fault_phases import PHASES, Phase, arm
from fault_stage import staged

from store_server import Server

ROUNDS = 2  #: that are played while the fault lasts, beside the one in which it began


def cells() -> Iterator[object]:
    """All of them; those that `make test` leaves out are marked."""
    for row, fault in enumerate(FAULTS):
        for column, phase in enumerate(PHASES):
            marks = () if column == (row * 3) % len(PHASES) else (pytest.mark.matrix,)
            yield pytest.param(fault, phase, id=f"{fault.name}, {phase.name}", marks=marks)


@pytest.mark.parametrize(("fault", "phase"), list(cells()))
def test_a_gate_survives(fault: Fault, phase: Phase, server: Server, short_path: Path) -> None:
    """Bring the gate there, break it, let the agent act, mend it, and see where it ends."""
    with staged(short_path, server, secure=fault.secure, sentinels=fault.sentinels) as stage:

        def begin() -> None:
            fault.begin(stage, phase)
            stage.began = True

        fault.prepare(stage)
        arm(stage.agent.lines, phase, begin)
        stage.play(lambda: stage.began)
        for _ in range(ROUNDS):
            stage.round()
        holds(stage, trail=not fault.away)
        fault.end(stage)
        end = end_of(fault, phase)
        stage.play(lambda: ended(stage, end))
        holds(stage)
