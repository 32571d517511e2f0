"""An answer that Jenkins does not take for a while: people, ops and operators see it, on real sockets."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from command import run
from jenkins_mfa.demo.auto import ALICE, APPROVED, Player
from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.jenkins_samples import STAGING
from jenkins_mfa.simulators.slack import plain
from waiting import until

FAILING = "Approved, not delivered yet"


@pytest.fixture
def world() -> Iterator[World]:
    """One demo world, whose Jenkins is broken and mended."""
    with tempfile.TemporaryDirectory(prefix="mfa-") as folder, World(Path(folder)) as made:
        yield made


def printed(world: World, *arguments: str) -> str:
    """What one command prints."""
    done = run(*arguments, config=world.config_path)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_answer_that_jenkins_does_not_take_is_said_everywhere_until_it_is_taken(world: World) -> None:
    """503 for several tries: one update of the message, why and how often in both commands; then it goes on."""
    player = Player(world)
    build, message = player.pause(STAGING)
    until(lambda: "asked in #deploys" in (build.description or ""))
    world.jenkins.faults.status("/proceed", 503, times=1_000)
    player.tap(ALICE, message, confirm=True).wait("ephemeral", 30)
    shown = plain(player.message(f"{FAILING}: “{STAGING}” #{build.number}"))
    assert "The answer has not reached the build: Jenkins answers 503." in shown
    assert re.search(r"\nTried once: .*\. Next try: within a minute\.\n", shown)
    until(lambda: world.jenkins.count("/proceed") >= 4)
    (waiting,) = json.loads(printed(world, "pending", "--json"))["gates"]
    failing = waiting["delivery"]
    assert (failing["reason"], failing["tries"] >= 4) == ("503", True)
    assert all(re.fullmatch(r"[\d-]{10}T[\d:.]{12}Z", failing[name]) for name in ("since", "last"))
    assert "Approved, not delivered yet: Jenkins answers 503; tries: " in printed(world, "pending")
    whole = printed(world, "show", waiting["id"][:12])
    assert whole.startswith(f"{FAILING}: “{STAGING}” #1 ")
    assert "Jenkins answers 503." in whole
    assert re.search(r"\n    \d\d:\d\d:\d\d Alice Wu confirmed with a tap\.\n", whole)
    assert "gate:" not in whole
    world.jenkins.faults.clear()
    player.finished(build, "SUCCESS")
    player.message(f"{APPROVED}: “{STAGING}” #{build.number}")
    updates = [call.args["text"] for call in world.slack.calls("chat.update")]
    assert sum(FAILING in text for text in updates) == 1
