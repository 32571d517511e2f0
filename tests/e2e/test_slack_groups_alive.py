"""A group that is a Slack user group, on real parts: who is taken out of it in Slack confirms nothing any more."""

from __future__ import annotations

import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from jenkins_mfa import config as configuration
from jenkins_mfa import key_files
from jenkins_mfa.cli import main
from jenkins_mfa.demo import files
from jenkins_mfa.demo.auto import ALICE, BOB, EVE, Player
from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.jenkins_samples import STAGING
from jenkins_mfa.simulators.slack import plain
from jenkins_mfa.wiring import open_desk

KEPT = "S0RELEASE"


def trail_says(world: World, kind: str, people: str, seconds: float = 30) -> None:
    """Wait until the trail's newest change of a group's members is this one."""
    config = configuration.load(world.config_path)
    limit, pause = time.monotonic() + seconds, threading.Event()
    with open_desk(config, key_files.load(config.keys, config.installation)) as desk:
        while True:
            told = [one.entry.details for one in desk.store.audit_events() if one.entry.event == "group:changed"]
            if told and (told[-1]["kind"], told[-1]["people"]) == (kind, people):
                return
            assert time.monotonic() < limit, told
            pause.wait(0.05)


@pytest.fixture
def player() -> Iterator[Player]:
    """The demo's world, whose group release is a Slack user group with alice and eve; the roster has bob in it, too."""
    with tempfile.TemporaryDirectory(prefix="mfa-") as folder, World(Path(folder)) as made:
        made.slack.set_group(KEPT, ALICE, EVE)
        policy = made.directory / "policy.toml"
        policy.write_text(f'{files.POLICY}\n[slack_groups]\nrelease = "{KEPT}"\n')
        trail_says(made, "added", "alice, eve")
        yield Player(made)


def test_who_was_taken_out_in_slack_between_the_ask_and_the_tap_is_not_eligible(player: Player) -> None:
    """Without a restart; somebody who is in it still confirms, although the roster's file does not say so."""
    world = player.world
    build, message = player.pause(STAGING)
    assert "Needs Alice Wu or Eve Lin with a tap." in plain(message)
    assert "Not counted" in player.tap(BOB, message, confirm=True).wait("ephemeral", 30).text
    world.slack.set_group(KEPT, EVE)
    agent = world._agent
    assert agent is not None
    agent.send_signal(signal.SIGHUP)
    trail_says(world, "removed", "alice")
    assert "Not counted" in player.tap(ALICE, message, confirm=True).wait("ephemeral", 30).text
    player.tap(EVE, message, confirm=True)
    player.finished(build, "SUCCESS")


def test_check_shows_each_group_with_its_size_and_asks_its_members_for_authenticators(player: Player) -> None:
    """Eve is in it and has none; who is in it by the roster's file alone is not looked at."""
    world = player.world
    world.slack.add_user("U0OLGA", "Olga", team=files.TEAM)
    world.slack.set_group(KEPT, ALICE, EVE, "U0OLGA")
    told = CliRunner().invoke(main, ["check", "--config", str(world.config_path)])
    assert told.exit_code == 1
    shown = " ".join(told.output.split())
    assert f"right groups group release has 2 of the roster ({KEPT})" in shown
    assert f"warning groups in {KEPT} of group release, but not in the roster: Olga (U0OLGA)" in shown
    assert "asked for a code, but without an authenticator: Eve Lin mend" in shown


def test_a_group_that_slack_switched_off_lets_nobody_approve_and_ops_read_it(player: Player) -> None:
    """Gates that need it are refused as they open; once it is back, new ones are asked."""
    world = player.world
    world.slack.set_group(KEPT, ALICE, EVE, disabled=True)
    agent = world._agent
    assert agent is not None
    agent.send_signal(signal.SIGHUP)
    trail_says(world, "removed", "alice, eve")
    build = world.jenkins.build(STAGING, user="dev")
    player.finished(build, "ABORTED")
    beginning = f"Slack's user group {KEPT} cannot be read: Slack: no_such_subteam."
    assert world.slack.wait_for(lambda s: [m for m in s.messages(files.OPS) if plain(m).startswith(beginning)], 30)
    world.slack.set_group(KEPT, ALICE)
    agent.send_signal(signal.SIGHUP)
    trail_says(world, "added", "alice")
    build, message = player.pause(STAGING)
    player.tap(ALICE, message, confirm=True)
    player.finished(build, "SUCCESS")
