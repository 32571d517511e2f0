"""How much the pages take at once: strangers burn nothing, and keep nobody from their key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from web_kit import Browser, Place, served

from jenkins_mfa.core.model import Ceremony
from jenkins_mfa.simulators.security_key import SecurityKey
from jenkins_mfa.usecases import questions, tickets
from jenkins_mfa.usecases.key_answers import asks
from jenkins_mfa.usecases.tickets import For
from jenkins_mfa.web import rates
from jenkins_mfa.web.rates import Rate
from key_world import KeyWorld, enrol_key

PROXIED = {"proxies": ("127.0.0.1",)}
STRANGER, OWNER = "203.0.113.66", "203.0.113.9"


@dataclass
class Seconds:
    """A clock that stands."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Held:
    """Alice's key, and the pages behind a proxy, so that people come from addresses of their own."""

    place: Place
    world: KeyWorld
    key: SecurityKey
    key_id: str
    clock: Seconds

    @property
    def path(self) -> str:
        return f"/gate/{self.world.gate.jti}"

    def opened(self) -> Browser:
        """An address of the gate's page, as each tap in her Slack gives one, opened in a browser of its own."""
        token, _ = tickets.make(self.place.desk, For.ANSWER, "alice", "alice", gate=self.world.gate)
        browser = self.place.browser
        assert browser.post("/open", {"token": token}).status_code == 200
        return browser

    def begin(self, browser: Browser) -> tuple[int, dict[str, str]]:
        chosen = {"decision": "approve", "key": self.key_id, "asks": asks(self.world.gate)}
        sent = browser.post(f"{self.path}/begin", chosen)
        return sent.status_code, sent.json()

    def finish(self, browser: Browser, begun: dict[str, str]) -> int:
        answer = json.dumps(self.key.sign(begun["options"], self.place.settings.url))
        given = {"decision": "approve", "nonce": begun["nonce"], "answer": answer, "reason": "", "report": False}
        return browser.post(f"{self.path}/finish", given).status_code

    def sign_in(self, host: str, key: SecurityKey) -> int:
        browser, here = self.place.browser, {"X_Forwarded_For": host}
        sent = browser.post("/sign-in/begin", **here)
        if sent.status_code != 200:
            return sent.status_code
        answer = json.dumps(key.sign(sent.json()["options"], self.place.settings.url))
        return browser.post("/sign-in/finish", {"state": sent.json()["state"], "answer": answer}, **here).status_code


@pytest.fixture
def held() -> Iterator[Held]:
    world = KeyWorld()
    world.open()
    with served(world.desk, **PROXIED) as place:
        key, clock = SecurityKey(), Seconds()
        place.site.rates.session.clock = place.site.rates.address.clock = clock
        yield Held(place, world, key, enrol_key(place.desk, place.settings.party, "alice", key).id, clock)


def test_whoever_opened_a_stolen_address_replaces_no_question_of_its_owner(held: Held) -> None:
    """T4: with her Slack session one opens the page, and has no key. What she is asked still stands."""
    hers, stolen = held.opened(), held.opened()
    _, begun = held.begin(hers)
    assert held.begin(stolen)[0] == 200
    assert held.finish(hers, begun) == 200
    assert [one.person for one in held.world.gate.confirmations] == ["alice"]


def test_a_question_is_answered_in_the_session_that_asked_it(held: Held) -> None:
    """S7: not even by her own key; and what was asked stays asked."""
    hers, stolen = held.opened(), held.opened()
    _, begun = held.begin(hers)
    assert held.finish(stolen, begun) == 409
    assert held.world.gate.confirmations == ()
    assert held.finish(hers, begun) == 200


def test_one_session_sends_a_small_number_of_requests_and_no_other_one_waits_for_it(held: Held) -> None:
    """A loop on one address ends with 429, a sentence and nothing stored; time brings it back."""
    hers, stolen = held.opened(), held.opened()
    most = held.place.site.rates.session.burst
    assert [held.begin(stolen)[0] for _ in range(most + 2)] == [200] * most + [429] * 2
    before = held.world.store.person("alice").version, len(held.world.store.trail)
    status, said = held.begin(stolen)
    assert (status, said["says"]) == (
        429,
        "Not possible yet: too much came from here in a short time. Nothing changed. Go on in 3 s.",
    )
    assert (held.world.store.person("alice").version, len(held.world.store.trail)) == before
    held.clock.now += 3
    assert held.begin(stolen)[0] == 200
    assert held.finish(hers, held.begin(hers)[1]) == 200


def test_strangers_who_sign_in_with_somebodys_key_id_fill_no_trail_and_lock_nobody_out(held: Held) -> None:
    """The id of a key is no secret. Their answers are refused, and few; she signs in all the same."""
    forged = SecurityKey()
    enrol_key(held.place.desk, held.place.settings.party, "bob", forged)
    forged.held[0] = replace(forged.held[0], id=held.key.held[0].id)
    most = held.place.site.rates.address.burst // 2  # each takes two requests
    got = [held.sign_in(STRANGER, forged) for _ in range(most + 5)]
    assert got == [409] * most + [429] * 5
    refused = [one for one in held.world.store.trail if one.entry.event == "session:refused"]
    assert len(refused) == most
    assert held.sign_in(OWNER, held.key) == 200


def test_the_record_of_a_person_holds_a_bounded_number_of_questions(held: Held) -> None:
    """However many addresses are opened; the newest stand."""
    now = held.place.desk.store.now()
    for number in range(questions.MOST + 3):
        asked = Ceremony(f"{number:064x}", "answer", held.key_id, now, now + 60_000, session=f"session {number}")
        questions.ask(held.place.desk, held.world.store.person("alice"), asked)
    standing = held.world.store.person("alice").ceremonies
    assert [standing[0].session, standing[-1].session] == ["session 3", f"session {questions.MOST + 2}"]
    assert len(standing) == questions.MOST


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.9", "203.0.113.10", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("", "testclient", True),
    ],
)
def test_who_is_behind_an_address(one: str, other: str, same: bool) -> None:
    """One customer has a whole IPv6 network; what is no address is one sender."""
    assert (rates.network(one) == rates.network(other)) is same


@given(st.lists(st.floats(0, 5), max_size=80), st.integers(1, 6))
def test_no_window_holds_more_than_the_burst_and_what_its_time_brings(pauses: list[float], burst: int) -> None:
    """Whatever the pauses; and whoever waits as long as told goes on."""
    clock = Seconds()
    rate = Rate(burst, 2.0, clock)
    taken: list[float] = []
    for pause in pauses:
        clock.now += pause
        wait = rate.wait("a")
        taken += [] if wait else [clock.now]
    for start, at in enumerate(taken):
        inside = [one for one in taken[start:] if one - at <= 10]
        assert len(inside) <= burst + 10 / 2
    if told := rate.wait("a"):
        clock.now += told + 1e-6
        assert rate.wait("a") == 0


def test_senders_beyond_a_bound_share_one_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """S15: strangers with many addresses fill no memory; those known before are counted as before."""
    monkeypatch.setattr(rates, "SENDERS", 3)
    clock = Seconds()
    rate = Rate(2, 1.0, clock)
    for sender in "abc":
        assert rate.wait(sender) == 0
    assert [rate.wait("d") > 0, rate.wait("e") > 0, rate.wait("f") > 0] == [False, False, True]
    assert len(rate._due) <= 4
    assert rate.wait("a") == 0
    clock.now += 10
    assert rate.wait("f") == 0
