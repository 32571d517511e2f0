"""A pause that waits again after its gate has ended: the next generation, which nothing that was answered serves.

As after a backup of the source was put back, or a crash that lost what it had just done.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import NONCE, RUN, environment, facts, policy, rule
from clock import Clock
from desk_world import World
from fakes import US, FakeSource, request_text
from jenkins_mfa.core.model import Change, Factor, Gate, State
from jenkins_mfa.core.policy import Globs
from jenkins_mfa.core.policy.predicates import Texts
from jenkins_mfa.errors import Refusal
from jenkins_mfa.usecases.open_gate import open_gate
from jenkins_mfa.usecases.ports import Abort, Paused, Proceed
from jenkins_mfa.usecases.watch import Watch
from store_server import Server, new_store

OTHER = "Mfa-" + "1" * 32


class Restored(World):
    """A world whose source can be put back."""

    def ended(self, how: str) -> Gate:
        """The gate, brought to its end."""
        self.open()
        if how == "resumed":
            self.tap("alice")
        elif how == "denied":
            self.deny("bob")
        elif how == "expired":
            self.clock.move(seconds=1801)
            self.expire()
        elif how == "bypassed":
            self.source.settlers.append("eve")
            self.source.pauses = {}
        else:
            self.source.pauses, self.source.finished, self.source.ended = {}, True, "aborted"
        self.deliver()
        self.watch.poll()
        self.watch.poll()
        assert self.gate.state.settled
        return self.gate

    def put_back(self, *settlers: str) -> None:
        """The source is as it was while the pause waited; by then `settlers` had settled others."""
        self.source.pauses = {"ref-1": NONCE}
        self.source.settlers = list(settlers)
        self.source.finished, self.source.ended, self.source.by = False, "", ""

    def asked_again(self, how: str = "resumed", *settlers: str) -> tuple[Gate, Gate]:
        """The gate that had ended, and that of the pause as it waits again."""
        former = self.ended(how)
        self.put_back(*settlers)
        self.watch.poll()
        assert self.gate.id != former.id
        return former, self.gate

    def told(self) -> list[str]:
        """Codes of all alerts so far."""
        self.deliver()
        return [alert.code for alert in self.messenger.alerts]


@pytest.mark.parametrize("how", ["resumed", "expired", "bypassed", "withdrawn"])
def test_a_settled_pause_that_waits_again_is_asked_anew(how: str) -> None:
    """The next generation waits for answers of its own; the gate that has ended stays as it was."""
    world = Restored()
    former, gate = world.asked_again(how)
    assert (gate.generation, gate.state, gate.confirmations) == (2, State.PENDING, ())
    assert world.store.gate(former.id) == former
    assert [entry.event for entry in world.store.entries(gate.jti)] == ["gate:opened", "gate:reopened"]
    assert world.store.entries(gate.jti)[1].details["target"] == former.jti
    world.deliver()
    assert len(world.source.receipts) == (how == "resumed"), "a confirmation has served a second delivery"


def test_a_pause_that_came_back_is_told_to_ops_once_and_approvers_are_asked() -> None:
    """Another poll, or another agent, tells nothing and opens nothing."""
    world = Restored()
    _, gate = world.asked_again()
    for watch in (world.watch, Watch(world.desk, world.source)):
        watch.poll()
        watch.poll()
    assert world.told().count("brought_back") == 1
    assert world.messenger.told[-1].jti == gate.jti
    assert world.store.open_gates() == [gate]


def test_what_was_confirmed_before_does_not_count_and_a_button_of_before_is_worth_nothing() -> None:
    """The receipt of the second delivery names the second generation, and who confirmed that."""
    world = Restored()
    former, gate = world.asked_again()
    with pytest.raises(Refusal) as refused:
        world.answers.tap(former.jti, world.who("bob"), "an old button")
    assert refused.value.code == "resumed"
    world.tap("bob")
    world.deliver()
    assert world.gate.state is State.RESUMED
    first, second = world.source.receipts
    claimed = world.gate
    assert (world.verified(second).jti, claimed.jti) == (gate.jti, f"{gate.id}.2")
    assert [one.id for one in world.verified(second).approvers] == ["bob"]
    assert first != second


@pytest.mark.parametrize("settlers", [(), (US,)])
def test_our_second_proceed_is_told_from_the_one_that_was_forgotten(settlers: tuple[str, ...]) -> None:
    """Whether the source has forgotten who settled it (a backup) or not (a crash), what comes then is judged right."""
    world = Restored()
    world.asked_again("resumed", *settlers)
    world.tap("bob")
    world.deliver()
    assert (world.gate.state, world.source.settlers) == (State.RESUMED, [*settlers, US])


@pytest.mark.parametrize("settlers", [(), (US,)])
@pytest.mark.parametrize("who", ["eve", US])
def test_a_bypass_of_the_second_generation_shows(settlers: tuple[str, ...], who: str) -> None:
    """Also by a token that was stolen: the proceed of before excuses no other one."""
    world = Restored()
    world.asked_again("resumed", *settlers)
    world.source.settlers.append(who)
    world.source.pauses = {}
    world.watch.poll()
    world.watch.poll()
    assert world.gate.state is State.BYPASSED
    assert world.told()[-1] == ("token_stolen" if who == US else "bypassed")


def test_a_bypass_of_another_pause_is_not_forgotten_with_the_restore() -> None:
    """The reading that shows one pause again shows that another one is gone, and who has settled it."""
    world = Restored(source=FakeSource(pauses={"ref-1": NONCE, "ref-2": OTHER}))
    world.open()
    world.tap("alice")
    world.deliver()
    world.put_back(US, "eve")
    world.watch.poll()
    other = world.store.gate_of("main", "ref-2")
    assert other is not None
    assert (other.state, other.ending.by if other.ending else "") == (State.BYPASSED, "eve")
    assert (world.gate.generation, world.gate.state) == (2, State.PENDING)


def test_what_a_person_denied_is_denied_again_and_aborted() -> None:
    """A restore revives no denied gate: nobody is asked, and the pause is aborted once more."""
    world = Restored()
    _, gate = world.asked_again("denied")
    assert gate.denial is not None
    assert (gate.generation, gate.state, gate.denial.person) == (2, State.DENIED, None)
    assert gate.denial.values == {"person": "bob", "reason": "not on staging yet"}
    assert "brought_back" in world.told()
    assert (world.gate.state, world.source.receipts) == (State.ABORTED, [])


def test_what_the_agent_denied_is_denied_again_with_its_reason() -> None:
    """No denial by a person is kept for the run then; the generation before tells."""
    world = Restored(source=FakeSource(problems={"ref-1": "twin"}))
    world.open()
    world.deliver()
    world.source.problems = {}
    world.put_back()
    world.watch.poll()
    assert world.gate.denial is not None
    assert (world.gate.generation, world.gate.state, world.gate.denial.reason) == (2, State.DENIED, "twin")


def test_an_expired_gate_whose_abort_is_not_taken_yet_makes_no_other_one() -> None:
    """Its abort is still under way: what waits is the same pause."""
    world = Restored()
    gate = world.open()
    world.clock.move(seconds=1801)
    world.expire()
    world.watch.poll()
    assert (world.gate.id, world.gate.state) == (gate.id, State.EXPIRED)


def test_a_gate_that_another_agent_has_just_opened_is_no_pause_that_came_back() -> None:
    """It was not among the open ones when this agent looked; the pause is open, and the gate has not ended."""
    world = Restored()
    gate = world.open()
    world.store.open_gates = lambda source=None: []
    world.watch.poll()
    assert (world.gate, world.told()) == (gate, [])


def test_a_listing_older_than_the_end_of_a_gate_is_no_pause_that_came_back() -> None:
    """Only a fresh reading of the run tells."""
    world = Restored()
    world.open()
    listed = world.source.pending()
    former = world.ended("withdrawn")
    world.source.pending = lambda: listed  # type: ignore[method-assign]
    world.watch.poll()
    assert (world.gate.id, world.told()) == (former.id, [])


def test_two_agents_that_see_a_pause_come_back_open_one_gate() -> None:
    """The generation decides who was first; the other one finds that gate."""
    world = Restored()
    former, gate = world.asked_again()
    found = open_gate(world.desk, world.source, Paused("ref-1", NONCE, gate.run), former)
    assert found is not None
    assert found.id == gate.id
    assert world.store.open_gates() == [gate]


def test_a_third_generation_follows_a_second() -> None:
    """As often as the source is put back."""
    world = Restored()
    world.asked_again()
    world.tap("bob")
    world.deliver()
    world.put_back()
    world.watch.poll()
    assert (world.gate.generation, world.gate.state) == (3, State.PENDING)


def test_a_real_store_takes_the_next_generation(valkey: Server, clock: Clock) -> None:
    """Valkey's script, too, lets exactly the next one follow."""
    world = Restored(clock=clock, store=new_store(valkey, clock))
    _, gate = world.asked_again()
    world.tap("bob")
    world.deliver()
    assert (world.gate.jti, world.gate.state) == (gate.jti, State.RESUMED)


