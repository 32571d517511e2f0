"""Hostile pipelines: of one build 8 inputs are asked at a time, of one job 20; the rest waits in Jenkins, told once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import RUN, facts
from clock import Clock
from desk_world import TAP, World
from fakes import FakeSource, desk, request_text
from jenkins_mfa.core import flood as flood_limits
from jenkins_mfa.core.flood import PER_PIPELINE, PER_RUN, Room, folder_of, in_turns, pipeline_of
from jenkins_mfa.core.model import FloodsRecord, Gate, Run, Starter, State, Trigger
from jenkins_mfa.store.records import encode
from jenkins_mfa.usecases.openings import Openings
from jenkins_mfa.usecases.ports import Opened, Paused
from jenkins_mfa.usecases.watch import Watch
from jenkins_mfa.wiring import SystemRandomness
from memory_store import MemoryStore


class Flooding(FakeSource):
    """Any number of inputs, in builds of any job. It keeps which were read."""

    def __init__(self) -> None:
        super().__init__(pauses={})
        self.listed: dict[str, Paused] = {}
        self.read: list[str] = []
        self.refuse = False

    def pause(self, job: str, build: int, count: int = 1) -> None:
        for _ in range(count):
            number = len(self.listed) + 1
            run = Run(self.id, "ci", job, str(build), 1, "https://ci.example.com/", 1_000 + build)
            paused = Paused(f"{job}-{build}-{number}", f"Mfa-{number:032x}", run)
            self.listed[paused.ref] = paused
            self.pauses[paused.ref] = paused.nonce

    def pending(self) -> list[Paused]:
        return [paused for ref, paused in self.listed.items() if ref in self.pauses]

    def facts(self, paused: Paused) -> Opened:
        self.read.append(paused.ref)
        run = paused.run
        number = f"{len(self.read):06}"
        named = "another" if self.refuse else run.pipeline
        text = request_text(number=number, run={"pipeline": named, "id": run.id})
        return Opened(text, facts(run=run, starters=(Starter(Trigger.SCHEDULE),)))


def world() -> World:
    made = World(source=Flooding())
    made.enrol("alice")
    return made


def flood(made: World, *wanted: tuple[str, int, int]) -> None:
    for job, build, count in wanted:
        made.source.pause(job, build, count)  # type: ignore[attr-defined]
    made.watch.poll()


def settle(made: World, count: int = 1, job: str = "web") -> None:
    """Approve the oldest gates of a job, each to its end."""
    for gate in [gate for gate in made.store.open_gates() if gate.run.pipeline == job][:count]:
        made.answers.tap(gate.jti, made.who("alice"), f"tap-{gate.id}")
        made.deliver(200)


def told(made: World) -> list[str]:
    made.deliver(400)
    return [alert.code for alert in made.messenger.alerts if alert.code == "flooded"]


def events(made: World) -> list[tuple[str, int]]:
    entries = (one.entry for one in made.store.audit_events())
    return [(str(one.details["target"]), int(one.details["waiting"])) for one in entries if one.event == "gate:flooded"]


def test_of_one_build_eight_inputs_are_asked_and_the_rest_is_not_even_read() -> None:
    """10,000 at once: one event, one alert, one message that counts; every one of them is still paused."""
    made = world()
    flood(made, ("web", 1, 10_000))
    assert len(made.store.open_gates()) == len(made.source.read) == PER_RUN == 8  # type: ignore[attr-defined]
    assert events(made) == [("web", 9_992)]
    assert told(made) == ["flooded"]
    assert made.messenger.floods == [("web", 9_992, 8)]
    assert len(made.source.pauses) == 10_000
    assert made.source.sent == []


def test_of_one_job_twenty_gates_are_open_and_the_oldest_builds_come_first() -> None:
    """1,000 builds of one job, listed in any order."""
    made = world()
    flood(made, *(("web", build, 1) for build in range(1_000, 0, -1)))
    open_ones = [int(gate.run.id) for gate in made.store.open_gates()]
    assert open_ones == list(range(1, PER_PIPELINE + 1))
    assert len(open_ones) == 20
    assert events(made) == [("web", 980)]


def test_a_flood_is_in_the_trail_once_however_often_it_is_looked_at_and_by_whomever() -> None:
    """Also when another agent goes on with it; its message follows the count, every 10 s at most."""
    made = world()
    flood(made, ("web", 1, 12))
    assert made.messenger.floods == []
    made.deliver(100)
    made.watch = Watch(made.desk, made.source)
    for _ in range(30):
        made.clock.move(seconds=1)
        flood(made, ("web", 1, 1))
        made.deliver(100)
    assert events(made) == [("web", 4)]
    assert told(made) == ["flooded"]
    assert made.messenger.floods == [("web", n, 8) for n in (4, 14, 24, 34)]


def test_what_waited_is_asked_as_the_others_end_and_the_message_says_that_none_is_left() -> None:
    """Nothing is lost: each of them becomes a gate, none before its turn, and the next flood is a new one."""
    made = world()
    flood(made, ("web", 1, 11))
    made.deliver(200)
    for waiting in (8, 8, 8, 8):
        assert len(made.store.open_gates()) == waiting
        settle(made)
        made.clock.move(seconds=11)
        made.watch.poll()
        made.deliver(200)
    assert len(made.source.read) == 11  # type: ignore[attr-defined]
    assert [n for _, n, _ in made.messenger.floods] == [3, 2, 1, 0]
    assert made.store.floods().floods == ()
    assert made.store.told("flood:main:web").messages == ()
    flood(made, ("web", 1, 5))
    assert events(made) == [("web", 3), ("web", 4)]


def test_a_flood_is_told_once_its_gates_are_there() -> None:
    """They are opened by other threads, after the poll that noticed it: the message waits for a place to stand."""
    made = world()
    tasks = list[Callable[[], None]]()
    made.watch = Watch(made.desk, made.source, tasks.append)
    flood(made, ("web", 1, 9))
    made.deliver(20)
    assert made.messenger.floods == []
    tasks.pop()()
    made.clock.move(seconds=3)
    made.deliver(60)
    assert made.messenger.floods == [("web", 1, 8)]


def test_no_input_over_the_limit_is_ever_let_go_on() -> None:
    """Nobody can confirm what was never shown: a second denial of the build reaches it before anybody is asked."""
    made = world()
    flood(made, ("web", 1, 30))
    first = made.store.open_gates()[0]
    made.answers.deny(first.jti, made.who("alice"), "not that many", False, "deny")
    for _ in range(30):
        made.deliver(400)
        made.watch.poll()
    assert {gate.state for gate in made.store.all_gates()} == {State.ABORTED}
    assert made.source.receipts == []


def test_a_build_that_is_refused_again_and_again_is_told_once_for_each_reason() -> None:
    """Every refusal is in the trail and reaches Jenkins; people read one message, ops one alert."""
    made = world()
    made.source.refuse = True  # type: ignore[attr-defined]
    flood(made, ("web", 1, 30))
    for _ in range(10):
        made.deliver(400)
        made.watch.poll()
    gates = [gate for gate in made.store.all_gates() if isinstance(gate, Gate)]
    assert [gate.state for gate in gates] == [State.ABORTED] * 30
    assert len({gate.id for gate in made.messenger.told}) == 1
    assert [alert.code for alert in made.messenger.alerts if alert.code != "flooded"] == ["other_run"]
    denied = [one.entry for one in made.store.audit_events() if one.entry.event == "gate:denied"]
    assert len({entry.gate for entry in denied}) == 30


class Counted(MemoryStore):
    """It counts how often a gate is read."""

    reads = 0

    def gate(self, gate_id: str) -> Gate | None:
        self.reads += 1
        return super().gate(gate_id)


def refuse_again(made: World, times: int) -> tuple[int, int]:
    """One build is refused so often, one time after the other; gates read for that, and bytes of the run's record."""
    before = made.store.reads
    for _ in range(times):
        flood(made, ("web", 1, 1))
        made.deliver(100)
        made.clock.move(seconds=3)
        made.deliver(100)
    return made.store.reads - before, len(encode(replace(made.store.run("main:web:1:1"), version=0)))


