"""The pages in a real browser with a virtual authenticator: script, headers and WebAuthn as people have them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from web_kit import Place, served

from jenkins_mfa.core import totp
from jenkins_mfa.core.binding import NONCE_BYTES, ActBinding, Purpose
from jenkins_mfa.core.model import Act, Commit, Factor, State
from jenkins_mfa.security_keys.ceremonies import WebAuthnKeys
from jenkins_mfa.usecases import credentials, tickets
from jenkins_mfa.usecases.acts import Acts, NeedsPage
from jenkins_mfa.usecases.desk import Who, commit_id
from jenkins_mfa.usecases.enrolment import OwnActs
from jenkins_mfa.usecases.key_answers import asks
from jenkins_mfa.usecases.tickets import For
from key_world import KEYED, KeyWorld

LONG = 15_000  #: ms that anything may take on a busy machine

REGISTER = """async (options) => {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return JSON.stringify((await navigator.credentials.create({publicKey})).toJSON());
}"""


@dataclass
class Person:
    """Alice at her browser, with a key in it that was enrolled on our own site."""

    world: KeyWorld
    place: Place
    context: BrowserContext
    page: Page
    cdp: Any
    authenticator: str
    faults: list[str]

    def address(self) -> str:
        """What Slack's button opens."""
        gate = self.world.gate
        token, _ = tickets.make(self.place.desk, For.ANSWER, "alice", "alice", until=gate.deadline, gate=gate)
        return tickets.address(self.place.settings.url, token)

    def open(self) -> None:
        """Follow the button in Slack to the gate's page."""
        self.page.goto(self.address())
        self.page.wait_for_url("**/gate/**", timeout=LONG)

    def touches(self, present: bool) -> None:
        """Whether somebody touches the key."""
        self.cdp.send(
            "WebAuthn.setAutomaticPresenceSimulation",
            {"authenticatorId": self.authenticator, "enabled": present},
        )

    def enrol(self) -> None:
        """Register the browser's key for alice, on our own origin."""
        desk, party = self.place.desk, self.place.settings.party
        keys, now = WebAuthnKeys(party, "jenkins-mfa"), desk.store.now()
        nonce = desk.randomness.bytes(NONCE_BYTES)
        binding = ActBinding(Purpose.REGISTER, nonce, "ticket", "alice", b"", now, now + 60_000)
        self.page.goto(f"{self.place.settings.url}/")
        body = self.page.evaluate(REGISTER, keys.registration_options(binding, "Alice Wu", ()))
        own, named = credentials.fresh(desk, "alice", keys.register(body.encode(), binding, now), now, label="Laptop")
        record = desk.store.person("alice")
        after = type(record)(record.person, record.version + 1, (*record.authenticators, own))
        desk.store.commit(Commit(commit_id("key", own.id), (after, named)))


@contextmanager
def person(chromium: Browser, world: KeyWorld, **options: Any) -> Iterator[Person]:
    with served(world.desk) as place:
        context = chromium.new_context(**options)
        page = context.new_page()
        faults: list[str] = []
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        cdp = context.new_cdp_session(page)
        cdp.send("WebAuthn.enable", {"enableUI": False})
        made = cdp.send(
            "WebAuthn.addVirtualAuthenticator",
            {
                "options": {
                    "protocol": "ctap2",
                    "ctap2Version": "ctap2_1",
                    "transport": "internal",
                    "hasResidentKey": True,
                    "hasUserVerification": True,
                    "isUserVerified": True,
                    "automaticPresenceSimulation": True,
                }
            },
        )
        found = Person(world, place, context, page, cdp, made["authenticatorId"], faults)
        found.enrol()
        yield found
        context.close()


@pytest.fixture
def alice(chromium: Browser) -> Iterator[Person]:
    world = KeyWorld()
    world.open()
    with person(chromium, world) as found:
        yield found