def test_the_confirmation_of_before_has_not_made_the_values_known() -> None:
    """What had changed when it was asked first has changed still: a rule about changes asks for the same again."""
    changed = rule("changed", when=Texts("changed_variables", Globs(("DB_*",))))
    production = environment("production", "*", watch=("DB_HOST",))
    rules = policy(rule(factor=Factor.PUSH), changed, environments=(production,))
    world = Restored(rules=rules, source=FakeSource(text=request_text(variables={"DB_HOST": "db-2"})))
    world.enrol("alice")
    former = world.open()
    world.code("alice")
    world.tap("bob")
    world.deliver()
    assert world.gate.state is State.RESUMED
    world.put_back()
    world.watch.poll()
    assert world.gate.requirement == former.requirement
    (change,) = world.gate.history.changes
    assert isinstance(change, Change)
    assert change.changed


def test_the_number_that_the_build_shows_still_is_not_taken_for_anothers() -> None:
    """It is the same build: it cannot show a new one."""
    world = Restored(rules=policy(rule(factor=Factor.PUSH_NUMBER)))
    world.open()
    world.number("alice", "493817")
    world.deliver()
    world.put_back()
    world.watch.poll()
    assert (world.gate.generation, world.gate.state) == (2, State.PENDING)
    assert world.number("bob", "493817").gate.state is State.APPROVED


