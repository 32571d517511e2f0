"""The policy while the agent runs, on real parts: taken over, refused, time, newer builds, absences."""

from __future__ import annotations

import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jenkins_mfa import config as configuration
from jenkins_mfa import key_files
from jenkins_mfa.demo import files
from jenkins_mfa.demo.auto import ALICE, EVE, Player
from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.jenkins import Build
from jenkins_mfa.simulators.jenkins_samples import STAGING
from jenkins_mfa.simulators.slack import SlackSimulator, plain
from jenkins_mfa.wiring import open_desk

STAGING_RULE = """
[[rules]]
name = "staging"
when = { environment = "staging" }
require = [{ factor = "push", approvers = ["alice"] }]
ttl_seconds = 900
"""


@pytest.fixture(scope="module")
def player() -> Iterator[Player]:
    """One demo world for the module; each test writes the policy that it needs."""
    with tempfile.TemporaryDirectory(prefix="mfa-") as folder, World(Path(folder)) as made:

        def deploy(build: Build) -> None:
            build.mfa_gate(
                lambda: build.echo("Deployed."), environment="staging", action="deploy", message="Deploy 1.4"
            )

        made.jenkins.job(STAGING, deploy)
        yield Player(made)


def write(world: World, rules: str, name: str = "policy.toml") -> None:
    """The demo's policy with these rules in place of its own for staging."""
    text = files.POLICY
    start = text.index('[[rules]]\nname = "staging"')
    world.directory.joinpath(name).write_text(text[:start] + rules + text[text.index("[default]") :])


def holds(world: World, seconds: float = 30) -> None:
    """Wait until the running agent says that it holds what stands in the files."""
    config = configuration.load(world.config_path)
    limit, pause = time.monotonic() + seconds, threading.Event()
    with open_desk(config, key_files.load(config.keys, config.installation)) as desk:
        while all(beat.get("policy_sha256") != config.policy.sha256 for beat in desk.store.beats().values()):
            assert time.monotonic() < limit, "it was not taken over"
            pause.wait(0.05)


def ops_read(world: World, beginning: str) -> None:
    """Wait for an alert."""

    def there(slack: SlackSimulator) -> bool:
        return any(plain(message).startswith(beginning) for message in slack.messages(files.OPS))

    assert world.slack.wait_for(there, 30)


def replied(beginning: str) -> Callable[[SlackSimulator], bool]:
    return lambda slack: any(
        message.thread_ts and plain(message).startswith(beginning) for message in slack.messages(files.CHANNEL)
    )


def test_a_changed_policy_holds_without_a_restart(player: Player) -> None:
    """The next build needs what the new file says."""
    world = player.world
    write(world, STAGING_RULE.replace('factor = "push"', 'factor = "totp"'))
    holds(world)
    build, message = player.pause(STAGING)
    assert "with a code" in plain(message)
    assert player.code(ALICE, message, world.code("alice")).closed
    player.finished(build, "SUCCESS")


def test_sighup_has_it_looked_at_at_once(player: Player) -> None:
    """The signal reaches the running agent, which goes on."""
    write(player.world, STAGING_RULE)
    agent = player.world._agent
    assert agent is not None
    agent.send_signal(signal.SIGHUP)
    holds(player.world)
    build, message = player.pause(STAGING)
    player.tap(ALICE, message, confirm=True)
    player.finished(build, "SUCCESS")


def test_a_file_that_cannot_be_used_changes_nothing_and_ops_read_it(player: Player) -> None:
    """The rules of before go on; both ends of it are told."""
    world = player.world
    write(world, STAGING_RULE)
    holds(world)
    write(world, STAGING_RULE.replace('"alice"', '"group:relase"'))
    ops_read(world, "The policy or the roster on disk cannot be used: policy.toml line ")
    build, message = player.pause(STAGING)
    player.tap(ALICE, message, confirm=True)
    player.finished(build, "SUCCESS")
    write(world, STAGING_RULE)
    ops_read(world, "Policy and roster on disk are right again, and hold.")


def test_nobody_answers_so_that_others_are_called_in_and_one_of_them_lets_it_go_on(player: Player) -> None:
    """Reminder and escalation at their times; eve may not answer before, and is the one who does."""
    world = player.world
    times = 'remind_after = 2\nescalate_after = 4\nescalate_to = ["eve"]\nescalate_channel = "C0OPS"\n'
    write(world, STAGING_RULE + times)
    holds(world)
    build, message = player.pause(STAGING)
    early = player.tap(EVE, message, confirm=True).wait("ephemeral", 30)
    assert "Not counted" in early.text
    assert world.slack.wait_for(replied("Still open: 1 of Alice Wu with a tap, until "), 30)
    assert world.slack.wait_for(replied("Also asked now: @U0EVE (rule staging, after 4 s)."), 30)
    ops_read(world, "Needs confirmation: “deploy-staging”")
    player.tap(EVE, message, confirm=True)
    player.finished(build, "SUCCESS")
    ops_read(world, "Approved, resumed: “deploy-staging”")


def test_a_newer_build_replaces_the_one_that_waits(player: Player) -> None:
    """The older build is aborted and says by which; the newer one goes on."""
    write(player.world, STAGING_RULE + "supersede = true\n")
    holds(player.world)
    older, _ = player.pause(STAGING)
    newer, message = player.pause(STAGING)
    player.finished(older, "ABORTED")
    shown = plain(player.message(f"Replaced: “{STAGING}” #{older.number}"))
    assert f"Build #{newer.number} asks for the same now. Nobody denied this one." in shown
    player.tap(ALICE, message, confirm=True)
    player.finished(newer, "SUCCESS")


def test_somebody_away_has_a_substitute_as_soon_as_the_roster_says_so(player: Player) -> None:
    """Alice is named and away: eve answers in her place, in gates that are opened from then on."""
    world = player.world
    roster = world.directory / "roster.toml"
    away = '[people.alice]\nabsence = { until = 2030-01-01T00:00:00Z, substitute = "eve" }\n'
    roster.write_text(roster.read_text().replace("[people.alice]\n", away))
    write(world, STAGING_RULE)
    holds(world)
    build, message = player.pause(STAGING)
    assert "Needs Alice Wu or Eve Lin with a tap." in plain(message)
    player.tap(EVE, message, confirm=True)
    player.finished(build, "SUCCESS")
