"""Signing in with a passkey: nobody says a name, nothing is stored for strangers, each question is answered once."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from test_races import at_once

from builders import ROSTER
from fakes import desk
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.errors import MessengerUnavailableError, Refusal
from jenkins_mfa.security_keys.ceremonies import WebAuthnKeys
from jenkins_mfa.simulators.security_key import HONEST, Lies, SecurityKey
from jenkins_mfa.store.gates import RedisStore
from jenkins_mfa.usecases.rules import Rules
from jenkins_mfa.usecases.sign_in import LIFETIME, Question, SignIn
from jenkins_mfa.wiring import SystemRandomness
from key_world import KEYED, PARTY, KeyWorld, enrol_key


@pytest.fixture
def world() -> KeyWorld:
    """Alice and bob have passkeys, whose counters stay 0."""
    made = KeyWorld()
    made.give("alice", counts=False)
    made.give("bob", counts=False)
    return made


@pytest.fixture
def door(world: KeyWorld) -> SignIn:
    return SignIn(world.desk, world.keys.keys, PARTY)


def answer(key: SecurityKey, question: Question, lies: Lies = HONEST) -> bytes:
    return json.dumps(key.sign(question.options, PARTY.origin, lies)).encode()


def refused(code: str, act: Callable[[], object]) -> None:
    with pytest.raises(Refusal) as caught:
        act()
    assert caught.value.code == code, caught.value.values


def events(world: KeyWorld) -> list[tuple[str, object]]:
    return [(linked.entry.event, linked.entry.details.get("reason")) for linked in world.store.trail]


def test_the_key_says_who_it_is(world: KeyWorld, door: SignIn) -> None:
    """Each with the own passkey; the options name nobody."""
    for person in ("alice", "bob"):
        question = door.begin()
        assert question.options["allowCredentials"] == []
        assert person not in json.dumps(question.options)
        assert door.finish(question.state, answer(world.held[person], question)) == person
    assert events(world) == [("session:begun", None)] * 2


def test_who_begins_stores_nothing(world: KeyWorld, door: SignIn) -> None:
    """Strangers may begin as often as they like."""
    before = dict(world.store._records)
    for _ in range(20):
        door.begin()
    assert dict(world.store._records) == before


def test_row_11_a_question_is_answered_once(world: KeyWorld, door: SignIn) -> None:
    """Attack row 11: also by a passkey that does not count; the wrong answer has used it up, too."""
    question = door.begin()
    body = answer(world.held["alice"], question)
    door.finish(question.state, body)
    refused("question_over", lambda: door.finish(question.state, body))
    second = door.begin()
    refused("key_refused", lambda: door.finish(second.state, answer(world.held["alice"], second, Lies(signature=b"x"))))
    refused("question_over", lambda: door.finish(second.state, answer(world.held["alice"], second)))


def test_of_two_replicas_one_takes_the_answer(store: RedisStore) -> None:
    """The record of a used question is made once."""
    here = replace(desk(store, rules=KEYED), randomness=SystemRandomness())
    key = SecurityKey(counts=False)
    enrol_key(here, PARTY, "alice", key)
    door = SignIn(here, WebAuthnKeys(PARTY, "jenkins-mfa"), PARTY)
    question = door.begin()
    body = answer(key, question)
    found = at_once(*[lambda: door.finish(question.state, body)] * 6)
    assert [one for one in found if not isinstance(one, Refusal)] == ["alice"]
    assert {one.code for one in found if isinstance(one, Refusal)} == {"question_over"}


@pytest.mark.parametrize("spoil", ["nonce", "issued", "mac", "empty", "garbage", "late"])
def test_a_question_that_was_not_handed_out_is_refused(world: KeyWorld, door: SignIn, spoil: str) -> None:
    """Forged, moved to a later time, ended."""
    question = door.begin()
    nonce, issued, mac = question.state.split(".")
    states = {
        "nonce": f"{'0' * 64}.{issued}.{mac}",
        "issued": f"{nonce}.{int(issued) + 1}.{mac}",
        "mac": f"{nonce}.{issued}.{'0' * 64}",
        "empty": "",
        "garbage": "é.ü.\ud800",
        "late": question.state,
    }
    if spoil == "late":
        world.clock.move(seconds=LIFETIME / 1000)
    refused("question_over", lambda: door.finish(states[spoil], answer(world.held["alice"], question)))


@pytest.mark.parametrize(
    ("lies", "code"),
    [
        (Lies(flags_off=4), "key_refused"),
        (Lies(origin="https://evil.example.com"), "key_refused"),
        (Lies(challenge=b"x" * 32), "key_refused"),
        (Lies(user_handle=b"bob"), "key_refused"),
        (Lies(id=b"z" * 20), "key_unknown"),
    ],
)
def test_a_lie_lets_nobody_in(world: KeyWorld, door: SignIn, lies: Lies, code: str) -> None:
    """And is in the trail where it names a known key."""
    question = door.begin()
    refused(code, lambda: door.finish(question.state, answer(world.held["alice"], question, lies)))
    assert events(world) == ([("session:refused", "key_refused")] if code == "key_refused" else [])


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff", b"[" * 9_000])
def test_row_23_garbage_lets_nobody_in(door: SignIn, body: bytes) -> None:
    """Attack row 23."""
    question = door.begin()
    refused("key_refused", lambda: door.finish(question.state, body))


def test_a_leaver_a_suspended_key_and_an_inactive_account_stay_outside(world: KeyWorld, door: SignIn) -> None:
    """Roster, key and account are looked at each time."""
    people = {name: one for name, one in ROSTER.people.items() if name != "alice"}
    left = replace(door, desk=replace(world.desk, rules=Rules(KEYED, Roster(people))))
    question = left.begin()
    refused("key_unknown", lambda: left.finish(question.state, answer(world.held["alice"], question)))
    world.messenger.away = {"bob"}
    question = door.begin()
    refused("inactive_account", lambda: door.finish(question.state, answer(world.held["bob"], question)))
    record = world.store.person("alice")
    off = replace(record.authenticators[0], suspended_at=1)
    world.store.put(replace(record, authenticators=(off,)))
    question = door.begin()
    refused("no_key", lambda: door.finish(question.state, answer(world.held["alice"], question)))


def test_row_20_a_copied_key_is_switched_off_at_the_door(world: KeyWorld, door: SignIn) -> None:
    """Attack row 20."""
    world.give("carol")
    question = door.begin()
    refused("key_copied", lambda: door.finish(question.state, answer(world.held["carol"], question, Lies(count=1))))
    assert not world.store.person("carol").authenticators[0].usable


def test_while_slack_is_down_the_key_opens_the_page_all_the_same(world: KeyWorld, door: SignIn) -> None:
    """The page is there for that: silence stops nobody who signs with a key, here or at the answer that follows."""
    world.messenger.error = MessengerUnavailableError("away")
    question = door.begin()
    assert door.finish(question.state, answer(world.held["bob"], question)) == "bob"
    world.open()
    assert world.approve("bob").open == 0
