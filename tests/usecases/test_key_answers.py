"""Answers with a security key: S7 and the attack table's rows about keys, each one played."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from test_races import at_once

from builders import ROSTER, facts, policy, rule
from clock import Clock
from fakes import FakeSource, request_text
from jenkins_mfa.core import evidence
from jenkins_mfa.core.audit_evidence import examine
from jenkins_mfa.core.binding import Decision
from jenkins_mfa.core.credential import key_sha256
from jenkins_mfa.core.model import Entry, Factor, Starter, State, Trigger
from jenkins_mfa.core.policy import Demand, Roster
from jenkins_mfa.core.relying_party import RelyingParty
from jenkins_mfa.errors import EvidenceError, Refusal
from jenkins_mfa.security_keys.ceremonies import WebAuthnKeys
from jenkins_mfa.simulators.security_key import EDDSA, ES256, RS256, Lies
from jenkins_mfa.store.gates import RedisStore
from jenkins_mfa.usecases import credentials, tickets
from jenkins_mfa.usecases.answer import Answers, NeedsCode, NeedsKey
from jenkins_mfa.usecases.break_glass import BreakGlass
from jenkins_mfa.usecases.decisions import Counted
from jenkins_mfa.usecases.key_answers import KeyAnswers, asks
from jenkins_mfa.usecases.rules import Rules
from jenkins_mfa.usecases.watch import Watch
from key_world import KEYED, LATER, TWO_KEYS, KeyWorld

UV = 4


@pytest.fixture
def world() -> KeyWorld:
    """A gate that needs one key of release; alice and bob have keys."""
    made = KeyWorld()
    made.give("alice")
    made.give("bob")
    made.open()
    return made


def refused(code: str, act: Callable[[], object]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        act()
    assert caught.value.code == code, caught.value.values
    return caught.value


def reasons(world: KeyWorld) -> list[tuple[object, object]]:
    found = [entry for entry in world.store.entries(world.gate.jti) if entry.event == "answer:refused"]
    return [(entry.details["reason"], entry.details.get("problem", "")) for entry in found]


def test_a_key_approves_and_the_build_goes_on(world: KeyWorld) -> None:
    """The confirmation names factor and authenticator; the receipt says webauthn."""
    assert world.approve("alice").gate.state is State.APPROVED
    given = world.gate.confirmations[0]
    assert (given.person, given.factor, given.authenticator) == ("alice", Factor.WEBAUTHN, world.own["alice"].id)
    assert given.via == "web/203.0.113.9"
    world.deliver()
    found = world.verified(world.source.receipts[0])
    assert [(one.id, one.factor) for one in found.approvers] == [("alice", "webauthn")]


def test_a_key_denies_with_a_reason(world: KeyWorld) -> None:
    """Sticky, with the evidence in the same commit."""
    assert world.deny_with_key("bob").state is State.DENIED
    assert world.gate.denial is not None
    assert (world.gate.denial.person, world.gate.denial.reason) == ("bob", "not on staging yet")
    events = [entry.event for entry in world.store.entries(world.gate.jti)]
    assert events == ["gate:opened", "gate:denied"]
    assert world.store.entries(world.gate.jti)[-1].details["factor"] == "webauthn"


@pytest.mark.parametrize("alg", [ES256, EDDSA, RS256])
def test_the_trail_alone_is_enough_to_verify_an_answer_again(alg: int) -> None:
    """Attack row 45: an auditor takes the evidence out of the trail; one changed field fails (S7)."""
    world = KeyWorld()
    world.give("alice", alg=alg)
    world.open()
    world.approve("alice")
    kept = next(e for e in world.store.entries(world.gate.jti) if e.event == "gate:confirmed").details["evidence"]
    found = evidence.decode(str(kept))
    evidence.verify(found)
    assert (found.binding.person, found.binding.decision, found.binding.request_sha256) == (
        "alice",
        Decision.APPROVE,
        world.gate.request_sha256,
    )
    assert key_sha256(found.proof.spki) == key_sha256(credentials.of(world.desk, "alice", world.own["alice"]).spki)
    with pytest.raises(EvidenceError):
        evidence.verify(replace(found, binding=replace(found.binding, person="bob")))


@pytest.mark.parametrize("decision", Decision)
def test_row_45_what_the_agent_writes_holds_when_the_trail_is_examined(world: KeyWorld, decision: Decision) -> None:
    """Gate, run, person, time, request and key stand in the events as they were signed; for another site it fails."""
    key = world.own["alice"]
    details = {
        "person": "alice",
        "authenticator": key.id,
        "key_sha256": key_sha256(credentials.of(world.desk, "alice", key).spki),
    }
    enrolled = Entry("authenticator:enrolled", world.desk.store.now(), "alice", details=dict(details))
    world.clock.move(seconds=1)
    if decision is Decision.APPROVE:
        world.approve("alice")
    else:
        world.deny_with_key("alice")
    trail = list(enumerate([enrolled, *world.store.entries(world.gate.jti)]))
    assert [(one.entry.event, one.why) for one in examine(trail, world.party)] == [
        ("gate:confirmed" if decision is Decision.APPROVE else "gate:denied", "")
    ]
    assert [one.why for one in examine(trail, RelyingParty("example.com", "https://example.com"))] == ["site"]


def test_row_11_an_answer_replayed_is_refused(world: KeyWorld) -> None:
    """Attack row 11: consumed first; a passkey whose counter stays 0 changes nothing about that."""
    world.give("carol", counts=False)
    asked = world.ask("carol")
    given = world.given(asked, world.sign("carol", asked))
    world.keys.approve(given, world.session("carol"))
    refused("question_over", lambda: world.keys.approve(given, world.session("carol")))
    assert reasons(world)[-1] == ("question_over", "")


def test_s7_what_fails_has_used_its_question_up(world: KeyWorld) -> None:
    """S7: consumed before it is verified: a wrong answer cannot be followed by the right one."""
    asked = world.ask("alice")
    wrong = world.given(asked, world.sign("alice", asked, Lies(signature=b"bogus")))
    right = world.given(asked, world.sign("alice", asked))
    assert refused("key_refused", lambda: world.keys.approve(wrong, world.session("alice"))).values["problem"]
    refused("question_over", lambda: world.keys.approve(right, world.session("alice")))
    assert world.gate.confirmations == ()


def test_row_12_an_answer_for_one_gate_serves_no_other(world: KeyWorld) -> None:
    """Attack row 12: the challenge is the digest of its own gate; nor is the question known for another."""
    asked = world.ask("alice")
    body = world.sign("alice", asked)
    world.source.pauses["ref-2"] = "Mfa-" + "1" * 32
    world.watch.poll()
    second = world.store.gate_of("main", "ref-2")
    assert second is not None
    moved = replace(world.given(asked, body), jti=second.jti)
    refused("question_over", lambda: world.keys.approve(moved, world.session("alice")))
    other = world.keys.begin(
        second.jti, world.session("alice"), Decision.APPROVE, world.own["alice"].id, LATER, asks(second)
    )
    swapped = replace(world.given(other, body), jti=second.jti)
    found = refused("key_refused", lambda: world.keys.approve(swapped, world.session("alice")))
    assert found.values["problem"] == "challenge"


def test_row_13_a_denial_that_was_signed_is_no_approval(world: KeyWorld) -> None:
    """Attack row 13: the decision is in the challenge, and in the question."""
    asked = world.ask("alice", Decision.DENY)
    body = world.sign("alice", asked)
    refused("question_over", lambda: world.keys.approve(world.given(asked, body), world.session("alice")))
    approve = world.ask("alice")
    found = refused("key_refused", lambda: world.keys.approve(world.given(approve, body), world.session("alice")))
    assert found.values["problem"] == "challenge"
    assert world.gate.state is State.PENDING


def test_row_14_a_question_that_has_ended_is_refused(world: KeyWorld) -> None:
    """Attack row 14: though the signature is good; a new question is asked on request."""
    asked = world.ask("alice")
    body = world.sign("alice", asked)
    world.clock.move(seconds=600)
    refused("question_over", lambda: world.keys.approve(world.given(asked, body), world.session("alice")))
    assert world.approve("alice").gate.state is State.APPROVED


def test_a_question_ends_with_the_gate_and_with_the_session(world: KeyWorld) -> None:
    """S5: ten minutes at most, never past the deadline, never past the page."""
    until = world.desk.store.now() + 5_000
    world.keys.begin(
        world.gate.jti, world.session("alice"), Decision.APPROVE, world.own["alice"].id, until, asks(world.gate)
    )
    assert world.store.person("alice").ceremonies[0].expires == until
    world.clock.move(seconds=1795)
    world.ask("alice")
    assert world.store.person("alice").ceremonies[0].expires == world.gate.deadline
    world.clock.move(seconds=5)
    refused("deadline", lambda: world.ask("alice"))


def test_row_15_somebody_elses_key_is_refused_before_its_signature(world: KeyWorld) -> None:
    """Attack row 15: whose page it is decides whose key is asked; another person's never counts."""
    asked = world.ask("alice")
    options = {**asked.options, "allowCredentials": []}
    body = json.dumps(world.held["bob"].sign(options, world.party.origin)).encode()
    found = refused("key_refused", lambda: world.keys.approve(world.given(asked, body), world.session("alice")))
    assert found.values["problem"] == "credential"
    refused("no_key", lambda: world.ask("alice", key=world.own["bob"].id))
    asked = world.ask("alice")
    body = world.sign("alice", asked)
    refused("question_over", lambda: world.keys.approve(world.given(asked, body), world.session("bob")))
    assert world.gate.confirmations == ()
    assert ("key_refused", "credential") in reasons(world)


