"""Several agents on one store: one polls, all answer, and any of them may be killed."""

from __future__ import annotations

import re
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from command import run
from jenkins_mfa.demo import files
from jenkins_mfa.demo.auto import ALICE, APPROVED, Player
from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.jenkins import Build
from jenkins_mfa.simulators.jenkins_samples import STAGING
from jenkins_mfa.simulators.slack import plain
from second_agent import second_agent
from waiting import until

POLL_SECONDS = 0.5  #: of the demo's configuration
SOCKETS = 2  #: connections to Slack of one agent
LISTING = "/computer/api/json"


@pytest.fixture
def world() -> Iterator[World]:
    """One demo world, whose agent is the first replica."""
    with tempfile.TemporaryDirectory(prefix="mfa-") as folder, World(Path(folder)) as made:
        yield made


@pytest.fixture
def player(world: World) -> Player:
    return Player(world)


def resumed_once(player: Player, build: Build) -> None:
    """The build went on, by one proceed, and one message in the channel tells so."""
    player.finished(build, "SUCCESS")
    player.message(f"{APPROVED}: “{STAGING}” #{build.number}")
    world, name = player.world, f"“{STAGING}” #{build.number}"
    assert len([m for m in world.slack.messages(files.CHANNEL) if name in plain(m)[:80]]) == 1
    assert world.jenkins.count(f"POST /job/{STAGING}/{build.number}/input/") == 1


def test_one_of_two_polls_and_both_answer(player: Player) -> None:
    """Jenkins is asked as often as by one; each gate is announced once and delivered once; `check` names both."""
    world = player.world
    with second_agent(world):
        began, before = time.monotonic(), world.jenkins.count(LISTING)
        until(lambda: world.jenkins.count(LISTING) >= before + 9)
        assert time.monotonic() - began >= 7 * POLL_SECONDS
        build, message = player.pause(STAGING)
        player.tap(ALICE, message, confirm=True)
        resumed_once(player, build)
        shown = run("check", config=world.config_path)
        assert (shown.returncode, len(re.findall(r"last seen [0-9] s ago", shown.stdout))) == (0, 2), shown.stdout


def test_another_one_polls_when_the_one_that_polled_is_killed(player: Player) -> None:
    """A build that pauses then is asked about, and answered, all the same."""
    world = player.world
    with second_agent(world):
        world.slack.wait_for(lambda s: s.connections == 2 * SOCKETS, 10)
        assert world._agent is not None
        world._agent.kill()
        world._agent.wait()
        world.slack.wait_for(lambda s: s.connections == SOCKETS, 10)
        world._agent = None
        build, message = player.pause(STAGING)
        player.tap(ALICE, message, confirm=True)
        resumed_once(player, build)


def test_a_rolling_restart_loses_no_tap_and_doubles_no_message(player: Player) -> None:
    """One after the other is stopped and started while builds wait and people tap."""
    world = player.world
    first, asked = player.pause(STAGING)
    with second_agent(world) as second:
        world.stop_agent()
        player.tap(ALICE, asked, confirm=True)
        resumed_once(player, first)
        build, message = player.pause(STAGING)
        world.start_agent()
        second.send_signal(signal.SIGTERM)
        player.tap(ALICE, message, confirm=True)
        resumed_once(player, build)


def test_check_says_that_no_agent_runs(world: World) -> None:
    """An agent that was stopped is not missed after a while, but at once."""
    world.stop_agent()
    shown = run("check", config=world.config_path)
    assert shown.returncode == 1
    assert "no agent runs" in shown.stdout
    assert "start it: jenkins-mfa run" in shown.stdout
