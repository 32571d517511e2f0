"""`roster import` and `roster check` against the simulated Slack and Jenkins, and a real store."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

import command
from cli_files import edit, with_keys, without_pages, write
from jenkins_mfa import config as configuration
from jenkins_mfa.demo.files import PEOPLE, TEAM
from jenkins_mfa.simulators.jenkins import JenkinsSimulator
from jenkins_mfa.simulators.jenkins_accounts import User
from jenkins_mfa.simulators.slack import BOT_SCOPES, SlackSimulator
from jenkins_mfa.slack.app import web_client
from jenkins_mfa.slack.people import People
from store_server import Server

SCOPES = (*BOT_SCOPES, "users:read.email")
_numbers = count(1)


@dataclass
class World:
    """A workspace and a controller in which everybody of the roster is, and an installation beside them."""

    slack: SlackSimulator
    jenkins: JenkinsSimulator
    config: Path

    def run(self, *arguments: str) -> command.Done:
        return command.run("roster", *arguments, config=self.config)


@pytest.fixture
def world(tmp_path: Path, valkey: Server) -> Iterator[World]:
    with SlackSimulator(team=TEAM, scopes=SCOPES) as slack, JenkinsSimulator() as jenkins:
        for _, name, _, user, login in PEOPLE:
            slack.add_user(user, name, email=f"{name.lower().replace(' ', '.')}@example.com")
            jenkins.users[login] = User(login, name, "t", "p", frozenset())
        path = without_pages(write(tmp_path, store=valkey.url, jenkins=jenkins.url, slack=slack.base_url))
        edit(path, ('prefix = "mfa"', f'prefix = "roster-{next(_numbers)}"'))
        config = configuration.load(with_keys(path))
        (tmp_path / "jenkins.token").write_text(jenkins.users[config.sources[0].user].token)
        (tmp_path / "slack-bot.token").write_text(slack.bot_token)
        yield World(slack, jenkins, path)


def listed(world: World, *logins: dict[str, str | None]) -> str:
    """What an administrator saved of Jenkins' script console, as an option."""
    path = world.config.parent / "people.json"
    path.write_text(json.dumps(logins))
    return f"main={path}"


def test_people_of_a_group_are_proposed_with_their_logins(world: World) -> None:
    """Joined by address; who is in the roster stays; the roster's file is as it was, and so is all else."""
    world.slack.add_user("U1FAY", "Fay", email="Fay@Example.com")
    world.slack.set_group("S01", "U1FAY", "U0ALICE")
    roster = (world.config.parent / "roster.toml").read_bytes()
    before = sorted(path.name for path in world.config.parent.iterdir())
    option = listed(world, {"id": "fay1", "directory": "FAY@example.com", "profile": None})
    done = world.run("import", "--group", "S01", "--jenkins", option)
    assert (done.returncode, done.stderr) == (0, "")
    people = tomllib.loads(done.stdout)["people"]
    assert people == {
        "fay": {"name": "Fay", "groups": [], "identities": {f"slack:{TEAM}": "U1FAY", "jenkins:main": "fay1"}}
    }
    assert "As they are: 1." in done.stdout
    assert (world.config.parent / "roster.toml").read_bytes() == roster
    assert sorted(path.name for path in world.config.parent.iterdir()) == sorted([*before, "people.json"])


def test_an_attacker_who_writes_an_address_into_their_profile_is_shown_and_not_joined(world: World) -> None:
    """The proposal says which login, and what would follow."""
    world.slack.add_user("U1FAY", "Fay", email="fay@example.com")
    option = listed(world, {"id": "mallory", "directory": None, "profile": "fay@example.com"})
    done = world.run("import", "--email", "fay@example.com", "--jenkins", option)
    assert tomllib.loads(done.stdout)["people"]["fay"]["identities"] == {f"slack:{TEAM}": "U1FAY"}
    assert '# "jenkins:main" = "mallory"  # ask first' in done.stdout


