"""The pages below a path of their host, as a reverse proxy has them that has others beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import requests
from console_kit import COOKIE, Visitor, console
from playwright.sync_api import Browser, expect
from web_kit import SECONDS, Place, served

from builders import policy, rule
from fakes import code_of
from jenkins_mfa.core.model import Factor, State
from jenkins_mfa.usecases import tickets
from jenkins_mfa.usecases.tickets import For
from key_world import KEYED, KeyWorld

LONG = 15_000  #: ms that anything may take on a busy machine


@pytest.fixture
def world() -> KeyWorld:
    made = KeyWorld(rules=KEYED)
    made.open()
    return made


@pytest.fixture
def place(world: KeyWorld) -> Iterator[Place]:
    with served(world.desk, prefix="/mfa") as running:
        yield running


def root(place: Place) -> str:
    return place.settings.url.removesuffix("/mfa")


@pytest.mark.parametrize("path", ["/", "/open", "/mfaa/open", "/other/mfa/open", "/static/page.js"])
def test_what_is_not_below_it_is_not_ours(place: Place, path: str) -> None:
    """Another page of the same host, or a proxy that passes on more than it should."""
    assert requests.get(f"{root(place)}{path}", timeout=SECONDS).status_code == 404


def test_probes_ask_at_the_root_and_below(place: Place) -> None:
    """They come past the proxy."""
    assert requests.get(f"{root(place)}/livez", timeout=SECONDS).ok
    assert place.browser.get("/livez").ok


def test_all_that_a_page_names_is_below_it(place: Place) -> None:
    """Style, script, icon, and links."""
    page = place.browser.get("/open")
    named = re.findall(r'(?:href|src)="([^"]+)"', page.text)
    assert len(named) == 3
    assert all(one.startswith("/mfa/") for one in named)
    assert all(requests.get(f"{root(place)}{one}", timeout=SECONDS).ok for one in named)


def test_an_address_is_opened_below_it(place: Place, world: KeyWorld) -> None:
    """What the agent gives out has the path, and the origin of what is sent has none."""
    token, _ = tickets.make(world.desk, For.OWN, "alice", "alice")
    assert tickets.address(place.settings.url, token) == f"{place.settings.url}/open#{token}"
    browser = place.browser
    assert browser.post("/open", {"token": token}, Origin=place.settings.url).status_code == 403
    assert browser.post("/open", {"token": token}).json() == {"to": "/me"}
    assert "Your authenticators" in browser.get("/me").text


def test_the_console_below_it() -> None:
    """Sign-in leads back below it; every link of every page is."""
    world = KeyWorld(rules=policy(rule(factor=Factor.PUSH), available=tuple(Factor)))
    world.open()
    with console(world.desk, prefix="/mfa") as desktop:
        visitor: Visitor = desktop.visitor
        back = visitor.sign_in("UALICE", "/console/history")
        assert back.headers["Location"] == f"{visitor.url}/console/history"
        assert COOKIE in visitor.http.cookies
        for page in ("", "/history", "/people", "/policy", "/report", "/health", f"/gates/{world.gate.jti}"):
            named = re.findall(r'(?:href|src|action)="(/[^"]*)"', visitor.get(f"/console{page}").text)
            assert named
            assert all(one.startswith("/mfa/") for one in named), page


def test_a_browser_answers_below_it(chromium: Browser) -> None:
    """The script knows where it came from: from the door to the decision."""
    world = KeyWorld(rules=policy(rule(factor=Factor.TOTP), available=tuple(Factor)))
    world.enrol("alice")
    world.open()
    with console(world.desk, prefix="/mfa") as desktop:
        page = chromium.new_context().new_page()
        page.goto(f"{desktop.place.settings.url}/console")
        page.get_by_role("link", name="Sign in with Slack").click()
        page.get_by_role("link", name="Allow as Alice").click()
        page.get_by_role("link", name="Needs confirmation").click()
        page.wait_for_url("**/gates/**", timeout=LONG)  # with its script
        page.get_by_label("Code from your authenticator app").fill(code_of("alice", world.clock))
        page.get_by_role("button", name="Approve with the code").click()
        expect(page.get_by_role("status")).to_contain_text("Your confirmation counts", timeout=LONG)
        assert world.gate.state is State.APPROVED
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/mfa/console/sign-in", timeout=LONG)
        page.context.close()
