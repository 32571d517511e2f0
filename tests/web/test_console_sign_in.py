"""Who gets into the console, and who does not: over real sockets, with Slack's OpenID Connect simulated."""

from __future__ import annotations

import hashlib
import http.client
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import jwt
import pytest
import requests
from console_kit import BACK, CLIENT, COOKIE, SECRET, Desktop, Visitor, console
from cryptography.hazmat.primitives.asymmetric import rsa
from structlog.testing import capture_logs
from web_kit import SECONDS, served

from builders import ROSTER
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.errors import MessengerUnavailableError
from jenkins_mfa.simulators.security_key import SecurityKey
from jenkins_mfa.usecases import loss
from jenkins_mfa.usecases.console import LIFETIME
from jenkins_mfa.usecases.rules import InForce
from jenkins_mfa.web.console import asked
from key_world import KeyWorld, enrol_key

HEADER = "X-Auth-Request-Email"
PAGES = ["/console", "/console/history", "/console/gates/g_" + "8f2c" * 8 + ".1", "/console?mine"]


@pytest.fixture
def world() -> KeyWorld:
    made = KeyWorld()
    made.open()
    return made


def events(world: KeyWorld, name: str) -> list[dict[str, Any]]:
    """What the trail says of one kind of event."""
    return [dict(one.entry.details) for one in world.store.audit_events() if one.entry.event == name]


def test_with_slack(desktop: Desktop, world: KeyWorld) -> None:
    """The account there is joined to the roster; the cookie is for this host alone, and no script reads it."""
    visitor = desktop.visitor
    back = visitor.sign_in("UALICE", "/console/history")
    assert (back.status_code, back.headers["Location"]) == (303, f"{visitor.url}/console/history")
    flags = next(one for one in back.headers["Set-Cookie"].split(", ") if one.startswith(f"{COOKIE}="))
    assert {"HttpOnly", "SameSite=lax", f"Max-Age={LIFETIME // 1000}", "Path=/"} < set(flags.split("; "))
    assert "Alice" in visitor.get("/console").text
    assert events(world, "session:begun") == [{"person": "alice", "use": "console", "via": "messenger"}]


def test_behind_tls_the_cookie_is_of_this_host_alone(world: KeyWorld) -> None:
    """`__Host-`: over TLS only, for no other host, whatever a neighbour sets."""
    with console(world.desk, url="https://mfa.example.com", proxies=("127.0.0.1",)) as found:
        answer = found.visitor
        answer.url = f"http://127.0.0.1:{found.place.settings.port}"
        begun = answer.get("/console/sign-in/slack", Host="mfa.example.com")
        assert begun.headers["Set-Cookie"].startswith("__Host-mfa-console-begun=")
        assert "Secure" in begun.headers["Set-Cookie"]


@pytest.mark.parametrize("page", PAGES)
def test_nothing_about_people_or_gates_without_signing_in(desktop: Desktop, world: KeyWorld, page: str) -> None:
    """Whatever is asked for, there is the door and nothing else, also for a gate that exists."""
    for asked_for in (page, f"/console/gates/{world.gate.jti}"):
        text = desktop.visitor.get(asked_for).text
        assert "Sign in to the console" in text
        assert not {name for name in ("Alice", "Bob", "team one/deploy", "Deploy 1.4") if name in text}
    assert desktop.visitor.get("/console/wait?seen=x").json() == {"ended": True}


def test_a_foreign_state_is_refused(desktop: Desktop) -> None:
    """Somebody else's way back, sent to a victim, signs nobody in (login cross-site request forgery): not even with a
    token that Slack signed for the victim's own question.
    """
    theirs, victim = desktop.visitor, desktop.visitor
    back = theirs.allow(theirs.begin(), "UBOB")
    (nonce,) = parse_qs(urlsplit(victim.begin()).query)["nonce"]
    desktop.slack.openid.claims["nonce"] = nonce
    assert victim.get(back).status_code == 403
    assert not victim.inside


