"""The console in a real browser: signing in, answering by keyboard, staying up to date, and what axe finds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from console_kit import Desktop, console
from playwright.sync_api import Browser, Page, expect

from builders import policy, rule
from fakes import code_of
from jenkins_mfa.core.model import Commit, Entry, Factor, State
from jenkins_mfa.usecases.desk import commit_id
from key_world import KeyWorld

LONG = 15_000  #: ms that anything may take on a busy machine
PAGES = ("", "/history", "/people", "/policy", "/report", "/health")
SERIOUS = {"serious", "critical"}


@dataclass
class Seat:
    """Somebody at the console."""

    world: KeyWorld
    desktop: Desktop
    page: Page
    faults: list[str]

    @property
    def url(self) -> str:
        return f"{self.desktop.place.settings.url}/console"

    def sign_in(self, name: str = "Alice") -> None:
        """From the door over Slack's page to what waits."""
        self.page.goto(self.url)
        self.page.get_by_role("link", name="Sign in with Slack").click()
        self.page.get_by_role("link", name=f"Allow as {name}").click()
        expect(self.page.get_by_role("button", name="Sign out")).to_be_visible(timeout=LONG)


@contextmanager
def seat(chromium: Browser, factor: Factor = Factor.TOTP, **options: Any) -> Iterator[Seat]:
    world = KeyWorld(rules=policy(rule(factor=factor), available=tuple(Factor), administrators=("alice",)))
    world.enrol("alice", "bob")
    world.open()
    with console(world.desk) as desktop:
        context = chromium.new_context(**options)
        page, faults = context.new_page(), list[str]()
        page.on("console", lambda said: faults.append(f"{said.location} {said.text}") if said.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        yield Seat(world, desktop, page, faults)
        context.close()


def fill(world: KeyWorld) -> None:
    """What every page has something to show of."""
    now = world.clock.now()
    for name in ("agent:a1", "source:main", "trail:a1"):
        world.store.beat(name, {"ok": True, "version": "1.0", "pending": 1, "ms": 12, "at": now})
    details: dict[str, str | int] = {"policy_sha256": "0" * 64, "changes": "rules added: production"}
    world.store.commit(Commit(commit_id("p"), (), (Entry("policy:loaded", now, "agent", details=details),)))


def both(page: Page) -> list[str]:
    """What axe finds serious or critical on the page as it stands: all rules in light, contrasts in dark."""
    page.emulate_media(color_scheme="light")
    found = Axe().run(page).response["violations"]
    page.emulate_media(color_scheme="dark")
    dark = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
    found += Axe().run(page, options=dark).response["violations"]
    return [
        f"{page.url}: {one['id']}: {json.dumps([node['html'][:160] for node in one['nodes']])}"
        for one in found
        if one["impact"] in SERIOUS
    ]


def test_axe_finds_nothing_serious_on_any_page(chromium: Browser) -> None:
    """The door, all pages, and a gate; dark mode differs by its colours alone. Nothing is fetched from elsewhere, and
    nothing is in the console.
    """
    with seat(chromium, viewport={"width": 1100, "height": 900}) as alice:
        fill(alice.world)
        hosts: set[str] = set()
        alice.page.goto(alice.url)
        found = both(alice.page)
        alice.sign_in()
        alice.page.on("request", lambda sent: hosts.add(sent.url.split("/")[2]))
        for path in (*PAGES, f"/gates/{alice.world.gate.jti}"):
            alice.page.goto(f"{alice.url}{path}")
            alice.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
            found += both(alice.page)
        assert found == []
        assert hosts == {alice.desktop.place.settings.authority}
        assert not alice.faults, alice.faults


def test_approving_by_keyboard(chromium: Browser) -> None:
    """From the skip link to the decision without a mouse, on a phone's width, without scrolling sideways."""
    with seat(chromium, viewport={"width": 360, "height": 740}) as alice:
        alice.sign_in()
        page = alice.page
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="To the page")).to_be_focused()
        link = page.get_by_role("link", name="Needs confirmation")
        for _ in range(20):
            if link.evaluate("(one) => one === document.activeElement"):
                break
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**/gates/**", timeout=LONG)  # with its script
        field = page.get_by_label("Code from your authenticator app")
        expect(field).to_be_visible(timeout=LONG)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        for _ in range(30):
            if field.evaluate("(one) => one === document.activeElement"):
                break
            page.keyboard.press("Tab")
        page.keyboard.type(code_of("alice", alice.world.clock))
        page.keyboard.press("Enter")
        status = page.get_by_role("status")
        expect(status).to_contain_text("Your confirmation counts: 1 of 1.", timeout=LONG)
        assert alice.world.gate.state is State.APPROVED
        assert not alice.faults, alice.faults


def test_the_list_keeps_itself_up_to_date(chromium: Browser) -> None:
    """Somebody else answers: the list changes by itself; told not to, it says that there is something newer."""
    with seat(chromium, Factor.PUSH) as alice:
        alice.sign_in()
        alice.world.tap("bob")
        expect(alice.page.get_by_role("heading", level=2)).to_contain_text("Approved", timeout=LONG)
        alice.page.wait_for_load_state()  # with its script, which would set the box anew
        alice.page.get_by_label("Keep this list up to date").uncheck()
        alice.world.deny("bob")
        expect(alice.page.get_by_role("status")).to_contain_text("There is something newer", timeout=LONG)
        expect(alice.page.get_by_role("heading", level=2)).to_contain_text("Approved")


def test_signing_out(chromium: Browser) -> None:
    """The door again, and nothing of before in it."""
    with seat(chromium) as alice:
        alice.sign_in()
        alice.page.get_by_role("button", name="Sign out").click()
        expect(alice.page.get_by_role("heading", level=1)).to_have_text("Sign in to the console", timeout=LONG)
        alice.page.goto(f"{alice.url}/history")
        expect(alice.page.get_by_role("heading", level=1)).to_have_text("Sign in to the console", timeout=LONG)
