"""`/act` over HTTP: it names act and target, takes the key or a code once, and shows an invitation's address once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from web_kit import Browser, Place, served

from builders import ROSTER, policy, rule
from clock import Clock
from fakes import code_of, desk, seed_of
from jenkins_mfa.core import challenge
from jenkins_mfa.core.model import Act, Factor
from jenkins_mfa.simulators.security_key import SecurityKey
from jenkins_mfa.usecases import enroll, tickets
from jenkins_mfa.usecases.acts import Acts, NeedsPage
from jenkins_mfa.usecases.desk import Desk, Who
from jenkins_mfa.usecases.rules import Rules
from jenkins_mfa.usecases.tickets import For
from jenkins_mfa.wiring import SystemRandomness
from jenkins_mfa.words import pages as words
from jenkins_mfa.words import render
from key_world import enrol_key
from memory_store import MemoryStore

RULES = replace(policy(rule(factor=Factor.TOTP), available=tuple(Factor)), administrators=("carol",))
UNLOCK, INVITE = Act("unlock", "bob"), Act("invite", "bob")
CAROL = Who("chat:T1", "UCAROL")


@dataclass
class Pages:
    """The pages, and carol with a code app and a key; the codes of bob are switched off."""

    place: Place
    clock: Clock
    key: SecurityKey
    key_id: str

    @property
    def desk(self) -> Desk:
        return self.place.desk

    @property
    def locked(self) -> bool:
        return self.desk.store.person("bob").failures == challenge.DISABLED_AT

    def opened(self, act: Act = UNLOCK) -> Browser:
        """A browser in which the address from Slack was opened."""
        asked = Acts(self.desk, self.place.settings.url).begin(act, CAROL, f"command-{act.name}")
        assert isinstance(asked, NeedsPage)
        browser = self.place.browser
        assert browser.post("/open", {"token": asked.address.rpartition("#")[2]}).json() == {"to": "/act"}
        return browser

    def sign(self, browser: Browser) -> str:
        options = browser.post("/act/begin", {"key": self.key_id}).json()["options"]
        return json.dumps(self.key.sign(options, self.place.settings.url))


@pytest.fixture
def pages() -> Iterator[Pages]:
    clock = Clock()
    store = MemoryStore(clock)
    here = replace(desk(store), randomness=SystemRandomness(), rules=Rules(RULES, ROSTER))
    for person in ("bob", "carol"):
        enroll.enroll(here, person, seed_of(person), code_of(person, clock, -1), "operator")
    bob = store.person("bob")
    store.put(replace(bob, failures=challenge.DISABLED_AT, version=bob.version + 1))
    with served(here) as place:
        key = SecurityKey()
        yield Pages(place, clock, key, enrol_key(here, place.settings.party, "carol", key).id)


def test_the_page_names_act_and_target_and_takes_the_key(pages: Pages) -> None:
    """Looking changes nothing; the key's answer ends page and session."""
    browser = pages.opened()
    page = browser.get("/act").text
    assert "Let the codes of Bob count again." in page
    assert "Confirm with your key" in page
    assert "Confirm with a code" in page
    assert pages.locked
    answer = pages.sign(browser)
    done = browser.post("/act/sign", {"answer": answer})
    assert done.json() == {"says": "Done: the codes of Bob count again. They and ops are told."}
    assert not pages.locked
    assert browser.get("/act").status_code == 403
    assert browser.post("/act/sign", {"answer": answer}).status_code == 409


def test_the_page_takes_a_code_under_the_same_throttle(pages: Pages) -> None:
    """A miss is said with the tries that are left, and counts."""
    browser = pages.opened()
    missed = browser.post("/act/code", {"code": "000000"})
    assert missed.json()["says"] == "That code does not match. 4 tries left."
    assert pages.desk.store.person("carol").failures == 1
    assert "6 digits" in browser.post("/act/code", {"code": "12"}).json()["says"]
    assert browser.post("/act/code", {"code": code_of("carol", pages.clock)}).status_code == 200
    assert not pages.locked


