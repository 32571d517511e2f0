"""Nothing lost, nothing twice, while everything breaks. `make soak` plays it for ten minutes."""

from __future__ import annotations

import os
import statistics
import tempfile
from pathlib import Path

import pytest
from soak_run import Soak

from history import wrongs
from jenkins_mfa.demo.world import World

SECONDS = float(os.environ.get("SOAK_SECONDS", "3"))
FLAT = 0.05  #: by which memory may grow or shrink once an agent is warm
SEED = int(os.environ.get("SOAK_SEED", "1"))


@pytest.mark.timeout(SECONDS + 240)
def test_nothing_is_lost_and_nothing_is_done_twice() -> None:
    """Agents die and come back, Jenkins, Slack and store fail now and then: the record of all three says that each
    decision was stored, delivered and shown, once.
    """
    with tempfile.TemporaryDirectory(prefix="mfa-") as folder, World(Path(folder)) as world:
        soak = Soak(world, SEED)
        history = soak.run(SECONDS)
    rates, growths = soak.people.rates() or [0], soak.memory.growths()
    best = max(sum(rates[at : at + 10]) / 10 for at in range(max(1, len(rates) - 9)))
    print(f"{len(soak.builds)} builds, {soak.people.taps} taps, {soak.kills} kills, {dict(soak.faults)}, seed {SEED}")
    print(f"taps heard a second: median {statistics.median(rates)}, best ten seconds {best}")
    print(f"memory after the warm-up, by process: {[f'{one:+.1%}' for one in growths]}")
    assert len(history.builds) >= 12
    assert wrongs(history) == []
    assert all(abs(one) <= FLAT for one in growths)
