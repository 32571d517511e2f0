"""`supersede = true`: a newer run that asks for the same replaces older gates that still wait, and nothing else."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import RUN, environment, facts, nonce, policy, rule
from clock import Clock
from desk_world import World
from fakes import FakeSource, request_text
from jenkins_mfa.core.judge import Outcome
from jenkins_mfa.core.model import Factor, Gate, Run, State
from jenkins_mfa.core.policy import Policy
from jenkins_mfa.errors import StoreConflictError
from jenkins_mfa.usecases.ports import Abort, Opened, Paused, Proceed
from jenkins_mfa.usecases.supersede import newer_run, supersede

REPLACING = policy(rule(factor=Factor.PUSH, supersede=True))


class Runs(FakeSource):
    """Several runs, each with pauses of its own, which are called as the run and a number."""

    def __init__(self) -> None:
        super().__init__(pauses={})
        self.runs: dict[str, FakeSource] = {}

    def add(self, number: int, *names: str, pipeline: str = RUN.pipeline, **request: object) -> None:
        """A run pauses, at a step for each name."""
        run = replace(RUN, id=str(number), pipeline=pipeline, started=number * 1000)
        text = request_text(run={"pipeline": pipeline, "id": run.id}, **request)
        found = facts(run=run)
        key = f"{pipeline}-{number}"
        pauses = {f"{key}-{name}": nonce(f"{key}-{name}") for name in names or ("a",)}
        self.runs[key] = FakeSource(text=text, known=found, pauses=pauses)

    def _of(self, ref: str) -> FakeSource:
        return self.runs[ref.rpartition("-")[0]]

    def pending(self) -> list[Paused]:
        return [paused for run in self.runs.values() for paused in run.pending()]

    def facts(self, paused: Paused) -> Opened:
        return self._of(paused.ref).facts(paused)

    def outcome(self, run: Run) -> Outcome:
        return self.runs[f"{run.pipeline}-{run.id}"].outcome(run)

    def answer(self, ref: str, answer: Proceed | Abort) -> None:
        self._of(ref).answer(ref, answer)


class Many(World):
    """A world with several runs."""

    def __init__(self, rules: Policy = REPLACING) -> None:
        self.runs = Runs()
        super().__init__(clock=Clock(), source=self.runs, rules=rules)

    def poll(self) -> None:
        """What is new is opened and delivered."""
        self.watch.poll()
        self.deliver(100)
        self.clock.move(seconds=1)

    def of(self, number: int, name: str = "a", pipeline: str = RUN.pipeline) -> Gate:
        """The gate of a run's step."""
        found = self.store.gate_of("main", f"{pipeline}-{number}-{name}")
        assert found is not None
        return found


def test_a_newer_run_replaces_the_older_gate_and_aborts_its_build() -> None:
    """Denied by the system, not by a person; told as such, and to ops nothing."""
    world = Many()
    world.runs.add(17)
    world.poll()
    world.runs.add(18)
    world.poll()
    older, newer = world.of(17), world.of(18)
    assert (older.state, newer.state) == (State.ABORTED, State.PENDING)
    assert older.denial is not None
    assert (older.denial.person, older.denial.reason, older.denial.values) == (None, "superseded", {"run": "18"})
    assert world.store.run(older.run.key).denial is None
    assert world.messenger.alerts == []
    denied = [e for e in world.store.entries(older.jti) if e.event == "gate:denied"]
    assert [(e.actor, e.details["reason"]) for e in denied] == [("agent", "superseded")]


@pytest.mark.parametrize("numbers", [(17, 18, 19), (19, 18, 17), (18, 19, 17)])
def test_in_whatever_order_they_come_the_newest_is_left(numbers: tuple[int, ...]) -> None:
    """Gates are opened side by side: that an older run's came later does not keep it."""
    world = Many()
    for number in numbers:
        world.runs.add(number)
        world.poll()
    assert [world.of(n).state for n in (17, 18, 19)] == [State.ABORTED, State.ABORTED, State.PENDING]


def test_parallel_gates_of_one_run_leave_one_another_alone() -> None:
    """The same run asks twice: both wait; the newer run's gates then replace both."""
    world = Many()
    world.runs.add(17, "a", "b")
    world.poll()
    assert [world.of(17, name).state for name in "ab"] == [State.PENDING] * 2
    world.runs.add(18, "a", "b")
    world.poll()
    assert {world.of(17, name).state for name in "ab"} == {State.ABORTED}
    assert {world.of(18, name).state for name in "ab"} == {State.PENDING}


def test_what_is_approved_is_left_alone() -> None:
    """A confirmation that has been given is not taken back by another build."""
    world = Many()
    world.runs.add(17)
    world.watch.poll()
    gate = world.of(17)
    world.answers.tap(gate.jti, world.who("alice"), "tap")
    world.runs.add(18)
    world.poll()
    assert world.of(17).state is State.RESUMED
    assert world.of(18).state is State.PENDING


