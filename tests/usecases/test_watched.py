"""Watched jobs: what went past its gate is told once, and nothing is missed while no agent ran (T7)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import RUN
from desk_world import World
from jenkins_mfa.core.model import Library, Revision, Run, Starter, State, Trigger
from jenkins_mfa.core.watched import Ran
from jenkins_mfa.errors import SourceGoneError, SourceUnavailableError, UntrustedInputError
from jenkins_mfa.usecases.watched import WatchedJobs
from jenkins_mfa.words import render
from jenkins_mfa.words.alerts import alert as words

OURS = Library("jenkins-mfa", "v1", True, ("mfaGate",))
BY = (Starter(Trigger.PERSON, "dan.f", "dan"),)


def ran(number: int, **changes: object) -> Ran:
    """A build that ended well, without anything else to say against it."""
    run = replace(RUN, id=str(number), started=RUN.started if str(number) == RUN.id else 1_000 + number)
    whole = Ran(run, number, True, True, BY, (Revision("git@x:app", "main", "4f2c" * 10),), (OURS,))
    return replace(whole, **changes)  # type: ignore[arg-type]


class Watched:
    """A world whose one job is watched; its first build is what was there before."""

    def __init__(self, first: int = 1) -> None:
        self.world = World(library="jenkins-mfa")
        self.world.source.known = replace(self.world.source.known, libraries=(OURS,))
        self.again()
        if first:
            self.see(ran(first))

    def again(self, *stages: str) -> None:
        """Another agent, or the same after its restart; `stages` may not be reached without a gate."""
        self.jobs = WatchedJobs(self.world.desk, self.world.source, {RUN.pipeline: frozenset(stages)})

    def see(self, *runs: Ran) -> list[dict[str, str]]:
        """One look at these and all before; returns what was told because of it."""
        known = {one.number: one for one in self.world.source.runs} | {one.number: one for one in runs}
        self.world.source.runs = [known[number] for number in sorted(known, reverse=True)]
        before = len(self.world.messenger.alerts)
        self.jobs.look()
        self.world.deliver(200)
        return [{"code": one.code, **one.values} for one in self.world.messenger.alerts[before:]]

    def trail(self) -> list[str]:
        """The runs that the trail says had no gate."""
        entries = (one.entry for one in self.world.store.audit_events())
        return [entry.run for entry in entries if entry.event == "gate:missing"]


def test_t7_a_build_that_ended_well_without_a_gate_is_told_once_with_commit_and_person() -> None:
    """A Jenkinsfile that dropped the gate."""
    watched = Watched()
    (told,) = watched.see(ran(2))
    assert (told["code"], told["reason"], told["by"], told["person"]) == ("gate_missing", "ungated", "dan.f", "dan")
    assert told["commit"] == "4f2c" * 10
    assert watched.see() == []
    watched.again()
    assert watched.see() == []
    assert watched.trail() == [ran(2).run.key]


def test_a_build_whose_gate_was_let_through_is_not_told() -> None:
    """And one whose gate has just been let go on is judged once its end has been read."""
    watched = Watched(first=int(RUN.id) - 1)
    world = watched.world
    world.open()
    world.enrol("alice")
    finished = ran(int(RUN.id), run=world.gate.run)
    assert watched.see(finished) == []
    world.tap("alice")
    world.deliver()
    assert world.gate.state is State.RESUMED
    assert watched.see() == []
    assert watched.trail() == []


def test_a_denied_build_that_ends_well_all_the_same_is_told() -> None:
    """Its Pipeline caught the abort."""
    watched = Watched(first=int(RUN.id) - 1)
    world = watched.world
    world.open()
    world.deny("alice")
    world.deliver()
    world.watch.poll()
    world.watch.poll()
    assert [one["reason"] for one in watched.see(ran(int(RUN.id), run=world.gate.run)) if "run" in one] == ["ungated"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"starters": (Starter(Trigger.REPLAY, "dan.f", "dan", "deploy #1"),)}, "replayed"),
        ({"starters": (Starter(Trigger.RESTART, "dan.f", "dan", "deploy #1"),)}, "restarted"),
        ({"libraries": (replace(OURS, trusted=False),)}, "foreign"),
        ({"libraries": (OURS, Library("evil", "x", False, ("mfaGate",)))}, "foreign"),
        ({"readable": False}, "unreadable"),
    ],
)
def test_t7_what_is_told_whatever_the_builds_end(changes: dict[str, object], reason: str) -> None:
    """Replay, Restart from Stage, a library in the place of ours, a record that hides what it was."""
    (told,) = Watched().see(ran(2, well=False, **changes))
    assert told["reason"] == reason


def test_a_build_that_failed_or_runs_is_not_told() -> None:
    """It may still ask; a library of another purpose is nobody's business."""
    other = Library("tools", "x", False, ("notify",))
    assert Watched().see(ran(2, well=False), ran(3, finished=False), ran(4, well=False, libraries=(OURS, other))) == []


