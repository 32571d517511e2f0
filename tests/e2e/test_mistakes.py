"""An operator's mistakes, one at a time: each is one finding that names the thing, the place and the mend."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import command
from command import Done
from jenkins_mfa.demo.world import World

#: What no sentence for people holds: names of classes, reprs, a capital after a colon, a stack trace.
FOREIGN = re.compile(r"\w+Error\b|Traceback|HTTPConnection|: '|=b?'|(?<!Nearest): [A-Z](?!local)[a-z]+ [a-z]+ [a-z]")
CONFIG, ROSTER, JENKINS, BOT, APP = "config.toml", "roster.toml", "jenkins.token", "slack-bot.token", "slack-app.token"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One demo world for the module."""
    with tempfile.TemporaryDirectory(prefix="mfa-") as folder, World(Path(folder)) as made:
        yield made


def run(world: World, *arguments: str, config: str = CONFIG) -> Done:
    """One command in the world's directory."""
    return command.run(*arguments, config=world.directory / config)


@contextmanager
def mistake(world: World, file: str, old: str, new: str) -> Iterator[None]:
    """A file with `old`, a pattern, replaced by `new`, and put right again."""
    path = world.directory / file
    right = path.read_text()
    wrong = re.sub(old, new, right, count=1)
    assert wrong != right
    path.write_text(wrong)
    try:
        yield
    finally:
        path.write_text(right)


@pytest.mark.parametrize(
    ("file", "old", "new", "part", "says", "mend"),
    [
        (JENKINS, r"\S+", "wrong", "source main", "answered 401", "API token for mfa-agent"),
        (BOT, r"\S+", "xoxb-1", "slack", "the bot token is not taken", "bot_token_file"),
        (APP, r"\S+", "xapp-1", "slack", "the app-level token opens no Socket Mode", "app_token_file"),
        (CONFIG, r'(\nurl = "http:.*)"', r'\1jenkins/"', "source main", "answered 404", "Jenkins' root"),
        (CONFIG, r'\nurl = "http:', '\nurl = "https:', "source main", "is it http instead of https?", "url is right"),
        (CONFIG, r'\nurl = "http:.*"', '\nurl = "http://127.0.0.1:1/"', "source main", "refused the connection", "url"),
        (CONFIG, r'\nurl = "http:.*"', '\nurl = "http://no.invalid/"', "source main", "name is not known", "url"),
        (CONFIG, '"mfa-agent"', '"MFA-Agent"', "source main", "not as “MFA-Agent”", "user = “mfa-agent”"),
        (CONFIG, '"unix:.*"', '"redis://:hunter2@127.0.0.1:1/0"', "store", "(redis://127.0.0.1:1/0)", "server runs"),
        (CONFIG, '"unix:.*"', '"unix:///no/socket"', "store", "there is no such socket or file", "server runs"),
        (CONFIG, '"C0OPS"', '"C0NONE"', "slack", "C0NONE ([slack] ops_channel) is not there", "/invite @jenkins-mfa"),
        (
            "keys/keys.json",
            r'"not_after": \d+',
            '"not_after": SOON',
            "keys",
            "2 days",
            "--library",
        ),
        ("hmac.key", ".*", "nonsense", "keys", "hmac.key", "restore it from a backup"),
    ],
)
def test_a_mistake_is_one_finding_with_its_mend(
    world: World, file: str, old: str, new: str, part: str, says: str, mend: str
) -> None:
    """The text names it, JSON holds the same, the exit code is 1, and no password is shown."""
    with mistake(world, file, old, new.replace("SOON", str(int(time.time()) + 200_000))):
        text, found = run(world, "check"), run(world, "check", "--json")
    assert (text.returncode, found.returncode) == (1, 1)
    wrong = [row for row in json.loads(found.stdout)["findings"] if row["severity"] != "information"]
    assert [row["subject"] for row in wrong] == [part]
    assert says.replace("(redis", "([store] url redis") in wrong[0]["evidence"]
    assert mend in wrong[0]["mend"]
    shown = " ".join(text.stdout.split())
    assert " ".join(wrong[0]["evidence"].split()) in shown
    assert wrong[0]["mend"] in shown
    assert "1 finding. Nothing was changed." in shown
    assert "hunter2" not in text.stdout + found.stdout
    assert not FOREIGN.search(shown), FOREIGN.search(shown)


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        (ROSTER, "release", "relase", '"release" is not known (also of bob, carol)'),
        (CONFIG, "poll_seconds", "poll_second", "nearest: poll_seconds"),
        (CONFIG, '"T0DEMO"', '"T0OTHER"', '"slack:T0DEMO" is not known (also of bob, carol, dan, eve)'),
        (ROSTER, r"\[people.alice\]", "[people.alice", "roster.toml line 4: not TOML at column 14: expected"),
    ],
)
def test_a_wrong_file_is_one_finding_of_the_configuration(
    world: World, file: str, old: str, new: str, says: str
) -> None:
    """Exit code 2, and the same sentence from every command."""
    with mistake(world, file, old, new):
        found, other = run(world, "check"), run(world, "pending")
    assert (found.returncode, other.returncode) == (2, 2)
    assert says in " ".join(found.stdout.split())
    assert says in other.stderr
    assert "1 finding." in found.stdout
    assert "1 problem." in other.stderr


def test_the_agent_does_not_start_with_a_token_that_slack_refuses(world: World) -> None:
    """A sentence and exit code 3, no stack trace."""
    world.stop_agent()  # its pages have the address
    with mistake(world, APP, r"\S+", "xapp-1"):
        agent = [sys.executable, "-m", "jenkins_mfa", "run", "--config", str(world.config_path)]
        found = subprocess.run(agent, capture_output=True, text=True, timeout=60, check=False)
    world.start_agent()
    assert found.returncode == 3
    assert "The app-level token opens no Socket Mode connection: Slack: invalid_auth." in found.stderr
    assert "Traceback" not in found.stderr
    # All that had begun has ended before the store was closed, and nothing says that this agent runs.
    assert "agent stopped" in found.stderr
    assert "died" not in found.stderr


def test_no_configuration_says_how_to_name_or_begin_one(world: World) -> None:
    """The option, the variable, and the command that writes one."""
    for name in ("run", "check", "pending"):
        found = run(world, name, config="none.toml")
        told = " ".join((found.stdout + found.stderr).split())
        assert found.returncode == 2
        assert all(word in told for word in ("--config", "JENKINS_MFA_CONFIG", "jenkins-mfa init"))


def test_everything_right_is_a_line_for_each_part(world: World) -> None:
    """Lines fit a terminal of 80 columns."""
    found = run(world, "check")
    assert found.returncode == 0, found.stdout
    assert all(len(line) <= 80 for line in found.stdout.splitlines())
    assert "account mfa-agent (Overall/Read, Job/Read)" in " ".join(found.stdout.split())


def test_version_is_an_option_too() -> None:
    """`--version` prints what `version` prints."""
    assert command.run("version") == command.run("--version")