def test_the_hundredth_refusal_of_a_build_reads_no_more_than_the_thirtieth() -> None:
    """Each look at a build read every gate that it ever had, and its record grew with each."""
    made = World(source=Flooding(), store=Counted(Clock()))
    made.source.refuse = True  # type: ignore[attr-defined]
    refuse_again(made, 30)
    early = refuse_again(made, 10)
    refuse_again(made, 60)
    assert refuse_again(made, 10) == early
    assert len(list(made.store.all_gates())) == 110
    assert {gate.state for gate in made.store.all_gates()} == {State.ABORTED}


def test_a_gate_that_waits_is_not_forgotten_over_many_refusals_of_its_build() -> None:
    """It is denied with its run, or let go on, as if there had been none."""
    made = World(source=Flooding(), store=Counted(Clock()))
    made.enrol("alice")
    flood(made, ("web", 1, 1))
    (waits,) = made.store.open_gates()
    made.source.refuse = True  # type: ignore[attr-defined]
    refuse_again(made, 40)
    assert waits.id in made.store.run("main:web:1:1").gates
    made.source.finished = False
    made.answers.tap(waits.jti, made.who("alice"), "tap")
    made.deliver(100)
    ended = made.store.gate(waits.id)
    assert ended is not None
    assert (ended.state, len(made.source.receipts)) == (State.RESUMED, 1)


