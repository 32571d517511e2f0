"""Each person's own page: what is on it, and when it is shown anew."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import policy, rule
from desk_world import World
from jenkins_mfa.core.home import WAITING, Home
from jenkins_mfa.core.lanes import HOME_LATER
from jenkins_mfa.core.model import Alert, Commit, Factor, State
from jenkins_mfa.errors import MessageGoneError, MessengerUnavailableError
from jenkins_mfa.usecases import home

TWO = policy(rule(factor=Factor.TOTP, quorum=2))


@pytest.fixture
def world() -> World:
    """Two people of release are needed, each with a code; Alice looks at her page."""
    made = World(rules=TWO)
    made.enrol("alice", "bob")
    home.opened(made.store, "alice", "e1")
    made.deliver()
    return made


def shown(world: World) -> list[Home]:
    """The pages that were shown since the last look, those that wait a moment among them."""
    world.deliver()
    world.clock.move(ms=HOME_LATER)
    world.deliver()
    found, world.messenger.homes = world.messenger.homes, []
    return found


def test_it_is_shown_when_it_is_opened_and_when_a_gate_on_it_changes(world: World) -> None:
    """At once, then a moment after each change: what waits, then what was decided, then how it ended."""
    (empty,) = shown(world)
    assert (empty.person, empty.waiting, empty.decided) == ("alice", (), ())
    gate = world.open()
    (asked,) = shown(world)
    assert [(one.id, factor) for one, factor in asked.waiting] == [(gate.id, Factor.TOTP)]
    world.code("alice")
    (answered,) = shown(world)
    assert (answered.waiting, [one.state for one in answered.decided]) == ((), [State.PENDING])
    assert answered.others == 1
    world.code("bob")
    shown(world)
    home.opened(world.store, "alice", "e2")
    assert [one.decided[0].state for one in shown(world)] == [State.RESUMED]


def test_changes_that_come_together_are_shown_once(world: World) -> None:
    """A page takes one call of the messenger however much happens on it within a moment."""
    shown(world)
    world.open()
    world.deliver()
    world.code("bob")
    world.deliver()
    assert world.messenger.homes == []
    (found,) = shown(world)
    assert len(found.waiting[0][0].confirmations) == 1


def test_of_very_many_the_first_to_end_are_told_and_the_rest_counted(world: World) -> None:
    """What each asks is looked for in those alone that are told."""
    first = world.open()
    for number in range(1, 31):
        ref = f"other-{number}"
        late = replace(first, id=f"g_f{number:031x}", external_ref=ref, deadline=first.deadline + number, version=1)
        world.store.commit(Commit(ref, (late,)))
    found = home.of(world.desk, "alice")
    assert ([one.id for one, _ in found.waiting][:2], len(found.waiting)) == ([first.id, f"g_f{1:031x}"], WAITING)
    assert (found.more, found.others) == (31 - WAITING, 0)


def test_only_who_opened_it_lately_is_shown_anything(world: World) -> None:
    """Bob never looked; Alice did, a day ago."""
    shown(world)
    world.clock.move(ms=home.LIVE)
    world.open()
    assert shown(world) == []
    home.opened(world.store, "bob", "e3")
    assert [one.person for one in shown(world)] == ["bob"]


def test_a_page_holds_its_readers_own_state_only(world: World) -> None:
    """What Bob denied stands on his page, with his record, and not on hers."""
    shown(world)
    world.open()
    world.deny("bob")
    home.opened(world.store, "bob", "e4")
    pages = {one.person: one for one in shown(world)}
    assert [gate.state for gate in pages["bob"].decided] == [State.ABORTED]
    assert (pages["alice"].decided, pages["alice"].waiting) == ((), ())
    assert pages["bob"].record == world.store.person("bob")


def test_what_was_taken_back_is_not_told_as_decided(world: World) -> None:
    """The trail knows that she confirmed; the gate's own record says whether that counts."""
    gate = world.open()
    world.code("alice")
    world.answers.retract(gate.jti, world.who("alice"), "r1")
    found = home.of(world.desk, "alice")
    assert found.decided == ()
    assert [one.id for one, _ in found.waiting] == [gate.id]


def test_a_name_in_the_trail_alone_shows_nothing(world: World) -> None:
    """T8: whoever writes into the trail puts no gate on anybody's page: its sealed record must say so, too."""
    gate = world.open()
    world.store.decided_by = lambda person, within: [gate.jti, "g_" + "0" * 32 + ".1"]
    assert home.of(world.desk, "alice").decided == ()


def test_a_messenger_that_says_when_is_asked_again_then(world: World) -> None:
    """A rate limit holds a page up, and nothing else."""
    shown(world)
    world.messenger.error = MessengerUnavailableError("Slack: ratelimited", 7)
    home.opened(world.store, "alice", "e5")
    world.deliver()
    world.messenger.error = None
    assert shown(world) == []
    world.clock.move(seconds=7)
    assert [one.person for one in shown(world)] == ["alice"]


@pytest.mark.parametrize("error", [MessageGoneError("Slack: not_enabled"), MessengerUnavailableError("no answer")])
def test_what_cannot_be_shown_troubles_nobody(world: World, error: Exception) -> None:
    """No retry without end, no alert, nothing parked: the next change or opening shows it."""
    shown(world)
    world.messenger.error = error
    home.opened(world.store, "alice", "e6")
    world.deliver()
    world.messenger.error = None
    assert shown(world) == []
    assert "home:alice" not in world.store.lanes
    assert world.store.backlog().parked == 0
    home.opened(world.store, "alice", "e7")
    assert len(shown(world)) == 1


def test_whoever_left_the_roster_is_shown_nothing(world: World) -> None:
    """Their lane ends by itself."""
    shown(world)
    home.opened(world.store, "nobody", "e8")
    assert shown(world) == []
    assert "home:nobody" not in world.store.lanes


def test_an_enrolment_shows_on_the_page(world: World) -> None:
    """Its alert for the person notes their page, too."""
    shown(world)
    told = Alert("enrolled:alice:1", "enrolled", world.clock.now(), values={"person": "alice"}, to="alice")
    world.store.commit(Commit("c", (), alerts=(told,)))
    assert [one.person for one in shown(world)] == ["alice"]
