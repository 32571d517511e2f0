"""What every store does, whatever it is made of: the same tests for the one in memory and the real servers."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest
from factory import RUN, entry, gate, opening, step, stepped

from clock import Clock
from conftest import new_store
from jenkins_mfa.core.model import (
    Alert,
    Authenticator,
    Commit,
    Denial,
    Entry,
    Factor,
    Message,
    PersonRecord,
    RunRecord,
    State,
    ToldRecord,
)
from jenkins_mfa.errors import StoreConflictError
from jenkins_mfa.usecases.ports import Store
from memory_store import MemoryStore


@pytest.fixture(params=["memory", "valkey", "redis_server"])
def store(request: pytest.FixtureRequest, clock: Clock) -> Iterator[Store]:
    """Each kind of store in turn, empty."""
    if request.param == "memory":
        yield MemoryStore(clock)
        return
    real = new_store(request.getfixturevalue(request.param), clock)
    yield real
    real.close()


def test_a_record_comes_back_as_it_was_committed(store: Store) -> None:
    """Gates, runs, people, messages and alerts survive the way through the store unchanged."""
    one = gate()
    run = RunRecord(RUN.key, 1, (one.id,), Denial(1, "bob", "“no”", "c"), ("alice",))
    person = PersonRecord("alice", 1, (Authenticator("a_1", Factor.TOTP, "sealed", 1, last_step=7),), failures=2)
    told = ToldRecord(one.id, 1, 1, (Message("C1", "1.2", ("asked",)),))
    alert = Alert("bypassed:1", "bypassed", 5, one.id, {"by": "admin"})
    store.commit(Commit("c1", (one, run, person, told), (entry(one),), (), (alert,)))
    assert store.gate(one.id) == one
    assert store.run(RUN.key) == run
    assert store.person("alice") == person
    assert store.told(one.id) == told
    assert store.alert(alert.id) == alert


def test_what_is_not_there(store: Store) -> None:
    """Unknown gates are None, unknown records are fresh ones of version 0, empty lists stay empty."""
    assert store.gate("g_0") is None
    assert store.gate_of("main", "x") is None
    assert store.alert("x") is None
    assert store.run("k") == RunRecord("k", 0)
    assert store.person("p") == PersonRecord("p", 0)
    assert store.told("g_0") == ToldRecord("g_0", 0)
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
    assert [due.lane for due in _drain(store)] == [f"tell:{one.id}"]


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


def test_lanes_are_claimed_in_the_order_they_were_noted(store: Store, clock: Clock) -> None:
    """First noted, first delivered; a leased lane is nobody else's."""
    for number in (3, 1, 2):
        clock.move(ms=10)
        store.commit(Commit(str(number), (RunRecord(str(number), 1),), (), (f"answer:{number}",)))
    assert [due.lane for due in _drain(store)] == ["answer:3", "answer:1", "answer:2"]


def test_news_do_not_send_a_lane_back_in_the_queue(store: Store, clock: Clock) -> None:
    """A gate that moves on again and again keeps its turn."""
    for version, lane in enumerate(("tell:busy", "tell:other", "tell:busy"), start=1):
        clock.move(ms=10)
        store.commit(Commit(str(version), (RunRecord("k", version),), (), (lane,)))
    assert [due.lane for due in _drain(store)] == ["tell:busy", "tell:other"]


def test_a_settled_lane_is_gone(store: Store) -> None:
    """After its delivery a lane comes back only when something new is noted, with a fresh count."""
    one = gate()
    store.commit(opening(one))
    due = store.claim_lane(1000)
    assert due is not None
    assert (due.lane, due.tries) == (f"tell:{one.id}", 1)
    store.settle_lane(due)
    assert store.claim_lane(1000) is None
    store.commit(step(stepped(one)))
    again = store.claim_lane(1000)
    assert again is not None
    assert again.tries == 1


def test_what_was_noted_during_a_delivery_is_delivered_too(store: Store) -> None:
    """`want` moved on while the lane was leased: settling brings it back at once."""
    one = gate()
    store.commit(opening(one))
    due = store.claim_lane(60_000)
    assert due is not None
    store.commit(step(stepped(one)))
    assert store.claim_lane(60_000) is None
    store.settle_lane(due)
    again = store.claim_lane(60_000)
    assert again is not None
    store.settle_lane(again)
    assert store.claim_lane(60_000) is None


def test_a_lease_that_ran_out_belongs_to_the_next(store: Store, clock: Clock) -> None:
    """A crashed deliverer's lane comes back; what the slow one says afterwards is not heard."""
    one = gate()
    store.commit(opening(one))
    slow = store.claim_lane(1000)
    clock.move(seconds=1.5)
    quick = store.claim_lane(1000)
    assert slow is not None
    assert quick is not None
    assert (quick.lane, quick.tries) == (slow.lane, 2)
    store.settle_lane(slow)
    store.retry_lane(slow, 0)
    store.renew_lane(slow, 100_000)
    store.park_lane(slow, "too slow")
    assert store.claim_lane(1000) is None
    assert store.last_entry(one.jti) == (1, store.heads().hash, 1)
    clock.move(seconds=1.5)
    assert (store.claim_lane(1000) or slow).tries == 3