def test_who_could_not_be_joined_is_told_with_the_reason(world: World) -> None:
    """At the end of the proposal, and by the exit code."""
    world.slack.add_user("U1GIL", "Gil", guest=True, email="gil@example.com")
    world.slack.add_user("U1FAY", "Fay", email="fay@example.com")
    world.slack.set_group("S01", "U1GIL", "U1FAY", world.slack.workspace.bot_user)
    done = world.run("import", "--group", "S01", "--email", "nobody@example.com", "--jenkins", listed(world))
    assert done.returncode == 1
    assert done.stdout.partition("# Not joined:\n")[2].splitlines() == [
        "# - “nobody@example.com”: no account in Slack has this address",
        "# - “jenkins-mfa” (U0MFA): the account is a bot, and confirms nothing; not proposed",
        "# - “Fay” (U1FAY): no login of jenkins:main has this address",
        "# - “Gil” (U1GIL): the account is a guest, and confirms nothing; not proposed",
    ]


def test_without_the_scope_nobody_is_joined(world: World) -> None:
    """Slack tells no address then; asking for one by address is an error that names the scope."""
    world.slack.workspace.tokens[world.slack.bot_token].scopes = BOT_SCOPES
    world.slack.add_user("U1FAY", "Fay", email="fay@example.com")
    world.slack.set_group("S01", "U1FAY")
    done = world.run("import", "--group", "S01")
    assert done.returncode == 1
    assert "does the bot have users:read.email?" in done.stdout
    done = world.run("import", "--email", "fay@example.com")
    assert done.returncode == 3
    assert "Slack: missing_scope: the app needs users:read.email." in done.stderr
    assert "Mend: add what is missing in the app's settings" in done.stderr


NETWORK = "look at [slack] api_url, the network and status.slack.com"
TOKEN = "put the app's present token (xoxb-…) into [slack] bot_token_file; it stands at OAuth & Permissions"


@pytest.mark.parametrize("command", [("import", "--group", "S01"), ("import", "--email", "a@example.com"), ("check",)])
@pytest.mark.parametrize(
    ("away", "says", "mend"),
    [
        (True, "Slack does not answer: the host refused the connection.", NETWORK),
        (False, "Slack: invalid_auth.", TOKEN),
    ],
)
def test_a_slack_that_is_away_or_refuses_the_token_is_one_sentence_with_its_mend(
    world: World, command: tuple[str, ...], away: bool, says: str, mend: str
) -> None:
    """Exit 3, as elsewhere; nothing of the token is in it."""
    (world.config.parent / "slack-bot.token").write_text("xoxb-1-gone")
    if away:
        world.slack.outage()
    done = world.run(*command)
    if away:
        world.slack.recover()
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.splitlines() == [f"{says} Nothing was changed.", f"Mend: {mend}"]


def test_a_user_group_that_is_not_there_is_named(world: World) -> None:
    """A wrong option, exit 2."""
    done = world.run("import", "--group", "S0NONE")
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == "Slack has no user group S0NONE."
    assert "Mend: name the id of one that is switched on" in done.stderr


def test_the_same_as_json(world: World) -> None:
    """With what is verified, and the codes of what is left."""
    world.slack.add_user("U1FAY", "Fay", email="fay@example.com")
    world.slack.set_group("S01", "U1FAY")
    option = listed(world, {"id": "fay1", "directory": None, "profile": "fay@example.com"})
    found = json.loads(world.run("import", "--group", "S01", "--jenkins", option, "--json").stdout)
    assert found["people"][0]["logins"] == [{"source": "jenkins:main", "login": "fay1", "verified": False}]
    assert found["not_joined"] == []


def test_a_proposal_goes_into_a_new_file_only(world: World) -> None:
    """Whatever stands there stays, the roster first."""
    world.slack.set_group("S01", "U0ALICE")
    target = world.config.parent / "proposal.toml"
    assert world.run("import", "--group", "S01", "--output", str(target)).returncode == 0
    assert target.read_text().startswith("# Proposed by jenkins-mfa roster import")
    for there in (target, world.config.parent / "roster.toml"):
        before = there.read_bytes()
        done = world.run("import", "--group", "S01", "--output", str(there))
        assert (done.returncode, "is there already. Nothing was written." in done.stderr) == (2, True)
        assert there.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "Nobody to propose."),
        (("--group", "S01", "--jenkins", "main"), "names no source and file"),
        (("--group", "S01", "--jenkins", "other=people.json"), "SOURCE=FILE, where SOURCE is main"),
        (("--group", "S01", "--jenkins", "main=/no/such"), "/no/such cannot be read"),
    ],
)
def test_options_that_cannot_be_used_are_told_with_their_mend(
    world: World, arguments: tuple[str, ...], told: str
) -> None:
    """Before anybody is asked anything."""
    done = world.run("import", *arguments)
    assert done.returncode == 2
    assert told in done.stderr
    assert world.slack.calls() == []


