"""The life of a gate: the table, deadlines, counting, and a machine that drives it against a model."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from builders import NOW, clause, gate, requirement
from jenkins_mfa.core import audit, quorum
from jenkins_mfa.core.gate import ENTERED, TABLE, Event, Kind, Refused, Transition, advance
from jenkins_mfa.core.model import BrokenGlass, Claim, Confirmation, Denial, Ending, Factor, Gate, State
from jenkins_mfa.core.policy import tightened

PEOPLE = ("alice", "bob", "carol")
GLASS = replace(requirement(clause(2, "alice", "carol", factor=Factor.TOTP, rule="emergency")), break_glass="emergency")


def confirmed(person: str = "alice", at: int = NOW + 1000, factor: Factor = Factor.PUSH) -> Event:
    confirmation = Confirmation(person, factor, at, "chat:T1/U", f"tap-{person}-{at}")
    return Event(Kind.CONFIRMED, at, person, confirmation.cause, confirmation=confirmation)


def denied(person: str | None = "bob", at: int = NOW + 1000) -> Event:
    denial = Denial(at, person, "not on staging yet", f"deny-{at}")
    return Event(Kind.DENIED, at, person or "agent", denial.cause, denial=denial)


def event(kind: Kind, at: int = NOW + 1000, by: str = "") -> Event:
    if kind is Kind.CONFIRMED:
        return confirmed(at=at)
    if kind is Kind.DENIED:
        return denied(at=at)
    if kind is Kind.BROKE_GLASS:
        broken = BrokenGlass("carol", at, "the database is down", f"break-{at}", requirement())
        return Event(kind, at, "carol", broken.cause, broken=broken, requirement=GLASS)
    claim = Claim(at // 1000, at // 1000 + 300, ("alice",), 1, "h") if kind is Kind.CLAIMED else None
    return Event(kind, at, "agent", f"{kind}-{at}", claim=claim, ending=Ending(kind.name.lower(), at, by))


def taken(step: Transition | Refused) -> Gate:
    assert isinstance(step, Transition), step
    return step.gate


def in_state(state: State) -> Gate:
    approved = {State.APPROVED, State.SENDING}
    confirmations = (confirmed().confirmation,) if state in approved else ()
    return gate(state=state, version=3, confirmations=confirmations)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("kind", Kind)
def test_what_is_not_in_the_table_is_refused_and_changes_nothing(state: State, kind: Kind) -> None:
    """Every pair of state and event either leads where the table says or is refused."""
    at = NOW + 1_900_000 if kind is Kind.DEADLINE else NOW + 2000
    before = in_state(state)
    step = advance(before, event(kind, at))
    target = TABLE[state].get(kind)
    if target is None:
        assert isinstance(step, Refused)
    elif isinstance(target, State):
        assert taken(step).state is target
        assert taken(step).version == before.version + 1
    else:
        assert isinstance(step, Transition | Refused)


def test_the_table_is_the_one_of_the_design() -> None:
    """The literal cells: pending and approved die by deadline, settled states stay as they are."""
    for state in (State.ABORTED, State.WITHDRAWN, State.BYPASSED):
        assert TABLE[state] == {}
    assert TABLE[State.SENDING].keys() == {
        Kind.LAPSED,
        Kind.ENDED,
        Kind.PROCEEDED_BY_OTHER,
        Kind.PROCEEDED_BY_US,
    }
    assert TABLE[State.PENDING][Kind.PROCEEDED_BY_US] is State.BYPASSED
    assert TABLE[State.SENDING][Kind.PROCEEDED_BY_US] is State.RESUMED
    assert TABLE[State.RESUMED] == {Kind.PROCEEDED_BY_OTHER: State.RESUMED}


def test_quorum_of_two_needs_two_distinct_people() -> None:
    """One person confirming twice is one confirmation (trap: one click fills every group)."""
    waiting = gate(requirement=requirement(clause(2)))
    once = taken(advance(waiting, confirmed("alice")))
    assert once.state is State.PENDING
    assert advance(once, confirmed("alice", NOW + 5000)) == Refused("confirmed_before")
    assert taken(advance(once, confirmed("bob"))).state is State.APPROVED


def retracted(person: str = "alice", at: int = NOW + 2000, keep: tuple[str, ...] = ()) -> Event:
    """Somebody takes back what they confirmed at NOW + 1000."""
    return Event(
        Kind.RETRACTED, at, person, f"back-{at}", confirmation=confirmed(person).confirmation, keep=frozenset(keep)
    )


def test_whoever_takes_a_confirmation_back_no_longer_counts() -> None:
    """DESIGN, 3: pending stays; an approval below quorum waits again, with its first deadline."""
    waiting = gate(requirement=requirement(clause(2)))
    once = taken(advance(waiting, confirmed("alice")))
    assert taken(advance(once, retracted("alice"))).confirmations == ()
    approved = taken(advance(once, confirmed("bob")))
    step = advance(approved, retracted("bob", keep=("alice",)))
    again = taken(step)
    assert (again.state, again.deadline) == (State.PENDING, waiting.first_deadline)
    assert [one.person for one in again.confirmations] == ["alice"]
    assert isinstance(step, Transition)
    assert [(one.event, one.actor, one.details["via"]) for one in step.entries] == [
        ("gate:retracted", "bob", "chat:T1/U")
    ]
    assert step.lanes == (f"tell:{waiting.id}",)


def test_a_tap_that_was_taken_back_does_not_come_back() -> None:
    """A messenger may deliver the old envelope once more; a new tap counts."""
    once = taken(advance(gate(requirement=requirement(clause(2))), confirmed("alice")))
    back = taken(advance(once, retracted("alice")))
    assert advance(back, confirmed("alice")) == Refused("retracted")
    assert taken(advance(back, confirmed("alice", NOW + 3000))).confirmations


def test_a_confirmation_is_taken_back_before_the_claim_only() -> None:
    """DESIGN, 3: too late once a proceed is claimed; at the deadline the deadline decides."""
    assert advance(in_state(State.SENDING), retracted()) == Refused("sending")
    waiting = gate(confirmations=(confirmed().confirmation,))
    assert taken(advance(waiting, retracted(at=waiting.deadline))).state is State.EXPIRED


def test_break_glass_replaces_the_rules_and_starts_the_count_afresh() -> None:
    """Whoever confirmed under the normal rules has not confirmed under break-glass, so one person cannot use them."""
    waiting = gate(requirement=requirement(clause(3)), confirmations=(confirmed("alice").confirmation,))
    broken = taken(advance(waiting, event(Kind.BROKE_GLASS)))
    assert (broken.state, broken.requirement, broken.confirmations) == (State.PENDING, GLASS, ())
    assert broken.deadline == waiting.deadline
    assert advance(broken, event(Kind.BROKE_GLASS)) == Refused("broken_before")


def test_break_glass_comes_too_late_at_the_deadline() -> None:
    """It gives a gate no time."""
    assert taken(advance(gate(), event(Kind.BROKE_GLASS, gate().deadline))).state is State.EXPIRED


def test_no_number_of_rules_keeps_the_glass_from_being_broken() -> None:
    """The trail refuses long texts, and rules marked `always` stand beside that of break-glass: they are counted."""
    asked = replace(GLASS, rules=tuple(f"{n:03}-{'x' * 60}" for n in range(100)))
    step = advance(gate(), replace(event(Kind.BROKE_GLASS), requirement=asked))
    assert isinstance(step, Transition)
    assert all(len(str(value)) <= audit.MAX_VALUE for entry in step.entries for value in entry.details.values())


def test_more_than_enough_also_approves() -> None:
    """Trap: `approved == needed` compared for equality blocks for ever."""
    waiting = gate(requirement=requirement(clause(1)), confirmations=())
    assert taken(advance(waiting, confirmed("carol"))).state is State.APPROVED


def test_somebody_outside_the_requirement_does_not_count() -> None:
    """Eligible means in the set at opening."""
    assert advance(gate(), confirmed("eve")) == Refused("not_eligible")


def test_a_weaker_factor_does_not_fill_a_clause() -> None:
    """Chat approval does not stand in for a code (trap: chat approvals bypass the strong factor)."""
    waiting = gate(requirement=requirement(clause(factor=Factor.TOTP)))
    assert taken(advance(waiting, confirmed("alice", factor=Factor.PUSH))).state is State.PENDING
    assert taken(advance(waiting, confirmed("alice", factor=Factor.TOTP))).state is State.APPROVED


@pytest.mark.parametrize("make", [confirmed, denied])
def test_an_answer_at_the_deadline_counts_as_the_deadline(make) -> None:
    """Trap: a time to live enforced only if a collector runs; `advance` compares the deadline itself."""
    at = gate().deadline
    assert taken(advance(gate(), make(at=at))).state is State.EXPIRED
    assert taken(advance(gate(), make(at=at - 1))).state is not State.EXPIRED


def test_a_deadline_that_has_not_come_changes_nothing() -> None:
    """A clock that is ahead elsewhere cannot expire a gate early."""
    assert advance(gate(), event(Kind.DEADLINE, gate().deadline - 1)) == Refused("not_yet")


def test_approval_replaces_the_deadline_by_its_own() -> None:
    """An approval waits ten minutes for its delivery, not for what was left."""
    approved = taken(advance(gate(), confirmed(at=NOW + 1000), approval_ttl=600))
    assert approved.deadline == NOW + 1000 + 600_000
    assert taken(advance(approved, event(Kind.DEADLINE, approved.deadline))).state is State.EXPIRED


def test_a_timeout_is_never_a_success() -> None:
    """Trap: timeout counts as success."""
    assert taken(advance(gate(), event(Kind.DEADLINE, gate().deadline))).state is State.EXPIRED


def test_a_denial_beats_an_approval_until_the_claim() -> None:
    """Denied from approved; refused once a proceed has been claimed."""
    approved = taken(advance(gate(), confirmed()))
    assert taken(advance(approved, denied())).state is State.DENIED
    sending = taken(advance(approved, event(Kind.CLAIMED, NOW + 2000)))
    assert advance(sending, denied(at=NOW + 3000)) == Refused("sending")


def test_dropped_confirmations_reopen_the_gate_with_its_first_deadline() -> None:
    """Below quorum the gate waits again (trap: a leaver can still approve)."""
    approved = taken(advance(gate(), confirmed()))
    step = advance(approved, Event(Kind.DROPPED, NOW + 2000, "agent", "left", keep=frozenset()))
    after = taken(step)
    assert (after.state, after.deadline, after.confirmations) == (State.PENDING, gate().first_deadline, ())


def test_a_proceed_of_ours_that_nobody_claimed_is_a_stolen_token() -> None:
    """T3: a submission under our user without our claim is reported."""
    for state in (State.PENDING, State.APPROVED, State.DENIED, State.EXPIRED):
        step = advance(in_state(state), event(Kind.PROCEEDED_BY_US, by="mfa-agent"))
        assert isinstance(step, Transition)
        assert step.gate.state is State.BYPASSED
        assert [alert.code for alert in step.alerts] == ["token_stolen"]


def test_every_transition_is_in_the_trail_with_its_version() -> None:
    """The claim compares the trail's last word with the stored version (S19)."""
    for state, row in TABLE.items():
        for kind in row:
            at = NOW + 1_900_000 if kind is Kind.DEADLINE else NOW + 2000
            step = advance(in_state(state), event(kind, at))
            if isinstance(step, Transition):
                assert step.entries[-1].details["version"] == step.gate.version
                assert {entry.event for entry in step.entries} <= {
                    *ENTERED.values(),
                    "gate:confirmed",
                    "gate:retracted",
                    "gate:broke_glass",
                    "gate:tightened",
                }


