"""The gate's page and its answers over real sockets, with a key in software: what is shown is what is signed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from threading import Thread
from typing import Any

import pytest
import requests
from web_kit import Browser, Place, served

from fakes import FakeSource, request_text
from jenkins_mfa.core.model import Authenticator, Factor, Gate, State
from jenkins_mfa.simulators.security_key import HONEST, Lies, SecurityKey
from jenkins_mfa.usecases import tickets
from jenkins_mfa.usecases.key_answers import asks
from jenkins_mfa.usecases.tickets import For
from jenkins_mfa.web import health, session
from jenkins_mfa.web.session import Purpose, Session
from key_world import KEYED, KeyWorld, enrol_key


@dataclass
class Page:
    """One approver's browser on one gate's page."""

    place: Place
    browser: Browser
    gate: Gate
    key: SecurityKey
    own: Authenticator

    @property
    def path(self) -> str:
        return f"/gate/{self.gate.jti}"

    def chosen(self, decision: str, key: str = "") -> dict[str, str]:
        """What a button sends."""
        return {"decision": decision, "key": key or self.own.id, "asks": asks(self.gate)}

    def begin(self, decision: str = "approve", **values: Any) -> requests.Response:
        return self.browser.post(f"{self.path}/begin", self.chosen(decision) | values)

    def finish(self, begun: Any, decision: str = "approve", lies: Lies = HONEST, **values: Any) -> requests.Response:
        signed = json.dumps(self.key.sign(begun["options"], self.place.settings.url, lies))
        sent = {"decision": decision, "nonce": begun["nonce"], "answer": signed, "reason": "", "report": False}
        return self.browser.post(f"{self.path}/finish", sent | values)


@pytest.fixture
def world() -> KeyWorld:
    made = KeyWorld()
    made.open()
    return made


@pytest.fixture
def place(world: KeyWorld) -> Iterator[Place]:
    with served(world.desk) as running:
        yield running


def opened(place: Place, world: KeyWorld, person: str = "alice") -> Page:
    """Enrol a key, get the address, open it."""
    key = SecurityKey()
    own = enrol_key(place.desk, place.settings.party, person, key)
    gate = world.gate
    token, _ = tickets.make(place.desk, For.ANSWER, person, person, until=gate.deadline, gate=gate)
    browser = place.browser
    assert browser.post("/open", {"token": token}).json() == {"to": f"/gate/{gate.jti}"}
    return Page(place, browser, gate, key, own)


def text_of(html: str) -> str:
    return re.sub(r"<[^>]+>", " ", html)


def test_the_page_shows_what_slack_shows(place: Place, world: KeyWorld) -> None:
    """S20: state, facts, and last the Jenkinsfile's words, each escaped, with the two buttons after them."""
    page = opened(place, world)
    found = page.browser.get(page.path)
    assert found.status_code == 200
    shown = text_of(found.text)
    order = [
        "Needs confirmation",
        "with a security key",
        "From Jenkins",
        "Started by",
        "The Jenkinsfile says",
        "Deploy 1.4",
    ]
    positions = [shown.index(one) for one in [*order, "Approve with your key", "Deny with your key"]]
    assert positions == sorted(positions)
    assert "493817" not in found.text


def test_nothing_of_the_jenkinsfile_becomes_markup(place: Place) -> None:
    """Foreign text stays text."""
    evil = '<img src=x onerror="alert(1)"></pre><script>x</script>'
    world = KeyWorld(source=FakeSource(text=request_text(message=evil)))
    world.open()
    with served(world.desk) as here:
        page = opened(here, world)
        found = page.browser.get(page.path).text
    assert "<img" not in found
    assert "<script>" not in found
    assert "&lt;img" in found


def test_approve_with_the_key(place: Place, world: KeyWorld) -> None:
    """From the address to the decision, over sockets."""
    page = opened(place, world)
    done = page.finish(page.begin().json())
    assert done.status_code == 200, done.text
    assert done.json()["says"] == "Your confirmation counts: 1 of 1. Jenkins gets the answer now."
    assert world.gate.state is State.APPROVED
    assert world.gate.confirmations[0].factor is Factor.WEBAUTHN
    after = text_of(page.browser.get(page.path).text)
    assert "Approved" in after
    assert "Approve with your key" not in after


def test_deny_with_the_key_a_reason_and_a_report(place: Place, world: KeyWorld) -> None:
    """The same words as in Slack; ops are told."""
    page = opened(place, world)
    done = page.finish(page.begin("deny").json(), "deny", reason="not on staging yet", report=True)
    assert done.json()["says"].startswith("Denied. The build is being aborted")
    denial = world.gate.denial
    assert denial is not None
    assert (denial.person, denial.reason, denial.report) == ("alice", "not on staging yet", True)


