"""`/me` over HTTP, with codes and a software key: what is there, adding, removing, and what proves it (S11)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from web_kit import Browser, Place, served

from builders import policy, rule
from desk_world import World
from fakes import code_of, seed_of
from jenkins_mfa.core import totp
from jenkins_mfa.core.audit_evidence import examine
from jenkins_mfa.core.binding import ActBinding, Purpose
from jenkins_mfa.core.model import Act, Factor
from jenkins_mfa.errors import Refusal
from jenkins_mfa.simulators.security_key import BrowserError, SecurityKey
from jenkins_mfa.usecases import loss
from jenkins_mfa.usecases.acts import Acts
from jenkins_mfa.usecases.desk import Who
from jenkins_mfa.usecases.enrolment import OwnActs
from key_world import KeyWorld, enrol_key

TWO_CODES = policy(rule(factor=Factor.TOTP, quorum=2), available=tuple(Factor), administrators=("bob",))


@dataclass
class Mine:
    """Bob's page, and what he has at hand."""

    place: Place
    world: World
    browser: Browser
    held: dict[str, SecurityKey] = field(default_factory=dict)

    @property
    def usable(self) -> list[tuple[str, str]]:
        record = self.world.store.person("bob")
        return [(one.kind.value, one.id) for one in record.authenticators if one.usable]

    def of(self, kind: str) -> str:
        return next(found for one, found in self.usable if one == kind)

    def give_key(self) -> str:
        key = SecurityKey()
        own = enrol_key(self.place.desk, self.place.settings.party, "bob", key)
        self.held[own.id] = key
        return own.id

    def begin(self, act: str, target: str, key: str = "") -> requests.Response:
        return self.browser.post("/me/begin", {"act": act, "target": target, "key": key})

    def finish(self, act: str, target: str, question: str, proof: str) -> requests.Response:
        sent = {"act": act, "target": target, "key": "", "question": question, "proof": proof}
        return self.browser.post("/me/finish", sent)

    def sign(self, key: str, begun: Any) -> str:
        return json.dumps(self.held[key].sign(begun["options"], self.place.settings.url))

    def by_code(self, act: str, target: str, code: str = "") -> requests.Response:
        """With the code of his phone, of a time step that is not used up."""
        self.world.clock.move(seconds=totp.STEP)
        question = self.begin(act, target).json()["question"]
        return self.finish(act, target, question, code or code_of("bob", self.world.clock))

    def by_key(self, act: str, target: str, key: str) -> requests.Response:
        begun = self.begin(act, target, key).json()
        return self.finish(act, target, begun["question"], self.sign(key, begun))

    def reopen(self) -> None:
        """From Slack once more."""
        address = OwnActs(self.place.desk, self.place.settings.url).page("bob")
        assert self.browser.post("/open", {"token": address.rpartition("#")[2]}).json() == {"to": "/me"}

    def enrol_app(self) -> str:
        """The page that a proof opened: the key once, one code."""
        seed: str = self.browser.post("/enrol/code").json()["key"].replace(" ", "")
        code = totp.code_at(seed, self.world.clock.now() // 1000)
        assert self.browser.post("/enrol/prove", {"code": code}).status_code == 200
        return seed

    def register(self, key: SecurityKey) -> requests.Response:
        options = self.browser.post("/enrol/key").json()["options"]
        answer = json.dumps(key.register(options, self.place.settings.url))
        return self.browser.post("/enrol/register", {"label": "blue", "answer": answer})


@pytest.fixture
def world() -> KeyWorld:
    return KeyWorld(rules=TWO_CODES)


@pytest.fixture
def mine(world: KeyWorld) -> Iterator[Mine]:
    world.enrol("bob")
    with served(world.desk) as running:
        found = Mine(running, world, running.browser)
        found.reopen()
        yield found


def test_the_page_lists_what_is_there_and_no_secret(mine: Mine) -> None:
    """Kind, since, last used; the address was opened, and shows nothing to anybody else."""
    page = mine.browser.get("/me").text
    assert "Code app" in page
    assert "last used" in page
    record = mine.world.store.person("bob")
    assert not any(secret in page for secret in (seed_of("bob"), record.authenticators[0].sealed))
    assert mine.place.browser.get("/me").status_code == 403
    assert mine.place.browser.post("/me/begin", {"act": "add", "target": "totp", "key": ""}).status_code == 409


def test_a_code_adds_a_second_app_and_no_third(mine: Mine) -> None:
    """The code is burnt with it; the new key is shown once; person and ops are told, the trail names the proof."""
    first = mine.of("totp")
    assert mine.by_code("add", "totp").json() == {"to": "/enrol"}
    page = mine.browser.get("/enrol").text
    assert "Show the key" in page
    assert "Enrol a security key" not in page
    mine.enrol_app()
    assert len(mine.usable) == 2
    made = [one.entry for one in mine.world.store.trail if one.entry.event == "ticket:made"][-1]
    assert (made.actor, made.details["factor"], made.details["proof"]) == ("bob", "totp", first)
    assert [name for name in mine.world.store.lanes if name.startswith("alert:enrolled")]
    mine.reopen()
    assert "two code apps already" in mine.begin("add", "totp").json()["says"]
    assert "two code apps already" in mine.browser.get("/me").text


def test_s11_a_code_does_not_vouch_for_a_first_key(mine: Mine) -> None:
    """S11: at least as strong. Neither is it offered, nor does the enrolment of an app take a key."""
    assert "A code does not vouch for a security key" in mine.browser.get("/me").text
    assert "an administrator gives you" in mine.begin("add", "webauthn").json()["says"]
    assert mine.by_code("add", "totp").status_code == 200
    refused = mine.browser.post("/enrol/key")
    assert (refused.status_code, "enrols something else" in refused.json()["says"]) == (409, True)


def test_s11_who_has_a_key_proves_with_the_key(mine: Mine) -> None:
    """S11: the strongest that they have; a code is taken for nothing any more."""
    asked = mine.begin("add", "totp").json()["question"]
    key = mine.give_key()
    late = mine.finish("add", "totp", asked, code_of("bob", mine.world.clock))
    assert late.status_code == 409
    assert mine.by_key("add", "webauthn", key).json() == {"to": "/enrol"}
    other = SecurityKey()
    assert mine.register(other).status_code == 200
    assert [kind for kind, _ in mine.usable] == ["totp", "webauthn", "webauthn"]


def test_a_key_is_enrolled_once_and_at_most_five(mine: Mine) -> None:
    """Attack row 21: the browser is told which are there. And no sixth."""
    keys = [mine.give_key() for _ in range(4)]
    assert mine.by_key("add", "webauthn", keys[0]).status_code == 200
    with pytest.raises(BrowserError, match="InvalidStateError"):
        mine.register(mine.held[keys[1]])
    assert mine.register(SecurityKey()).status_code == 200
    mine.reopen()
    assert "five security keys already" in mine.begin("add", "webauthn", keys[0]).json()["says"]


def test_removing_drops_what_it_confirmed(mine: Mine, world: KeyWorld) -> None:
    """S11: in one step with the proof; told and in the trail with it."""
    key = mine.give_key()
    world.open()
    app = mine.of("totp")
    world.code("bob")
    assert [one.person for one in world.gate.confirmations] == ["bob"]
    done = mine.by_key("remove", app, key)
    assert done.json()["says"].startswith("Removed.")
    assert mine.usable == [("webauthn", key)]
    assert world.gate.confirmations == ()
    entry = [one.entry for one in world.store.trail if one.entry.event == "authenticator:revoked"][-1]
    assert (entry.actor, entry.details["authenticator"], entry.details["proof"]) == ("bob", app, key)
    assert [name for name in world.store.lanes if name.startswith("alert:revoked")]


def test_row_45_what_a_key_proved_here_is_verified_again(mine: Mine) -> None:
    """Adding and removing leave the signature over exactly that; the key was enrolled on this very page."""
    first, second = mine.give_key(), SecurityKey()
    assert mine.by_key("add", "webauthn", first).status_code == 200
    assert mine.register(second).status_code == 200
    own = mine.usable[-1][1]
    mine.held[own] = second
    mine.reopen()
    assert mine.by_key("remove", mine.of("totp"), own).status_code == 200
    assert mine.by_key("remove", own, own).status_code == 200
    trail = ((one.seq, one.entry) for one in mine.world.store.trail)
    found = list(examine(trail, mine.place.settings.party))
    assert [one.why for one in found] == ["enrolled", "", ""]  # how the first one came is told by no trail
    assert [one.entry.event for one in found] == ["ticket:made", *["authenticator:revoked"] * 2]


def test_the_last_one_stays(mine: Mine) -> None:
    """And the page says which way there is; somebody else's is nobody's here."""
    refused = mine.begin("remove", mine.of("totp"))
    assert "/mfa lost" in refused.json()["says"]
    assert "no such authenticator" in mine.begin("remove", "a_0123456789abcdef").json()["says"]
    assert len(mine.usable) == 1


def test_a_proof_serves_one_act(mine: Mine) -> None:
    """Neither a code's form nor a key's signature for one thing does another, or the same twice."""
    first = mine.give_key()
    second = mine.give_key()
    begun = mine.begin("remove", second, first).json()
    signed = mine.sign(first, begun)
    assert mine.finish("remove", mine.of("totp"), begun["question"], signed).status_code == 409
    assert mine.finish("add", "totp", begun["question"], signed).status_code == 409
    assert len(mine.usable) == 3
    assert mine.finish("remove", second, begun["question"], signed).status_code == 200
    assert mine.finish("remove", second, begun["question"], signed).status_code == 409
    other = mine.begin("remove", mine.of("totp"), first).json()
    assert mine.finish("remove", mine.of("totp"), other["question"], signed).status_code == 409
    assert mine.finish("remove", mine.of("totp"), other["question"], mine.sign(first, other)).status_code == 409


def test_a_code_is_used_up_and_a_miss_is_counted(mine: Mine) -> None:
    """S1, S4: one throttle with all other codes."""
    assert "does not match" in mine.by_code("add", "totp", "000000").json()["says"]
    assert mine.world.store.person("bob").failures == 1
    assert mine.by_code("add", "totp").status_code == 200
    used = code_of("bob", mine.world.clock)
    mine.reopen()
    question = mine.begin("add", "totp").json()["question"]
    assert "used already" in mine.finish("add", "totp", question, used).json()["says"]


def test_what_a_lost_authenticator_opened_is_over(mine: Mine) -> None:
    """S11: an enrolment that stands open ends with what it was opened with."""
    key = mine.give_key()
    assert mine.by_key("add", "totp", key).status_code == 200
    loss.revoke(mine.place.desk, "bob", key, "operator:root")
    assert mine.browser.post("/enrol/code").status_code == 409
    assert mine.browser.get("/enrol").status_code == 403


def test_an_own_enrolment_lifts_no_lock(mine: Mine) -> None:
    """A proof with a key says nothing about codes: misses stay counted."""
    mine.by_code("add", "totp", "000000")
    key = mine.give_key()
    assert mine.by_key("add", "totp", key).status_code == 200
    mine.enrol_app()
    assert mine.world.store.person("bob").failures == 1


def test_these_acts_are_no_administrators(mine: Mine) -> None:
    """A challenge of this page opens nothing of acts.py, and the other way round."""
    with pytest.raises(Refusal, match="unknown_act"):
        Acts(mine.place.desk).begin(Act("remove", mine.of("totp")), Who("chat:T1", "UBOB"), "cause")
    assert "does not know this form" in mine.begin("add", "push").json()["says"]
    assert mine.begin("unlock", "alice").status_code == 409


def test_what_is_proved_is_bound_to_one_key() -> None:
    """core/binding.py: no question of this page without its key."""
    with pytest.raises(ValueError, match="one credential"):
        ActBinding(Purpose.MANAGE, b"n" * 32, "remove a_1", "bob", b"", 1, 2)


def test_who_is_signed_in_finds_the_page(world: KeyWorld) -> None:
    """Without Slack: from the list of what waits."""
    with served(world.desk) as place:
        page = Mine(place, world, place.browser)
        key = page.give_key()
        begun = page.browser.post("/sign-in/begin").json()
        page.browser.post("/sign-in/finish", {"state": begun["state"], "answer": page.sign(key, begun)})
        assert 'href="/me"' in page.browser.get("/").text
        assert page.by_key("add", "totp", key).json() == {"to": "/enrol"}
        page.enrol_app()
        assert [kind for kind, _ in page.usable] == ["webauthn", "totp"]