def test_nothing_is_missed_while_no_agent_ran() -> None:
    """And what runs long holds up no later one."""
    watched = Watched()
    assert watched.see(ran(2, finished=False)) == []
    watched.again()
    told = [int(one["run"]) for one in watched.see(*(ran(n) for n in range(3, 60)))]
    assert sorted(told) == list(range(3, 60))
    assert [one["run"] for one in watched.see(ran(2))] == ["2"]
    assert watched.see() == []


def test_what_ended_before_a_job_was_watched_is_not_told_but_what_ran_then_is() -> None:
    """The first look begins somewhere."""
    watched = Watched(first=0)
    assert watched.see(ran(2), ran(3, finished=False)) == []
    assert [one["run"] for one in watched.see(ran(3))] == ["3"]


def test_builds_that_were_deleted_before_they_were_looked_at_are_told_once() -> None:
    """Run/Delete hides no deployment; the same for more builds than one answer holds."""
    watched = Watched()
    (told,) = watched.see(ran(4, well=False))
    assert (told["code"], told["count"], told["upto"]) == ("runs_unseen", "2", "4")
    assert watched.see() == []


def test_a_job_made_anew_is_looked_at_from_its_start() -> None:
    """Its numbers begin again."""
    watched = Watched()
    watched.see(ran(2), ran(3))
    watched.world.source.runs = []
    fresh = ran(1, run=replace(ran(1).run, started=9_000))
    assert [one["run"] for one in watched.see(fresh)] == ["1"]


def test_a_job_that_cannot_be_seen_is_told_at_the_second_look() -> None:
    """Once; a source that is away is another matter."""
    watched = Watched()
    watched.world.source.error = SourceUnavailableError("away")
    assert [watched.see(), watched.see()] == [[], []]
    watched.world.source.error = SourceGoneError("404")
    assert [[one["code"] for one in watched.see()] for _ in range(3)] == [[], ["unwatched"], []]


def test_two_agents_that_look_at_once_tell_once() -> None:
    """The store decides who was first."""
    watched = Watched()
    other = WatchedJobs(watched.world.desk, watched.world.source, {RUN.pipeline: frozenset()})
    watched.world.source.runs.insert(0, ran(2))
    other.look()
    watched.jobs.look()
    assert watched.trail() == [ran(2).run.key]


def test_t7_a_stage_that_is_reached_without_a_gate_is_told_whatever_the_builds_end() -> None:
    """The deployment was done, then the build failed: it did not end well, and had no gate at all."""
    watched = Watched()
    watched.again("Deploy", "Roll out")
    source = watched.world.source
    source.reached = {"2": frozenset({"Build", "Deploy"}), "3": frozenset({"Build"})}
    assert watched.see(ran(2, well=False), ran(3, well=False)) == []
    (told,) = watched.see()
    assert (told["run"], told["reason"], told["by"]) == ("2", "stage", "dan.f")
    (told,) = watched.see(ran(4))
    assert (told["run"], told["reason"]) == ("4", "ungated")
    assert watched.see() == []
    assert source.stages_read == ["2", "3"], "stages are read where they make a difference"


