"""Records, indexes and the trail: what every store does, whatever it is made of."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from factory import RUN, entry, gate, opening, step, stepped

from jenkins_mfa.core.model import (
    Alert,
    Authenticator,
    Baseline,
    Ceremony,
    Commit,
    CredentialRecord,
    Denial,
    Entry,
    Escalation,
    Factor,
    Flood,
    FloodsRecord,
    Hold,
    HoldsRecord,
    KeysRecord,
    Message,
    Misses,
    PersonRecord,
    PipelineRecord,
    RedemptionRecord,
    Review,
    ReviewsRecord,
    RevokedKey,
    RunRecord,
    State,
    TicketRecord,
    ToldRecord,
    Value,
)
from jenkins_mfa.errors import StoreConflictError
from jenkins_mfa.usecases.ports import Store


def test_a_record_comes_back_as_it_was_committed(store: Store) -> None:
    """Gates, runs, people, messages, reviews and alerts survive the way through the store unchanged."""
    one = gate()
    run = RunRecord(RUN.key, 1, (one.id,), Denial(1, "bob", "“no”", "c"), ("alice",))
    enrolled = Authenticator("a_1", Factor.WEBAUTHN, "sealed", 1, count=7, suspended_at=8, label="blue key")
    asked = Ceremony("ab" * 32, "answer", "a_1", 1, 2, one.jti, "deny")
    missed = (Misses(one.jti, 2, 9),)
    person = PersonRecord("alice", 1, (enrolled,), failures=2, ceremonies=(asked,), misses=missed)
    key, ticket = (
        CredentialRecord("cd" * 32, 1, "alice", "a_1"),
        TicketRecord("ef" * 32, 1, "enrol", "bob", "alice", 1, 10**13),
    )
    told = ToldRecord(one.id, 1, 1, (Message("C1", "1.2", ("asked",)),))
    baseline = Baseline("production", (Value("REGION", "parameter", "eu"), Value("A_KEY", "parameter", None, "ab")))
    pipeline = PipelineRecord("main:team one/deploy", 1, (7, 8), ("größe/main", ""), (baseline,))
    alert = Alert("bypassed:1", "bypassed", 5, one.id, {"by": "admin"})
    reviews = ReviewsRecord(1, (Review(one.id, 5, 7),))
    holds = HoldsRecord(1, (Hold("main:mallory", 5, one.id, "bob"),))
    redeemed = RedemptionRecord(one.jti, 1, "prod", "ab" * 32, 5, ("other:run",))
    keys = KeysRecord(1, ("k1", "k2"), (RevokedKey("k1", 5, "operator:root"),))
    floods = FloodsRecord(1, (Flood("main:web", 12, 5, 6),))
    records = (one, run, pipeline, person, told, reviews, holds, floods, keys, key, ticket, redeemed)
    store.commit(Commit("c1", records, (entry(one),), (), (alert,)))
    assert store.reviews() == reviews
    assert store.holds() == holds
    assert store.keys() == keys
    assert store.floods() == floods
    assert store.credential(key.id) == key
    assert store.ticket(ticket.id) == ticket
    assert store.redemption(one.jti) == redeemed
    assert store.gate(one.id) == one
    assert store.run(RUN.key) == run
    assert store.pipeline(pipeline.key) == pipeline
    assert store.person("alice") == person
    assert store.told(one.id) == told
    assert store.alert(alert.id) == alert


def test_what_is_not_there(store: Store) -> None:
    """Unknown gates are None, unknown records are fresh ones of version 0, empty lists stay empty."""
    assert store.gate("g_0") is None
    assert store.gate_of("main", "x") is None
    assert store.alert("x") is None
    assert store.run("k") == RunRecord("k", 0)
    assert store.pipeline("k") == PipelineRecord("k", 0)
    assert store.person("p") == PersonRecord("p", 0)
    assert store.told("g_0") == ToldRecord("g_0", 0)
    assert store.redemption("g_0.1") == RedemptionRecord("g_0.1", 0)
    assert store.reviews() == ReviewsRecord(0, ())
    assert store.holds() == HoldsRecord(0, ())
    assert store.keys() == KeysRecord(0)
    assert store.floods() == FloodsRecord(0, ())
    assert store.credential("0") is None
    assert store.ticket("0") is None
    assert store.open_gates() == []
    assert store.find_gates("") == []
    assert store.entries("g_0.1") == []
    assert store.last_entry("g_0.1") is None
    assert store.claim_lane(1000) is None


def test_the_same_commit_twice_finds_itself(store: Store) -> None:
    """A re-sent commit changes nothing and is no conflict."""
    one = gate()
    store.commit(opening(one))
    store.commit(opening(one))
    assert len(store.entries(one.jti)) == 1


def test_who_comes_second_gets_a_conflict_and_changes_nothing(store: Store) -> None:
    """Versions decide: a commit made on an old version leaves no record, event or lane behind."""
    one = gate()
    store.commit(opening(one))
    store.commit(step(stepped(one), "first"))
    late = Commit("second", (stepped(one, State.DENIED), RunRecord("k", 1)), (entry(one),), ("answer:late",))
    with pytest.raises(StoreConflictError):
        store.commit(late)
    assert store.gate(one.id) == stepped(one)
    assert store.run("k").version == 0
    assert len(store.entries(one.jti)) == 2
    due = store.claim_lane(1000)
    assert due is not None
    assert due.lane == f"tell:{one.id}"
    assert store.claim_lane(1000) is None


def test_a_conflict_in_a_later_record_stops_all_of_it(store: Store) -> None:
    """All or nothing: the first record of a commit is not written when the second one's version does not fit."""
    one = gate()
    store.commit(Commit("r", (RunRecord(RUN.key, 1),)))
    with pytest.raises(StoreConflictError):
        store.commit(Commit("c", (one, RunRecord(RUN.key, 1)), (entry(one),)))
    assert store.gate(one.id) is None
    assert store.last_entry(one.jti) is None


