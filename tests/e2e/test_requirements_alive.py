"""Requirements on real parts: passed by the policy, two teams, more asked meanwhile, what nobody can meet."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jenkins_mfa.demo import files
from jenkins_mfa.demo.auto import ALICE, BOB, Player
from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.jenkins import Build
from jenkins_mfa.simulators.slack import Message, SlackSimulator, plain

CAROL = "U0CAROL"
RULES = """
[[rules]]
name = "nightly"
when = { pipeline = "nightly" }
confirm = "none"

[[rules]]
name = "security"
when = { pipeline = "payments" }
require = [{ factor = "totp", approvers = ["carol"] }]

[[rules]]
name = "payments"
when = { pipeline = "payments" }
require = [{ factor = "push", approvers = ["group:release"] }]

[[rules]]
name = "site"
when = { pipeline = "site" }
require = [{ factor = "push", approvers = ["alice"] }]

[[rules]]
name = "own"
when = { pipeline = "own" }
require = [{ factor = "push", approvers = ["dan"] }]

"""
FREEZE = """
[[rules]]
name = "freeze"
when = { pipeline = "site" }
require = [{ factor = "totp", approvers = ["bob"] }]

"""


@pytest.fixture(scope="module")
def player() -> Iterator[Player]:
    """One demo world, whose policy has these rules, too."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(prefix="mfa-") as folder:
        patch.setattr(files, "POLICY", files.POLICY.replace("[default]", f"{RULES}[default]"))
        with World(Path(folder)) as made:
            for job in ("nightly", "payments", "site", "own"):
                made.jenkins.job(job, deploy())
            yield Player(made)


def deploy(**asked: object) -> Callable[[Build], None]:
    """A pipeline that asks, and deploys."""

    def pipeline(build: Build) -> None:
        build.mfa_gate(lambda: build.echo("Deployed."), environment="live", action="deploy", message="1.4", **asked)

    return pipeline


def messages(slack: SlackSimulator) -> list[Message]:
    """All that was posted, replies too."""
    return slack.messages(files.CHANNEL)


def asks(slack: SlackSimulator) -> list[Message]:
    """What waits now."""
    return [message for message in messages(slack) if plain(message).startswith("Needs confirmation")]


def labels(message: Message) -> list[str]:
    """The buttons of a message."""
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    return [button["text"]["text"] for row in rows for button in row]


def test_what_the_policy_lets_pass_goes_on_by_itself_and_says_so(player: Player) -> None:
    """Message, the build's log and its page; nobody was asked, and nothing can be tapped."""
    build = player.world.jenkins.build("nightly", user="dev")
    player.finished(build, "SUCCESS")
    went_on = "No confirmation needed: rule nightly. The build went on"
    assert player.world.slack.wait_for(lambda slack: any(went_on in plain(m) for m in messages(slack)), 30)
    message = player.message(f"Passed by the policy: “nightly” #{build.number}")
    assert labels(message) == []
    assert "Passed by the policy without a confirmation" in build.console
    build.wait(lambda: "passed by the policy: rule nightly" in (build.description or ""), 30)


def test_two_teams_are_asked_for_what_each_of_them_can_fill(player: Player) -> None:
    """Alice of release taps, carol of both gives her code; the button promises neither."""
    build, message = player.pause("payments")
    assert labels(message) == ["Approve", "Deny"]
    assert "counts: 1 of 2" in player.tap(ALICE, message, confirm=True).wait("ephemeral", 30).text
    promised = ["Approve with code", "Deny"]
    assert player.world.slack.wait_for(lambda slack: any(labels(m) == promised for m in messages(slack)), 30)
    assert player.code(CAROL, message, player.world.code("carol")).closed
    player.finished(build, "SUCCESS")


def test_a_rule_that_comes_on_top_is_said_and_asked(player: Player) -> None:
    """The gate that waits keeps its rule, and gets the new one: both must confirm."""
    world = player.world
    build, message = player.pause("site")
    path = world.directory / "policy.toml"
    path.write_text(path.read_text().replace("[default]", f"{FREEZE}[default]"))

    said = "rule freeze asks, too: 1 of Bob Ray with a code. @U0BOB"
    assert world.slack.wait_for(lambda slack: any(said in plain(m) for m in messages(slack)), 30)
    assert world.slack.wait_for(lambda slack: any("freeze asks, too" in plain(m) for m in asks(slack)), 30)
    assert "counts: 1 of 2" in player.tap(ALICE, message, confirm=True).wait("ephemeral", 30).text
    assert world.slack.wait_for(lambda slack: any("Approve with code" in labels(m) for m in asks(slack)), 30)
    assert player.code(BOB, message, world.code("bob")).closed
    player.finished(build, "SUCCESS")


def test_what_nobody_can_meet_is_refused_before_anybody_is_asked(player: Player) -> None:
    """Dan started it, and only he may approve: so say Slack and the build's page, and not at the deadline."""
    build = player.world.jenkins.build("own", user="dev")
    player.finished(build, "ABORTED")
    why = "nobody may approve this"
    shown = plain(player.message(f"Denied by jenkins-mfa: “own” #{build.number}"))
    assert f"Denied by jenkins-mfa: {why}. Nobody was asked." in shown
    assert f"denied by jenkins-mfa: {why}" in (build.description or "")