def test_a_way_back_in_another_browser_is_refused(desktop: Desktop) -> None:
    """It belongs to the browser that began it."""
    visitor = desktop.visitor
    back = visitor.allow(visitor.begin(), "UALICE")
    other = desktop.visitor
    assert other.get(back).status_code == 403
    assert not other.inside
    assert visitor.get(back).status_code == 303


def test_a_foreign_nonce_is_refused(desktop: Desktop) -> None:
    """A token that Slack has signed for another question proves nothing here."""
    desktop.slack.openid.claims["nonce"] = "0" * 64
    visitor = desktop.visitor
    assert visitor.sign_in("UALICE").status_code == 403
    assert not visitor.inside


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example.com"},
        {"aud": "another.client"},
        {"aud": ["2141.6926", "another.client"]},
        {"exp": 1},
        {"exp": None},
        {"iat": 99_999_999_999},
        {"nonce": None},
        {"https://slack.com/team_id": "T2"},
        {"https://slack.com/team_id": None},
        {"https://slack.com/user_id": None},
        {"https://slack.com/user_id": 7},
    ],
    ids=lambda claims: next(iter(claims)).removeprefix("https://slack.com/"),
)
def test_a_token_that_says_something_else_is_refused(desktop: Desktop, claims: dict[str, Any]) -> None:
    """Each claim that is asked for decides alone."""
    desktop.slack.openid.claims = claims
    visitor = desktop.visitor
    assert visitor.sign_in("UALICE").status_code == 403
    assert not visitor.inside


def test_a_token_of_another_key_is_refused(desktop: Desktop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name of Slack's key is not enough, and neither is no signature at all."""
    openid, foreign = desktop.slack.openid, rsa.generate_private_key(65537, 2048)
    desktop.signed_in()  # Slack's keys are known by now
    signed = openid._signed
    for key, algorithm in ((foreign, "RS256"), (None, "none")):

        def other(grant: Any, access: str, key: Any = key, algorithm: str = algorithm) -> str:
            claims = jwt.decode(signed(grant, access), options={"verify_signature": False})
            return jwt.encode(claims, key, algorithm, {"kid": "simulated"})

        monkeypatch.setattr(openid, "_signed", other)
        visitor = desktop.visitor
        assert visitor.sign_in("UALICE").status_code == 403
        assert not visitor.inside


@pytest.mark.parametrize("pkce", [False, True])
def test_a_verifier_is_sent_where_slack_lists_it(world: KeyWorld, pkce: bool) -> None:
    """PKCE where discovery lists S256; a verifier that fits no challenge, or one where there is none, is refused."""
    with console(world.desk) as found:
        found.slack.openid.pkce = pkce
        address = found.visitor.begin()
        assert ("code_challenge_method=S256" in address) is pkce
        assert found.signed_in().inside
        (call,) = found.slack.calls("openid.connect.token")
        assert ("code_verifier" in call.args) is pkce


def test_session_fixation(desktop: Desktop) -> None:
    """A token that somebody planted before is worth nothing after the sign-in: the browser gets a fresh one."""
    attacker = desktop.signed_in("UDAN")
    known = attacker.cookie
    victim = desktop.visitor
    victim.plant("planted-by-somebody")
    victim.sign_in("UALICE")
    assert victim.cookie not in {"planted-by-somebody", known, ""}
    outsider = desktop.visitor
    outsider.plant("planted-by-somebody")
    assert not outsider.inside


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example.com/",
        "//evil.example.com",
        "/console//evil.example.com",
        "/\\evil.example.com",
        "/console@evil.example.com",
        "/consoleevil",
        "/console/%0d%0aSet-Cookie:x",
        "/console/../me",
        "/console/../../elsewhere",
        "/console/./people",
        "/console/people/..",
        "javascript:alert(1)",
        "/me",
        "/console/" + "a" * 400,
    ],
)
def test_open_redirect(desktop: Desktop, to: str) -> None:
    """Whoever signs in stays on the console, whatever a link wanted; with Slack and with a passkey."""
    assert asked.inside(to) == "/console"
    visitor = desktop.visitor
    back = visitor.sign_in("UALICE", quote(to, safe=""))
    assert back.headers["Location"] == f"{visitor.url}/console"


