"""App Home on real parts: what waits is answered from the page that its reader has in Slack."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from jenkins_mfa.demo.auto import ALICE, PATIENCE, Player
from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.jenkins_samples import PRODUCTION
from jenkins_mfa.simulators.slack_text import plain_blocks


@pytest.fixture
def player() -> Iterator[Player]:
    with tempfile.TemporaryDirectory(prefix="mfa-") as folder, World(Path(folder)) as made:
        yield Player(made)


def home_says(player: Player, text: str) -> None:
    """Wait until Alice's page says so."""
    player.world.slack.wait_for(
        lambda slack: text in plain_blocks((slack.home(ALICE) or {"blocks": []})["blocks"]), PATIENCE
    )


def test_a_build_is_approved_from_the_page_which_follows_it(player: Player) -> None:
    """Open, see it come, type a code in the form that the page opens, and see how it ended."""
    slack = player.world.slack
    slack.open_home(ALICE)
    home_says(player, "Nothing waits for you")
    build, _ = player.pause(PRODUCTION)
    home_says(player, "Waits for you: 1")
    slack.press_home(ALICE, "gate_approve").wait("modal", PATIENCE)
    outcome = slack.submit(ALICE, slack.views(ALICE)[-1], {"code": player.world.code("alice")})
    assert outcome.view is not None
    assert plain_blocks(outcome.view["blocks"]).startswith("Your confirmation counts: 1 of 1.")
    player.finished(build, "SUCCESS")
    home_says(player, f"Approved, resumed: {PRODUCTION} #{build.number}\nYou confirmed it with a code")
