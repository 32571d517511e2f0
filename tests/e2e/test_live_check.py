"""`check --live` on real parts: the agent's own process asks and signs, people answer in the simulated Slack."""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import command
from jenkins_mfa.demo import files
from jenkins_mfa.demo.auto import ALICE, BOB
from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.jenkins_samples import STAGING
from jenkins_mfa.simulators.slack import Message, SlackSimulator, plain
from jenkins_mfa.store.connect import client_for, open_trail
from jenkins_mfa.store.settings import Settings


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One demo world for the module."""
    with tempfile.TemporaryDirectory(prefix="mfa-") as folder, World(Path(folder)) as made:
        yield made


def newest(world: World, beginning: str, among: str = "") -> Message:
    """The newest message in the channel, or of somebody's direct ones, that begins like this, once it is there."""

    def find(slack: SlackSimulator) -> Message | None:
        direct = [place.id for place in slack.channels_of(among) if place.kind == "im"] if among else []
        places = direct if among else [files.CHANNEL]
        found = [
            message for place in places for message in slack.messages(place) if plain(message).startswith(beginning)
        ]
        return found[-1] if found else None

    message = world.slack.wait_for(find, 30)
    assert message is not None
    return message


@contextmanager
def meanwhile(act: Callable[[], object]) -> Iterator[None]:
    """People do something while a command runs; what goes wrong with them is a failure of the test."""
    wrong: list[BaseException] = []

    def acting() -> None:
        try:
            act()
        except BaseException as error:  # noqa: BLE001  (told to the test's own thread)
            wrong.append(error)

    thread = threading.Thread(target=acting)
    thread.start()
    yield
    thread.join(30)
    assert wrong == []


def live(world: World, *options: str) -> command.Done:
    return command.run("check", "--live", *options, config=world.config_path)


def test_one_person_alone_gives_the_factor_that_the_policy_asks_for(world: World) -> None:
    """A direct message that says what it is; a code; a receipt that verifies; what was proved, and what not."""

    def answer() -> None:
        message = newest(world, "Test: Needs confirmation: “deploy-prod”", among=BOB)
        assert "A test of jenkins-mfa: no build waits for it" in plain(message)
        world.slack.press(BOB, message.channel, message.ts, "gate_approve").wait("modal", 30)
        assert world.slack.submit(BOB, world.slack.views(BOB)[-1], {"code": world.code("bob")}).closed

    with meanwhile(answer):
        done = live(world, "main", "--to", "bob", "--pipeline", "deploy-prod", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["v"], found["ok"]) == (0, 1, True)
    said = [step["says"] for step in found["steps"]]
    assert [text for text in said if "Bob Ray (code) confirmed" in text]
    assert said[-1] == "the receipt was verified as the library does: right"
    assert "the checks that the library makes take that receipt" in found["proved"]
    assert "--job" in found["not_proved"][-1]
    assert not [message for message in world.slack.messages(files.CHANNEL) if plain(message).startswith("Test")]


def test_the_policys_people_are_asked_where_it_asks_and_its_steps_are_printed(world: World) -> None:
    """As text: seconds, steps, sums. No build ran, and the trail says that it was a test."""

    def answer() -> None:
        message = newest(world, f"Test: Needs confirmation: “{STAGING}”")
        for user in (ALICE, BOB):
            world.slack.press(user, message.channel, message.ts, "gate_approve", confirm=True).wait("ephemeral", 30)

    builds = len(world.jenkins.controller.jobs[STAGING].builds)
    with meanwhile(answer):
        done = live(world, "--pipeline", STAGING)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert "needs 1 of release with a tap and 1 of security with a tap until " in lines[0]
    assert [line for line in lines if line.startswith("proved ")]
    assert [line for line in lines if line.startswith("open ")]
    assert lines[-1] == "All right."
    assert len(world.jenkins.controller.jobs[STAGING].builds) == builds
    with open_trail(Settings(world.server.url)) as trail:
        entries = [linked.entry for linked in trail.audit_events()]
    ours = [entry for entry in entries if entry.source == "test.main"]
    assert ours[0].event == "test:begun"
    assert {"gate:opened", "gate:confirmed", "gate:resumed"} <= {entry.event for entry in ours}


def test_a_denied_test_is_not_right(world: World) -> None:
    """Exit code 1; nothing is said to be proved."""

    def answer() -> None:
        message = newest(world, "Test: Needs confirmation: “rotate-secrets”")
        world.slack.press(BOB, message.channel, message.ts, "gate_deny").wait("modal", 30)
        assert world.slack.submit(BOB, world.slack.views(BOB)[-1], {"reason": "only a test"}).closed

    with meanwhile(answer):
        done = live(world, "--pipeline", "rotate-secrets")
    assert done.returncode == 1
    assert done.stdout.count("Bob Ray denied it") == 1
    assert "proved " not in done.stdout


def test_a_real_job_is_followed_to_the_end_of_its_build(world: World) -> None:
    """Whoever may starts it; its own gate is asked, and its own library takes the receipt."""

    def answer() -> None:
        world.jenkins.build(STAGING, user="dev")
        message = newest(world, f"Needs confirmation: “{STAGING}” #")
        world.slack.press(ALICE, message.channel, message.ts, "gate_approve", confirm=True)

    with meanwhile(answer):
        done = live(world, "--job", STAGING)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the build ended: “SUCCESS”" in done.stdout
    assert "Jenkins takes the agent's answer" in done.stdout


def test_ctrl_c_ends_the_test_and_asks_nobody_any_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says so, and the exit code is that of every stopped command."""

    def interrupted(_seconds: float) -> None:
        newest(world, "Test: Needs confirmation: “clear-disks”")
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", interrupted)
    done = live(world, "--pipeline", "clear-disks")
    monkeypatch.undo()
    assert done.returncode == 130
    assert "nobody is asked any more" in done.stderr
    ended = newest(world, "Test: Denied by jenkins-mfa: “clear-disks”")
    assert "the test was stopped" in plain(ended)


def test_an_agent_of_another_release_is_not_asked(world: World) -> None:
    """It may know nothing of tests; the mend names what looks at the upgrade."""
    with client_for(world.server.url) as client:
        beat = json.dumps({"version": "0.0.1", "at": int(time.time() * 1000)})
        client.hset("{mfa}:beats", "agent:other", beat)
        done = live(world)
        client.hdel("{mfa}:beats", "agent:other")
    assert done.returncode == 1
    assert "An agent of version 0.0.1 runs, and this is " in done.stderr
    assert "upgrade-check" in done.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("elsewhere",), "No source is called elsewhere."),
        (("--to", "nobody"), "nobody is not in the roster."),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anybody_is_asked(
    world: World, options: tuple[str, ...], told: str
) -> None:
    """A usage error, with what is known."""
    done = live(world, *options)
    assert done.returncode == 2
    assert told in done.stderr


def test_without_an_agent_nobody_is_asked(world: World) -> None:
    """It says so at once, and how to start one."""
    world.stop_agent()
    done = live(world)
    assert done.returncode == 1
    assert "No agent runs" in done.stderr
    assert "jenkins-mfa run" in done.stderr
