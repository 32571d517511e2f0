"""A full disk under the agent: the process asks, takes the answer and delivers it all the same."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from jenkins_mfa.demo import files
from jenkins_mfa.demo.auto import ALICE, Player
from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.jenkins_samples import STAGING
from jenkins_mfa.simulators.slack import plain


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


@pytest.mark.matrix
def test_a_full_disk_under_checkpoints_and_copies_stops_nothing_and_is_told() -> None:
    """No file of the agent's may grow any more. Ops are told, and once there is room again all is copied."""
    with tempfile.TemporaryDirectory(prefix="mfa-") as folder, World(Path(folder)) as world:
        world.stop_agent()
        text = world.config_path.read_text()
        world.config_path.write_text(text + '\n[audit]\ncheckpoint_file = "checkpoints.jws"\nexport_dir = "audit"\n')
        world.start_agent()
        assert world._agent is not None
        resource.prlimit(world._agent.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        player = Player(world)
        build, message = player.pause(STAGING)
        player.tap(ALICE, message, confirm=True)
        player.finished(build, "SUCCESS")
        world.slack.wait_for(
            lambda slack: any("cannot be written" in plain(message) for message in slack.messages(files.OPS)), 90
        )
        resource.prlimit(world._agent.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        world.stop_agent()
        copied = "".join(path.read_text() for path in (world.directory / "audit").glob("*.jsonl"))
        assert "gate:resumed" in copied