@pytest.mark.parametrize(
    ("reason", "told"), [("", "Say why in 3 to 250"), ("x" * 251, "Say why"), ("&" * 100, "Too long")]
)
def test_a_reason_that_cannot_be_used_is_said_and_uses_nothing_up(
    place: Place, world: KeyWorld, reason: str, told: str
) -> None:
    """The question still stands."""
    page = opened(place, world)
    begun = page.begin("deny").json()
    assert page.finish(begun, "deny", reason=reason).json()["says"].startswith(told)
    assert page.finish(begun, "deny", reason="not yet").status_code == 200


@pytest.mark.parametrize("origin", ["http://localhost:1", "http://localhost", "https://evil.example.com"])
def test_an_answer_made_on_another_site_is_refused(place: Place, world: KeyWorld, origin: str) -> None:
    """Attack rows 16 and 18: another port has the same RP id; only the origin tells them apart."""
    page = opened(place, world)
    done = page.finish(page.begin().json(), lies=Lies(origin=origin))
    assert done.status_code == 409
    assert done.json()["says"].startswith("Not counted: the key was used on another site than this one.")
    assert world.gate.confirmations == ()


def test_an_answer_sent_again_is_refused(place: Place, world: KeyWorld) -> None:
    """Attack row 11."""
    page = opened(place, world)
    begun = page.begin().json()
    signed = json.dumps(page.key.sign(begun["options"], place.settings.url))
    sent = {"decision": "approve", "nonce": begun["nonce"], "answer": signed, "reason": "", "report": False}
    codes = [page.browser.post(f"{page.path}/finish", sent).status_code for _ in range(2)]
    assert codes == [200, 409]
    assert len(world.gate.confirmations) == 1


def test_without_a_session_nothing_is_shown(place: Place, world: KeyWorld) -> None:
    """A stranger who knows the address of the page sees no build."""
    for path in (f"/gate/{world.gate.jti}", "/gate/g_00000000000000000000000000000000.1"):
        found = place.browser.get(path)
        assert found.status_code == 403
        assert "team one" not in found.text
    sent = place.browser.post(f"/gate/{world.gate.jti}/begin", {"decision": "approve", "key": "x", "asks": ""})
    assert sent.json()["says"] == "Not counted: this page has ended. Open it from Slack again, or sign in."


def session_of(place: Place, begun: Session) -> Browser:
    browser = place.browser
    browser.http.cookies.set(place.settings.cookie, session.write(begun, place.desk.keys.mac_key))
    return browser


def test_a_session_is_for_its_own_gate_purpose_and_time(place: Place, world: KeyWorld) -> None:
    """Forged, ended, of another purpose or gate, of a leaver: nothing."""
    now = place.desk.store.now()
    jti = world.gate.jti
    good = Session(Purpose.ANSWER, "alice", jti, now + 60_000)
    assert session_of(place, good).get(f"/gate/{jti}").status_code == 200
    assert session_of(place, replace(good, purpose=Purpose.SIGNED_IN, about="")).get(f"/gate/{jti}").status_code == 200
    for bad in (
        replace(good, about="g_00000000000000000000000000000000.1"),
        replace(good, purpose=Purpose.ENROL),
        replace(good, purpose=Purpose.ACT),
        replace(good, expires=now),
        replace(good, person="nobody"),
    ):
        assert session_of(place, bad).get(f"/gate/{jti}").status_code == 403
    forged = place.browser
    forged.http.cookies.set(place.settings.cookie, session.write(good, b"x" * 32))
    assert forged.get(f"/gate/{jti}").status_code == 403


def test_whose_session_it_is_decides_whose_key_is_asked(place: Place, world: KeyWorld) -> None:
    """Attack row 15: alice's page with bob's key."""
    alice, bob = opened(place, world), opened(place, world, "bob")
    refused = alice.browser.post(f"{alice.path}/begin", alice.chosen("approve", bob.own.id))
    assert refused.json()["says"].startswith("Not counted: you have no such security key")
    begun = alice.begin().json()
    bob.browser = alice.browser
    options = {**begun["options"], "allowCredentials": []}
    assert bob.finish({**begun, "options": options}).status_code == 409
    assert world.gate.confirmations == ()


@pytest.mark.parametrize(
    "body",
    [{}, {"decision": "maybe", "key": "x"}, {"decision": "approve"}, {"decision": ["approve"], "key": 1}],
)
def test_what_no_page_sends_is_refused_in_a_sentence(place: Place, world: KeyWorld, body: dict[str, Any]) -> None:
    """S15."""
    page = opened(place, world)
    found = page.browser.post(f"{page.path}/begin", body)
    assert (found.status_code, found.json()["says"]) == (
        400,
        "jenkins-mfa does not know what this page sends. Nothing changed.",
    )


@pytest.mark.parametrize("path", ["/gate/x", "/gate/g_1.1", "/gate/..%2f", "/gate/", "/gate/g_" + "0" * 32 + ".1"])
def test_an_address_that_is_none(place: Place, world: KeyWorld, path: str) -> None:
    """Nothing of it comes back."""
    browser = session_of(place, Session(Purpose.SIGNED_IN, "alice", "", place.desk.store.now() + 60_000))
    found = browser.get(path)
    assert found.status_code == 404
    assert "There is no such page" in found.text


