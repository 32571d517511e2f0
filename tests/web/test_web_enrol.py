"""`/enrol` over HTTP: it waits for the tap, shows a key once, wants it proved; nothing on it is for anybody else."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from web_kit import Browser, Place

from jenkins_mfa.core import totp
from jenkins_mfa.core.model import Factor
from jenkins_mfa.simulators.security_key import SecurityKey
from jenkins_mfa.usecases import tickets
from jenkins_mfa.usecases.desk import Who
from jenkins_mfa.usecases.enrolment import OwnActs
from jenkins_mfa.usecases.tickets import For


def opened(place: Place, person: str = "bob") -> tuple[Browser, str]:
    """A browser in which the address was opened; the ticket's id."""
    token, ticket = tickets.make(place.desk, For.ENROL, person, "alice")
    browser = place.browser
    assert browser.post("/open", {"token": token}).json() == {"to": "/enrol"}
    return browser, ticket.id


def vouched(place: Place, person: str = "bob") -> Browser:
    browser, ticket = opened(place, person)
    OwnActs(place.desk).vouch(ticket, Who("chat:T1", f"U{person.upper()}"), True, "tap")
    return browser


def code_for(place: Place, key: str) -> str:
    return totp.code_at(key.replace(" ", ""), place.desk.store.now() // 1000)


def test_the_page_waits_for_the_tap_and_goes_on(place: Place) -> None:
    """It says where to look; the waiting request is let go when the person has tapped."""
    browser, ticket = opened(place)
    page = browser.get("/enrol").text
    assert "Say in Slack that it is you" in page
    assert "Show the key" not in page
    OwnActs(place.desk).vouch(ticket, Who("chat:T1", "UBOB"), True, "tap")
    assert browser.get("/wait?seen=opened").json() == {"seen": "vouched", "changed": True}
    assert "Show the key" in browser.get("/enrol").text


def test_a_code_app_is_enrolled_on_the_page(place: Place) -> None:
    """The drawing and the text key come once, and only to the script; a wrong code says so."""
    browser = vouched(place)
    shown = browser.post("/enrol/code").json()
    assert shown["drawing"]["path"].startswith("M0 0h1v1h-1z")
    seed = shown["key"].replace(" ", "")
    assert len(seed) == 32
    assert shown["address"].startswith(f"otpauth://totp/jenkins-mfa%20test:bob?secret={seed}&issuer=")
    assert browser.post("/enrol/code").status_code == 409
    assert shown["key"] not in browser.get("/enrol").text
    assert "6 digits" in browser.post("/enrol/prove", {"code": "12"}).json()["says"]
    done = browser.post("/enrol/prove", {"code": code_for(place, shown["key"])})
    assert done.json()["says"] == "Enrolled: you can answer with a code from now on. Close this page."
    assert place.desk.store.person("bob").usable(Factor.TOTP) is not None
    assert browser.get("/enrol").status_code == 403


def test_a_security_key_is_enrolled_on_the_page(place: Place) -> None:
    """As the browser makes it, with a name that can be shown."""
    browser, key = vouched(place), SecurityKey()
    options = browser.post("/enrol/key").json()["options"]
    answer = json.dumps(key.register(options, place.settings.url))
    assert browser.post("/enrol/register", {"label": "blue\u202e", "answer": answer}).status_code == 409
    done = browser.post("/enrol/register", {"label": "blue key", "answer": answer})
    assert done.json()["says"] == "Enrolled: you can answer with a security key from now on. Close this page."
    (made,) = place.desk.store.person("bob").authenticators
    assert (made.kind, made.label) == (Factor.WEBAUTHN, "blue key")


@pytest.mark.parametrize("path", ["/enrol/code", "/enrol/prove", "/enrol/key", "/enrol/register"])
def test_nothing_happens_without_the_session_or_before_the_tap(place: Place, path: str) -> None:
    """Attack rows 25 and 26; another purpose's session is none here."""
    form = {"code": "123456", "label": "", "answer": "{}"}
    assert place.browser.post(path, form).status_code == 409
    browser, _ = opened(place)
    assert "asks you in a direct message" in browser.post(path, form).json()["says"]
    token, _ticket = tickets.make(place.desk, For.ACT, "bob", "bob")
    other = place.browser
    other.post("/open", {"token": token})
    assert other.post(path, form).status_code == 409
    assert place.desk.store.person("bob").version == 0


def test_the_page_of_nobody_is_over(place: Place) -> None:
    """Without a session, and after a No."""
    assert place.browser.get("/enrol").status_code == 403
    browser, ticket = opened(place)
    OwnActs(place.desk).vouch(ticket, Who("chat:T1", "UBOB"), False, "tap")
    assert browser.get("/enrol").status_code == 403


def test_row_44_neither_key_nor_token_reaches_a_log(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Attack row 44: what was shown and typed is in no line."""
    browser = vouched(place)
    key = browser.post("/enrol/code").json()["key"]
    code = code_for(place, key)
    browser.post("/enrol/prove", {"code": code})
    said = "".join(capsys.readouterr())
    assert key.replace(" ", "") not in said
    assert code not in said


def test_second_admin_the_page_says_that_it_waits(place: Place) -> None:
    """Nobody is told that they can answer while they cannot."""
    in_force = place.desk.rules.now
    place.desk.rules.now = replace(in_force, policy=replace(in_force.policy, second_admin=True))
    browser = vouched(place)
    code = code_for(place, browser.post("/enrol/code").json()["key"])
    says = browser.post("/enrol/prove", {"code": code}).json()["says"]
    assert says == (
        "Enrolled. It counts once a second administrator has confirmed it; Slack tells you. Close this page."
    )
    assert place.desk.store.person("bob").usable(Factor.TOTP) is None
    own = OwnActs(place.desk, place.settings.url).page("bob").rpartition("#")[2]
    assert browser.post("/open", {"token": own}).json() == {"to": "/me"}
    page = browser.get("/me").text
    assert "Code app: waits for a second administrator until" in page
    assert "data-act" not in page
