"""Inputs that are not mfaGate: asked where a rule selects them, left alone where none does; on real sockets."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from jenkins_mfa.demo import files
from jenkins_mfa.demo.auto import ALICE, APPROVED, PATIENCE, Player
from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.jenkins import Build
from jenkins_mfa.simulators.jenkins_input import FlowInterruptedError
from jenkins_mfa.simulators.slack import plain

RULES = """
[[rules]]
name = "old-releases"
when = { pipeline = "old/*", plain_input = "Release" }
require = [{ factor = "push", approvers = ["group:release"] }]

[[rules]]
name = "strict"
when = { pipeline = "old/strict" }
require = [{ factor = "push", approvers = ["group:release"] }]
assurance = "verified"

"""


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One demo world, whose policy also selects plain inputs."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(prefix="mfa-") as folder:
        patch.setattr(files, "POLICY", files.POLICY.replace("[default]", f"{RULES}[default]"))
        with World(Path(folder)) as made:
            for job in ("old/app", "old/strict", "new/app"):
                made.jenkins.job(job, release)
            made.jenkins.job("old/deaf", catching)
            made.jenkins.job("old/regions", by_region)
            yield made


def release(build: Build) -> None:
    """A pipeline of before: a step that waits for the agent's account, without a receipt."""
    build.input("Release 1.4?", id="Release", submitter="mfa-agent")
    build.echo("Released.")


def by_region(build: Build) -> None:
    """One step in a loop: all its inputs have one id."""
    for region in ("east", "west"):
        build.input(f"Release to {region}?", id="Release", submitter="mfa-agent")
        build.echo(f"Released to {region}.")


def catching(build: Build) -> None:
    """One that goes on whatever it is answered."""
    try:
        build.input("Release 1.4?", id="Release", submitter="mfa-agent")
    except FlowInterruptedError:
        build.echo("Released all the same.")


def test_a_plain_input_that_a_rule_selects_goes_on_by_a_tap(world: World) -> None:
    """The message says what it lacks; the build goes on without parameters, and its page says who confirmed."""
    player = Player(world)
    build, message = player.pause("old/app")
    shown = plain(message)
    assert "This build checks no receipt: a Proceed by somebody else would be noticed, not prevented." in shown
    assert "message: Release 1.4?" in shown
    assert "environment:" not in shown
    player.tap(ALICE, message, confirm=True)
    player.finished(build, "SUCCESS")
    player.message(f"{APPROVED}: “old/app” #{build.number}")
    assert world.jenkins.count("/proceedEmpty") == 1
    assert build.console.count("Released.") == 1


def test_plain_inputs_of_one_id_are_each_confirmed(world: World) -> None:
    """The second waits before the agent has read that the first went on: one confirmation serves one of them."""
    player = Player(world)
    build, message = player.pause("old/regions")
    player.tap(ALICE, message, confirm=True)
    player.message(f"{APPROVED}: “old/regions” #{build.number}")
    second = player.message(f"Needs confirmation: “old/regions” #{build.number}")
    assert "message: Release to west?" in plain(second)
    assert "Asked again:" in plain(second)
    assert (build.console.count("Released to"), build.building) == (1, True)
    player.tap(ALICE, second, confirm=True)
    player.finished(build, "SUCCESS")
    assert build.console.count("Released to") == 2


def test_a_plain_input_that_no_rule_selects_is_left_alone(world: World) -> None:
    """Whatever the default says: it waits for whom it was made, and is read once."""
    other = world.jenkins.build("new/app", user="dev")
    other.wait_paused()
    player = Player(world)
    build, message = player.pause("old/app")
    player.tap(ALICE, message, confirm=True)
    player.finished(build, "SUCCESS")
    assert other.building
    assert not any("new/app" in plain(message) for message in world.slack.messages(files.CHANNEL))
    assert world.jenkins.count(f"GET {other.path}api") == 0


def test_an_administrators_proceed_of_a_plain_input_is_told_for_what_it_is(world: World) -> None:
    """Nothing held the build: that is what `detected` means."""
    player = Player(world)
    build, _ = player.pause("old/app")
    (asked,) = build.inputs
    assert world.proceed_as("admin", build, asked) == 200
    shown = plain(player.message(f"Bypassed: “old/app” #{build.number}"))
    assert "admin pressed Proceed in Jenkins, without confirmation. Nothing held the build." in shown


def test_a_rule_that_wants_a_verified_receipt_refuses_a_plain_input(world: World) -> None:
    """Denied at once, and aborted, with the reason: nobody is asked for what would not hold."""
    build = world.jenkins.build("old/strict", user="dev")
    player = Player(world)
    player.finished(build, "ABORTED")
    shown = plain(player.message(f"Denied by jenkins-mfa: “old/strict” #{build.number}"))
    assert "Nobody was asked." in shown


def test_a_build_that_does_not_heed_its_abort_is_told_to_ops(world: World) -> None:
    """Nothing holds it, and it is over in a moment: that is not kept quiet."""
    player = Player(world)
    build, message = player.pause("old/deaf")
    player.tap(ALICE, message, "gate_deny").wait("modal", PATIENCE)
    world.slack.submit(ALICE, world.slack.views(ALICE)[-1], {"reason": "not now"})
    player.finished(build, "SUCCESS")
    says = "The build was not let go on, but ended well: its Pipeline caught the abort. See what ran."
    assert world.slack.wait_for(lambda slack: any(says in plain(one) for one in slack.messages(files.OPS)), PATIENCE)