def test_csrf(desktop: Desktop) -> None:
    """What another site makes the browser send does nothing: neither without this visit's mark nor from elsewhere."""
    visitor = desktop.signed_in()
    for wrong in ({"Mfa_Page": ""}, {"Mfa_Page": "0" * 64}, {"Origin": "https://evil.example.com"}, {"Origin": ""}):
        assert visitor.post("/console/out", **wrong).status_code in {403, 409}
    assert visitor.inside
    other = desktop.signed_in("UBOB")
    assert visitor.post("/console/out", Mfa_Page=_mark(other)).status_code == 409
    assert visitor.inside


def _mark(visitor: Visitor) -> str:
    return hashlib.sha256(visitor.cookie.encode()).hexdigest()


def test_sign_out_ends_every_copy(desktop: Desktop) -> None:
    """In the browser and in the store: a token that was copied before opens nothing any more."""
    visitor = desktop.signed_in()
    copied = visitor.cookie
    assert visitor.post("/console/out").json() == {"to": "/console/sign-in"}
    assert visitor.cookie == ""
    thief = desktop.visitor
    thief.plant(copied)
    assert not thief.inside


def test_a_visit_ends_by_itself(desktop: Desktop, world: KeyWorld) -> None:
    """Eight hours, whatever the browser keeps."""
    visitor = desktop.signed_in()
    world.clock.move(ms=LIFETIME - 1)
    assert visitor.inside
    world.clock.move(ms=1)
    assert not visitor.inside


def test_a_visit_ends_when_its_person_calls_what_they_have_lost(desktop: Desktop, world: KeyWorld) -> None:
    """Whoever has their phone may have their browser."""
    visitor = desktop.signed_in()
    world.clock.move(seconds=1)
    loss.lose(world.desk, "alice", "alice")
    assert not visitor.inside


def test_a_visit_ends_when_its_person_leaves_the_roster(desktop: Desktop, world: KeyWorld) -> None:
    """At once, with the roster that is taken over."""
    visitor = desktop.signed_in()
    rules = world.desk.rules
    rules.now = InForce(rules.now.policy, Roster({k: v for k, v in ROSTER.people.items() if k != "alice"}))
    assert not visitor.inside


def test_s11_a_visit_ends_with_the_key_that_it_was_begun_with(desktop: Desktop, world: KeyWorld) -> None:
    """S11: whoever has a key that was switched off looks around no more; who has signed in otherwise does."""
    key, visitor, other = SecurityKey(), desktop.visitor, desktop.signed_in()
    made = enrol_key(world.desk, desktop.place.settings.party, "alice", key)
    assert visitor.sign_in_with(key).ok
    world.clock.move(seconds=1)
    assert visitor.inside
    loss.revoke(world.desk, "alice", made.id, "operator:root")
    assert (visitor.inside, other.inside) == (False, True)


def test_a_visit_ends_when_its_account_is_another_persons(desktop: Desktop, world: KeyWorld) -> None:
    """Whoever got hold of an account that was taken out of the roster since taps for the new one no more."""
    thief = desktop.signed_in()
    identities = {**ROSTER.people["alice"].identities, "chat:T1": "UALICE2"}
    alice = replace(ROSTER.people["alice"], identities=identities)
    rules = world.desk.rules
    rules.now = InForce(rules.now.policy, Roster({**ROSTER.people, "alice": alice}))
    assert not thief.inside
    rules.now = InForce(rules.now.policy, ROSTER)
    assert thief.inside


def test_who_is_not_in_the_roster_is_not_let_in(desktop: Desktop) -> None:
    """Slack knows more people than the roster."""
    visitor = desktop.visitor
    back = visitor.sign_in("USTRANGER")
    assert back.status_code == 403
    assert "not in the roster" in back.text
    assert not visitor.inside


def test_an_account_that_may_not_answer_is_not_let_in(desktop: Desktop, world: KeyWorld) -> None:
    """Slack says that it is a guest's, or was deactivated since."""
    world.messenger.away = {"alice"}
    visitor = desktop.visitor
    assert visitor.sign_in("UALICE").status_code == 403
    assert not visitor.inside
    assert events(world, "session:refused")[0]["reason"] == "inactive_account"


