"""The threads that deliver: Slack that hangs holds up no answer to Jenkins, nor Jenkins a message."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from builders import RUN
from clock import Clock
from desk_world import World
from fakes import FakeMessenger, FakeSource
from jenkins_mfa.core.judge import Outcome
from jenkins_mfa.core.model import Commit, Gate, Run, RunRecord, State, ToldRecord, Trouble
from jenkins_mfa.deliverers import DELIVERERS, RESERVED, Deliverers
from jenkins_mfa.threads import Crew
from jenkins_mfa.usecases.answer import Answers
from jenkins_mfa.usecases.ports import Due
from jenkins_mfa.usecases.watch import Watch
from memory_store import MemoryStore
from waiting import until


@dataclass
class Hanging:
    """Whoever comes in stays until `let_go` is set."""

    let_go: threading.Event = field(default_factory=threading.Event)
    inside: int = 0

    def stay(self) -> None:
        self.inside += 1
        self.let_go.wait(30)


class Silent(FakeMessenger):
    """Takes messages about all gates but the world's own, and never answers."""

    def __init__(self, hanging: Hanging) -> None:
        super().__init__()
        self.hanging = hanging

    def tell(self, gate: Gate, told: ToldRecord, others: int, trouble: Trouble | None) -> ToldRecord:
        if gate.external_ref != "ref-1":
            self.hanging.stay()
        return super().tell(gate, told, others, trouble)


class Stuck(FakeSource):
    """Takes lines for pages of runs, and never answers."""

    hanging: Hanging

    def note(self, run: Run, says: str, *, ended: bool = False) -> None:
        self.hanging.stay()


class Resting(MemoryStore):
    """Its deliverers rest a little where they find nothing."""

    def wait(self, seconds: float) -> None:
        threading.Event().wait(0.005)


@contextmanager
def delivering(made: World) -> Iterator[None]:
    crew = Crew()
    Deliverers(made.desk, crew).start()
    try:
        yield
    finally:
        crew.stop(30)
    assert not crew.failed.is_set()


def crowd(made: World, kind: str) -> int:
    """More lanes of a kind than there are threads, each about a gate of its own that waits."""
    gate, count = made.gate, 2 * (DELIVERERS + 2 * RESERVED)
    for number in range(count):
        ref = f"other-{number}"
        other = replace(gate, id=f"g_f{number:031x}", external_ref=ref, nonce=f"Mfa-{number:032x}", version=1)
        made.store.commit(Commit(ref, (other,), lanes=(f"{kind}:{other.id}",)))
    return count


def test_an_answer_reaches_jenkins_while_every_call_to_slack_hangs() -> None:
    """All threads that take any lane hang with Slack; those of the sources go on."""
    hanging = Hanging()
    made = World(messenger=Silent(hanging), store=Resting(Clock()))
    made.open()
    made.deliver()
    crowd(made, "tell")
    with delivering(made):
        until(lambda: hanging.inside == DELIVERERS + RESERVED)
        made.tap("alice")
        until(lambda: made.source.receipts)
        assert hanging.inside == DELIVERERS + RESERVED
        hanging.let_go.set()


def test_a_message_reaches_people_while_every_call_to_jenkins_hangs() -> None:
    """The other way round."""
    hanging = Hanging()
    source = Stuck()
    source.hanging = hanging
    made = World(source=source, store=Resting(Clock()))
    made.open()
    for name in [name for name in made.store.lanes if name.startswith("note:")]:
        del made.store.lanes[name]
    made.deliver()
    crowd(made, "note")
    with delivering(made):
        until(lambda: hanging.inside == DELIVERERS + RESERVED)
        made.messenger.told.clear()
        made.deny("alice")
        made.store.clock.move(seconds=3)
        until(lambda: made.messenger.told)
        assert hanging.inside == DELIVERERS + RESERVED
        hanging.let_go.set()


class Asked(Resting):
    """It counts who asks it for lanes that are not for everybody."""

    reserved = 0

    def claim_lane(self, lease_ms: int, skip: frozenset[str] = frozenset()) -> Due | None:
        self.reserved += bool(skip)
        return super().claim_lane(lease_ms, skip)


def test_reserved_threads_ask_for_nothing_while_others_are_free() -> None:
    """Each of them asked the store four times a second, day and night."""
    store = Asked(Clock())
    made = World(store=store)
    made.open()
    with delivering(made):
        until(lambda: made.messenger.told)
    assert store.reserved == 0


def test_whoever_only_hears_of_gates_holds_up_no_message_and_no_answer() -> None:
    """A webhook that never answers keeps its own thread alone, whatever number of gates is announced to it."""
    hanging = Hanging()
    made = World(store=Resting(Clock()))
    made.desk = replace(made.desk, announcer=Silent(hanging))
    made.watch, made.answers = Watch(made.desk, made.source), Answers(made.desk)
    made.open()
    crowd(made, "announce")
    with delivering(made):
        until(lambda: hanging.inside == 1)
        until(lambda: made.messenger.told)
        made.tap("alice")
        until(lambda: made.source.receipts)
        assert hanging.inside == 1
        hanging.let_go.set()


class Silenced(FakeSource):
    """A controller that takes every answer, and never says that it has."""

    hanging: Hanging

    def outcome(self, run: Run) -> Outcome:
        self.hanging.stay()
        return super().outcome(run)


def test_a_controller_that_hangs_with_all_its_answers_holds_up_none_of_another() -> None:
    """Threads are reserved for the answers to each: a flood of the one takes no share of the other."""
    hanging = Hanging()
    flooded = Silenced(id="flooded")
    flooded.hanging = hanging
    made = World(store=Resting(Clock()))
    made.desk = replace(made.desk, sources={"main": made.source, "flooded": flooded})
    made.watch, made.answers = Watch(made.desk, made.source), Answers(made.desk)
    made.open()
    made.deliver()
    for number in range(2 * (DELIVERERS + 2 * RESERVED)):
        run = replace(RUN, source="flooded", pipeline=f"job{number}", id="1")
        other = replace(
            made.gate, id=f"g_f{number:031x}", run=run, external_ref=f"f{number}", state=State.DENIED, version=1
        )
        record = RunRecord(run.key, 1, (other.id,))
        made.store.commit(Commit(run.key, (other, record), lanes=(f"answer:{run.key}",)))
    with delivering(made):
        until(lambda: hanging.inside == DELIVERERS + 2 * RESERVED)
        made.tap("alice")
        until(lambda: made.source.receipts)
        assert hanging.inside == DELIVERERS + 2 * RESERVED
        hanging.let_go.set()
