"""The agent is killed at every write between pause and end: what was decided takes effect, and takes effect once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from crashing import Fuse, Fused, Killed
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant
from hypothesis.stateful import rule as step

from builders import ROSTER, policy, rule
from desk_world import World
from fakes import code_of
from jenkins_mfa.core import chain as chains
from jenkins_mfa.core import quorum, receipt
from jenkins_mfa.core.model import Factor, State
from jenkins_mfa.errors import JenkinsMfaError, SourceUnavailableError
from jenkins_mfa.usecases.answer import Answers, NeedsCode
from jenkins_mfa.usecases.ports import Abort, Proceed
from jenkins_mfa.usecases.rules import Rules
from jenkins_mfa.usecases.tighten import tighten
from jenkins_mfa.usecases.watch import Watch

PAIR = policy(rule(factor=Factor.PUSH, quorum=2))
PASSING = policy(rule("nightly", passes=True))
#: What is asked on top, whatever the gate was opened with.
SECURITY = rule("security", factor=Factor.PUSH, approvers=("group:security",), always=True)


def restart(world: World, fuse: Fuse | None = None) -> None:
    """A new process: nothing survives but store, source and messenger."""
    fuse = fuse or Fuse()
    ports: dict[str, Any] = {
        "store": Fused(world.store, fuse),
        "messenger": Fused(world.messenger, fuse),
        "sources": {"main": Fused(world.source, fuse)},
    }
    world.desk = replace(world.desk, **ports)
    world.watch = Watch(world.desk, world.desk.sources["main"])
    world.answers = Answers(world.desk)


def approve(world: World) -> None:
    """From the poll to the end: poll, tap, deliver."""
    world.watch.poll()
    if world.gate.state is State.PENDING:
        world.answers.tap(world.gate.jti, world.who("alice"), "the one tap")
    world.deliver()


def deny(world: World) -> None:
    """From the poll to the end: poll, deny, deliver."""
    world.watch.poll()
    if world.gate.state is State.PENDING:
        world.answers.deny(world.gate.jti, world.who("bob"), "no", False, "the one denial")
    world.deliver()


def tightened(world: World) -> None:
    """From the poll to the end, with a rule that begins to ask after the first tap: carol confirms, too."""
    world.watch.poll()
    if world.gate.state is State.PENDING and not world.gate.confirmations:
        world.answers.tap(world.gate.jti, world.who("alice"), "the one tap")
    world.desk = replace(world.desk, rules=Rules(policy(*world.desk.policy.rules[:1], SECURITY), ROSTER))
    world.answers = Answers(world.desk)
    world.deliver()
    if world.gate.state is State.PENDING:
        world.answers.tap(world.gate.jti, world.who("carol"), "another tap")
    world.deliver()


def passed(world: World) -> None:
    """From the poll to the end, with nobody: poll, deliver."""
    if world.desk.policy != PASSING:
        world.desk = replace(world.desk, rules=Rules(PASSING, ROSTER))
        world.watch = Watch(world.desk, world.desk.sources["main"])
    world.watch.poll()
    world.deliver()


def writes_of(story: Callable[[World], None]) -> int:
    """How many writes a story takes when nothing happens to it."""
    world, fuse = World(), Fuse()
    restart(world, fuse)
    story(world)
    return fuse.seen


STORIES = {
    "approved": (approve, State.RESUMED, Proceed),
    "denied": (deny, State.ABORTED, Abort),
    "passed": (passed, State.RESUMED, Proceed),
    "tightened": (tightened, State.RESUMED, Proceed),
}
POINTS = [
    (name, at, after)
    for name, (story, _, _) in STORIES.items()
    for at in range(1, writes_of(story) + 1)
    for after in (False, True)
]


@pytest.mark.parametrize(("name", "at", "after"), POINTS)
def test_killed_at_any_write_the_decision_takes_effect_once(name: str, at: int, after: bool) -> None:
    """Before and after each write: the restarted agent ends the gate where it belongs, with one answer on the wire."""
    story, end, kind = STORIES[name]
    world = World()
    restart(world, Fuse(at, after=after))
    with pytest.raises(Killed):
        story(world)
    restart(world)
    for _ in range(4):
        world.clock.move(seconds=30)
        story(world)
    assert world.gate.state is end
    assert [type(answer) for _, answer in world.source.sent] == [kind]
    assert len(world.store.open_gates()) == 0
    assert world.messenger.told[-1].state is end
    chain = chains.verify_chain((linked.raw, linked.hash) for linked in world.store.trail)
    assert isinstance(chain, chains.Chain)
    entries = world.store.entries(world.gate.jti)
    events = [(entry.event, entry.actor) for entry in entries if entry.event != "gate:approved"]
    assert len(events) == len(set(events)), events
    told = [entry.details["receipt_sha256"] for entry in entries if entry.event == "gate:claimed"]
    assert told == [receipt.digest(token) for token in world.source.receipts]


class Outside(RuleBasedStateMachine):
    """People, administrators, faults and deaths in any order; at the end everything heals, and the record is judged."""

    @initialize(passing=st.booleans())
    def begin(self, passing: bool) -> None:
        self.world = World(rules=PASSING if passing else PAIR)
        restart(self.world)
        self.foreign = False
        self.fewest = 0 if passing else 2
        self.must = ""

    def act(self, what: Callable[[], object]) -> None:
        try:
            what()
        except JenkinsMfaError:
            pass
        except Killed:
            restart(self.world)

    @property
    def opened(self) -> bool:
        return self.world.store.gate_of("main", "ref-1") is not None

    @step()
    def poll(self) -> None:
        self.act(self.world.watch.poll)

    @step(person=st.sampled_from(["alice", "bob", "carol", "dan", "eve"]))
    def tap(self, person: str) -> None:
        if self.opened:
            self.act(lambda: self.world.tap(person))

    @step(person=st.sampled_from(["alice", "bob", "eve"]))
    def deny(self, person: str) -> None:
        if self.opened:
            self.act(lambda: self.world.deny(person))

    @step(seconds=st.sampled_from([1, 20, 400, 1900]))
    def wait(self, seconds: int) -> None:
        self.world.clock.move(seconds=seconds)

    @step()
    def tick(self) -> None:
        self.act(self.world.expire)

    @step()
    def deliver(self) -> None:
        self.act(self.world.deliver)

    @step(at=st.integers(1, 6), after=st.booleans())
    def die_soon(self, at: int, after: bool) -> None:
        restart(self.world, Fuse(at, after=after))

    @step(down=st.booleans())
    def source_goes(self, down: bool) -> None:
        self.world.source.error = SourceUnavailableError("away") if down else None

    @step()
    def lose_the_next_answer(self) -> None:
        self.world.source.lose = SourceUnavailableError("lost")

    @step()
    def administrator_proceeds(self) -> None:
        if "ref-1" in self.world.source.pauses:
            del self.world.source.pauses["ref-1"]
            self.world.source.settlers.append("admin")
            self.foreign = True

    @step(reload=st.booleans())
    def security_is_asked_from_now_on(self, reload: bool) -> None:
        world = self.world
        world.desk = replace(world.desk, rules=Rules(policy(*world.rules.rules, SECURITY), ROSTER))
        world.watch, world.answers = Watch(world.desk, world.desk.sources["main"]), Answers(world.desk)
        if not self.opened or world.gate.state in {State.PENDING, State.APPROVED}:
            self.must = "security"
        if reload and self.opened:
            self.act(lambda: tighten(world.desk, world.gate.id))

    @step(name=st.sampled_from(["alice", "bob", "carol"]))
    def account_goes(self, name: str) -> None:
        self.world.messenger.away ^= {name}

    @invariant()
    def no_receipt_without_a_quorum(self) -> None:
        for token in (getattr(self, "world", None) and self.world.source.receipts) or []:
            found = self.world.verified(token)
            assert len({approver.id for approver in found.approvers}) >= self.fewest
            assert not self.must or "carol" in {approver.id for approver in found.approvers}
            assert {approver.id for approver in found.approvers} <= {"alice", "bob", "carol"}

    @invariant()
    def one_answer_at_most(self) -> None:
        if hasattr(self, "world"):
            assert len(self.world.source.sent) <= 1

    def teardown(self) -> None:
        world = self.world
        world.source.error = world.source.lose = None
        restart(world)
        for _ in range(12):
            world.clock.move(seconds=400)
            self.act(world.watch.poll)
            self.act(world.expire)
            self.act(lambda: world.deliver(100))
        if not self.opened:
            return
        gate = world.gate
        assert gate.state.settled, gate.state
        assert world.source.pauses == {}
        sent = [type(answer) for _, answer in world.source.sent]
        assert (gate.state is State.RESUMED) == (sent == [Proceed])
        assert (gate.state is State.BYPASSED) == (self.foreign and sent == [])
        if gate.state is State.RESUMED:
            assert gate.requirement is not None
            assert quorum.satisfied(gate.requirement, gate.confirmations)
        assert world.messenger.told[-1].state is gate.state


TestOutside = Outside.TestCase
TestOutside.settings = settings(max_examples=120, stateful_step_count=25, deadline=None)


def test_a_form_that_was_open_when_the_agent_died_still_works() -> None:
    """Trap: tap lost because the bot had restarted and its state was in memory."""
    world = World(rules=policy(rule(factor=Factor.TOTP)))
    world.enrol("alice")
    world.open()
    asked = world.tap("alice")
    assert isinstance(asked, NeedsCode)
    restart(world)
    assert world.type("alice", asked.challenge_id, code_of("alice", world.clock)).open == 0