@pytest.mark.parametrize(
    ("lies", "problem"),
    [
        (Lies(origin="https://mfa.example.com.evil.example"), "origin"),
        (Lies(origin="https://mfa.example.com:8443"), "origin"),
        (Lies(rp_id="evil.example.com"), "rp_id"),
        (Lies(said={"crossOrigin": True}), "cross_origin"),
        (Lies(said={"topOrigin": "https://evil.example.com"}), "cross_origin"),
        (Lies(flags_off=UV), "user_verified"),
        (Lies(flags_off=1), "user_present"),
        (Lies(challenge=b"x" * 32), "challenge"),
        (Lies(challenge=b""), "challenge"),
        (Lies(signature=b""), "signature"),
        (Lies(user_handle=b"somebody else"), "user_handle"),
        (Lies(client_data=b"[" * 3_000), "malformed"),
    ],
)
def test_a_lie_is_refused_and_named_in_the_trail(world: KeyWorld, lies: Lies, problem: str) -> None:
    """Attack rows 16 to 19, 23, 24: look-alike domain, iframe, other port, no verification, no challenge, garbage."""
    found = refused("key_refused", lambda: world.approve("alice", lies))
    assert found.values["problem"] == problem
    assert reasons(world) == [("key_refused", problem)]
    assert world.store.entries(world.gate.jti)[-1].details["factor"] == "webauthn"
    assert world.gate.confirmations == ()
    assert world.store.person("alice").failures == 0


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"{" * 9_000, b"\xff", b'{"id":"a"}', b"x" * 20_000])
def test_row_23_garbage_is_a_refusal(world: KeyWorld, body: bytes) -> None:
    """Attack row 23: never an exception."""
    asked = world.ask("alice")
    refused("key_refused", lambda: world.keys.approve(world.given(asked, body), world.session("alice")))