def test_stages_are_not_read_of_a_build_that_had_a_gate_or_where_none_are_named() -> None:
    """What was denied may stand in that very stage; whether it went on is looked at when its abort is taken."""
    watched = Watched(first=int(RUN.id) - 1)
    watched.again("Deploy")
    world = watched.world
    world.open()
    world.deny("alice")
    world.deliver()
    world.watch.poll()
    world.watch.poll()
    world.source.reached = {RUN.id: frozenset({"Deploy"})}
    assert watched.see(ran(int(RUN.id), run=world.gate.run, well=False)) == []
    watched.again()
    watched.see(ran(int(RUN.id) + 1, well=False))
    assert world.source.stages_read == []


def test_one_request_a_look_whatever_is_to_be_read_and_no_build_is_forgotten() -> None:
    """A crowd of failed builds costs no request more: their stages are read in place of every second list."""
    watched = Watched()
    watched.again("Deploy")
    source, asked = watched.world.source, list[str]()
    listed, stages = source.ran, source.stages
    source.ran = lambda pipeline: asked.append("runs") or listed(pipeline)  # type: ignore[method-assign, func-returns-value]
    source.stages = lambda run: asked.append(run.id) or stages(run)  # type: ignore[method-assign, func-returns-value]
    source.reached = {str(n): frozenset({"Deploy"}) for n in range(2, 6)}
    looks = [watched.see(*(ran(n, well=False) for n in range(2, 6)))]
    looks += [watched.see() for _ in range(9)]
    assert asked == ["runs", "2", "runs", "3", "runs", "4", "runs", "5", "runs", "runs"]
    assert [[one["run"] for one in told] for told in looks] == [[], ["2"], [], ["3"], [], ["4"], [], ["5"], [], []]


def test_stages_are_left_to_whoever_has_looked_at_the_pipeline_meanwhile() -> None:
    """Another agent has told of the build by then; it is not told twice."""
    watched = Watched()
    watched.again("Deploy")
    watched.world.source.reached = {"2": frozenset({"Deploy"})}
    assert watched.see(ran(2, well=False)) == []
    first = watched.jobs
    watched.again("Deploy")
    assert [len(watched.see()) for _ in range(2)] == [0, 1]
    watched.jobs = first
    assert watched.see() == []
    assert watched.trail() == [ran(2).run.key]


def test_stages_that_cannot_be_read_are_told_or_asked_again() -> None:
    """Too many steps are told; a source that is away is asked at the next look; a deleted build says nothing."""
    watched = Watched()
    watched.again("Deploy")
    errors = [SourceUnavailableError("503"), UntrustedInputError("the build went through more than 5000 steps")]

    def stages(run: Run) -> frozenset[str]:
        raise errors.pop(0) if errors else SourceGoneError("404")

    watched.world.source.stages = stages  # type: ignore[method-assign]
    assert watched.see(ran(2, well=False)) == []
    assert [[one["reason"] for one in watched.see()] for _ in range(3)] == [[], [], ["unreadable"]]
    assert watched.see(ran(3, well=False)) == []
    assert [watched.see(), watched.see()] == [[], []]


@pytest.mark.parametrize("code", ["ungated", "replayed", "restarted", "foreign", "stage", "unreadable"])
def test_each_reason_has_its_sentence(code: str) -> None:
    """With job, person and commit."""
    watched = Watched()
    watched.see(ran(2))
    (alert,) = watched.world.messenger.alerts
    text = " ".join(
        render.terminal(line)
        for line in words(replace(alert, values=alert.values | {"reason": code}), None, watched.world.desk.roster)
    )
    assert RUN.pipeline in text
    assert "4f2c" in text
    assert len(text.split(". ")) >= 3
