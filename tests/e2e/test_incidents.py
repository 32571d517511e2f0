"""What docs/incidents.md says is done, step by step, under an agent that runs on; that of the receipt key is played in
test_stolen_receipt_key.py.

What people do in their own Jenkins and Slack is done to the simulators: a new token there, an old one revoked, an
account that is locked. With the real ones that is untried.
"""

from __future__ import annotations

import base64
import os
import pwd
import re
import secrets
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from incident_page import Procedure

from cli_files import edit
from command import run
from jenkins_mfa.core import totp
from jenkins_mfa.demo import files
from jenkins_mfa.demo.auto import ALICE, Player
from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.jenkins_samples import STAGING
from jenkins_mfa.simulators.slack_model import Token
from jenkins_mfa.store.connect import client_for
from waiting import until

OLD, NEW = "password-of-the-store-0001", "password-of-the-store-0002"


class Secured(World):
    """A world whose store has a user with a password in a file, and in which alice has a login at this host."""

    def start_agent(self) -> None:
        """Before the first start."""
        self.allow(OLD)
        (self.directory / "store.password").touch(0o600)
        (self.directory / "store.password").write_text(f"{OLD}\n")
        edit(self.config_path, (f'url = "{self.server.url}"', f'url = "unix://mfa@{self.server.socket}"'))
        edit(self.config_path, ('durability = "always"', 'durability = "always"\npassword_file = "store.password"'))
        login = pwd.getpwuid(os.getuid()).pw_name
        edit(
            self.directory / "roster.toml",
            ('"jenkins:main" = "awu"', f'"jenkins:main" = "awu", "operator:local" = "{login}"'),
        )
        super().start_agent()

    def allow(self, password: str) -> None:
        """The one password that the store's server takes from now on."""
        with client_for(self.server.url) as client:
            client.acl_setuser(
                "mfa", enabled=True, reset_passwords=True, passwords=[f"+{password}"], keys=["*"], commands=["+@all"]
            )

    def log(self) -> str:
        return (self.directory / "agent.log").read_text()

    def taken_over(self, **secrets: str) -> None:
        """Write secrets, by the names of their files; return once the agent has taken them over."""
        before = self.log().count('"event": "taken over"')
        for name, text in secrets.items():
            (self.directory / name.replace("__", "-").replace("_", ".")).write_text(f"{text}\n")
        until(lambda: self.log().count('"event": "taken over"') >= before + len(secrets))


@pytest.fixture(scope="module")
def world() -> Iterator[Secured]:
    """One for the module: each procedure leaves it as it should be."""
    with tempfile.TemporaryDirectory(prefix="mfa-") as folder, Secured(Path(folder)) as made:
        yield made


def short(world: World, number: int, job: str = STAGING) -> str:
    """The beginning of a gate's id."""
    shown = run("show", "--run", job, str(number), "--json", config=world.config_path).stdout
    found = re.search(r'"id": "g_([0-9a-f]+)', shown)
    assert found is not None, shown
    return found[1][:12]


def test_the_procedure_for_the_agents_jenkins_token(world: Secured) -> None:
    """A gate that its thief has let go on is named; the token is changed without a stop, and people go on working."""
    told, player = Procedure("The agent's Jenkins token", world.config_path), Player(world)
    stolen, _ = player.pause(STAGING)
    assert world.proceed_as("mfa-agent", stolen, stolen.inputs[0]) in {200, 302}
    player.finished(stolen, "ABORTED")
    until(lambda: "token stolen" in str(world.slack.messages(files.OPS)))
    ended, _ = player.pause(STAGING)
    url = f"{world.jenkins.url}{ended.path}input/{ended.inputs[0].id}/abort"
    requests.post(url, auth=world.jenkins.auth("mfa-agent"), timeout=10).raise_for_status()
    player.finished(ended, "ABORTED")
    until(
        lambda: f"#{ended.number}" in run("audit", "search", "--outcome", "withdrawn", config=world.config_path).stdout
    )
    world.jenkins.users["mfa-agent"].token = "11-a-new-token-for-jenkins"
    world.taken_over(jenkins_token="11-a-new-token-for-jenkins")
    assert "An agent took over what was changed on disk" in told.run("audit tail")
    until(lambda: run("check", config=world.config_path).returncode == 0)
    assert "right    source main" in told.run("check")
    assert f"“{STAGING}” #{stolen.number}" in told.run("audit search --outcome bypassed --since 30d")
    assert f"“{STAGING}” #{ended.number}" in told.run("audit search --outcome withdrawn --since 30d")
    assert told.left == []
    build, message = player.pause(STAGING)
    player.tap(ALICE, message, confirm=True)
    player.finished(build, "SUCCESS")