def test_several_keys_can_be_chosen_from(place: Place, world: KeyWorld) -> None:
    """The one that was used last stands first."""
    page = opened(place, world)
    assert "<select" not in page.browser.get(page.path).text
    enrol_key(place.desk, place.settings.party, "alice", SecurityKey())
    assert page.browser.get(page.path).text.count("<option") == 2


def test_who_cannot_answer_reads_why(place: Place, world: KeyWorld) -> None:
    """No buttons, one sentence."""
    now = place.desk.store.now()
    for person, told in (("eve", "you are not one"), ("dan", "you started this build"), ("carol", "no security key")):
        browser = session_of(place, Session(Purpose.ANSWER, person, world.gate.jti, now + 60_000))
        found = browser.get(f"/gate/{world.gate.jti}").text
        assert told in text_of(found)
        assert 'id="approve"' not in found


def test_the_page_hears_of_a_change(place: Place, world: KeyWorld) -> None:
    """`/wait` answers once the gate has another version."""
    page = opened(place, world)
    seen = re.search(r'data-seen="(\d+)"', page.browser.get(page.path).text)
    assert seen is not None
    assert page.browser.get("/wait?seen=0").json() == {"seen": seen[1], "changed": True}
    page.finish(page.begin().json())
    assert page.browser.get(f"/wait?seen={seen[1]}").json()["changed"] is True


# -- signed in -


def sign_in(place: Place, browser: Browser, key: SecurityKey) -> requests.Response:
    begun = browser.post("/sign-in/begin").json()
    signed = json.dumps(key.sign(begun["options"], place.settings.url))
    return browser.post("/sign-in/finish", {"state": begun["state"], "answer": signed})


def test_sign_in_shows_what_waits_and_takes_the_answer(place: Place, world: KeyWorld) -> None:
    """The same use case, without Slack."""
    page = opened(place, world)
    fresh = replace(page, browser=place.browser)
    assert "Sign in with a passkey" in fresh.browser.get("/").text
    assert sign_in(place, fresh.browser, fresh.key).json() == {"to": "/"}
    home = fresh.browser.get("/").text
    assert "1 build waits for you" in home
    assert f'href="{fresh.path}"' in home
    assert fresh.finish(fresh.begin().json()).status_code == 200
    assert "Nothing waits for you" in fresh.browser.get("/").text
    fresh.browser.post("/out")
    assert "Sign in with a passkey" in fresh.browser.get("/").text


def test_a_session_by_key_lives_ten_minutes(place: Place, world: KeyWorld) -> None:
    """Then the key is asked again."""
    page = opened(place, world)
    browser = place.browser
    sign_in(place, browser, page.key)
    world.clock.move(seconds=599)
    assert "Nothing waits" in browser.get("/").text or "waits for you" in browser.get("/").text
    world.clock.move(seconds=1)
    assert "Sign in with a passkey" in browser.get("/").text


def test_a_page_of_a_ticket_is_no_sign_in(place: Place, world: KeyWorld) -> None:
    """A session for one gate lists nothing."""
    page = opened(place, world)
    assert "Sign in with a passkey" in page.browser.get("/").text


def test_the_policy_of_an_installation_with_pages(world: KeyWorld) -> None:
    """Without them nobody could give it: the gate is denied at its opening."""
    assert world.gate.state is State.PENDING
    without = KeyWorld(rules=replace(KEYED, available=(Factor.PUSH, Factor.TOTP)))
    without.open()
    assert without.gate.state is State.DENIED


def test_row_41_one_person_holds_few_requests_open(
    place: Place, world: KeyWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Attack row 41: caps per client, 429 beyond, also for whoever names something else each time."""
    monkeypatch.setattr(health, "TABS", 1)
    now, jti = place.desk.store.now(), world.gate.jti
    browser = session_of(place, Session(Purpose.SIGNED_IN, "alice", "", now + 60_000))
    held = Thread(target=browser.get, args=(f"/wait?about={jti}&seen={world.gate.version}",))
    held.start()
    while not place.site.waiters.count:
        held.join(0.01)
    assert browser.get("/wait?about=g_0.1&seen=0").status_code == 429
    assert session_of(place, Session(Purpose.ANSWER, "bob", jti, now + 60_000)).get("/wait?seen=0").status_code == 200
    world.deny("bob")
    held.join(20)
    assert not held.is_alive()


def test_t8_a_damaged_record_is_told_in_a_sentence(place: Place, world: KeyWorld) -> None:
    """Whoever writes into the store takes the key's buttons away, and no more: the page says why."""
    page = opened(place, world)
    world.store._records["auth:alice"] = replace(world.store.person("alice"), failures=9)
    found = page.browser.get(page.path)
    assert found.status_code == 200
    assert "Your authenticator cannot be used. Ask ops." in text_of(found.text)
    assert "Deny with your key" not in found.text
