"""Races on a real store, with real threads that meet at a barrier: one outcome, and the trail agrees with it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from at_once import at_once
from builders import ROSTER, RUN, policy, rule
from clock import Clock
from desk_world import World
from fakes import US, FakeSource
from jenkins_mfa.core import chain as chains
from jenkins_mfa.core.model import Factor, State
from jenkins_mfa.store.gates import RedisStore
from jenkins_mfa.usecases.answer import Answers
from jenkins_mfa.usecases.open_gate import open_gate
from jenkins_mfa.usecases.ports import Paused
from jenkins_mfa.usecases.rules import Rules
from jenkins_mfa.usecases.watch import Watch


@pytest.fixture
def world(store: RedisStore, clock: Clock) -> World:
    """A world on the real server. Its store's clock runs, so deadlines are moved by the test's clock."""
    made = World(clock=clock)
    made.store = store  # type: ignore[assignment]
    made.desk = replace(made.desk, store=store)
    made.watch, made.answers = Watch(made.desk, made.source), Answers(made.desk)
    return made


def whole_trail(store: RedisStore) -> bool:
    head = store.heads()
    events = ((linked.raw, linked.hash) for linked in store.audit_events())
    return isinstance(chains.verify_chain(events, head=(head.seq, head.hash)), chains.Chain)


def test_fifty_approvers_at_once(world: World) -> None:
    """One gate, fifty taps of three people at the same moment."""
    world.desk = replace(world.desk, rules=Rules(policy(rule(factor=Factor.PUSH, quorum=2)), ROSTER))
    world.watch, world.answers = Watch(world.desk, world.source), Answers(world.desk)
    gate = world.open()
    people = ("alice", "bob", "carol")
    taps = [
        (lambda n=number: world.answers.tap(gate.jti, world.who(people[n % 3]), f"tap-{n}")) for number in range(50)
    ]
    found = at_once(*taps)
    counted = [one for one in found if not isinstance(one, Exception)]
    assert len(counted) == 2
    assert world.gate.state is State.APPROVED
    assert len({c.person for c in world.gate.confirmations}) == 2
    assert whole_trail(world.store)  # type: ignore[arg-type]


def test_a_tap_against_the_deadline(world: World) -> None:
    """Whichever commits first decides, and only one does."""
    for _ in range(8):
        world.source = FakeSource(pauses={f"ref-{_}": "Mfa-" + f"{_}" * 32})
        world.desk = replace(world.desk, sources={"main": world.source})
        world.watch, world.answers = Watch(world.desk, world.source), Answers(world.desk)
        world.watch.poll()
        gate = world.desk.store.gate_of("main", f"ref-{_}")
        assert gate is not None
        world.clock.move(ms=gate.deadline - world.desk.store.now() - 1)
        at_once(lambda g=gate: world.answers.tap(g.jti, world.who("alice"), f"tap-{g.id}"), world.expire)
        world.clock.move(seconds=5)
        world.expire()
        ended = world.desk.store.gate(gate.id)
        assert ended is not None
        assert ended.state in {State.APPROVED, State.EXPIRED}
        assert (ended.state is State.APPROVED) == bool(ended.confirmations)
        events = [entry.event for entry in world.desk.store.entries(gate.jti)]
        assert ("gate:approved" in events) != ("gate:expired" in events)


def test_a_denial_against_the_sending(world: World) -> None:
    """Denied before the claim: nothing is sent. Claimed before the denial: too late, and it is said."""
    for number in range(10):
        ref = f"ref-{number}"
        run = replace(world.source.known.run, id=str(number))
        from fakes import request_text

        world.source = FakeSource(
            pauses={ref: "Mfa-" + f"{number:x}" * 32},
            known=replace(world.source.known, run=run),
            text=request_text(run={"pipeline": run.pipeline, "id": run.id}),
        )
        world.desk = replace(world.desk, sources={"main": world.source})
        world.watch, world.answers = Watch(world.desk, world.source), Answers(world.desk)
        world.watch.poll()
        gate = world.desk.store.gate_of("main", ref)
        assert gate is not None
        world.answers.tap(gate.jti, world.who("alice"), f"tap-{gate.id}")
        at_once(
            world.deliver, lambda g=gate: world.answers.deny(g.jti, world.who("bob"), "no, wait", False, f"deny-{g.id}")
        )
        world.deliver()
        ended = world.desk.store.gate(gate.id)
        assert ended is not None
        assert (ended.state is State.RESUMED) == bool(world.source.receipts)
        assert (ended.state is State.ABORTED) == (not world.source.receipts)


def test_a_tap_against_an_administrators_proceed(world: World) -> None:
    """Whatever the order: a foreign proceed is a bypass, never a resumed gate."""
    gate = world.open()

    def proceed() -> None:
        world.source.pauses = {}
        world.source.settlers.append("admin")

    at_once(lambda: world.answers.tap(gate.jti, world.who("alice"), "tap"), proceed)
    world.deliver()
    world.watch.poll()
    world.watch.poll()
    world.deliver()
    assert world.gate.state is State.BYPASSED
    assert US not in world.source.settlers


def test_two_agents_open_and_deliver_once(world: World) -> None:
    """Two watchers and two deliverers on one store at the same moment."""
    second = Watch(world.desk, world.source)
    at_once(world.watch.poll, second.poll)
    assert len(world.desk.store.open_gates()) == 1
    world.tap("alice")
    at_once(world.deliver, world.deliver)
    assert len(world.source.receipts) == 1
    assert world.gate.state is State.RESUMED


def test_many_gates_of_one_pipeline_open_at_once(world: World) -> None:
    """They write into one record of the pipeline: whoever was overtaken decides again, and each opening is counted."""
    pauses = [Paused(f"ref-{n}", f"Mfa-{n:032x}", replace(RUN, id=str(100 + n))) for n in range(20)]
    at_once(*(lambda paused=paused: open_gate(world.desk, world.source, paused) for paused in pauses))
    assert len(world.store.pipeline(f"{RUN.source}:{RUN.pipeline}").opened) == 20
    assert len(world.store.open_gates()) == 20