def test_an_id_of_ours_under_another_build_is_a_twin() -> None:
    """The same number after the job was made anew, with an id that somebody has copied: denied, ops are told."""
    world = Restored(source=FakeSource(known=facts(run=replace(RUN, started=1_000))))
    world.ended("withdrawn")
    world.source.known = facts(run=replace(RUN, started=2_000))
    world.put_back()
    world.watch.poll()
    assert world.gate.denial is not None
    assert (world.gate.state, world.gate.denial.reason) == (State.DENIED, "twin")
    assert world.told()[-1] == "twin"


@pytest.mark.parametrize("at_once", [False, True])
def test_a_plain_input_that_is_asked_in_a_loop_is_asked_each_time(at_once: bool) -> None:
    """Its Pipeline gives one id to all of them; each is confirmed by itself, also the one that waits before anybody has
    read that the one before went on: our proceed is not sent again.
    """
    source = FakeSource(text=b"Release 1.4?", known=facts(plain="Release"), pauses={"ref-1": "Release"})
    listed, take = source.pending, source.answer
    source.pending = lambda: [replace(one, plain=True) for one in listed()]  # type: ignore[method-assign]

    def answer(ref: str, given: Proceed | Abort) -> None:
        take(ref, given)
        source.pauses = {"ref-1": "Release"}

    source.answer = answer if at_once else take  # type: ignore[method-assign]
    plain = rule(factor=Factor.PUSH, when=Texts("plain_input", Globs(("Release",))))
    world = Restored(rules=policy(plain), source=source)
    world.open()
    for person in ("alice", "bob"):
        former = world.gate
        world.tap(person)
        world.deliver()
        source.pauses = {"ref-1": "Release"}
        world.watch.poll()
        ended = world.store.gate(former.id)
        assert ended is not None
        assert ended.state is State.RESUMED
    assert (world.gate.generation, world.gate.state) == (3, State.PENDING)
    assert [given for _, given in source.sent] == [Proceed(""), Proceed("")]
