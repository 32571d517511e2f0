"""A full disk under the agent's log: the process starts, asks, takes the answer and delivers it all the same."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from jenkins_mfa.demo.auto import ALICE, Player
from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.jenkins_samples import STAGING


@pytest.mark.matrix
def test_a_full_disk_under_the_log_stops_nothing() -> None:
    """Every line that the agent writes is refused."""
    with tempfile.TemporaryDirectory(prefix="mfa-") as folder, World(Path(folder)) as world:
        world.stop_agent()
        command = [sys.executable, "-m", "jenkins_mfa", "run", "--config", str(world.config_path)]
        with Path("/dev/full").open("wb") as full:
            agent = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=full, stderr=full)
        try:
            world.slack.wait_for(lambda slack: slack.connections or agent.poll() is not None, 30)
            player = Player(world)
            build, message = player.pause(STAGING)
            player.tap(ALICE, message, confirm=True)
            player.finished(build, "SUCCESS")
            assert agent.poll() is None
        finally:
            agent.terminate()
            agent.wait(30)
