"""A second agent on the store of a demo's world."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from cli_files import edit
from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.ports import free_port


@contextmanager
def second_agent(world: World, *changes: tuple[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Another replica, with pages at an address of its own; `changes` replace pieces of its configuration."""
    before = world.slack.connections
    own = world.config_path.with_name("second.toml")
    own.write_text(world.config_path.read_text())
    edit(own, (f"127.0.0.1:{world.port}", f"127.0.0.1:{free_port()}"), *changes)
    command = [sys.executable, "-m", "jenkins_mfa", "run", "--config", str(own)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        world.slack.wait_for(lambda s: s.connections > before, 30)
        yield process
    finally:
        process.terminate()
        process.wait(30)
