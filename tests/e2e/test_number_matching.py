"""Number matching, reports and limits on real parts: read in the simulated Jenkins, typed in the simulated Slack."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from jenkins_mfa.cli import main
from jenkins_mfa.demo import files
from jenkins_mfa.demo.auto import ALICE, BOB, Player
from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.jenkins import Build
from jenkins_mfa.simulators.jenkins_model import plain_cause
from jenkins_mfa.simulators.slack import Message, Outcome, plain

RULES = """
[[rules]]
name = "number"
when = { pipeline = "web" }
require = [{ factor = "push+number", approvers = ["group:release"] }]

"""


@pytest.fixture(scope="module")
def player() -> Iterator[Player]:
    """One demo world, whose policy asks for the number of one job."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(prefix="mfa-") as folder:
        patch.setattr(files, "POLICY", files.POLICY.replace("[default]", f"{RULES}[default]"))
        with World(Path(folder)) as made:
            made.jenkins.job("web", deploy)
            yield Player(made)


def deploy(build: Build) -> None:
    build.mfa_gate(lambda: build.echo("Deployed."), environment="live", action="deploy", message="1.4")


def number_of(build: Build) -> str:
    """What a person reads in the build's log."""
    found = re.search(r"If Slack asks for a number: (\d{3} \d{3})", build.console)
    assert found is not None
    return found[1]


def another(number: str) -> str:
    return f"{(int(number.replace(' ', '')) + 1) % 1_000_000:06}"


def type_number(player: Player, user: str, message: Message, number: str) -> Outcome:
    player.tap(user, message).wait("modal", 30)
    return player.world.slack.submit(user, player.world.slack.views(user)[-1], {"number": number})


def test_the_number_of_the_log_is_typed_and_the_build_goes_on(player: Player) -> None:
    """Receipt, log and message name the factor."""
    build, message = player.pause("web")
    assert "Needs Alice Wu, Bob Ray or Carol Diaz with a tap and the number" in plain(message)
    assert type_number(player, ALICE, message, number_of(build)).closed
    player.finished(build, "SUCCESS")
    assert "Approved: alice (push+number" in build.console
    assert "Alice Wu (number)" in plain(player.message(f"Approved, resumed: “web” #{build.number}"))


def test_three_wrong_numbers_end_one_persons_tries_and_tell_ops(player: Player) -> None:
    """Others can still answer; and nothing anywhere has the number, neither the right one nor what was typed."""
    world = player.world
    build, message = player.pause("web")
    number, wrong = number_of(build), another(number_of(build))
    said = [type_number(player, BOB, message, wrong).errors for _ in range(2)]
    assert said[0] == {"number": "That is not the number of this build. 2 tries left."}
    last = type_number(player, BOB, message, wrong).errors or {}
    assert last["number"].startswith("No tries left for this gate. Others can still answer: Alice Wu")
    told = "Bob Ray has typed 2 numbers that the build does not show."
    assert world.slack.wait_for(lambda slack: any(told in plain(m) for m in slack.messages(files.OPS)), 30)
    assert type_number(player, ALICE, message, number).closed
    player.finished(build, "SUCCESS")
    assert sum(told in plain(m) for m in world.slack.messages(files.OPS)) == 1

    shown = [commands(world, *line) for line in COMMANDS]
    asked = [m for channel in (files.CHANNEL, files.OPS) for m in world.slack.messages(channel)]
    payloads = json.dumps([m.blocks for m in asked]) + "".join(m.text for m in asked)
    views = json.dumps([world.slack.views(user) for user in (ALICE, BOB)])
    log = (world.directory / "agent.log").read_text()
    for secret in (number, number.replace(" ", ""), wrong):
        for place in (*shown, payloads, views, log, build.description or ""):
            assert not holds(place, secret)


def holds(text: str, number: str) -> bool:
    """Whether the number stands there by itself: six digits of a time or a digest may happen to be the same."""
    return re.search(rf"(?<![0-9a-f.]){number}(?![0-9a-f])", text) is not None


COMMANDS = (
    ("pending", "--json"),
    ("audit", "tail", "-n", "1000", "--json"),
    ("show", "--run", "web", "2"),
    ("show", "--json", "--run", "web", "2"),
    ("policy", "explain", "--json", "GATE"),
    ("report",),
)


def commands(world: World, *line: str) -> str:
    """What a command prints about the second build."""
    whole = ["show", "--json", "--run", "web", "2", "--config", str(world.config_path)]
    gate = json.loads(CliRunner().invoke(main, whole).stdout)["gate"]
    words = [gate[2:10] if word == "GATE" else word for word in line]
    result = CliRunner().invoke(main, [*words, "--config", str(world.config_path)])
    assert result.exit_code == 0, result.output
    return result.output


def command(world: World, *line: str) -> str:
    """What a command prints."""
    result = CliRunner().invoke(main, [*line, "--config", str(world.config_path)])
    assert result.exit_code == 0, result.output
    return result.output