def test_approve(alice: Person) -> None:
    """From Slack's button to the decision, by keyboard; the token is gone from the address, and nothing is in the
    console: headers, trusted types and script fit together.
    """
    alice.open()
    expect(alice.page.get_by_role("heading", level=1)).to_contain_text("Needs confirmation")
    button = alice.page.get_by_role("button", name="Approve with your key")
    button.focus()
    alice.page.keyboard.press("Enter")
    status = alice.page.get_by_role("status")
    expect(status).to_have_text("Your confirmation counts: 1 of 1. Jenkins gets the answer now.", timeout=LONG)
    expect(alice.page.get_by_role("heading", level=1)).to_contain_text("Approved")
    assert alice.world.gate.state is State.APPROVED
    assert alice.page.evaluate("performance.getEntriesByType('navigation')[0].name.includes('#')") is False
    assert alice.faults == []


def test_deny(alice: Person) -> None:
    """The reason stands outside the button; too short a one is said, and then mended."""
    alice.open()
    alice.page.get_by_text("Deny", exact=True).click()
    deny = alice.page.get_by_role("button", name="Deny with your key")
    deny.click()
    status = alice.page.get_by_role("status")
    expect(status).to_have_text("Say why in 3 to 250 characters.", timeout=LONG)
    alice.page.get_by_label("Reason").fill("not on staging yet")
    alice.page.get_by_label("Report it to ops").check()
    deny.click()
    expect(status).to_contain_text("Denied.", timeout=LONG)
    denial = alice.world.gate.denial
    assert denial is not None
    assert (denial.reason, denial.report) == ("not on staging yet", True)


def test_sign_in_and_out(alice: Person) -> None:
    """With a discoverable passkey; the list leads to the gate's page."""
    alice.page.goto(f"{alice.place.settings.url}/")
    alice.page.get_by_role("button", name="Sign in with a passkey").click()
    expect(alice.page.get_by_role("heading", level=1)).to_have_text("1 build waits for you", timeout=LONG)
    alice.page.get_by_role("link", name="Look at it and answer").click()
    expect(alice.page.get_by_role("button", name="Approve with your key")).to_be_visible()
    alice.page.go_back()
    alice.page.get_by_role("button", name="Sign out").click()
    expect(alice.page.get_by_role("button", name="Sign in with a passkey")).to_be_visible(timeout=LONG)
    assert alice.faults == []


def test_nobody_touches_the_key(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Timeout, a page without focus, or somebody who thinks again: one sentence, and the next try works."""
    original = WebAuthnKeys.assertion_options
    monkeypatch.setattr(
        WebAuthnKeys, "assertion_options", lambda self, *rest: {**original(self, *rest), "timeout": 1_000}
    )
    alice.open()
    alice.touches(False)
    alice.page.get_by_role("button", name="Approve with your key").click()
    status = alice.page.get_by_role("status")
    expect(status).to_contain_text("The key was not used, and nothing was sent.", timeout=LONG)
    assert alice.world.gate.confirmations == ()
    alice.touches(True)
    alice.page.get_by_role("button", name="Approve with your key").click()
    expect(status).to_contain_text("Your confirmation counts", timeout=LONG)


FRAME = """(url) => new Promise((done) => {
  const frame = document.createElement("iframe");
  frame.onload = done;
  frame.src = url;
  document.body.append(frame);
})"""
SIGN = """async (json) => {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(json);
  return JSON.stringify((await navigator.credentials.get({publicKey})).toJSON());
}"""
SEND = """async ([path, body]) => (await (await fetch(path, {
  method: "POST", body: JSON.stringify(body), headers: {
    "Content-Type": "application/json", "Mfa-Page": document.querySelector("main").dataset.session}})).json())"""


class Elsewhere(BaseHTTPRequestHandler):
    """Another service."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!DOCTYPE html><title>elsewhere</title>")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the name of its base)
        """Nothing."""


@pytest.fixture(scope="module")
def foreign() -> Iterator[str]:
    """A page of another service on the same host, which the browser takes for the same site."""
    other = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    Thread(target=other.serve_forever, daemon=True).start()
    yield f"http://localhost:{other.server_address[1]}/"
    other.shutdown()
    other.server_close()