def test_a_renewed_lease_lasts(store: Store, clock: Clock) -> None:
    """A delivery that takes long keeps its lane."""
    store.commit(opening(gate()))
    due = store.claim_lane(1000)
    assert due is not None
    clock.move(seconds=0.5)
    store.renew_lane(due, 5000)
    clock.move(seconds=3)
    assert store.claim_lane(1000) is None
    clock.move(seconds=3)
    assert store.claim_lane(1000) is not None


def test_a_lane_that_failed_waits_and_counts(store: Store, clock: Clock) -> None:
    """A retry comes back after its delay, with one more try."""
    store.commit(opening(gate()))
    due = store.claim_lane(1000)
    assert due is not None
    store.retry_lane(due, 5000)
    assert store.claim_lane(1000) is None
    clock.move(seconds=6)
    again = store.claim_lane(1000)
    assert again is not None
    assert again.tries == 2


def test_news_pull_a_waiting_lane_forward(store: Store) -> None:
    """A lane whose retry waits is due at once when its gate moves on."""
    one = gate()
    store.commit(opening(one))
    due = store.claim_lane(1000)
    assert due is not None
    store.retry_lane(due, 3_600_000)
    store.commit(step(stepped(one)))
    assert store.claim_lane(1000) is not None


def test_a_parked_lane_is_given_up_and_told(store: Store) -> None:
    """Parking leaves an audit event and an alert with a lane of its own; news do not wake the parked lane."""
    one = gate()
    store.commit(opening(one))
    due = store.claim_lane(1000)
    assert due is not None
    store.park_lane(due, "channel gone")
    alerting = store.claim_lane(1000)
    assert alerting is not None
    alert = store.alert(alerting.lane.removeprefix("alert:"))
    assert alert is not None
    assert (alert.code, alert.gate, alert.values["lane"]) == ("parked", one.id, due.lane)
    assert store.heads().seq == 2
    store.settle_lane(alerting)
    assert store.alert(alert.id) is None
    store.commit(step(stepped(one)))
    assert store.claim_lane(1000) is None


def test_an_alert_that_cannot_be_told_makes_no_alert(store: Store) -> None:
    """Giving up an alert is in the trail, but does not raise alerts for ever."""
    store.commit(Commit("a", (RunRecord("k", 1),), (), (), (Alert("x", "bypassed", 1),)))
    due = store.claim_lane(1000)
    assert due is not None
    store.park_lane(due, "no ops channel")
    assert store.heads().seq == 1
    assert store.claim_lane(1000) is None


def test_lanes_can_be_passed_over(store: Store) -> None:
    """`skip` names lanes, or beginnings of them up to a colon, such as one source's answers."""
    lanes = ("answer:main:x:1", "answer:main2:x:1", "tell:g_1", "tell:g_12")
    store.commit(Commit("c", (RunRecord("k", 1),), (), lanes))
    skip = frozenset({"answer:main", "tell:g_1"})
    assert sorted(due.lane for due in _drain(store, skip)) == ["answer:main2:x:1", "tell:g_12"]


def test_every_last_version_is_delivered_whatever_fails(store: Store, clock: Clock) -> None:
    """Deliverers that crash, fail and succeed by chance leave no lane behind whose news were not delivered."""
    chance = random.Random(7)
    gates = {n: gate(n) for n in range(1, 9)}
    shown = dict.fromkeys((g.id for g in gates.values()), 0)
    for one in gates.values():
        store.commit(opening(one))
    for round_number in range(400):
        clock.move(ms=200)
        if round_number < 200:
            number = chance.choice(list(gates))
            gates[number] = stepped(gates[number])
            store.commit(step(gates[number]))
        due = store.claim_lane(500)
        if due is None:
            continue
        fate = chance.choice(["done", "done", "done", "retry", "crash before", "crash after"])
        present = store.gate(due.lane.removeprefix("tell:"))
        assert present is not None
        if fate in ("done", "crash after"):
            assert shown[present.id] <= present.version
            shown[present.id] = present.version
        if fate == "done":
            store.settle_lane(due)
        elif fate == "retry":
            store.retry_lane(due, 300)
    assert shown == {one.id: one.version for one in gates.values()}


def test_heartbeats_replace_each_other_by_name(store: Store) -> None:
    """The newest record of each name is kept."""
    store.beat("source:main", {"at": 1, "state": "up"})
    store.beat("source:main", {"at": 2, "state": "down"})
    store.beat("agent", {"at": 3})
    assert store.beats() == {"source:main": {"at": 2, "state": "down"}, "agent": {"at": 3}}


def test_an_event_that_the_trail_does_not_take_stops_the_commit(store: Store) -> None:
    """A detail that is not listed could be a secret: nothing at all is written."""
    one = gate()
    with pytest.raises(ValueError, match="no such detail"):
        store.commit(Commit("c", (one,), (Entry("gate:opened", 1, "a", details={"code": "123456"}),)))
    assert store.gate(one.id) is None
    assert store.claim_lane(1000) is None


def _drain(store: Store, skip: frozenset[str] = frozenset()) -> list[object]:
    found = []
    while due := store.claim_lane(60_000, skip):
        found.append(due)
    return found