def test_a_job_that_is_refused_again_and_again_is_told_twenty_times_an_hour() -> None:
    """Then ops read that it goes on; after an hour it is told again, and another job is told at any time."""
    made = world()
    made.source.refuse = True  # type: ignore[attr-defined]
    for build in range(1, 41):
        flood(made, ("web", build, 1))
        made.deliver(400)
    flood(made, ("api", 1, 1))
    made.deliver(400)
    pipelines = Counter({gate.id: gate.run.pipeline for gate in made.messenger.told}.values())
    assert pipelines == {"web": 20, "api": 1}
    assert Counter(alert.code for alert in made.messenger.alerts) == {"other_run": 21, "refused_often": 1}
    made.clock.move(seconds=3_601)
    flood(made, ("web", 50, 1))
    made.deliver(400)
    assert made.messenger.told[-1].run.id == "50"


def test_a_flooded_job_takes_no_place_from_another_one() -> None:
    """Each job has its own twenty, each build its own eight."""
    made = world()
    flood(made, *(("web", build, 9) for build in range(1, 40)), ("api", 1, 2))
    open_ones = [gate.run for gate in made.store.open_gates()]
    assert sum(run.pipeline == "web" for run in open_ones) == 20
    assert sum(run.pipeline == "api" for run in open_ones) == 2
    assert max(sum(run.key == one.key for run in open_ones) for one in open_ones) == 8
    assert events(made) == [("web", 39 * 9 - 20)]


