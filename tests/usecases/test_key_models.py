"""`key_models`: what is enrolled was proved to be of a model that the policy names, and nothing else counts (S7)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from builders import ROSTER
from certificates import Maker
from enrol_world import Place, refused
from jenkins_mfa.core.binding import Decision
from jenkins_mfa.core.model import Act, Authenticator, State
from jenkins_mfa.errors import Refusal
from jenkins_mfa.security_keys.ceremonies import WebAuthnKeys
from jenkins_mfa.simulators.security_key import SecurityKey
from jenkins_mfa.usecases import tickets
from jenkins_mfa.usecases.act_page import ActPage
from jenkins_mfa.usecases.desk import Who
from jenkins_mfa.usecases.enrolment import Enrolment
from jenkins_mfa.usecases.key_answers import Asked, Given, KeyAnswers, asks
from jenkins_mfa.usecases.own_authenticators import OwnAuthenticators
from jenkins_mfa.usecases.rules import Rules
from jenkins_mfa.usecases.sign_in import SignIn
from jenkins_mfa.usecases.tickets import For
from jenkins_mfa.wiring import models_of
from key_world import KEYED, PARTY

GOOD, OTHER = bytes(range(16)), b"o" * 16
NAMES = {GOOD: "00010203-0405-0607-0809-0a0b0c0d0e0f", OTHER: "6f6f6f6f-6f6f-6f6f-6f6f-6f6f6f6f6f6f"}
MAKER = Maker.new()
ANY = replace(KEYED, administrators=("alice",))
SOME = replace(ANY, key_models=frozenset({NAMES[GOOD]}))


def of_model(aaguid: bytes, maker: Maker = MAKER) -> SecurityKey:
    """A key whose maker vouches for its model."""
    attests, chain = maker.model(aaguid)
    return SecurityKey(attests="certified", aaguid=aaguid, certified=attests, chain=chain)


class Shop(Place):
    """One root stands in the file; the policy is switched under the running agent."""

    def __init__(self, folder: Path) -> None:
        super().__init__(rules=SOME)
        roots = folder / "model-roots.pem"
        roots.write_bytes(Maker.new("Another Root").pem + MAKER.pem)
        models = models_of(cast("Any", SimpleNamespace(model_roots=roots)), self.desk)
        self.keys = WebAuthnKeys(PARTY, "jenkins-mfa", models)
        self.page = Enrolment(self.desk, self.keys)
        self.answers_with = KeyAnswers(self.desk, self.keys)

    def switch(self, rules) -> None:  # type: ignore[no-untyped-def]
        self.desk.rules.now = Rules(rules, ROSTER).now

    def enrolled(self, key: SecurityKey, person: str = "bob") -> Authenticator:
        made = self.register(self.vouched(person), key)
        assert isinstance(made, Authenticator)
        return made

    def session(self, person: str = "bob") -> Who:
        return Who("web", "203.0.113.9", person)

    def ask(self, own: Authenticator, decision: Decision = Decision.APPROVE) -> Asked:
        return self.answers_with.begin(self.gate.jti, self.session(), decision, own.id, 10**15, asks(self.gate))

    def given(self, asked: Asked, key: SecurityKey, decision: Decision = Decision.APPROVE) -> Given:
        body = json.dumps(key.sign(asked.options, PARTY.origin)).encode()
        return Given(asked.gate.jti, asked.nonce, decision, body, reason="not on staging yet")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_key_models_a_key_of_a_named_model_is_enrolled_and_counts(shop: Shop) -> None:
    """Its maker's certificate vouches for it, under any of the roots of the file."""
    key = of_model(GOOD)
    own = shop.enrolled(key)
    shop.open()
    counted = shop.answers_with.approve(shop.given(shop.ask(own), key), shop.session())
    assert counted.gate.state is State.APPROVED


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        (SecurityKey(aaguid=GOOD), "attestation"),
        (of_model(OTHER), "model"),
        (of_model(GOOD, Maker.new()), "root"),
    ],
    ids=["claimed", "another", "unknown maker"],
)
def test_key_models_no_other_key_is_enrolled(shop: Shop, key: SecurityKey, problem: str) -> None:
    """A model that is only claimed, one that is not named, one that nobody known vouches for."""
    ticket = shop.vouched()
    with pytest.raises(Refusal) as caught:
        shop.register(ticket, key)
    assert caught.value.values == {"problem": problem}
    assert shop.usable() == []


