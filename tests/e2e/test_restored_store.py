"""A backup of the store is put back, as an operator does it: nothing of the lost time comes back (S21)."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from command import run
from jenkins_mfa.demo.auto import ALICE, Player
from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.jenkins_samples import PRODUCTION, STAGING
from waiting import until


@pytest.fixture
def world() -> Iterator[World]:
    with tempfile.TemporaryDirectory(prefix="mfa-") as folder, World(Path(folder)) as made:
        yield made


def put_back(world: World, backup: Path) -> None:
    """The server stops, its directory is replaced, it starts."""
    world.stop_store()
    shutil.rmtree(world.directory / "store")
    shutil.copytree(backup, world.directory / "store")
    world.start_store()


def started(world: World) -> subprocess.CompletedProcess[str]:
    """An agent that does not start."""
    command = [sys.executable, "-m", "jenkins_mfa", "run", "--config", str(world.config_path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_s21_a_backup_is_put_back_while_the_agent_was_stopped(world: World) -> None:
    """The agent refuses to start; the operator accepts; the paused build of before ends, and a new one goes on."""
    player = Player(world)
    build, _ = player.pause(STAGING)
    backup = world.directory / "backup"
    shutil.copytree(world.directory / "store", backup, ignore=shutil.ignore_patterns("socket", "lock"))
    listed = json.loads(run("authenticators", "list", "--json", config=world.config_path).stdout)
    identity = next(one["id"] for one in listed["authenticators"] if one["person"] == "alice")
    assert run("authenticators", "revoke", "alice", identity, config=world.config_path).returncode == 0
    world.stop_agent()
    put_back(world, backup)
    refused = started(world)
    assert refused.returncode == 2
    assert "The store is behind" in refused.stderr
    assert "Mend: jenkins-mfa store accept-rollback" in refused.stderr
    looked = run("check", config=world.config_path)
    assert (looked.returncode, "the store is behind" in looked.stdout) == (1, True)
    done = run("store", "accept-rollback", "--yes", config=world.config_path)
    assert done.returncode == 0, done.stderr
    assert "Gates closed: 1." in done.stdout
    assert f"Alice Wu: {identity} was switched off; suspended now." in done.stdout
    assert run("store", "accept-rollback", "--yes", config=world.config_path).returncode == 4
    world.start_agent()
    player.finished(build, "ABORTED")
    again, message = player.pause(STAGING)
    player.tap(ALICE, message, confirm=True)
    player.finished(again, "SUCCESS")
    assert run("audit", "verify", config=world.config_path).returncode == 0


def test_s21_a_backup_is_put_back_under_a_running_agent(world: World) -> None:
    """Nothing proceeds, ops are told, and all goes on by itself once an operator has accepted it."""
    player = Player(world)
    backup = world.directory / "backup"
    shutil.copytree(world.directory / "store", backup, ignore=shutil.ignore_patterns("socket", "lock"))
    build, _ = player.pause(PRODUCTION)
    put_back(world, backup)
    until(lambda: "The store is not the one that is known" in str(world.slack.calls("chat.postMessage")))
    assert run("store", "accept-rollback", "--yes", config=world.config_path).returncode == 0
    player.finished(build, "ABORTED")
    again, message = player.pause(STAGING)
    player.tap(ALICE, message, confirm=True)
    player.finished(again, "SUCCESS")