def test_a_controller_full_of_gates_is_told_once_and_keeps_no_other_job_and_no_other_controller_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However many jobs flood it: the first gate of each job is asked all the same, and the other controller has room
    of its own.
    """
    monkeypatch.setattr(flood_limits, "PER_SOURCE", 40)
    made, other = world(), Flooding()
    other.id = "other"
    made.desk = replace(made.desk, sources={"main": made.source, "other": other})
    made.watch = Watch(made.desk, made.source)
    flood(made, *((f"job{number}", 1, 3) for number in range(30)))
    open_ones = Counter(gate.run.pipeline for gate in made.store.open_gates())
    assert set(open_ones.values()) == {1, 3}
    assert (open_ones.total(), len(open_ones)) == (56, 30)
    assert events(made) == [("main:", 34)]
    assert told(made) == ["flooded"]
    assert made.messenger.floods == [("main:", 34, 56)]
    other.pause("job1", 1, 8)
    Watch(made.desk, other).poll()
    assert len(made.store.open_gates("other")) == 8
    settle(made, 3, "job1")
    made.watch.poll()
    assert events(made) == [("main:", 34)]


def test_whoever_comes_later_does_not_stand_behind_a_crowd_of_other_jobs() -> None:
    """Folders take turns, and jobs in them: what comes while 5,000 wait to be read is read next."""
    made = world()
    source, tasks = made.source, list[Callable[[], None]]()
    openings = Openings(made.desk, source, tasks.append)
    for number in range(5_000):
        source.pause(f"hostile/job{number}", 1)  # type: ignore[attr-defined]
    openings.offer(source.pending(), ())
    tasks.pop(0)()
    source.pause("shop/deploy", 7)  # type: ignore[attr-defined]
    openings.offer(source.pending(), made.store.open_gates())
    for task in tasks[:2]:
        task()
    assert [ref.partition("-")[0] for ref in source.read] == ["hostile/job0", "hostile/job1", "shop/deploy"]  # type: ignore[attr-defined]
    assert len(tasks) == 5_000


def test_a_task_that_fails_takes_nobody_elses_turn() -> None:
    """Each pause that waits has a task, also after the store was away in the middle of one."""
    made = world()
    made.source.pause("web", 1)  # type: ignore[attr-defined]
    tasks = list[Callable[[], None]]()
    openings = Openings(made.desk, made.source, tasks.append)
    for _ in range(3):
        openings.offer(made.source.pending(), ())
    assert len(tasks) == 1
    made.source.error = KeyError("nobody foresaw this")  # type: ignore[assignment]
    tasks.pop()()
    made.source.error = None
    openings.offer(made.source.pending(), ())
    tasks.pop()()
    assert len(made.store.open_gates()) == 1


def test_two_replicas_never_open_more_than_the_limits() -> None:
    """Both saw the same free places: whoever commits second finds them taken."""
    store, source = MemoryStore(World().clock), Flooding()
    for build in range(1, 60):
        source.pause("web", build)
    replicas = [replace(desk(store, source, rules=TAP), randomness=SystemRandomness()) for _ in range(2)]
    listings = [source.pending()[:30], source.pending()[30:]]
    made = [Openings(replica, source, lambda task: task()) for replica in replicas]
    threads = [
        threading.Thread(target=openings.offer, args=(listing, ()))
        for openings, listing in zip(made, listings, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.open_gates()) == PER_PIPELINE


def test_a_damaged_list_of_floods_stops_no_gate() -> None:
    """Ops read of it; the limits hold, and only the count is not told."""
    made = world()
    flood(made, ("web", 1, 9))
    made.store._records["floods"] = FloodsRecord(9, ())
    settle(made)
    made.watch.poll()
    assert len(made.store.open_gates()) == 8
    made.deliver(100)
    assert "record_damaged" in {alert.code for alert in made.messenger.alerts}


def test_a_plain_input_that_no_rule_selects_floods_nobody() -> None:
    """It is not ours, however many of them wait."""
    made = world()
    for number in range(50):
        paused = Paused(f"plain-{number}", f"ask-{number}", RUN, plain=True)
        made.source.listed[paused.ref] = paused  # type: ignore[attr-defined]
        made.source.pauses[paused.ref] = paused.nonce
    flood(made, (RUN.pipeline, 3, 2))
    assert events(made) == []
    assert len(made.store.open_gates()) == 2


def test_inputs_that_came_back_are_asked_within_the_same_limit() -> None:
    """After a backup of Jenkins was put back, they take their turns with the build's others."""
    made = world()
    flood(made, ("web", 1, 8))
    refs = dict(made.source.pauses)
    settle(made, 8)
    made.source.pauses |= refs
    flood(made, ("web", 1, 3))
    assert [gate.generation for gate in made.store.open_gates()] == [2] * PER_RUN
    settle(made, 8)
    made.watch.poll()
    assert [gate.generation for gate in made.store.open_gates()] == [1] * 3


RUNS = st.builds(
    Run,
    st.just("main"),
    st.just("ci"),
    st.sampled_from(["a/x", "a/y", "b/x", "c"]),
    st.sampled_from("123"),
    st.just(1),
    st.just(""),
)


@given(st.lists(RUNS, max_size=80), st.lists(RUNS, max_size=30))
def test_room_is_never_given_beyond_either_limit(wanted: list[Run], taken: list[Run]) -> None:
    """And always up to it: nobody waits while there is a place."""
    room, inside = Room(taken), list(taken)
    for run in wanted:
        fits = (
            sum(one.key == run.key for one in inside) < PER_RUN
            and sum(one.pipeline == run.pipeline for one in inside) < PER_PIPELINE
        )
        assert room.take(run) == fits
        inside += [run] if fits else []


@given(st.lists(RUNS, max_size=40))
def test_in_turns_no_folder_goes_twice_before_another_that_waits_goes_once(runs: list[Run]) -> None:
    """All of them are still there, and within one pipeline in their order."""
    ordered = in_turns(runs, (pipeline_of, folder_of))
    for pipeline in {run.pipeline for run in runs}:
        assert [run for run in ordered if run.pipeline == pipeline] == [run for run in runs if run.pipeline == pipeline]
    for position, run in enumerate(ordered):
        before = [folder_of(one) for one in ordered[:position]]
        for other in {folder_of(one) for one in ordered[position:]}:
            assert before.count(folder_of(run)) <= before.count(other)