def test_a_sign_in_serves_once_and_for_ten_minutes(desktop: Desktop, world: KeyWorld) -> None:
    """The way back cannot be gone twice, nor late."""
    visitor = desktop.visitor
    back = visitor.allow(visitor.begin(), "UALICE")
    assert visitor.get(back).status_code == 303
    assert visitor.get(back).status_code == 403
    late = desktop.visitor
    back = late.allow(late.begin(), "UALICE")
    world.clock.move(ms=asked.LIFETIME)
    assert late.get(back).status_code == 403


def test_who_changes_their_mind_at_slack(desktop: Desktop) -> None:
    """Slack sends back an error; nothing has happened."""
    visitor = desktop.visitor
    back = visitor.get(visitor.allow(visitor.begin(), ""))
    assert "stopped at Slack" in back.text
    assert not visitor.inside


def test_with_a_passkey_while_slack_is_down(desktop: Desktop, world: KeyWorld) -> None:
    """The door says that Slack gives no answer; the key lets in all the same."""
    key = SecurityKey()
    enrol_key(world.desk, desktop.place.settings.party, "alice", key)
    desktop.slack.outage()
    world.messenger.error = MessengerUnavailableError("down")
    visitor = desktop.visitor
    said = visitor.get("/console/sign-in/slack")
    assert (said.status_code, "Slack gives no answer now" in said.text) == (503, True)
    assert visitor.sign_in_with(key, "//evil.example.com").json() == {"to": "/console"}
    assert visitor.inside


@pytest.mark.parametrize("how", ["500", "invalid_code"])
def test_slack_does_not_exchange_the_code(desktop: Desktop, how: str) -> None:
    """Nobody is let in; the secret is in no log and on no page."""
    visitor = desktop.visitor
    desktop.slack.fail_next("openid.connect.token", how)
    with capture_logs() as logs:
        back = visitor.sign_in("UALICE")
    assert back.status_code in {403, 503}
    assert not visitor.inside
    assert SECRET not in f"{logs}{back.text}"


def test_a_new_client_secret_counts_at_once(desktop: Desktop) -> None:
    """Slack takes the new one from now on; until it stands in the file nobody gets in by Slack, and nothing ends."""
    desktop.slack.openid.client(CLIENT, "another", f"{desktop.place.settings.url}{BACK}")
    assert desktop.visitor.sign_in("UALICE").status_code != 303
    desktop.secret.write_text("another\n")
    assert desktop.visitor.sign_in("UALICE").status_code == 303
    desktop.secret.unlink()
    assert desktop.visitor.sign_in("UALICE").status_code == 503