class Life(RuleBasedStateMachine):
    """All events in any order, against a model of a few lines."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = gate(requirement=requirement(clause(2)))
        self.now = NOW
        self.claimed = False
        self.history = [self.gate.state]

    def apply(self, what: Event) -> None:
        before = self.gate
        step = advance(before, what)
        if isinstance(step, Refused):
            return
        self.gate = step.gate
        self.history.append(self.gate.state)
        assert self.gate.version == before.version + 1
        assert f"tell:{self.gate.id}" in step.lanes

    @rule(seconds=st.integers(0, 700))
    def wait(self, seconds: int) -> None:
        self.now += seconds * 1000

    @rule(person=st.sampled_from((*PEOPLE, "eve")))
    def confirm(self, person: str) -> None:
        self.apply(confirmed(person, self.now))

    @rule()
    def deny(self) -> None:
        self.apply(denied(at=self.now))

    @rule(kind=st.sampled_from([k for k in Kind if k not in {Kind.CONFIRMED, Kind.DENIED, Kind.DROPPED}]))
    def happen(self, kind: Kind) -> None:
        self.claimed = self.claimed or (kind is Kind.CLAIMED and self.gate.state is State.APPROVED)
        self.apply(event(kind, self.now, "admin"))

    @rule(factor=st.sampled_from([Factor.PUSH, Factor.TOTP]), people=st.sets(st.sampled_from(PEOPLE), min_size=1))
    def tighten(self, factor: Factor, people: set[str]) -> None:
        added = clause(1, *people, factor=factor, rule="freeze")
        more = tightened(self.gate.requirement, requirement(added), (Factor.TOTP,), self.now)
        if more is not None and quorum.satisfiable(more.clauses, tuple(Factor)):
            self.apply(Event(Kind.TIGHTENED, self.now, "agent", f"tighten-{self.now}", requirement=more))

    @rule(person=st.sampled_from(PEOPLE))
    def confirm_with_a_code(self, person: str) -> None:
        self.apply(confirmed(person, self.now, Factor.TOTP))

    @rule(keep=st.sets(st.sampled_from(PEOPLE)))
    def drop(self, keep: set[str]) -> None:
        self.apply(Event(Kind.DROPPED, self.now, "agent", f"drop-{self.now}", keep=frozenset(keep)))

    @invariant()
    def resumed_only_after_a_claim_at_quorum(self) -> None:
        if State.RESUMED in self.history:
            assert self.claimed
            assert quorum.satisfied(self.gate.requirement, self.gate.confirmations)

    @invariant()
    def sending_has_quorum_and_a_claim(self) -> None:
        if self.gate.state is State.SENDING:
            assert self.gate.claim is not None
            assert quorum.satisfied(self.gate.requirement, self.gate.confirmations)

    @invariant()
    def settled_is_final(self) -> None:
        settled = [state for state in self.history if state.settled]
        assert len(set(settled)) <= 1

    @invariant()
    def nobody_counts_twice(self) -> None:
        people = [c.person for c in self.gate.confirmations]
        assert len(people) == len(set(people))
        assert "eve" not in people


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)


@given(order=st.permutations(["alice", "bob", "carol"]))
def test_no_order_of_answers_deadlocks(order: list[str]) -> None:
    """Trap: approvals assigned greedily deadlock; the matching is looked for afresh at every answer."""
    needs = requirement(clause(1, "alice", "bob"), clause(1, "alice"), clause(1, "bob", "carol"))
    now = gate(requirement=needs)
    for number, name in enumerate(order):
        now = taken(advance(now, confirmed(name, NOW + number)))
    assert now.state is State.APPROVED


def test_a_frozen_claim_survives_in_the_gate() -> None:
    """Every retry signs the same claims."""
    sending = taken(advance(in_state(State.APPROVED), event(Kind.CLAIMED, NOW + 2000)))
    assert sending.claim == Claim((NOW + 2000) // 1000, (NOW + 2000) // 1000 + 300, ("alice",), 1, "h")
    assert replace(sending, version=9).claim == sending.claim
