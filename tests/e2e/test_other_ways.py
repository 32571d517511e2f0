"""Answers without the message's buttons, on real parts: typed in Slack, taken back."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from jenkins_mfa.demo import files
from jenkins_mfa.demo.auto import ALICE, BOB, CAROL, PATIENCE, Player
from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.jenkins import Build
from jenkins_mfa.simulators.jenkins_samples import PRODUCTION, STAGING
from jenkins_mfa.simulators.slack import plain

ROTATION = "rotate-secrets"


@pytest.fixture(scope="module")
def player() -> Iterator[Player]:
    """One demo world for the module."""
    with tempfile.TemporaryDirectory(prefix="mfa-") as folder, World(Path(folder)) as made:
        yield Player(made)


def short(player: Player, build: Build) -> str:
    """The id of the build's gate, as its message tells it."""
    told = player.world.slack.slash(ALICE, "/mfa", "pending", files.CHANNEL).wait("ephemeral", PATIENCE).text
    line = next(line for line in told.splitlines() if f"#{build.number} {build.job.full_name}:" in line)
    return line.partition("/mfa show ")[2][:4]


def typed(player: Player, user: str, text: str) -> str:
    """What a command answers."""
    return player.world.slack.slash(user, "/mfa", text, files.CHANNEL).wait("ephemeral", PATIENCE).text


def test_a_confirmation_that_was_taken_back_holds_the_build(player: Player) -> None:
    """By the button of the private answer; the message says what is open again, and the same person confirms anew."""
    slack = player.world.slack
    build, message = player.pause(ROTATION)
    player.tap(ALICE, message, confirm=True).wait("ephemeral", PATIENCE)
    private = slack.ephemerals(ALICE)[-1]
    slack.press(ALICE, private.channel, private.ts, "gate_retract")
    assert slack.wait_for(lambda s: s.ephemerals(ALICE)[-1].text.startswith("Taken back:"), PATIENCE)
    player.tap(CAROL, message, confirm=True).wait("ephemeral", PATIENCE)
    assert build.building
    assert typed(player, ALICE, f"retract {short(player, build)}") == "There is no confirmation of yours to take back."
    player.tap(ALICE, message, confirm=True)
    player.finished(build, "SUCCESS")
    shown = typed(player, ALICE, "help")
    assert "/mfa retract ID" in shown


def test_a_typed_approve_shows_what_it_confirms_and_counts(player: Player) -> None:
    """A tap is enough here: the form stands between the command and the confirmation."""
    slack = player.world.slack
    build, _ = player.pause(STAGING)
    slack.slash(BOB, "/mfa", f"approve {short(player, build)}", files.CHANNEL).wait("modal", PATIENCE)
    form = slack.views(BOB)[-1]
    assert form["callback_id"] == "gate_tap"
    assert build.building
    assert slack.submit(BOB, form, {}).closed
    player.finished(build, "SUCCESS")


def test_a_typed_approve_takes_a_code_where_one_is_asked(player: Player) -> None:
    """The form of the button; a typed deny of the next build aborts it."""
    world, slack = player.world, player.world.slack
    build, _ = player.pause(PRODUCTION)
    slack.slash(CAROL, "/mfa", f"approve {short(player, build)}", files.CHANNEL).wait("modal", PATIENCE)
    assert slack.submit(CAROL, slack.views(CAROL)[-1], {"code": world.code("carol")}).closed
    player.finished(build, "SUCCESS")
    second, _ = player.pause(PRODUCTION)
    slack.slash(BOB, "/mfa", f"deny {short(player, second)}", files.CHANNEL).wait("modal", PATIENCE)
    assert slack.submit(BOB, slack.views(BOB)[-1], {"reason": "not today"}).closed
    player.finished(second, "ABORTED")
    assert "not today" in plain(player.message(f"Denied, aborted: “{PRODUCTION}” #{second.number}"))
