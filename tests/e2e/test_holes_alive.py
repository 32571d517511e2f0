"""Holes that show, with a real agent process against the simulators: how soon, and what it catches up with."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jenkins_mfa.core.model import Entry
from jenkins_mfa.demo import files
from jenkins_mfa.demo import world as demo
from jenkins_mfa.demo.auto import PATIENCE, Player
from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.jenkins import Build, JenkinsSimulator
from jenkins_mfa.simulators.jenkins_http import Seen
from jenkins_mfa.simulators.jenkins_model import replay_cause, user_cause
from jenkins_mfa.simulators.jenkins_samples import STAGING, add_samples
from jenkins_mfa.simulators.slack import plain
from jenkins_mfa.store.connect import client_for, open_trail
from jenkins_mfa.store.settings import Settings
from waiting import until

WATCHED = "watched/deploy"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One demo world with a watched job."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(prefix="mfa-") as folder:
        table = f'[[sources.watched]]\npipeline = "{WATCHED}"\n\n[slack]'
        patch.setattr(files, "CONFIG", files.CONFIG.replace("[slack]", table, 1))
        patch.setattr(demo, "add_samples", samples)
        with World(Path(folder)) as made:
            made.jenkins.job("imitated", imitated)
            yield made


def samples(jenkins: JenkinsSimulator) -> None:
    """Those of the demo, and the watched job: it is there when the agent looks first."""
    add_samples(jenkins)
    jenkins.job(WATCHED, lambda build: build.sh("./deploy.sh"))


def imitated(build: Build) -> None:
    """A Jenkinsfile that makes an input as mfaGate does, which Eve may settle, too."""
    build.input("Deploy?", id="mfa-" + "e" * 32, submitter="mfa-agent,eve")


def listings(world: World, since: float, until: float = float("inf")) -> list[Seen]:
    """The polls that arrived between two moments (Unix seconds)."""
    ahead = time.time() - time.monotonic()
    polls = (seen for seen in world.jenkins.requests if "computer/api/json" in seen.path)
    return [seen for seen in polls if since < seen.at + ahead < until]


def read(world: World, channel: str, text: str) -> list[str]:
    """The messages of a channel that say something."""
    return [said for message in world.slack.messages(channel) if text in (said := plain(message))]


def noticed(world: World, text: str) -> None:
    """Ops and approvers have read it."""
    for channel in (files.OPS, files.CHANNEL):
        assert world.slack.wait_for(lambda _, channel=channel: read(world, channel, text), PATIENCE), text


def trail(world: World, event: str) -> list[Entry]:
    """Such events."""
    with open_trail(Settings(world.server.url)) as opened:
        return [one.entry for one in opened.audit_events() if one.entry.event == event]


def test_a_bypass_is_noticed_within_two_polls(world: World) -> None:
    """The thread that polls, not a step by hand: from the Proceed to both channels."""
    build, _ = Player(world).pause(STAGING)
    (asked,) = build.inputs
    assert world.proceed_as("admin", build, asked) == 200
    done = time.time()
    noticed(world, "admin pressed Proceed in Jenkins, without confirmation.")
    assert build.wait_finished() == "ABORTED"
    (entry,) = trail(world, "gate:bypassed")
    assert entry.run == f"main:{STAGING}:{build.number}:1"
    assert len(listings(world, done, entry.at / 1000)) == 2


def test_an_imitated_gate_is_told_and_never_answered(world: World) -> None:
    """Within two polls, once; the build waits for whom it was made."""
    build = world.jenkins.build("imitated", user="dev")
    build.wait_paused()
    done = time.time()
    noticed(world, "Submitter: mfa-agent,eve.")
    until(lambda: len(listings(world, done)) >= 3)
    assert build.building
    assert len(read(world, files.OPS, "Gate missing: imitated #")) == 1
    (entry,) = trail(world, "gate:missing")
    assert entry.run == f"main:imitated:{build.number}:1"
    assert len(listings(world, done, entry.at / 1000)) <= 2


def test_what_went_past_while_no_agent_ran_is_caught_up_with(world: World) -> None:
    """A bypass, and builds of a watched job, all of the time when the agent was killed."""
    build, _ = Player(world).pause(STAGING)
    world.kill_agent()
    (asked,) = build.inputs
    assert world.proceed_as("admin", build, asked) == 200
    build.wait_finished()
    late = world.jenkins.build(WATCHED, user="dev")
    late.wait_finished()
    again = world.jenkins.build(WATCHED, causes=[user_cause("dev", "Dan Fox"), replay_cause(late.number)])
    again.wait_finished()
    a_minute_later(world)
    world.start_agent()
    for number in (late.number, again.number):
        noticed(world, f"Gate missing: {WATCHED} #{number}.")
    assert read(world, files.OPS, f"#{again.number}. It ended well, and no gate of it was let go on. It was replayed")
    until(lambda: f"main:{STAGING}:{build.number}:1" in {one.run for one in trail(world, "gate:bypassed")})


def a_minute_later(world: World) -> None:
    """The killed agent's turn at the watched jobs has ended."""
    with client_for(world.server.url) as client:
        assert client.hdel("{mfa}:courtesy", "watched:main") == 1
