"""Lanes and leases: what every store does, whatever it is made of."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from factory import gate, opening, step, stepped

from clock import Clock
from jenkins_mfa.core.model import (
    Alert,
    Backlog,
    Commit,
    Held,
    RunRecord,
    State,
)
from jenkins_mfa.usecases.ports import Due, Store


def test_lanes_are_claimed_in_the_order_they_were_noted(store: Store, clock: Clock) -> None:
    """First noted, first delivered; a leased lane is nobody else's."""
    for number in (3, 1, 2):
        clock.move(ms=10)
        store.commit(Commit(str(number), (RunRecord(str(number), 1),), (), (f"answer:{number}",)))
    assert [due.lane for due in _drain(store)] == ["answer:3", "answer:1", "answer:2"]


def test_answers_to_runs_go_before_asks_those_before_updates_and_those_before_the_rest(
    store: Store, clock: Clock
) -> None:
    """However late they come. A start ahead is time: what has waited an hour longer goes first all the same."""
    waiting, held = gate(), gate(2)
    held = replace(held, held=Held("many", 5, "dan"))
    store.commit(Commit("1", (RunRecord("1", 1),), (), ("note:x", "many:dan", "flood:main:web")))
    clock.move(ms=10)
    store.commit(Commit("2", (held,), (), (f"tell:{held.id}",)))
    clock.move(ms=10)
    store.commit(Commit("3", (waiting,), (), (f"tell:{waiting.id}",)))
    clock.move(ms=10)
    store.commit(Commit("4", (RunRecord("4", 1),), (), ("answer:4",), (Alert("bypassed:1", "bypassed", 5),)))
    expected = ["answer:4", f"tell:{waiting.id}", "alert:bypassed:1", f"tell:{held.id}"]
    drained = _drain(store)
    assert [due.lane for due in drained] == [*expected, "flood:main:web", "many:dan", "note:x"]
    for due in drained:
        store.settle_lane(due)
    store.commit(Commit("5", (RunRecord("5", 1),), (), ("note:y",)))
    clock.move(seconds=3_601)
    store.commit(Commit("6", (RunRecord("6", 1),), (), ("answer:6",)))
    assert [due.lane for due in _drain(store)] == ["note:y", "answer:6"]


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


@pytest.mark.parametrize("state", [State.APPROVED, State.SENDING, State.DENIED, State.EXPIRED])
def test_the_run_is_answered_before_people_are_told(store: Store, clock: Clock, state: State) -> None:
    """A decision is told a moment later than it is delivered; what ends the gate meanwhile is told at once, instead."""
    one, other = gate(1), gate(2)
    store.commit(opening(one))
    store.commit(opening(other))
    for _ in range(2):
        store.settle_lane(claimed(store))
    decided = {of.id: stepped(of, state) for of in (one, other)}
    for of in decided.values():
        store.commit(step(of))
    assert store.claim_lane(1000) is None
    store.commit(step(stepped(decided[one.id], State.RESUMED)))
    assert claimed(store).lane == f"tell:{one.id}"
    assert store.claim_lane(1000) is None
    clock.move(seconds=0.2)
    assert claimed(store).lane == f"tell:{other.id}"


def test_why_a_lane_fails_is_kept_and_told_once_for_each_reason(store: Store, clock: Clock) -> None:
    """Since when, how often, why, until when; other lanes are noted when the reason is new; the end clears it."""
    store.commit(Commit("a", (RunRecord("k", 1),), (), ("answer:k",)))
    assert store.trouble("answer:k") is None
    began = store.now()
    for number, (reason, noted) in enumerate((("503", True), ("503", False), ("accounts", True)), start=1):
        clock.move(seconds=6)
        due = store.claim_lane(1000)
        assert due is not None
        assert (due.lane, due.tries) == ("answer:k", number)
        store.retry_lane(due, 5000, reason, ["tell:g"])
        found = store.trouble("answer:k")
        assert found is not None
        assert (found.reason, found.tries, 0 < found.next - found.at - 5000 + 1000 < 2000) == (reason, number, True)
        assert began + 5900 < found.since < began + 7000
        assert found.at - found.since >= (number - 1) * 6000
        told = store.claim_lane(1000)
        assert (told is not None) is noted
        if told is not None:
            store.settle_lane(told)
    clock.move(seconds=6)
    due = store.claim_lane(60_000)
    assert due is not None
    under_way = store.trouble("answer:k")
    assert under_way is not None
    assert under_way.next == 0
    store.settle_lane(due)
    assert store.trouble("answer:k") is None


def test_a_lost_lease_says_nothing_of_trouble(store: Store, clock: Clock) -> None:
    """What a slow deliverer says after its lease ran out is not heard."""
    store.commit(Commit("a", (RunRecord("k", 1),), (), ("answer:k",)))
    due = store.claim_lane(1000)
    clock.move(seconds=1.5)
    store.claim_lane(1000)
    assert due is not None
    store.retry_lane(due, 5000, "503", ["tell:g"])
    assert store.trouble("answer:k") is None


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
    assert (alert.code, alert.gate, alert.values["lane"]) == ("delivery_parked", one.id, due.lane)
    assert store.heads().seq == 2
    store.settle_lane(alerting)
    assert store.alert(alert.id) is None
    store.commit(step(stepped(one)))
    assert store.claim_lane(1000) is None