def test_discovery_that_names_another_address_is_refused(desktop: Desktop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever could change that document would get our client's secret."""
    original = desktop.slack.openid.document

    def moved(path: str) -> dict[str, Any] | None:
        found = original(path)
        return found and found | {"token_endpoint": "http://127.0.0.1:9/api/openid.connect.token"}

    monkeypatch.setattr(desktop.slack.openid, "document", moved)
    assert desktop.visitor.get("/console/sign-in/slack").status_code == 503


def test_strangers_do_not_flood_slack_or_the_trail(desktop: Desktop) -> None:
    """Of one address so many begin a sign-in, and no more."""
    visitor = desktop.visitor
    found = [visitor.get("/console/sign-in/slack").status_code for _ in range(62)]
    assert set(found) == {303, 429}
    assert found.count(303) >= 60


def test_one_way_back_is_not_gone_again_and_again(desktop: Desktop) -> None:
    """Each time Slack is asked, for as long as it likes: whoever has begun once could hold all threads of the pages."""
    visitor = desktop.visitor
    begun = visitor.get("/console/sign-in/slack")
    (state,) = parse_qs(urlsplit(begun.headers["Location"]).query)["state"]
    cookie = {"Cookie": begun.headers["Set-Cookie"].partition(";")[0]}
    back = f"{desktop.place.settings.url}{BACK}?state={state}&code=none"
    found = [requests.get(back, headers=cookie, timeout=SECONDS).status_code for _ in range(62)]
    assert set(found) == {403, 429}
    assert len(desktop.slack.calls("openid.connect.token")) == found.count(403) < 62


def test_what_another_site_loads_begins_nothing(desktop: Desktop) -> None:
    """Images and frames of a page that somebody has open used up what their address may begin: nobody behind it could
    sign in, or open what they were sent. A link to here, and the way back from Slack, are opened as documents.
    """
    visitor = desktop.visitor
    for site, into in (("cross-site", "image"), ("same-site", "empty"), ("cross-site", "iframe")):
        loads = {"Sec-Fetch-Site": site, "Sec-Fetch-Dest": into}
        assert {visitor.get("/console/sign-in/slack", **loads).status_code for _ in range(30)} == {403}
    opened = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"}
    back = visitor.allow(visitor.get("/console/sign-in/slack", **opened).headers["Location"], "UALICE")
    assert visitor.get(back, **opened).status_code == 303
    assert visitor.inside


# -- by the proxy's word -


@pytest.fixture
def known(world: KeyWorld) -> KeyWorld:
    """The roster has everybody under the name that the proxy has for them."""
    people = {
        name: replace(one, identities={**one.identities, "proxy:user": f"{name}@example.com"})
        for name, one in ROSTER.people.items()
    }
    rules = world.desk.rules
    rules.now = InForce(rules.now.policy, Roster(people))
    return world


@pytest.fixture
def behind(known: KeyWorld) -> Iterator[Desktop]:
    with console(known.desk, HEADER, proxies=("127.0.0.1",)) as found:
        yield found


def test_by_the_proxys_word(behind: Desktop, world: KeyWorld) -> None:
    """Whom the trusted proxy names is in, for as long as it names them."""
    visitor, alice = behind.visitor, {HEADER: "alice@example.com"}
    assert 'id="out"' in visitor.get("/console", **alice).text
    assert events(world, "session:begun") == [{"person": "alice", "use": "console", "via": "proxy"}]
    assert 'id="out"' in visitor.get("/console", **alice).text
    assert len(events(world, "session:begun")) == 1
    assert "Sign in to the console" in visitor.get("/console").text
    assert "Bob" in visitor.get("/console", **{HEADER: "bob@example.com"}).text


def test_a_header_from_an_untrusted_address_is_refused(known: KeyWorld) -> None:
    """Whoever reaches the agent past the proxy can write any header."""
    with console(known.desk, HEADER, proxies=("10.0.0.1",)) as found:
        assert found.visitor.get("/console", **{HEADER: "alice@example.com"}).status_code == 403


def test_a_header_that_nobody_named_is_nothing(known: KeyWorld) -> None:
    """Without `identity_header` no header says who somebody is."""
    with console(known.desk, proxies=("127.0.0.1",)) as found:
        assert "Sign in to the console" in found.visitor.get("/console", **{HEADER: "alice@example.com"}).text


@pytest.mark.parametrize("told", ["mallory@example.com", "", "alice@example.com,bob@example.com", "a" * 300])
def test_whom_the_roster_does_not_know_by_the_proxys_word(behind: Desktop, told: str) -> None:
    """Compared exactly, and never found by a piece of it."""
    answer = behind.visitor.get("/console", **{HEADER: told})
    assert (answer.status_code, "not in the roster" in answer.text) == (403, True)


def test_a_header_that_stands_there_twice_is_nobodys(behind: Desktop) -> None:
    """A proxy that adds its own beside the browser's lets the browser say who it is."""
    wire = http.client.HTTPConnection("127.0.0.1", behind.place.settings.port, timeout=10)
    wire.putrequest("GET", "/console", skip_host=True)
    wire.putheader("Host", behind.place.settings.authority)
    wire.putheader(HEADER, "alice@example.com")
    wire.putheader(HEADER, "bob@example.com")
    wire.endheaders()
    assert wire.getresponse().status == 403
    wire.close()


def test_without_the_table_there_is_no_console(world: KeyWorld) -> None:
    """Off by default."""
    with served(world.desk) as place:
        assert place.browser.get("/console").status_code == 404