def test_row_17_a_foreign_frame_shows_nothing(alice: Person, foreign: str) -> None:
    """Attack row 17: even where the cookie goes along, the browser shows no page of ours in a frame."""
    alice.open()
    ours = alice.page.url
    alice.page.goto(foreign)
    alice.page.evaluate(FRAME, ours)
    assert [frame.url.partition(":")[0] for frame in alice.page.frames[1:]] == ["chrome-error"]


def test_row_18_what_another_service_on_this_host_has_signed_is_refused(alice: Person, foreign: str) -> None:
    """Attack rows 16 and 18: the RP id has no port, so the browser lets the key sign there; the origin tells."""
    alice.open()
    path = f"/gate/{alice.world.gate.jti}"
    key = alice.world.store.person("alice").authenticators[0].id
    chosen = {"decision": "approve", "key": key, "asks": asks(alice.world.gate)}
    asked = alice.page.evaluate(SEND, [f"{path}/begin", chosen])
    alice.page.goto(foreign)
    signed = alice.page.evaluate(SIGN, asked["options"])
    alice.page.goto(f"{alice.place.settings.url}{path}")
    given = {"decision": "approve", "nonce": asked["nonce"], "answer": signed, "reason": "", "report": False}
    told = alice.page.evaluate(SEND, [f"{path}/finish", given])
    assert told["says"].startswith("Not counted: the key was used on another site")
    assert alice.world.gate.confirmations == ()


def test_where_there_are_no_keys_the_address_is_kept_whole(alice: Person) -> None:
    """The browser inside an app: nothing is used up, and the address can be taken to another browser."""
    alice.page.add_init_script("delete window.PublicKeyCredential")
    address = alice.address()
    alice.page.goto(address)
    expect(alice.page.get_by_role("heading", name="This browser has no security keys")).to_be_visible(timeout=LONG)
    assert alice.page.get_by_label("Address").input_value() == address
    fresh = alice.context.new_page()
    fresh.goto(address)
    fresh.wait_for_url("**/gate/**", timeout=LONG)


def test_the_page_hears_that_somebody_else_has_answered(alice: Person) -> None:
    """It is read anew by itself; what is being typed is not lost."""
    alice.open()
    alice.world.deny("bob")
    expect(alice.page.get_by_role("heading", level=1)).to_contain_text("Denied", timeout=LONG)


def enrolling(bob: Person) -> None:
    """Bob has opened his address, and says in Slack that it is him; the page goes on by itself."""
    desk = bob.place.desk
    token, ticket = tickets.make(desk, For.ENROL, "bob", "alice")
    bob.page.goto(tickets.address(bob.place.settings.url, token))
    bob.page.wait_for_url("**/enrol", timeout=LONG)
    expect(bob.page.get_by_role("heading", name="Say in Slack that it is you")).to_be_visible(timeout=LONG)
    OwnActs(desk).vouch(ticket.id, Who("chat:T1", "UBOB"), True, "tap")
    expect(bob.page.get_by_role("button", name="Show the key")).to_be_visible(timeout=LONG)