@pytest.mark.parametrize("nonce", ["", "00" * 32, "x", "é" * 64])
def test_row_24_a_question_that_was_never_asked_is_refused(world: KeyWorld, nonce: str) -> None:
    """Attack row 24: never verify against nothing."""
    asked = world.ask("alice")
    given = replace(world.given(asked, world.sign("alice", asked)), nonce=nonce)
    refused("question_over", lambda: world.keys.approve(given, world.session("alice")))


def test_row_20_a_copied_key_is_switched_off_and_told(world: KeyWorld) -> None:
    """Attack row 20, S7: a counter that does not grow suspends the credential; person and ops are told."""
    world.held["alice"].held[0].count = 7
    world.approve("alice")
    assert world.store.person("alice").authenticators[0].count == 8
    asked_gate = world.gate
    assert asked_gate.state is State.APPROVED
    world.source.pauses["ref-2"] = "Mfa-" + "1" * 32
    world.watch.poll()
    second = world.store.gate_of("main", "ref-2")
    assert second is not None
    asked = world.keys.begin(
        second.jti, world.session("alice"), Decision.APPROVE, world.own["alice"].id, LATER, asks(second)
    )
    given = replace(world.given(asked, world.sign("alice", asked, Lies(count=3))), jti=second.jti)
    refused("key_copied", lambda: world.keys.approve(given, world.session("alice")))
    key = world.store.person("alice").authenticators[0]
    assert key.suspended_at
    assert not key.usable
    refused(
        "no_key",
        lambda: world.keys.begin(second.jti, world.session("alice"), Decision.APPROVE, key.id, LATER, asks(second)),
    )
    world.deliver()
    told = [(one.code, one.to) for one in world.messenger.alerts]
    assert {("suspended", ""), ("suspended", "alice")} <= set(told)
    assert world.source.receipts == []  # what was confirmed with it no longer counts


