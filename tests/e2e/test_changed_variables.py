"""A rule about changed variables, on real parts: agent process, store, Jenkins and Slack over real sockets."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from command import run
from jenkins_mfa.demo import files
from jenkins_mfa.demo.auto import ALICE, BOB, PATIENCE, Player
from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.jenkins import Build
from jenkins_mfa.simulators.jenkins_model import Parameter
from jenkins_mfa.simulators.slack import Message, plain

JOB = "migrate"
SECRET = "hunter2-in-a-plain-parameter"
POLICY = """\
version = 1

[variables]
at_first = "same"

[[environments]]
name = "database"
pipelines = ["migrate"]
watch = ["DB_*"]

[[rules]]
name = "tap"
when = { environment = "database" }
require = [{ factor = "push", approvers = ["group:release"] }]
ttl_seconds = 900

[[rules]]
name = "changed"
when = { environment = "database", changed_variables = ["DB_*"] }
require = [{ factor = "totp", approvers = ["group:release"] }]
ttl_seconds = 900

[default]
require = [{ factor = "totp", count = 2, approvers = ["group:release"] }]
"""
ENV = {"DB_HOST": "db-1.internal"}  #: what the next build runs with


def migrate(build: Build) -> None:
    """A pipeline that sends its database's host."""
    with build.with_env(ENV):
        build.mfa_gate(lambda: build.echo("Migrated."), environment="database", message="Migrate", watchEnv=["DB_HOST"])


@pytest.fixture(scope="module")
def player() -> Iterator[Player]:
    """Somebody who acts as the people of a world with that policy."""
    with tempfile.TemporaryDirectory(prefix="mfa-") as folder, World(Path(folder)) as world:
        world.stop_agent()
        (world.directory / "policy.toml").write_text(POLICY)
        world.start_agent()
        token = Parameter("API_TOKEN", default=SECRET)
        world.jenkins.job(JOB, migrate, parameters=(Parameter("REGION", default="eu-1"), token))
        yield Player(world)


def asked(player: Player) -> tuple[Build, Message, bool]:
    """One build more, the message that asks about it, and whether it asks for a code."""
    build, message = player.pause(JOB)
    return build, message, "with a code" in plain(message)


def test_a_changed_variable_needs_a_code_until_somebody_has_confirmed_it(player: Player) -> None:
    """First build, the same value, another value that is denied, that value again: each asks for what the rules say."""
    first, message, code = asked(player)
    assert not code
    assert "No earlier confirmed build to compare with." in plain(message)
    player.tap(ALICE, message, confirm=True)
    player.finished(first, "SUCCESS")

    same, message, code = asked(player)
    assert not code
    assert "DB_HOST: db-1.internal" in plain(message)
    player.tap(ALICE, message, confirm=True)
    player.finished(same, "SUCCESS")

    ENV["DB_HOST"] = "db-2.internal"
    denied, message, code = asked(player)
    assert code
    player.tap(BOB, message, "gate_deny").wait("modal", PATIENCE)
    player.world.slack.submit(BOB, player.world.slack.views(BOB)[-1], {"reason": "not this host"})
    player.finished(denied, "ABORTED")

    changed, message, code = asked(player)
    assert code
    assert "DB_HOST was: db-1.internal" in plain(message)
    assert "DB_HOST now: db-2.internal" in plain(message)
    shown = run("show", "--run", JOB, str(changed.number), config=player.world.config_path).stdout
    assert "| DB_HOST was: db-1.internal\n    | DB_HOST now: db-2.internal" in shown
    assert "Parameter “API_TOKEN”: value hidden" in shown
    assert player.world.proceed_as("admin", changed, changed.wait_paused()) == 200
    player.finished(changed, "ABORTED")


def test_the_value_of_a_secret_looking_parameter_is_nowhere(player: Player) -> None:
    """All that was written into the store, the agent's log, every message of what was asked before: none holds it."""
    world = player.world
    written = b"".join(path.read_bytes() for path in (world.directory / "store").rglob("*.aof"))
    assert b"db-2.internal" in written
    assert SECRET.encode() not in written
    said = [plain(one) for channel in (files.CHANNEL, files.OPS) for one in world.slack.messages(channel)]
    for text in (*said, (world.directory / "agent.log").read_text()):
        assert SECRET not in text
