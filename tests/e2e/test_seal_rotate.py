"""The vault's key is changed under a running agent: killed in the middle, continued, the old key taken out."""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from jenkins_mfa import config as configuration
from jenkins_mfa.demo.auto import ALICE, BOB, Player
from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.jenkins_samples import PRODUCTION
from second_agent import second_agent
from waiting import until

#: `seal rotate`, killed by the kernel right after its second commit.
DYING = """
import os, signal, sys
from jenkins_mfa.cli import main
from jenkins_mfa.store.gates import RedisStore
commit, done = RedisStore.commit, []
def dying(self, given):
    commit(self, given)
    done.append(given)
    if len(done) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
RedisStore.commit = dying
main(["seal", "rotate", "--config", sys.argv[1]])
"""


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, check=False)


def rotate(world: World) -> subprocess.CompletedProcess[str]:
    return run("-m", "jenkins_mfa", "seal", "rotate", "--config", world.config_path)


@pytest.fixture
def world() -> Iterator[World]:
    with tempfile.TemporaryDirectory(prefix="mfa-") as folder, World(Path(folder)) as made:
        yield made


def taken_over(world: World, kids: list[str]) -> None:
    """Wait until the running agent says so."""
    agent = world._agent
    assert agent is not None
    os.kill(agent.pid, signal.SIGHUP)
    log = world.directory / "agent.log"
    said = json.dumps({"kid": ", ".join(kids)})[1:-1]
    until(lambda: said in log.read_text())


def test_the_vaults_key_is_changed_while_the_agent_runs(world: World) -> None:
    """No downtime; what was begun is continued; without the old key codes count; without any the agent does not run."""
    vault = configuration.load(world.config_path).keys.vault_file
    old, fresh = vault.read_text(), f"v2:{base64.b64encode(secrets.token_bytes(32)).decode()}\n"
    vault.write_text(fresh + old)
    taken_over(world, ["v2", "v1"])
    assert run("-c", DYING, world.config_path).returncode == -signal.SIGKILL
    done = rotate(world)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "Sealed under v2: 2 authenticators of 1 people.",
        "Nothing in use is sealed with another key: v1 may be taken out.",
    ]
    vault.write_text(fresh)
    taken_over(world, ["v2"])
    player = Player(world)
    build, message = player.pause(PRODUCTION)
    player.code(ALICE, message, world.code("alice"))
    player.finished(build, "SUCCESS")
    vault.write_text(old)
    refused = run("-m", "jenkins_mfa", "run", "--config", world.config_path)
    assert refused.returncode == 2
    assert "v2 (of alice, bob, carol)" in refused.stderr


def test_with_two_agents_nothing_is_sealed_anew_before_both_know_the_key(world: World) -> None:
    """On hosts of their own, each with its own file: the second one is late. Then both take codes, as ever."""
    vault = configuration.load(world.config_path).keys.vault_file
    old, fresh = vault.read_text(), f"v2:{base64.b64encode(secrets.token_bytes(32)).decode()}\n"
    others = vault.with_name("second.key")
    shutil.copy(vault, others)
    with second_agent(world, ('vault_file = "vault.key"', 'vault_file = "second.key"')):
        until(lambda: run("-m", "jenkins_mfa", "check", "--config", world.config_path).stdout.count("last seen") == 2)
        vault.write_text(fresh + old)
        taken_over(world, ["v2", "v1"])
        refused = rotate(world)
        assert (refused.returncode, "does not know v2 yet" in refused.stderr) == (4, True)
        others.write_text(fresh + old)
        until(lambda: rotate(world).returncode == 0)
        vault.write_text(fresh)
        others.write_text(fresh)
        taken_over(world, ["v2"])
        player = Player(world)
        for person, user in (("alice", ALICE), ("bob", BOB)):
            build, message = player.pause(PRODUCTION)
            player.code(user, message, world.code(person))
            player.finished(build, "SUCCESS")
