"""A security key from Slack's button to the build that goes on: the agent as a process, its page on a real socket."""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from cli_files import edit
from jenkins_mfa import config as configuration
from jenkins_mfa import key_files
from jenkins_mfa.core import evidence
from jenkins_mfa.demo import files
from jenkins_mfa.demo.auto import ALICE, BOB, CAROL, Player
from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.jenkins import Build
from jenkins_mfa.simulators.jenkins_samples import PRODUCTION
from jenkins_mfa.simulators.security_key import SecurityKey
from jenkins_mfa.simulators.slack import Message
from jenkins_mfa.wiring import open_desk

PATIENCE = 30


class Keyed(World):
    """The demo's world with a rule that asks for keys of release; two of them have one."""

    keyed = ("alice", "bob")

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.keys["bob"] = SecurityKey(counts=False)

    @property
    def url(self) -> str:
        return files.pages(self.port)

    def start_agent(self) -> None:
        """Before the first start: the rule."""
        rule = 'when = { environment = "production" }\nrequire = [{ factor = '
        if f'{rule}"totp"' in (self.directory / "policy.toml").read_text():
            edit(self.directory / "policy.toml", (f'{rule}"totp"', f'{rule}"webauthn"'))
        super().start_agent()


@pytest.fixture(scope="module")
def world() -> Iterator[Keyed]:
    """One for the module."""
    with tempfile.TemporaryDirectory(prefix="mfa-") as folder, Keyed(Path(folder)) as made:
        yield made


def opened(world: Keyed, user: str, message: Message) -> tuple[requests.Session, str]:
    """Tap Approve, follow the button; the browser's session and the path of the gate's page."""
    before = len(world.slack.calls("response_url"))
    world.slack.press(user, files.CHANNEL, message.ts, "gate_approve").wait("ephemeral", PATIENCE)
    said = world.slack.calls("response_url")[before].args
    address = said["blocks"][-1]["elements"][0]["url"]
    url, _, token = address.partition("/open#")
    assert url == world.url
    browser = requests.Session()
    sent = browser.post(f"{url}/open", json={"token": token}, headers={"Origin": url}, timeout=PATIENCE)
    return browser, sent.json()["to"]


def answer(world: Keyed, person: str, browser: requests.Session, path: str, decision: str, **more: Any) -> str:
    """Choose a button, use the key; what the page says."""
    page = browser.get(f"{world.url}{path}", timeout=PATIENCE).text
    key = re.search(r'id="key" value="(a_[0-9a-f]+)"', page)
    asks = re.search(r'data-asks="([0-9a-f]{64})"', page)
    session = re.search(r'data-session="([0-9a-f]{64})"', page)
    assert key is not None, page
    assert asks is not None, page
    assert session is not None, page
    headers = {"Origin": world.url, "Mfa-Page": session[1]}
    chosen = {"decision": decision, "key": key[1], "asks": asks[1]}
    begun = browser.post(f"{world.url}{path}/begin", json=chosen, headers=headers, timeout=PATIENCE).json()
    signed = json.dumps(world.keys[person].sign(begun["options"], world.url))
    given = {**chosen, "nonce": begun["nonce"], "answer": signed, "reason": "", "report": False, **more}
    done = browser.post(f"{world.url}{path}/finish", json=given, headers=headers, timeout=PATIENCE)
    says: str = done.json()["says"]
    return says


def paused(world: Keyed) -> tuple[Build, Message]:
    return Player(world).pause(PRODUCTION)


def test_a_key_resumes_the_build(world: Keyed) -> None:
    """Tap, address, page, key, receipt: the build's own library verifies it, and the trail has the evidence."""
    build, message = paused(world)
    browser, path = opened(world, ALICE, message)
    assert PRODUCTION in browser.get(f"{world.url}{path}", timeout=PATIENCE).text
    began = time.monotonic()
    assert answer(world, "alice", browser, path, "approve").startswith("Your confirmation counts: 1 of 1.")
    Player(world).finished(build, "SUCCESS")
    assert time.monotonic() - began < PATIENCE
    assert "Approved: alice (webauthn" in build.console
    config = configuration.load(world.config_path)
    with open_desk(config, key_files.load(config.keys, config.installation)) as desk:
        entries = desk.store.entries(path.removeprefix("/gate/"))
    kept = next(entry for entry in entries if entry.event == "gate:confirmed")
    evidence.verify(evidence.decode(str(kept.details["evidence"])))


def test_a_key_denies_the_build(world: Keyed) -> None:
    """Jenkins aborts it, with the reason in Slack."""
    build, message = paused(world)
    browser, path = opened(world, BOB, message)
    assert answer(world, "bob", browser, path, "deny", reason="not on staging yet").startswith("Denied.")
    Player(world).finished(build, "ABORTED")
    assert "not on staging yet" in str(Player(world).message("Denied, aborted").blocks)


def test_who_has_no_key_is_told_how_to_get_one(world: Keyed) -> None:
    """The gate waits; whoever has a code app only cannot answer it."""
    _, message = paused(world)
    told = world.slack.press(CAROL, files.CHANNEL, message.ts, "gate_approve").wait("ephemeral", PATIENCE)
    assert "you have none yet" in told.text
    assert "jenkins-mfa enroll ticket carol" in told.text


def test_health_and_the_stop(world: Keyed) -> None:
    """Both answer while the agent lives; it stops at once though a page waits."""
    assert requests.get(f"{world.url}/livez", timeout=PATIENCE).json()["live"] is True
    assert requests.get(f"{world.url}/readyz", timeout=PATIENCE).json()["reasons"] == []
    world.stop_agent()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{world.url}/livez", timeout=PATIENCE)
    log = (world.directory / "agent.log").read_text()
    assert "agent stopped" in log
    assert "/open#" not in log
    assert "Traceback" not in log