def test_the_counter_is_saved_with_the_answer(world: KeyWorld) -> None:
    """Factors 1: in the same commit."""
    world.approve("alice")
    record = world.store.person("alice")
    assert (record.authenticators[0].count, record.authenticators[0].last_used) == (2, world.desk.store.now())


def test_s20_a_gate_that_asks_for_more_by_now_is_not_answered_by_an_older_question(world: KeyWorld) -> None:
    """S8, S20: what was shown is what is signed: the requirement's digest is in the challenge."""
    asked = world.ask("alice")
    body = world.sign("alice", asked)
    gate = world.gate
    assert gate.requirement is not None
    more = replace(gate.requirement, remind_after=gate.requirement.remind_after + 1)
    world.store.put(replace(gate, requirement=more))
    found = refused("key_refused", lambda: world.keys.approve(world.given(asked, body), world.session("alice")))
    assert found.values["problem"] == "challenge"


def test_who_may_not_answer_is_refused_before_any_question(world: KeyWorld) -> None:
    """S9, S14: the rules of taps hold for keys: eligibility, requesters, accounts, one answer each."""
    world.give("eve")
    refused("not_eligible", lambda: world.ask("eve"))
    refused("requester", lambda: world.ask("dan", key="a_1"))
    world.messenger.away = {"alice"}
    refused("inactive_account", lambda: world.ask("alice"))
    assert world.store.person("alice").ceremonies == ()
    assert [reason for reason, _ in reasons(world)] == ["not_eligible", "requester", "inactive_account"]


def test_eligibility_is_looked_at_again_when_the_answer_comes(world: KeyWorld) -> None:
    """Trap: a leaver can still approve."""
    asked = world.ask("alice")
    given = world.given(asked, world.sign("alice", asked))
    people = {name: one for name, one in ROSTER.people.items() if name != "alice"}
    left = KeyAnswers(replace(world.desk, rules=Rules(KEYED, Roster(people))), world.keys.keys)
    refused("not_in_roster", lambda: left.approve(given, world.session("alice")))
    assert world.gate.confirmations == ()


def test_s9_requesters_do_not_approve_their_own_build_with_a_key() -> None:
    """S9."""
    known = facts(starters=(Starter(Trigger.PERSON, "alice", "alice"),))
    world = KeyWorld(source=FakeSource(known=known))
    world.give("alice")
    world.open()
    refused("requester", lambda: world.ask("alice"))
    refused("requester_deny", lambda: world.ask("alice", Decision.DENY))


def test_a_key_counts_where_less_is_asked() -> None:
    """Stronger counts for weaker."""
    world = KeyWorld(rules=policy(rule(factor=Factor.TOTP)))
    world.give("alice")
    world.open()
    assert world.approve("alice").gate.state is State.APPROVED


def test_one_question_for_each_gate_decision_and_key(world: KeyWorld) -> None:
    """A page that asks again and again fills nothing."""
    for _ in range(5):
        world.ask("alice")
        world.ask("alice", Decision.DENY)
    assert len(world.store.person("alice").ceremonies) == 2
    first = world.ask("alice")
    second = world.ask("alice")
    refused("question_over", lambda: world.keys.approve(world.given(first, b"{}"), world.session("alice")))
    given = world.given(second, world.sign("alice", second))
    assert world.keys.approve(given, world.session("alice")).open == 0


def test_row_38_a_key_moved_to_another_persons_record_is_damaged(world: KeyWorld) -> None:
    """Attack row 38, S19: whoever writes to the store puts alice's key on bob's record."""
    alice, bob = world.store.person("alice"), world.store.person("bob")
    world.store.put(replace(bob, authenticators=alice.authenticators))
    refused("authenticator_damaged", lambda: world.ask("bob", key=world.own["alice"].id))


def test_nothing_secret_stands_in_the_trail(world: KeyWorld) -> None:
    """The number of the request is in no evidence; nonces and signatures are no secrets once used."""
    world.source.text = request_text()
    world.approve("alice")
    assert isinstance(world.store.trail, list)
    assert not any(b"493817" in linked.raw for linked in world.store.trail)