@pytest.mark.parametrize("again", [True, False])
def test_an_operator_decides_about_what_was_given_up(store: Store, again: bool) -> None:
    """It is tried again as if it never was, or what it had to deliver is forgotten; the trail has who said so, once."""
    one = gate()
    store.commit(opening(one))
    for _ in range(3):
        store.retry_lane(claimed(store), 0, "503")
    store.park_lane(claimed(store), "channel gone")
    store.commit(step(stepped(one)))
    for _ in range(2):
        store.unpark_lane(f"tell:{one.id}", "operator:dan", again=again)
    assert (store.backlog().parked, store.trouble(f"tell:{one.id}")) == (0, None)
    assert [(x.entry.event, x.entry.actor, x.entry.details) for x in list(store.audit_events())[3:]] == [
        ("delivery:retried" if again else "delivery:dropped", "operator:dan", {"lane": f"tell:{one.id}"})
    ]
    found = [(due.lane, due.tries) for due in _drain(store) if due.lane.startswith("tell:")]
    assert found == ([(f"tell:{one.id}", 1)] if again else [])


def test_what_was_dropped_is_told_again_with_the_next_news(store: Store) -> None:
    """Nobody wants the old message; the gate's later states are news."""
    one = gate()
    store.commit(opening(one))
    store.park_lane(claimed(store), "channel gone")
    store.unpark_lane(f"tell:{one.id}", "operator:dan", again=False)
    store.commit(step(stepped(one)))
    assert f"tell:{one.id}" in [due.lane for due in _drain(store)]


def test_an_alert_that_was_dropped_is_gone(store: Store) -> None:
    """With what it had to say."""
    store.commit(Commit("a", (RunRecord("k", 1),), (), (), (Alert("x", "bypassed", 1),)))
    store.park_lane(claimed(store), "no ops channel")
    store.unpark_lane("alert:x", "operator:dan", again=False)
    assert store.alert("x") is None


def test_the_backlog_counts_what_is_due_what_fails_and_what_was_given_up(store: Store, clock: Clock) -> None:
    """For people who look: nothing of it decides anything."""
    assert store.backlog() == Backlog(0, 0, 0)
    store.commit(opening(gate(1)))
    first = store.now()
    clock.move(seconds=1)
    store.commit(opening(gate(2)))
    found = store.backlog()
    assert found == Backlog(2, 0, 0, found.oldest)
    assert first - 1000 < found.oldest <= first
    began = store.now()
    store.retry_lane(claimed(store), 1, "503")
    clock.move(seconds=5)
    store.retry_lane(claimed(store), 10_000, "503")
    found = store.backlog()
    assert (found.waiting, found.parked) == (2, 0)
    assert began <= found.failing < began + 5000
    store.park_lane(claimed(store), "gone")
    assert store.backlog().parked == 1


def test_the_oldest_delivery_is_the_one_that_was_noted_first_and_is_left(store: Store, clock: Clock) -> None:
    """However often it was noted, tried or taken since, and whatever start ahead others have; not what was given up."""

    def noted(lane: str) -> int:
        store.commit(Commit(lane, (), (), (lane,)))
        at = store.now()
        clock.move(seconds=1)
        return at

    times = [noted(lane) for lane in ("note:a", "tell:b", "answer:c", "note:a")]

    def oldest() -> int | None:
        found = store.backlog().oldest
        return next((number for number, at in enumerate(times) if abs(at - found) < 500), None)

    assert oldest() == 0
    answer, told, note = claimed(store), claimed(store), claimed(store)
    assert [due.lane for due in (answer, told, note)] == ["answer:c", "tell:b", "note:a"]
    store.retry_lane(note, 1, "503")
    assert oldest() == 0
    store.settle_lane(told)
    assert oldest() == 0
    clock.move(seconds=1)
    store.park_lane(claimed(store), "gone")
    assert oldest() == 2
    alert = store.claim_lane(1000, frozenset({"answer"}))
    assert alert is not None
    store.settle_lane(alert)
    noted("answer:c")
    store.settle_lane(answer)  # what it had to bring is brought; what was noted meanwhile waits since now
    assert abs(store.backlog().oldest - store.now()) < 500


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


def test_one_of_several_does_what_all_could(store: Store, clock: Clock) -> None:
    """It keeps it while it asks again in time; when it has not, whoever asks first has it."""
    assert store.courtesy("poll:main", "a", 1000)
    assert not store.courtesy("poll:main", "b", 1000)
    assert store.courtesy("poll:other", "b", 1000)
    clock.move(ms=900)
    assert store.courtesy("poll:main", "a", 1000)
    clock.move(ms=900)
    assert not store.courtesy("poll:main", "b", 1000)
    clock.move(ms=200)
    assert store.courtesy("poll:main", "b", 1000)
    assert not store.courtesy("poll:main", "a", 1000)


def claimed(store: Store) -> Due:
    """The lane that is due first."""
    due = store.claim_lane(1000)
    assert due is not None
    return due


def _drain(store: Store, skip: frozenset[str] = frozenset()) -> list[object]:
    found = []
    while due := store.claim_lane(60_000, skip):
        found.append(due)
    return found