def web(world: World, word: str) -> list[Message]:
    """Messages about builds of web that stand so now."""
    return [m for m in world.slack.messages(files.CHANNEL) if plain(m).startswith(f"{word}: “web”")]


def test_row_32_deny_and_report_holds_the_requester_until_the_release(player: Player) -> None:
    """What waits is held, what comes is held, ops are told; after the release both are asked and go on."""
    world = player.world
    first, message = player.pause("web")
    second, _ = player.pause("web")
    player.tap(BOB, message, "gate_deny").wait("modal", 30)
    form, values = world.slack.views(BOB)[-1], {"reason": "I did not expect this", "report": ["report"]}
    said = world.slack.submit(BOB, form, values).wait("ephemeral", 30).text
    assert said.endswith("Further builds of Dan Fox are held until an administrator releases them.")
    player.finished(first, "ABORTED")
    third = world.jenkins.build("web", user="dev")
    third.wait_paused()
    assert world.slack.wait_for(lambda _: len(web(world, "Held")) == 2, 30)
    for held in web(world, "Held"):
        assert {block["type"] for block in held.blocks} == {"header", "rich_text"}
    reported = "Denied and reported by Bob Ray: I did not expect this. Further builds of Dan Fox are held"
    assert world.slack.wait_for(lambda slack: any(reported in plain(m) for m in slack.messages(files.OPS)), 30)
    assert "held: Dan Fox was reported at" in command(world, "pending")
    gates = json.loads(command(world, "pending", "--json"))["gates"]
    assert {(gate["held"]["why"], gate["held"]["requester"], gate["held"]["by"]) for gate in gates} == {
        ("reported", "dan", "bob")
    }
    assert [hold["requester"] for hold in json.loads(command(world, "holds", "list", "--json"))["holds"]] == ["dan"]
    assert "Dan Fox: reported at" in command(world, "holds", "list")
    assert "builds of Dan Fox are asked again" in command(world, "holds", "release", "dan")
    assert command(world, "holds", "list") == "Nobody is held.\n"
    for build in (second, third):
        asked = player.message(f"Needs confirmation: “web” #{build.number}")
        assert type_number(player, ALICE, asked, number_of(build)).closed
        player.finished(build, "SUCCESS")
    again = CliRunner().invoke(main, ["holds", "release", "dan", "--config", str(world.config_path)])
    assert (again.exit_code, again.stderr.strip()) == (4, "Nothing to do: no report holds builds of this person.")


def test_row_32_of_eighteen_builds_five_are_asked_and_one_message_counts_the_others(player: Player) -> None:
    """No storm in the channel; when one ends the oldest that waits is asked, and the message changes."""
    world = player.world
    builds = [world.jenkins.build("web", user="dev") for _ in range(18)]

    def line(n: int) -> str:
        return f"{n} more gates of Dan Fox wait: at most 5 are asked at a time."

    def told(text: str) -> list[Message]:
        return [m for m in world.slack.messages(files.CHANNEL) if plain(m) == text]

    assert world.slack.wait_for(lambda _: told(line(13)), 60)
    assert len(web(world, "Needs confirmation")) == 5
    before = len([m for m in world.slack.messages(files.CHANNEL) if not m.thread_ts])
    message = web(world, "Needs confirmation")[0]
    player.tap(BOB, message, "gate_deny").wait("modal", 30)
    world.slack.submit(BOB, world.slack.views(BOB)[-1], {"reason": "not now"})
    assert world.slack.wait_for(lambda _: told(line(12)), 30)
    assert world.slack.wait_for(lambda _: len(web(world, "Needs confirmation")) == 5, 30)
    assert len([m for m in world.slack.messages(files.CHANNEL) if not m.thread_ts]) == before + 1
    assert sum("more gates of Dan Fox" in plain(m) for m in world.slack.messages(files.CHANNEL)) == 1
    assert len(builds) == 18


def test_of_thirty_builds_of_one_job_ten_stay_paused_unread_until_there_is_room(player: Player) -> None:
    """One message counts them where the job is asked; each build that ends lets the next one in."""
    world = player.world
    world.jenkins.job("api", deploy)
    builds = [world.jenkins.build("api", causes=[plain_cause("timer")]) for _ in range(30)]

    def asked(start: str) -> list[Message]:
        found = [m for m in world.slack.messages(files.CHANNEL) if not m.thread_ts]
        return [m for m in found if plain(m).startswith(start)]

    assert world.slack.wait_for(lambda _: len(asked("Needs confirmation: “api”")) == 20, 60)
    assert world.slack.wait_for(lambda _: asked("10 more of api are held back"), 60)
    player.tap(BOB, asked("Needs confirmation: “api”")[0], "gate_deny").wait("modal", 30)
    world.slack.submit(BOB, world.slack.views(BOB)[-1], {"reason": "not now"})
    assert world.slack.wait_for(lambda _: asked("Needs confirmation: “api” #21"), 30)
    assert len(asked("Needs confirmation: “api”")) == 20
    assert sum(build.building for build in builds) == 29