def test_a_code_app_is_enrolled_by_keyboard(chromium: Browser) -> None:
    """The key is drawn once, the field has the focus, Enter sends the code."""
    with person(chromium, KeyWorld(), viewport={"width": 360, "height": 740}) as bob:
        enrolling(bob)
        bob.page.get_by_role("button", name="Show the key").press("Enter")
        expect(bob.page.get_by_role("img", name="The key as a QR code")).to_be_visible(timeout=LONG)
        expect(bob.page.get_by_label("Code that the app shows")).to_be_focused(timeout=LONG)
        key = (bob.page.locator("#seed").text_content() or "").replace(" ", "")
        bob.page.keyboard.type(totp.code_at(key, bob.place.desk.store.now() // 1000))
        bob.page.keyboard.press("Enter")
        expect(bob.page.get_by_role("status")).to_contain_text("Enrolled", timeout=LONG)
        assert bob.place.desk.store.person("bob").usable(Factor.TOTP) is not None
        assert bob.faults == []


@pytest.mark.parametrize("phone", [True, False])
def test_a_code_app_on_the_same_phone_is_opened_by_a_link(chromium: Browser, phone: bool) -> None:
    """No camera sees its own screen. What is said of a code stands below its field, not below the way to a key."""
    with person(chromium, KeyWorld(), viewport={"width": 420, "height": 740}, is_mobile=phone, has_touch=phone) as bob:
        enrolling(bob)
        bob.page.get_by_role("button", name="Show the key").click()
        bob.page.get_by_label("Code that the app shows").fill("12")
        bob.page.get_by_role("button", name="Enrol the code app").click()
        expect(bob.page.locator("#app").get_by_role("status")).to_contain_text("6 digits", timeout=LONG)
        link = bob.page.locator("#here")
        assert link.is_visible() is phone
        assert (link.get_attribute("href") or "").startswith("otpauth://totp/")
        assert bob.faults == ["Failed to load resource: the server responded with a status of 409 (Conflict)"]


def test_a_security_key_is_enrolled(chromium: Browser) -> None:
    """The browser's own key, under the name that its person gave it."""
    with person(chromium, KeyWorld(), color_scheme="dark") as bob:
        enrolling(bob)
        bob.page.get_by_label("A name for it").fill("laptop")
        bob.page.get_by_role("button", name="Enrol a security key").click()
        expect(bob.page.get_by_role("status")).to_contain_text("Enrolled", timeout=LONG)
        (made,) = bob.place.desk.store.person("bob").authenticators
        assert (made.kind, made.label, bob.faults) == (Factor.WEBAUTHN, "laptop", [])


def test_a_code_app_is_added_and_the_key_removed_with_it(alice: Person) -> None:
    """The page of one's own: choose, touch, enrol; then the key goes by its own signature."""
    desk, page = alice.place.desk, alice.page
    page.goto(OwnActs(desk, alice.place.settings.url).page("alice"))
    page.wait_for_url("**/me", timeout=LONG)
    page.get_by_role("button", name="Add a code app").click()
    page.wait_for_url("**/enrol", timeout=LONG)
    page.get_by_role("button", name="Show the key").click()
    expect(page.get_by_label("Code that the app shows")).to_be_focused(timeout=LONG)
    key = (page.locator("#seed").text_content() or "").replace(" ", "")
    page.get_by_label("Code that the app shows").fill(totp.code_at(key, desk.store.now() // 1000))
    page.get_by_role("button", name="Enrol the code app").click()
    expect(page.get_by_role("status")).to_contain_text("Enrolled", timeout=LONG)
    page.goto(OwnActs(desk, alice.place.settings.url).page("alice"))
    page.wait_for_url("**/me", timeout=LONG)
    page.get_by_role("button", name="Remove").first.click()
    expect(page.get_by_role("status")).to_contain_text("Removed", timeout=LONG)
    assert [one.kind for one in desk.store.person("alice").authenticators if one.usable] == [Factor.TOTP]
    assert alice.faults == []


def test_an_administrator_invites_with_a_key_and_sees_the_address_once(chromium: Browser) -> None:
    """Named on the page, signed by the browser's key, drawn and written once; no script error."""
    with person(chromium, KeyWorld(rules=replace(KEYED, administrators=("alice",)))) as alice:
        asked = Acts(alice.place.desk, alice.place.settings.url).begin(
            Act("invite", "bob"), Who("chat:T1", "UALICE"), "command"
        )
        assert isinstance(asked, NeedsPage)
        alice.page.goto(asked.address)
        alice.page.wait_for_url("**/act", timeout=LONG)
        expect(alice.page.get_by_text("Invite Bob to enrol an authenticator")).to_be_visible(timeout=LONG)
        alice.page.get_by_role("button", name="Confirm with your key").click()
        expect(alice.page.get_by_role("img", name="The address as a QR code")).to_be_visible(timeout=LONG)
        expect(alice.page.get_by_role("status")).to_contain_text("Done", timeout=LONG)
        address = alice.page.locator("#invitation-address").text_content() or ""
        assert tickets.turn_in(alice.place.desk, address.rpartition("#")[2]).person == "bob"
        alice.page.reload()
        expect(alice.page.get_by_role("heading", level=1)).to_have_text("This page has ended", timeout=LONG)
        assert [fault for fault in alice.faults if "403" not in fault] == []