@pytest.mark.parametrize(
    "other",
    [{"pipeline": "other"}, {"environment": "staging"}],
    ids=["another pipeline", "another environment"],
)
def test_only_the_same_pipeline_and_environment(other: dict[str, str]) -> None:
    """What asks for something else replaces nothing."""
    world = Many()
    world.runs.add(17)
    world.poll()
    world.runs.add(18, **other)  # type: ignore[arg-type]
    world.poll()
    assert world.of(17).state is State.PENDING


def test_a_claim_does_not_make_two_environments_one() -> None:
    """Where the policy declares the environment, the claim must be the same as well."""
    world = Many(replace(REPLACING, environments=(environment("production", "*"),)))
    world.runs.add(17)
    world.poll()
    world.runs.add(18, environment="staging")
    world.poll()
    assert world.of(17).state is State.PENDING


def test_only_gates_whose_own_rules_say_so() -> None:
    """The older gate's frozen requirement decides, not what the policy says now."""
    world = Many(policy(rule(factor=Factor.PUSH)))
    world.runs.add(17)
    world.poll()
    world.desk.rules.now = replace(world.desk.rules.now, policy=REPLACING)
    world.runs.add(18)
    world.poll()
    assert world.of(17).state is State.PENDING
    world.desk.rules.now = replace(world.desk.rules.now, policy=policy(rule(factor=Factor.PUSH)))
    world.runs.add(19)
    world.poll()
    assert [world.of(n).state for n in (17, 18, 19)] == [State.PENDING, State.ABORTED, State.PENDING]


def test_a_newer_run_that_was_denied_replaces_nothing() -> None:
    """It does not ask: refused at its opening, or denied before anybody looked."""
    world = Many()
    world.runs.add(17)
    world.poll()
    world.messenger.unshowable = "too long"
    world.runs.add(18)
    world.poll()
    assert world.of(18).state is State.ABORTED
    assert world.of(17).state is State.PENDING


def test_a_denial_of_the_newer_run_does_not_bring_the_older_back() -> None:
    """Replaced is replaced: a new build asks again."""
    world = Many()
    for number in (17, 18):
        world.runs.add(number)
        world.poll()
    world.answers.deny(world.of(18).jti, world.who("alice"), "no", False, "deny")
    world.deliver()
    assert [world.of(n).state for n in (17, 18)] == [State.ABORTED, State.ABORTED]


def test_an_agent_killed_after_the_opening_replaces_when_it_is_back() -> None:
    """The comparison is a lane of the commit that opens: it is owed until it is done, and done twice it is the same."""
    world = Many()
    world.runs.add(17)
    world.poll()
    world.runs.add(18)
    world.watch.poll()
    assert world.of(17).state is State.PENDING
    again = Many()
    again.store, again.desk = world.store, world.desk
    again.deliver(100)
    supersede(world.desk, world.of(18).id)
    supersede(world.desk, world.of(17).id)
    assert world.of(17).state is State.ABORTED
    assert world.of(18).state is State.PENDING


def test_a_tap_that_comes_first_wins() -> None:
    """The gate is looked at afresh in each attempt: approved meanwhile, it is left alone."""
    world = Many()
    world.runs.add(17)
    world.watch.poll()
    world.runs.add(18)
    world.watch.poll()
    real, gate = world.store.commit, world.of(17)

    def tapped_first(commit: object) -> None:
        world.store.commit = real  # type: ignore[method-assign]
        world.answers.tap(gate.jti, world.who("alice"), "tap")
        raise StoreConflictError("somebody was first")

    world.store.commit = tapped_first  # type: ignore[method-assign]
    supersede(world.desk, world.of(18).id)
    assert world.of(17).state is State.APPROVED


@given(st.lists(st.integers(1, 30), min_size=2, max_size=2), st.lists(st.integers(0, 30), min_size=2, max_size=2))
def test_of_two_runs_at_most_one_is_newer(numbers: list[int], starts: list[int]) -> None:
    """Number and start must agree; where one is missing the other decides."""
    one, two = (replace(RUN, id=str(n), started=s) for n, s in zip(numbers, starts, strict=True))
    assert not (newer_run(one, two) and newer_run(two, one))
    if newer_run(one, two):
        assert numbers[0] > numbers[1]
        assert starts[0] > starts[1] or 0 in starts


def test_ids_that_are_no_numbers_are_compared_by_their_start() -> None:
    """And not at all where that is not known, nor do other digits count as a number."""
    one, two = replace(RUN, id="abc", started=2), replace(RUN, id="abd", started=1)
    assert newer_run(one, two)
    assert not newer_run(replace(one, started=0), two)
    assert not newer_run(replace(RUN, id="١٨"), replace(RUN, id="17"))
    assert not newer_run(replace(RUN, id="9" * 5000), replace(RUN, id="17"))


def test_many_runs_in_any_order_leave_the_newest() -> None:
    """Twenty runs, shuffled, polled in groups."""
    numbers = list(range(1, 21))
    random.Random(7).shuffle(numbers)
    world = Many()
    for start in range(0, 20, 4):
        for number in numbers[start : start + 4]:
            world.runs.add(number)
        world.poll()
    assert [n for n in range(1, 21) if world.of(n).state is State.PENDING] == [20]
