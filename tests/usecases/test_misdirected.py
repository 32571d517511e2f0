"""Pauses in a gate's form that others than the agent alone may settle: told once for each run, never answered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import NONCE, RUN, facts
from desk_world import World
from fakes import FakeSource
from jenkins_mfa.core.model import Revision, Starter, Trigger
from jenkins_mfa.core.watched import Ran
from jenkins_mfa.errors import SourceUnavailableError
from jenkins_mfa.usecases.watch import Watch
from jenkins_mfa.words import history, render
from jenkins_mfa.words.alerts import alert as words

BY = (Starter(Trigger.PERSON, "dan.f", "dan"),)


def misdirected(*refs: str, by: str = "agent,eve") -> World:
    """A run that waits only at pauses that are not for the agent alone."""
    run = Ran(RUN, 17, finished=False, starters=BY, revisions=(Revision("git@x:app", "main", "4f2c" * 10),))
    return World(source=FakeSource(pauses={}, misdirected=dict.fromkeys(refs or ("ref-1",), by), runs=[run]))


def missing(world: World) -> list[dict[str, str | int]]:
    """What the trail says of missing gates."""
    entries = (one.entry for one in world.store.trail)
    return [entry.details for entry in entries if entry.event == "gate:missing"]


@pytest.mark.parametrize("by", ["agent,eve", "", "release-managers", "AGENT"])
def test_it_is_told_to_ops_and_approvers_at_the_first_poll_and_never_answered(by: str) -> None:
    """With who started the build and from which commit; nobody is asked, nothing is sent, whatever follows."""
    world = misdirected(by=by)
    assert world.watch.poll() == 0
    world.deliver()
    assert [alert.code for alert in world.messenger.alerts] == ["gate_missing"]
    assert [(alert.code, alert.to) for alert in world.messenger.copies] == [("gate_missing", "#")]
    (told,) = missing(world)
    assert (told["reason"], told.get("named", ""), told["by"], told["person"]) == ("misdirected", by, "dan.f", "dan")
    assert told["commit"] == "4f2c" * 10
    assert (world.store.open_gates(), world.source.sent) == ([], [])


def test_it_is_told_once_for_a_run() -> None:
    """However many it has, however often it is looked at and by whichever agent; another run is told by itself."""
    world = misdirected("ref-1", "ref-2")
    for watch in (world.watch, world.watch, Watch(world.desk, world.source)):
        watch.poll()
    world.source.misdirected["ref-3"] = ""
    world.watch.poll()
    assert len(missing(world)) == 1
    world.source.known = facts(run=replace(RUN, started=5))
    world.watch.poll()
    assert len(missing(world)) == 2


def test_of_two_agents_that_see_it_at_once_one_tells_it() -> None:
    """One was faster, and the run went on, while the other asked who had started it; a third does not even ask."""
    world, asked = misdirected(), list[str]()
    real = world.source.ran

    def ran(pipeline: str) -> list[Ran]:
        asked.append(pipeline)
        if len(asked) == 1:
            other = Watch(world.desk, world.source)
            other.poll()
            world.source.pauses = {"ref-9": NONCE}
            other.poll()
        return real(pipeline)

    world.source.ran = ran  # type: ignore[method-assign]
    world.watch.poll()
    Watch(world.desk, world.source).poll()
    assert (len(missing(world)), len(asked)) == (1, 2)


def test_a_gate_of_ours_beside_it_is_asked_as_ever() -> None:
    """The run has both; only the one that is for us alone becomes a gate."""
    world = misdirected("ref-2")
    world.source.pauses = {"ref-1": NONCE}
    assert world.watch.poll() == 1
    assert [gate.external_ref for gate in world.store.open_gates()] == ["ref-1"]
    assert len(missing(world)) == 1


def test_it_is_told_also_where_nothing_else_is_known_of_the_run() -> None:
    """The source does not tell who started it."""
    world = misdirected()

    def away(pipeline: str) -> list[Ran]:
        raise SourceUnavailableError("503")

    world.source.ran = away  # type: ignore[method-assign]
    world.watch.poll()
    assert [(one["reason"], one["by"]) for one in missing(world)] == [("misdirected", "")]


@pytest.mark.parametrize(("by", "says"), [("agent,eve", "Submitter: “agent,eve”."), ("", "everybody may.")])
def test_what_is_told_names_the_submitter(by: str, says: str) -> None:
    """In the alert and in the trail's own sentence."""
    world = misdirected(by=by)
    world.watch.poll()
    world.deliver()
    (alert,) = world.messenger.alerts
    (entry,) = (one.entry for one in world.store.trail if one.entry.event == "gate:missing")
    roster = world.desk.roster
    for line in (words(alert, None, roster)[0], history.sentence(entry, roster)):
        text = render.terminal(line)
        assert says in text
        assert "Started by Dan" in text
