"""`/open`: the token is in the fragment, looking uses nothing up, sending it begins a session for one page."""

from __future__ import annotations

import pytest
from web_kit import Place

from jenkins_mfa.core.model import TicketRecord
from jenkins_mfa.usecases import tickets
from jenkins_mfa.usecases.tickets import For
from jenkins_mfa.web import session
from jenkins_mfa.web.session import Purpose
from memory_store import MemoryStore


def made(place: Place, purpose: For = For.ENROL) -> tuple[str, TicketRecord]:
    return tickets.make(place.desk, purpose, "bob", "alice")


def test_the_token_stands_behind_the_fragment(place: Place) -> None:
    """Factors 1: what stands there never reaches a server, a proxy or their logs."""
    token, _ = made(place)
    assert tickets.address(place.settings.url, token) == f"{place.settings.url}/open#{token}"


def test_row_26_looking_at_an_address_uses_nothing_up(place: Place) -> None:
    """Attack row 26: unfurlers and scanners fetch links; GET and HEAD change nothing."""
    token, ticket = made(place)
    browser = place.browser
    for path in (f"/open?{token}", f"/open/{token}", "/open"):
        browser.get(path)
        browser.http.head(f"{browser.url}{path}", timeout=10)
    stored = place.desk.store.ticket(ticket.id)
    assert stored is not None
    assert stored.used_at == 0
    assert browser.cookie == ""
    assert browser.post("/open", {"token": token}).status_code == 200


def test_sending_it_begins_a_session_for_one_page(place: Place) -> None:
    """Its person, its purpose, and no longer than the ticket."""
    token, ticket = made(place)
    browser = place.browser
    found = browser.post("/open", {"token": token})
    assert found.json() == {"to": "/enrol"}
    begun = session.read(browser.cookie, place.desk.keys.mac_key, place.desk.store.now())
    assert begun == session.Session(Purpose.ENROL, "bob", ticket.id, place.desk.store.now() + tickets.LIFETIME)
    said = found.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(said.split("; "))
    assert said.startswith("mfa=")


def test_over_tls_the_cookie_is_for_this_host_alone(place: Place) -> None:
    """`__Host-`: no other host of the domain sets or reads it, and nobody sees it without TLS."""
    from dataclasses import replace

    from starlette.responses import Response

    site = replace(place.site, settings=replace(place.settings, url="https://mfa.example.com"))
    response = Response()
    site.begin(response, session.Session(Purpose.ENROL, "bob", "x", place.desk.store.now() + 1000))
    said = response.headers["Set-Cookie"]
    assert said.startswith("__Host-mfa=")
    assert "Secure" in said.split("; ")
    assert "Domain" not in said


@pytest.mark.parametrize("spoil", ["used", "unknown", "empty"])
def test_what_opens_nothing_is_said_in_a_sentence(place: Place, spoil: str) -> None:
    """Used twice, unknown, empty: no session, and no word of which tokens there are."""
    token, _ = made(place)
    if spoil == "used":
        place.browser.post("/open", {"token": token})
    sent = {"used": token, "unknown": "A" * 43, "empty": ""}[spoil]
    browser = place.browser
    found = browser.post("/open", {"token": sent})
    assert found.status_code == 409
    assert found.json()["says"].startswith(
        "This address was used already." if spoil == "used" else "This address opens nothing here."
    )
    assert browser.cookie == ""


def test_row_44_no_token_stands_in_any_log(place: Place, capfd: pytest.CaptureFixture[str]) -> None:
    """Attack row 44: log, trail and answers."""
    token, _ = made(place)
    browser = place.browser
    answers = [browser.post("/open", {"token": token}) for _ in range(2)]
    answers.append(browser.post("/open", {"token": token, "x": "y" * 70_000}))
    out, err = capfd.readouterr()
    assert isinstance(place.desk.store, MemoryStore)
    trail = [linked.raw.decode() for linked in place.desk.store.trail]
    assert not any(token in text for text in [out, err, *trail, *(one.text for one in answers)])


@pytest.mark.parametrize(
    ("purpose", "path"), [(For.ENROL, "/enrol/code"), (For.OWN, "/me/begin"), (For.ACT, "/act/begin")]
)
@pytest.mark.parametrize("page", ["", "0" * 64])
def test_what_is_sent_names_the_session_of_its_page(place: Place, purpose: For, path: str, page: str) -> None:
    """S20: a page that stays open in another tab does nothing in the session that has taken its place."""
    token, _ = made(place, purpose)
    browser = place.browser
    to = browser.post("/open", {"token": token}).json()["to"]
    form = {"act": "add", "target": "totp", "key": ""}
    sent = browser.post(path, form, Mfa_Page=page)
    assert sent.status_code == 409
    assert "ended" in sent.json()["says"]
    assert session.mark(browser.cookie) in browser.get(to).text or purpose is For.ACT


def test_waiting_needs_a_session(place: Place) -> None:
    """A stranger holds no request open."""
    assert place.browser.get("/wait?seen=1").status_code == 401