def test_key_models_a_key_from_before_does_not_approve(shop: Shop) -> None:
    """It was enrolled while any was taken: it is not even asked, and denies still."""
    shop.switch(ANY)
    key = SecurityKey(aaguid=GOOD)
    own = shop.enrolled(key)
    shop.open()
    shop.switch(SOME)
    refused("key_model", lambda: shop.ask(own))
    assert ("answer:refused", "key_model") in shop.events
    asked = shop.ask(own, Decision.DENY)
    assert shop.answers_with.deny(shop.given(asked, key, Decision.DENY), shop.session()).state is State.DENIED


def test_key_models_it_is_looked_at_again_when_the_key_has_answered(shop: Shop) -> None:
    """The policy that holds then decides."""
    shop.switch(ANY)
    key = SecurityKey()
    own = shop.enrolled(key)
    shop.open()
    asked = shop.ask(own)
    shop.switch(SOME)
    refused("key_model", lambda: shop.answers_with.approve(shop.given(asked, key), shop.session()))
    assert shop.gate.confirmations == ()


def test_key_models_a_proved_model_counts_while_it_is_named(shop: Shop) -> None:
    """Taken off the list, it counts no more."""
    own = shop.enrolled(of_model(GOOD))
    shop.open()
    shop.switch(replace(ANY, key_models=frozenset({NAMES[OTHER]})))
    refused("key_model", lambda: shop.ask(own))
    shop.switch(ANY)
    assert shop.ask(own).options["challenge"]


def test_key_models_a_key_from_before_does_not_administer_nor_vouch(shop: Shop) -> None:
    """Neither another key of its person's, nor what administrators do; its person still signs in and reads why."""
    shop.switch(ANY)
    key = SecurityKey()
    own = shop.enrolled(key, "alice")
    shop.switch(SOME)
    token, _ = tickets.make(shop.desk, For.ACT, "alice", "alice", act=Act("invite", "bob"))
    page, ticket = ActPage(shop.desk, shop.keys), tickets.turn_in(shop.desk, token).id
    refused("key_model", lambda: page.begin(ticket, shop.session("alice"), own.id))
    mine = OwnAuthenticators(shop.desk, shop.keys)
    refused("key_model", lambda: mine.begin(Act("add", "webauthn"), shop.session("alice"), own.id))
    door = SignIn(shop.desk, shop.keys, PARTY)
    asked = door.begin()
    assert door.finish(asked.state, json.dumps(key.sign(asked.options, PARTY.origin)).encode()) == "alice"


def test_key_models_their_answers_are_looked_at_again(shop: Shop) -> None:
    """An act and a change of one's own, begun before the policy named models."""
    shop.switch(ANY)
    key = SecurityKey()
    own = shop.enrolled(key, "alice")
    token, _ = tickets.make(shop.desk, For.ACT, "alice", "alice", act=Act("invite", "bob"))
    page, ticket = ActPage(shop.desk, shop.keys), tickets.turn_in(shop.desk, token).id
    options = page.begin(ticket, shop.session("alice"), own.id)
    mine, add = OwnAuthenticators(shop.desk, shop.keys), Act("add", "webauthn")
    asked = mine.begin(add, shop.session("alice"), own.id)
    shop.switch(SOME)
    signed = json.dumps(key.sign(options, PARTY.origin)).encode()
    refused("key_model", lambda: page.sign(ticket, shop.session("alice"), signed))
    proof = json.dumps(key.sign(asked.options, PARTY.origin))
    refused("key_model", lambda: mine.finish(add, asked.question, shop.session("alice"), proof))
