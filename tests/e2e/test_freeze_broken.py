"""A freeze with break-glass on real parts: agent, store, Jenkins, Slack and the command line."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from command import run
from jenkins_mfa.demo import files
from jenkins_mfa.demo.auto import ALICE, APPROVED, BOB, CAROL, DAN, Player
from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.jenkins_samples import PRODUCTION
from jenkins_mfa.simulators.slack import Outcome, SlackSimulator, plain

FREEZE = """\
version = 1

[calendars.office]
zone = "Europe/Berlin"

[[calendars.office.freezes]]
name = "for-ever"
start = "2020-01-01 00:00"
end = "2090-01-01 00:00"
reason = "Nothing goes out."

[[environments]]
name = "production"
pipelines = ["deploy-prod"]

[[rules]]
name = "freeze"
when = { environment = "production", outside = "office" }
require = [{ factor = "totp", count = 4, approvers = ["group:release", "eve"] }]
ttl_seconds = 900

[[rules]]
name = "emergency"
when = { environment = "production" }
break_glass = true
require = [{ factor = "totp", count = 2, approvers = ["alice", "bob"] }]
review_by = ["eve"]

[default]
require = [{ factor = "totp", count = 2, approvers = ["group:release"] }]
"""
WHY = "the database is down & burning"


@pytest.fixture(scope="module")
def player() -> Iterator[Player]:
    """One demo world whose policy freezes production for ever."""
    with pytest.MonkeyPatch.context() as patched, tempfile.TemporaryDirectory(prefix="mfa-") as folder:
        patched.setattr(files, "POLICY", FREEZE)
        with World(Path(folder)) as made:
            yield Player(made)


def printed(world: World, *arguments: str) -> str:
    done = run(*arguments, config=world.config_path)
    assert done.returncode == 0, done.stderr
    return done.stdout


def mfa(player: Player, user: str, text: str) -> Outcome:
    return player.world.slack.slash(user, "/mfa", text, files.CHANNEL)


def told(outcome: Outcome) -> str:
    return outcome.wait("ephemeral", 30).text


def ops_read(world: World, words: str) -> None:
    def there(slack: SlackSimulator) -> bool:
        return any(words in plain(message) for message in slack.messages(files.OPS))

    assert world.slack.wait_for(there, 30), words


def test_two_named_people_pass_a_freeze_and_a_third_reviews(player: Player) -> None:
    """Asked of four; broken by one of two, confirmed by both, told to ops, printed by the build, signed off."""
    world = player.world
    build, message = player.pause(PRODUCTION)
    assert "4 of" in plain(message)
    gate = re.search(r"[0-9a-f]{8}", printed(world, "pending", "--json").split('"id": "g_')[1])
    assert gate is not None
    short = gate[0]
    assert told(mfa(player, DAN, f"break-glass {short} {WHY}")).startswith("Not counted: you started this build")
    assert told(mfa(player, ALICE, f"break-glass {short} {WHY}")).startswith("Break-glass: rule emergency replaces")
    message = player.message(f"Break-glass, needs confirmation: “{PRODUCTION}” #{build.number}")
    assert WHY in plain(message)
    ops_read(world, "Break-glass by Alice Wu: rule emergency replaces the normal ones.")
    assert player.code(ALICE, message, world.code("alice")).closed
    assert build.building
    assert player.code(BOB, message, world.code("bob")).closed
    player.finished(build, "SUCCESS")
    player.message(f"{APPROVED}: “{PRODUCTION}” #{build.number}")
    assert "; break-glass; rule emergency." in build.console

    (review,) = json.loads(printed(world, "pending", "--json"))["reviews"]
    assert (review["by"], review["reason"], review["rule"]) == ("alice", WHY, "emergency")
    assert "To review: “deploy-prod”" in printed(world, "pending")
    world.kill_agent()
    world.start_agent()
    assert told(mfa(player, BOB, f"review {short}")).startswith("Not recorded: you started this build, broke the glass")
    assert told(mfa(player, CAROL, f"review {short} right so")).startswith("Reviewed: ")
    assert json.loads(printed(world, "pending", "--json"))["reviews"] == []
    shown = json.loads(printed(world, "show", short, "--json"))["break_glass"]
    assert (shown["by"], shown["reviewed"]["by"]) == ("alice", "carol")
    history = printed(world, "show", short)
    assert "Break-glass by Alice Wu, rules “emergency”: “the database is down & burning”" in history
    assert "Carol Diaz reviewed the break-glass: “right so”" in history


def test_without_it_the_freeze_holds(player: Player) -> None:
    """The same two people are not enough for the freeze."""
    world = player.world
    build, message = player.pause(PRODUCTION)
    assert player.code(CAROL, message, world.code("carol")).closed
    assert build.building
    mfa(player, CAROL, "pending").wait("ephemeral", 30)
    player.tap(CAROL, message, "gate_deny").wait("modal", 30)
    world.slack.submit(CAROL, world.slack.views(CAROL)[-1], {"reason": "not in a freeze"})
    player.finished(build, "ABORTED")