def test_s7_one_answer_sent_twice_at_once_is_judged_once(store: RedisStore, clock: Clock) -> None:
    """S7: on two replicas; trap: two commits with one id are taken for one, sent again."""
    world = KeyWorld(clock=clock, rules=TWO_KEYS)
    world.store = store  # type: ignore[assignment]
    world.desk = replace(world.desk, store=store)
    world.watch = Watch(world.desk, world.source)
    world.keys = KeyAnswers(world.desk, WebAuthnKeys(world.party, "jenkins-mfa"))
    world.give("alice", counts=False)
    world.open()
    for _ in range(3):
        asked = world.ask("alice") if not world.gate.confirmations else None
        if asked is None:
            break
        given = world.given(asked, world.sign("alice", asked))
        found = at_once(*[lambda given=given: world.keys.approve(given, world.session("alice"))] * 6)  # type: ignore[misc]
        assert sum(isinstance(one, Counted) for one in found) == 1
        assert {one.code for one in found if isinstance(one, Refusal)} <= {"question_over", "confirmed_before"}
    assert len(world.gate.confirmations) == 1


# -- the way from Slack to the page ------------------------------------------------------------------------------------

PAGES = "https://mfa.example.com"


def tapped(world: KeyWorld, person: str, pages: str = PAGES) -> object:
    return Answers(world.desk, pages).tap(world.gate.jti, world.who(person), "tap-1")


def test_a_tap_by_who_is_asked_for_a_key_gets_the_pages_address(world: KeyWorld) -> None:
    """ux.md 4: one address, for this gate and person, until the deadline or for ten minutes."""
    asked = tapped(world, "alice")
    assert isinstance(asked, NeedsKey)
    assert asked.address.startswith(f"{PAGES}/open#")
    assert asked.expires == world.desk.store.now() + tickets.LIFETIME
    ticket = tickets.turn_in(world.desk, asked.address.partition("#")[2])
    assert (ticket.purpose, ticket.person, ticket.gate) == ("answer", "alice", world.gate.jti)
    assert world.gate.confirmations == ()


def test_who_has_no_key_is_told_how_to_get_one(world: KeyWorld) -> None:
    """The gate waits; no address is given out."""
    refused("no_key_yet", lambda: tapped(world, "carol"))
    assert not any(linked.entry.event == "ticket:made" for linked in world.store.trail)


def test_without_pages_nobody_is_sent_to_one(world: KeyWorld) -> None:
    """A gate of the time when there was a [web]."""
    refused("no_pages", lambda: tapped(world, "alice", ""))


def test_who_has_only_a_key_answers_with_it_where_a_code_is_asked() -> None:
    """Stronger counts for weaker; a code app comes first where there is one."""
    world = KeyWorld(rules=policy(rule(factor=Factor.TOTP), available=tuple(Factor)))
    world.give("alice")
    world.give("bob")
    world.enrol("bob")
    world.open()
    assert isinstance(tapped(world, "alice"), NeedsKey)
    assert isinstance(Answers(world.desk, PAGES).tap(world.gate.jti, world.who("bob"), "tap-2"), NeedsCode)
    refused("no_authenticator", lambda: tapped(world, "carol"))


def test_s20_what_a_page_did_not_show_is_not_signed() -> None:
    """Somebody breaks the glass while another's page stands open: its Approve is for what the page shows."""
    emergency = rule(
        "emergency",
        require=(Demand(Factor.WEBAUTHN, 2, ("alice", "bob")),),
        break_glass=True,
        review_by=("group:security",),
    )
    world = KeyWorld(rules=policy(rule(factor=Factor.WEBAUTHN, quorum=3), emergency, available=tuple(Factor)))
    for person in ("alice", "bob"):
        world.give(person)
    world.open()
    shown, begun = asks(world.gate), world.ask("bob")
    BreakGlass(world.desk).open(world.gate.jti, world.who("alice"), "the database is down", "smash")
    bob, key = world.session("bob"), world.own["bob"].id
    refused("page_stale", lambda: world.keys.begin(world.gate.jti, bob, Decision.APPROVE, key, LATER, shown))
    refused("page_stale", lambda: world.keys.begin(world.gate.jti, bob, Decision.DENY, key, LATER, shown))
    given = world.given(begun, world.sign("bob", begun))
    assert refused("key_refused", lambda: world.keys.approve(given, bob)).values["problem"] == "challenge"
    assert world.gate.confirmations == ()
    assert world.approve("bob").gate.confirmations[0].person == "bob"