def test_one_reference_opens_one_gate(store: Store) -> None:
    """Two replicas that see one pause open one gate; the next generation needs the one before."""
    first, twin = gate(1, ref="r"), gate(2, ref="r")
    store.commit(opening(first))
    with pytest.raises(StoreConflictError):
        store.commit(opening(twin))
    assert store.gate_of("main", "r") == first
    store.commit(opening(replace(gate(3, ref="r"), generation=2)))
    assert store.gate_of("main", "r") == replace(gate(3, ref="r"), generation=2)
    store.commit(opening(gate(4, ref="r", source="other")))


def test_a_nonce_is_that_of_the_pause_which_had_it_first(store: Store) -> None:
    """For good: also once its gate has ended, and whoever takes it afterwards."""
    first, second = gate(1, ref="r"), gate(2, ref="s")
    assert not store.copied(first.nonce, "main", "s")
    store.commit(opening(first))
    store.commit(step(stepped(first, State.WITHDRAWN)))
    assert store.copied(first.nonce, "main", "s")
    assert store.copied(first.nonce, "other", "r")
    store.commit(opening(second))
    assert store.copied(first.nonce, "main", "s")
    assert not store.copied(first.nonce, "main", "r")
    assert not store.copied("Mfa-" + "f" * 32, "main", "s")


def test_open_gates_are_listed_oldest_first_until_they_are_settled(store: Store) -> None:
    """What is settled leaves the list; each source sees its own, everybody sees all."""
    older, newer, foreign = gate(3, at=10), gate(2, at=20), gate(1, at=15, source="other")
    for one in (newer, older, foreign):
        store.commit(opening(one))
    assert store.open_gates() == [older, foreign, newer]
    assert store.open_gates("main") == [older, newer]
    store.commit(step(stepped(older)))
    assert store.open_gates("main") == [stepped(older), newer]
    store.commit(step(stepped(newer, State.WITHDRAWN)))
    assert store.open_gates("main") == [stepped(older)]


def test_deadlines_come_due_for_gates_that_wait_for_people_or_delivery(store: Store) -> None:
    """Pending and approved gates are named when their deadline has come, nearest first; later states are not."""
    early, late, sent = gate(1, at=0), gate(2, at=5), gate(3, at=0)
    for one in (late, early, sent):
        store.commit(opening(one))
    store.commit(step(stepped(sent, State.SENDING)))
    assert store.due_gates(early.deadline - 1) == []
    assert store.due_gates(early.deadline) == [early.id]
    assert store.due_gates(late.deadline) == [early.id, late.id]
    assert store.due_gates(late.deadline, limit=1) == [early.id]
    moved = replace(stepped(early, State.APPROVED), deadline=late.deadline + 1)
    store.commit(step(moved))
    assert store.due_gates(late.deadline) == [late.id]


def test_a_gate_comes_due_when_further_people_are_asked_and_apart_from_that_for_its_reminder(store: Store) -> None:
    """Each index names it from its moment on, and no longer once that has happened or the gate is decided."""
    plain = gate()
    assert plain.requirement is not None
    asked = replace(plain.requirement, remind_after=200, escalations=(Escalation("production", 100, ("carol",)),))
    one = replace(plain, requirement=asked)
    store.commit(opening(one))
    further, remind = one.opened_at + 100_000, one.opened_at + 200_000
    assert (store.due_gates(further - 1), store.due_gates(further)) == ([], [one.id])
    assert (store.due_reminders(remind - 1), store.due_reminders(remind)) == ([], [one.id])
    escalated = replace(stepped(one), escalated=("production",))
    store.commit(step(escalated))
    assert (store.due_gates(one.deadline - 1), store.due_gates(one.deadline)) == ([], [one.id])
    reminded = replace(stepped(escalated), reminded_at=remind)
    store.commit(step(reminded))
    assert store.due_reminders(one.deadline) == []
    again = replace(stepped(reminded), reminded_at=0, escalated=())
    store.commit(step(again))
    store.commit(step(stepped(again, State.DENIED)))
    assert (store.due_gates(one.deadline), store.due_reminders(one.deadline)) == ([], [])