@pytest.mark.parametrize("text", ["", "[", "{}", '[{"name": "x"}]', '[{"id": 1}]', "[null]"])
def test_a_list_of_another_form_is_told_apart(world: World, text: str) -> None:
    """The mend names the script."""
    path = world.config.parent / "people.json"
    path.write_text(text)
    done = world.run("import", "--group", "S01", "--jenkins", f"main={path}")
    assert done.returncode == 2
    assert "is no list of logins" in done.stderr
    assert "deploy/jenkins-people.groovy" in done.stderr


def test_an_address_that_slack_has_not_confirmed_joins_nobody(world: World) -> None:
    """Whoever wrote it there has not shown that they read its mail."""
    world.slack.add_user("U1FAY", "Fay", email="fay@example.com").email_confirmed = False
    world.slack.set_group("S01", "U1FAY")
    done = world.run(
        "import", "--group", "S01", "--jenkins", listed(world, {"id": "fay1", "directory": "fay@example.com"})
    )
    assert done.returncode == 1
    assert "the address in Slack is not confirmed" in done.stdout
    assert "fay1" not in done.stdout


def test_slacks_pauses_are_kept(world: World) -> None:
    """A big group takes longer, and nobody is left out; a pause of hours is an error."""
    waited: list[float] = []
    people = People(web_client(world.slack.bot_token, world.slack.base_url), TEAM, waited.append)
    world.slack.fail_next("users.info", "ratelimited", times=2, retry_after=30)
    assert people.account("U0ALICE").email == "alice.wu@example.com"
    assert waited == [30, 30]


def test_a_roster_that_is_right_is_one_line(world: World) -> None:
    """But for who has not enrolled what they are asked for."""
    done = world.run("check", "--json")
    found = json.loads(done.stdout)["findings"]
    assert {part["evidence"].partition(" ")[2].partition(" is ")[2] for part in found} == {
        "asked for more than they have enrolled"
    }
    policy = world.config.parent / "policy.toml"
    policy.write_text('version = 1\n[default]\nrequire = [{ factor = "push", approvers = ["group:release"] }]\n')
    done = world.run("check")
    assert (done.returncode, done.stdout) == (
        0,
        "right    roster        5 people, all as they were written\nAll right.\n",
    )


def test_people_who_left_and_logins_that_are_gone_or_spelt_otherwise_are_found(world: World) -> None:
    """Each with its mend; a name that is a login's full name is none."""
    world.slack.set_user("U0BOB", deleted=True)
    del world.jenkins.users["cdiaz"]
    world.jenkins.users["x"] = User("x", "elin", "t", "p", frozenset())
    del world.jenkins.users["elin"]
    world.jenkins.users["AWU"] = world.jenkins.users.pop("awu")
    world.jenkins.users["AWU"].id = "AWU"
    done = world.run("check", "--json")
    says = [part["evidence"] for part in json.loads(done.stdout)["findings"]]
    assert done.returncode == 1
    assert "Bob Ray has left: the Slack account U0BOB is deactivated or not there" in says
    assert "Carol Diaz: jenkins:main has no login “cdiaz”" in says
    assert "Eve Lin: jenkins:main has no login “elin”" in says
    assert any(one.startswith("Alice Wu: jenkins:main spells the login “awu” as “AWU”") for one in says)


@pytest.mark.parametrize("part", ["slack", "jenkins", "store"])
def test_a_part_that_does_not_answer_makes_nobody_right(world: World, part: str) -> None:
    """Exit 3, and which."""
    if part == "slack":
        world.slack.outage()
    elif part == "jenkins":
        world.jenkins.go_down()
    else:
        edit(world.config, ('url = "unix://', 'url = "unix:///nowhere'))
    done = world.run("check")
    assert done.returncode == 3
    assert "Nothing was changed." in done.stderr
    if part == "slack":
        world.slack.recover()