def test_the_procedure_for_a_slack_token(world: Secured) -> None:
    """Taps count no more where it matters, the tokens are changed, and what was enrolled meanwhile is suspended."""
    told, player, slack = Procedure("A Slack token", world.config_path), Player(world), world.slack
    policy = world.directory / "policy.toml"
    before = policy.read_text()
    build, _ = player.pause(STAGING)
    edit(policy, ('"staging" }\nrequire = [{ factor = "push"', '"staging" }\nrequire = [{ factor = "webauthn"'))
    gate = short(world, build.number)
    until(lambda: "a security key" in run("show", gate, config=world.config_path).stdout)
    assert gate[:4] in told.run("pending")
    told.at_terminal("deny ID", lambda since: "not trusted\n" if since.endswith("Reason: ") else "", ID=gate)
    player.finished(build, "ABORTED")
    known = slack.workspace.tokens
    old = [token for token in known if known[token].kind in {"bot", "app"}]
    known["xoxb-after"] = Token("bot", next(known[token].scopes for token in old if known[token].kind == "bot"))
    known["xapp-after"] = Token("app", next(known[token].scopes for token in old if known[token].kind == "app"))
    world.taken_over(slack__bot_token="xoxb-after", slack__app_token="xapp-after")
    for token in old:
        slack.revoke(token)
    assert "right    slack" in told.run("check")
    assert STAGING in told.run("report --since 7d")
    assert re.search(r"^carol +totp", told.run("authenticators list"), re.MULTILINE)
    assert "All that carol answers with is suspended" in told.run("authenticators suspend NAME", NAME="carol")
    assert told.left == []
    policy.write_text(before)
    until(lambda: world.log().count("policy taken over") == 2)


def test_the_procedure_for_the_vault_key(world: Secured) -> None:
    """The seeds are sealed anew under a new key, and who may be known enrols anew."""
    told, vault = Procedure("The vault key", world.config_path), world.directory / "vault.key"
    fresh = f"v2:{base64.b64encode(secrets.token_bytes(32)).decode()}"
    world.taken_over(vault_key=f"{fresh}\n{vault.read_text().strip()}")
    until(lambda: run("seal", "rotate", config=world.config_path).returncode == 0)
    assert "v1 may be taken out" in told.run("seal rotate")
    world.taken_over(vault_key=fresh)
    assert "anew under key “v2”" in run("audit", "search", "--since", "1d", config=world.config_path).stdout
    assert "suspended" in told.run("authenticators suspend NAME", NAME="bob")
    assert "/open#" in told.run("enroll ticket NAME", NAME="bob")
    seeds: list[str] = []

    def code(since: str) -> str:
        seeds.extend(found.replace(" ", "") for found in re.findall(r"Text key: ((?:[A-Z2-7]{4} ?)+)", since))
        return f"{totp.code_at(seeds[-1], int(time.time()))}\n" if since.endswith("Code: ") else ""

    assert "bob can now answer with a code" in told.at_terminal("enroll local NAME", code, NAME="bob")
    told.run("report --since 30d")
    assert told.left == []


def test_the_procedure_for_an_administrators_account(world: Secured, tmp_path: Path) -> None:
    """What went past its gate is named, and the library is compared with what was published."""
    told, player = Procedure("A Jenkins administrator's account", world.config_path), Player(world)
    build, _ = player.pause(STAGING)
    assert world.proceed_as("admin", build, build.inputs[0]) in {200, 302}
    player.finished(build, "ABORTED")
    trail = lambda: run("audit", "search", "--outcome", "bypassed", config=world.config_path).stdout  # noqa: E731
    until(lambda: f"“{STAGING}” #{build.number}" in trail())
    assert f"“{STAGING}” #{build.number}" in told.run("audit search --outcome bypassed --since 30d")
    assert told.run("audit search --outcome missing --since 30d", code=1) == ""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        run("keys", "public", "--library", ".", config=world.config_path)
        published = (tmp_path / "src/mfa/Trust.groovy").read_bytes()
        (tmp_path / "src/mfa/Trust.groovy").write_text("what somebody has changed")
        told.run("keys public --library .")
    assert (tmp_path / "src/mfa/Trust.groovy").read_bytes() == published
    waits, message = player.pause(STAGING)
    assert "right    source main" in told.run("check", code=None)
    assert told.left == []
    player.tap(ALICE, message, confirm=True)
    player.finished(waits, "SUCCESS")


def test_the_procedure_for_the_store(world: Secured) -> None:
    """Its password is changed without a stop; then the trail verifies, and nothing is damaged."""
    told, player = Procedure("The store", world.config_path), Player(world)
    world.allow(NEW)
    world.taken_over(store_password=NEW)
    build, message = player.pause(STAGING)
    player.tap(ALICE, message, confirm=True)
    player.finished(build, "SUCCESS")
    assert told.run("audit verify").startswith("Right: events 1 to ")
    assert "right    store" in told.run("check", code=None)
    told.run("pending")
    assert told.left == []
