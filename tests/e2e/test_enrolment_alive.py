"""A lost phone and the way back, with the agent as a process: terminal, page, Slack and Jenkins on real sockets."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from cli_files import edit
from command import run
from jenkins_mfa.core import totp
from jenkins_mfa.demo import files
from jenkins_mfa.demo.auto import BOB, CAROL, DAN, Player
from jenkins_mfa.demo.keys import newest_link
from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.browser import Browser
from jenkins_mfa.simulators.jenkins_samples import PRODUCTION
from jenkins_mfa.simulators.slack import Message, plain
from jenkins_mfa.web import session

PATIENCE = 30
ASKED = "Is it you who enrols an authenticator now?"


class Paged(World):
    """The demo's world; production needs two codes."""

    @property
    def url(self) -> str:
        return files.pages(self.port)

    def start_agent(self) -> None:
        """Before the start: the rule."""
        rule = 'when = { environment = "production" }\nrequire = [{ factor = "totp"'
        edit(self.directory / "policy.toml", (rule, f"{rule}, count = 2"))
        super().start_agent()

    def asked(self, user: str) -> list[Message]:
        """The questions that stand in somebody's direct messages with their buttons, oldest first."""
        found = [m for m in self.slack.workspace.messages.values() if plain(m).startswith(ASKED)]
        return [m for m in found if self.slack.workspace.can_read(user, m.channel)]


@pytest.fixture
def world() -> Iterator[Paged]:
    with tempfile.TemporaryDirectory(prefix="mfa-") as folder, Paged(Path(folder)) as made:
        yield made


def ticket(world: Paged, name: str) -> str:
    """The one-time address, as the operator reads it; the token alone."""
    address = run("enroll", "ticket", name, config=world.config_path).stdout.strip()
    url, _, token = address.partition("/open#")
    assert (url, len(token)) == (world.url, 43)
    return token


def post(world: Paged, browser: requests.Session, path: str, body: dict[str, Any]) -> dict[str, Any]:
    page = session.mark(browser.cookies.get("mfa", ""))
    headers = {"Origin": world.url, session.PAGE: page}
    sent = browser.post(f"{world.url}{path}", json=body, headers=headers, timeout=PATIENCE)
    found: dict[str, Any] = sent.json()
    return found


def test_a_lost_phone_drops_its_confirmation_and_a_new_ticket_brings_its_owner_back(world: Paged) -> None:
    """Invite, page, tap, code, and the gate is approved with it; no token, seed or code was ever in Slack or a log."""
    player = Player(world)
    build, message = player.pause(PRODUCTION)
    player.code(CAROL, message, world.code("carol"))
    counted = "Your confirmation counts: 1 of 2."
    assert world.slack.wait_for(lambda s: any(m.text.startswith(counted) for m in s.ephemerals(CAROL)), PATIENCE)
    lost = world.slack.slash(CAROL, "/mfa", "lost", files.CHANNEL).wait("ephemeral", PATIENCE).text
    assert "Your confirmation on a build that waits does not count any more." in lost
    refused = player.tap(CAROL, message).wait("ephemeral", PATIENCE).text
    assert refused.startswith("Not counted: what you answer with was called lost")

    token, browser = ticket(world, "carol"), requests.Session()
    assert post(world, browser, "/open", {"token": token}) == {"to": "/enrol"}
    (question,) = world.slack.wait_for(lambda _: world.asked(CAROL), PATIENCE)
    told = "has invited Carol Diaz to enrol an authenticator."
    assert world.slack.wait_for(lambda s: [m for m in s.messages(files.OPS) if told in plain(m)], PATIENCE)
    assert "in a direct message" in post(world, browser, "/enrol/code", {})["says"]
    world.slack.press(CAROL, question.channel, question.ts, "enroll_yes")
    waited = browser.get(f"{world.url}/wait?seen=opened", timeout=PATIENCE).json()
    assert waited == {"seen": "vouched", "changed": True}
    assert world.slack.wait_for(lambda _: not world.asked(CAROL), PATIENCE)
    key = post(world, browser, "/enrol/code", {})["key"].replace(" ", "")
    # The step before: the present one is for the gate.
    proof = totp.code_at(key, int(time.time()) - totp.STEP)
    assert post(world, browser, "/enrol/prove", {"code": proof})["says"].startswith("Enrolled")

    world.seeds["carol"] = key
    player.code(CAROL, message, world.code("carol"))
    player.code(BOB, message, world.code("bob"))
    player.finished(build, "SUCCESS")
    seen = "".join(map(str, world.slack.workspace.messages.values())) + (world.directory / "agent.log").read_text()
    assert not any(secret in seen for secret in (token, key))


def test_an_administrator_invites_in_slack_and_the_address_never_passes_through_it(world: Paged) -> None:
    """`/mfa invite`, the act's page with Carol's key, an address handed over, Dan's tap and code; told to ops."""
    world.slack.slash(CAROL, "/mfa", "invite dan", files.CHANNEL).wait("ephemeral", PATIENCE)
    _, link = newest_link(world.slack, CAROL) or ("", "")
    carols = Browser(world.keys["carol"])
    says, address = carols.act(carols.open(link))
    assert says == "Done: Dan Fox is invited. They and ops are told, without the address."

    dans = Browser(world.keys["dan"])
    page = dans.open(address)
    (question,) = world.slack.wait_for(lambda _: world.asked(DAN), PATIENCE)
    world.slack.press(DAN, question.channel, question.ts, "enroll_yes")
    assert dans.changed(page)
    assert world.scan("dan", dans, dans.show(page.path)).startswith("Enrolled")
    told = "Carol Diaz has invited Dan Fox to enrol an authenticator."
    assert world.slack.wait_for(lambda s: [m for m in s.messages(files.OPS) if told in plain(m)], PATIENCE)
    assert "dan          totp" in run("authenticators", "list", config=world.config_path).stdout
    seen = "".join(map(str, world.slack.workspace.messages.values())) + (world.directory / "agent.log").read_text()
    assert not any(secret in seen for secret in (address.partition("#")[2], world.seeds["dan"]))


def test_no_in_slack_ends_the_address_and_ops_read_it(world: Paged) -> None:
    """Somebody else holds the address of bob; nobody else's tap counts in the meantime."""
    browser = requests.Session()
    post(world, browser, "/open", {"token": ticket(world, "bob")})
    (question,) = world.slack.wait_for(lambda _: world.asked(BOB), PATIENCE)
    assert world.asked(DAN) == []
    world.slack.press(BOB, question.channel, question.ts, "enroll_no")
    beginning = "Bob Ray says that it is not them who enrols"
    assert world.slack.wait_for(
        lambda s: [m for m in s.messages(files.OPS) if plain(m).startswith(beginning)], PATIENCE
    )
    assert browser.get(f"{world.url}/enrol", timeout=PATIENCE).status_code == 403