def test_gates_are_found_by_the_beginning_of_their_id(store: Store) -> None:
    """Open ones come first, at most ten."""
    settled, waiting = replace(gate(), id="g_8f2c0"), replace(gate(2), id="g_8f2c1")
    for one in (settled, waiting, *(replace(gate(n), id=f"g_a{n}") for n in range(10, 22))):
        store.commit(opening(one))
    store.commit(step(stepped(settled, State.ABORTED)))
    assert store.find_gates("8f2c") == ["g_8f2c1", "g_8f2c0"]
    assert store.find_gates("8f2c0") == ["g_8f2c0"]
    assert store.find_gates("b") == []
    assert len(store.find_gates("a")) == 10


def test_the_trail_is_one_chain(store: Store) -> None:
    """Events of all gates stand in one unbroken chain; each gate's own come back in their order."""
    one, two = gate(1), gate(2)
    for commit in (opening(one), opening(two), step(stepped(one)), step(stepped(two)), step(stepped(stepped(one)))):
        store.commit(commit)
    assert [e.details["version"] for e in store.entries(one.jti)] == [1, 2, 3]
    assert store.entries(two.jti) == [entry(two), entry(stepped(two), "gate:confirmed")]
    seq, head, version = store.last_entry(one.jti) or (0, "", 0)
    assert (seq, version) == (5, 3)
    assert store.heads().seq == 5
    assert store.heads().hash == head


def test_the_last_entry_is_the_last_that_names_a_version(store: Store) -> None:
    """A refused answer stands in the trail too, but says nothing about the gate's version."""
    one = gate()
    store.commit(opening(one))
    noise = [Entry("answer:refused", 1, "mallory", one.jti, details={"reason": "x"})] * 150
    store.commit(Commit("n", (RunRecord(RUN.key, 1),), tuple(noise)))
    assert (store.last_entry(one.jti) or ())[::2] == (1, 1)


def test_heartbeats_replace_each_other_by_name(store: Store) -> None:
    """The newest record of each name is kept."""
    store.beat("source:main", {"at": 1, "state": "up"})
    store.beat("source:main", {"at": 2, "state": "down"})
    store.beat("agent", {"at": 3})
    assert store.beats() == {"source:main": {"at": 2, "state": "down"}, "agent": {"at": 3}}
    store.forget_beat("agent")
    store.forget_beat("nobody")
    assert list(store.beats()) == ["source:main"]


def test_an_event_that_the_trail_does_not_take_stops_the_commit(store: Store) -> None:
    """A detail that is not listed could be a secret: nothing at all is written."""
    one = gate()
    with pytest.raises(ValueError, match="no such detail"):
        store.commit(Commit("c", (one,), (Entry("gate:opened", 1, "a", details={"code": "123456"}),)))
    assert store.gate(one.id) is None
    assert store.claim_lane(1000) is None


def test_everybody_of_whom_a_record_is_kept_is_named(store: Store) -> None:
    """Whoever left, too; each once, and nothing else."""
    assert store.people() == []
    for name in ("alice", "bob", "x" * 40):
        store.commit(Commit(f"c:{name}", (PersonRecord(name, 1),)))
    store.commit(Commit("c:gate", (gate(), RunRecord("auth:run", 1))))
    store.commit(Commit("c2", (PersonRecord("bob", 2, failures=1),)))
    assert sorted(store.people()) == ["alice", "bob", "x" * 40]


def test_whose_codes_do_not_count_is_listed_until_they_do(store: Store) -> None:
    """Who waits until when, and who is locked; a wait that is over is none, and an unlocked person is not there."""
    now = store.now()
    people = {"alice": (6, now + 60_000), "bob": (50, now + 1), "carol": (6, now - 1), "dan": (0, 0)}
    for person, (failures, until) in people.items():
        one = PersonRecord(person, 1, failures=failures, wait_until=until)
        store.commit(Commit(person, (one,)))
    assert store.throttled(now) == {"alice": now + 60_000, "bob": math.inf}
    store.commit(Commit("unlocked", (PersonRecord("bob", 2),)))
    assert store.throttled(now) == {"alice": now + 60_000}