@pytest.mark.parametrize("way", ["key", "code"])
def test_an_invitation_shows_its_address_once(pages: Pages, way: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As text and drawn, to the script alone; it opens the enrolment of its person, and is in no log line (row 44)."""
    browser = pages.opened(INVITE)
    code = code_of("carol", pages.clock)
    sent = ("/act/sign", {"answer": pages.sign(browser)}) if way == "key" else ("/act/code", {"code": code})
    done = browser.post(*sent).json()
    assert done["says"] == "Done: Bob is invited. They and ops are told, without the address."
    url, _, token = done["address"].partition("/open#")
    assert (url, len(token)) == (pages.place.settings.url, 43)
    assert done["drawing"]["path"].startswith("M0 0h1v1h-1z")
    assert browser.get("/act").status_code == 403
    assert browser.post(*sent).status_code == 409
    said = "".join(capsys.readouterr())
    assert token not in said
    assert code not in said
    invited = pages.place.browser
    assert invited.post("/open", {"token": token}).json() == {"to": "/enrol"}
    assert "Say in Slack that it is you" in invited.get("/enrol").text


def test_what_cannot_be_done_any_more_asks_for_nothing(pages: Pages) -> None:
    """The page says why in place of its buttons."""
    browser = pages.opened()
    bob = pages.desk.store.person("bob")
    pages.desk.store.put(replace(bob, failures=0, version=bob.version + 1))  # type: ignore[attr-defined]
    page = browser.get("/act").text
    assert "Nothing to do: the codes of this person are not locked." in page
    assert "<button" not in page.partition("<main")[2].replace('id="copy"', "")
    assert browser.post("/act/begin", {"key": pages.key_id}).status_code == 409


@pytest.mark.parametrize("path", ["/act/begin", "/act/sign", "/act/code"])
def test_nothing_happens_without_the_session_of_this_page(pages: Pages, path: str) -> None:
    """Another purpose's session is none here, nor is a stranger's request."""
    form = {"key": pages.key_id, "answer": "{}", "code": code_of("carol", pages.clock)}
    assert pages.place.browser.post(path, form).status_code == 409
    token, _ = tickets.make(pages.desk, For.ENROL, "carol", "alice")
    other = pages.place.browser
    other.post("/open", {"token": token})
    assert other.post(path, form).json()["says"].startswith("Not counted: this page has ended.")
    assert other.get("/act").status_code == 403
    assert pages.locked


@pytest.mark.parametrize("way", ["key", "code"])
def test_a_tab_proves_no_act_but_the_one_that_it_shows(pages: Pages, way: str) -> None:
    """S20: another act's page was opened beside it, perhaps from an address that somebody else had made in Slack. What
    is done on the first page meant the first act: it counts for neither.
    """
    browser = pages.opened()
    shown = re.search(r'data-session="([0-9a-f]{64})"', browser.get("/act").text)
    assert shown is not None
    asked = Acts(pages.desk, pages.place.settings.url).begin(INVITE, CAROL, "another")
    assert isinstance(asked, NeedsPage)
    browser.post("/open", {"token": asked.address.rpartition("#")[2]})
    assert "Invite Bob" in browser.get("/act").text
    if way == "code":
        sent = browser.post("/act/code", {"code": code_of("carol", pages.clock)}, Mfa_Page=shown[1])
    else:
        assert browser.post("/act/begin", {"key": pages.key_id}, Mfa_Page=shown[1]).status_code == 409
        sent = browser.post("/act/sign", {"answer": pages.sign(browser)}, Mfa_Page=shown[1])
    assert (sent.status_code, sent.json()) == (
        409,
        {"says": "Not counted: this page has ended. Open it from Slack again, or sign in."},
    )
    assert pages.locked
    assert pages.desk.store.person("carol").failures == 0


@pytest.mark.parametrize("answer", ["", "{}", "[]", "\ud800", '{"id": 1}', "x" * 9_000])
def test_garbage_is_no_answer_of_a_key(pages: Pages, answer: str) -> None:
    """A sentence, and nothing changed."""
    browser = pages.opened()
    browser.post("/act/begin", {"key": pages.key_id})
    sent = browser.post("/act/sign", {"answer": answer})
    assert sent.status_code in {400, 409}
    assert sent.json()["says"]
    assert pages.locked


def test_the_page_speaks_of_no_buttons_that_it_does_not_have(pages: Pages) -> None:
    """Forms of Slack have a Back; a page is opened again."""
    browser = pages.opened()
    said = [browser.post("/act/code", {"code": "000000"}).json()["says"] for _ in range(5)]
    assert re.fullmatch(r"No tries left here. Wait .+, then open this page from Slack again.", said[-1])
    assert not [one for one in said if "Back" in one]


@pytest.mark.parametrize(
    ("code", "values", "says"),
    [
        ("no_tries", {"wait_until": "9000"}, "No tries left here. Wait 8 s, then open this page from Slack again."),
        ("no_tries", {"wait_until": "900"}, "No tries left here. Open this page from Slack again."),
        ("no_tries", {}, "No tries left here. Open this page from Slack again."),
        ("challenge_over", {}, "A code was asked for too long ago. Open this page from Slack again."),
        (
            "question_over",
            {},
            "Not counted: the key was asked too long ago",
        ),
    ],
)
def test_a_page_has_its_own_words_where_slack_has_a_form(code: str, values: dict[str, str], says: str) -> None:
    """Everything else is said as in Slack."""
    assert render.terminal(words.refusal(code, values, None, ROSTER, 1000)).startswith(says)
