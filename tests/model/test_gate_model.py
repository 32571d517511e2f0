"""Every order of steps of two replicas, people, Jenkins and the clock, with one crash anywhere."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

import gate_model
import pytest
from gate_model import SETTLED, TABLE, World, fair, same, steps

from jenkins_mfa.core.gate_table import TABLE as CODE
from jenkins_mfa.core.gate_table import Kind
from jenkins_mfa.core.model import State

#: What the model calls the code's events. A settled run's "by another" after a resume is an alert, no step.
NAMES = {
    Kind.CONFIRMED: "confirmed",
    Kind.DENIED: "denied",
    Kind.RETRACTED: "retracted",
    Kind.DEADLINE: "deadline",
    Kind.CLAIMED: "claimed",
    Kind.LAPSED: "lapsed",
    Kind.ENDED: "ended",
    Kind.PROCEEDED_BY_OTHER: "by another",
    Kind.PROCEEDED_BY_US: "by us",
}
#: Steps that count places, which the model has one of: where they lead at quorum, or below it.
COUNTS = {"count": State.APPROVED, "recount": State.PENDING}


Came = dict[World, tuple[World | None, str]]


def walk(start: World) -> Came:
    """Every world that can come about, with the step that led there first."""
    came: Came = {start: (None, "")}
    queue = deque([start])
    while queue:
        world = queue.popleft()
        for name, after in steps(world):
            after = same(after)
            if after not in came:
                came[after] = (world, name)
                queue.append(after)
    return came


def story(came: Came, world: World) -> str:
    """How it came about, for a person to read."""
    lines = [str(world)]
    at: World | None = world
    while at is not None:
        at, name = came[at]
        lines.append(name)
    return "\n".join(reversed(lines))


def never(came: Came, wrong: Callable[[World], bool]) -> None:
    """No world is wrong."""
    found = next(filter(wrong, came), None)
    assert found is None, story(came, found) if found else ""


def test_the_codes_table_is_the_models() -> None:
    """Cell by cell; the model leaves out what changes no state (reminders, holds) and the glass."""
    cells = {
        (state.value, NAMES[kind]): target if isinstance(target, State) else COUNTS[target]
        for state, row in CODE.items()
        for kind, target in row.items()
        if kind in NAMES and state is not State.RESUMED
    }
    assert cells.pop(("pending", "retracted")) is State.PENDING
    assert {cell: target.value for cell, target in cells.items()} == TABLE


def no_body_runs_without_a_quorum_that_was_claimed(came: Came) -> None:
    """Whatever happens between: denied before the claim, it never runs."""
    assert any(world.run == "body" for world in came)
    never(came, lambda world: world.run == "body" and not world.confirmed)
    never(came, lambda world: world.run == "body" and world.denied)


def a_stolen_token_or_an_administrator_runs_nothing(came: Came) -> None:
    """A body ran only for the one settler that is our own proceed."""
    never(came, lambda world: world.run == "body" and world.settlers != ("us",))


def what_the_gate_says_is_what_happened(came: Came) -> None:
    """Resumed only after our proceed; aborted and withdrawn only where nobody proceeded; nobody is accused falsely,
    but by a proceed of ours that arrives after its claim has lapsed, whose receipt has expired. Where the controller
    was put back, that holds from the next generation on.
    """

    def says(state: str, world: World) -> bool:
        return world.gate == state and not world.stale

    never(came, lambda world: says("resumed", world) and world.settlers != ("us",))
    never(came, lambda world: (says("aborted", world) or says("withdrawn", world)) and bool(world.settlers))
    never(came, lambda world: any(says(state, world) for state in SETTLED) and world.open)
    never(came, lambda world: says("bypassed", world) and not world.settlers)
    never(came, lambda world: says("bypassed", world) and world.run == "body")


def every_gate_ends_whatever_happened_before(came: Came) -> None:
    """From every world, agents and clock alone bring the gate to its end, with nothing left to deliver."""
    before: dict[World, list[World]] = {}
    for world in came:
        for _, after in fair(world):
            before.setdefault(same(after), []).append(world)
    ended = deque(world for world in came if world.gate in SETTLED and not world.due and not world.open)
    reached = set(ended)
    while ended:
        for world in before.get(ended.popleft(), ()):
            if world not in reached:
                reached.add(world)
                ended.append(world)
    never(came, lambda world: world not in reached)


def test_in_every_order_of_steps_all_invariants_hold() -> None:
    """All of them on one walk, which takes seconds."""
    came = walk(World())
    no_body_runs_without_a_quorum_that_was_claimed(came)
    a_stolen_token_or_an_administrator_runs_nothing(came)
    what_the_gate_says_is_what_happened(came)
    every_gate_ends_whatever_happened_before(came)


def test_a_controller_that_was_put_back_revives_nothing() -> None:
    """The next generation needs a claim of its own; what was denied stays denied; every generation ends."""
    came = walk(World(restores=1, crashes=0, slow=0, retractions=0))
    assert any(world.run == "body" and world.generation == 2 for world in came)
    assert any(world.gate == "denied" and world.generation == 2 for world in came)
    no_body_runs_without_a_quorum_that_was_claimed(came)
    a_stolen_token_or_an_administrator_runs_nothing(came)
    what_the_gate_says_is_what_happened(came)
    every_gate_ends_whatever_happened_before(came)


def test_the_model_would_see_a_denied_gate_revived(monkeypatch: pytest.MonkeyPatch) -> None:
    """Opened anew as if nobody had denied it."""

    def watcher(world: World) -> Iterator[tuple[str, World]]:
        for name, after in sound(world):
            yield name, after._replace(gate="pending") if name == "opened anew" else after

    sound = gate_model.watcher
    monkeypatch.setattr(gate_model, "watcher", watcher)
    wrong = walk(World(restores=1, crashes=0, slow=0, retractions=0, foreign=0))
    with pytest.raises(AssertionError):
        no_body_runs_without_a_quorum_that_was_claimed(wrong)


@pytest.mark.parametrize(
    ("cell", "other", "seen_by"),
    [
        (("denied", "deadline"), "approved", no_body_runs_without_a_quorum_that_was_claimed),
        (("approved", "denied"), "approved", no_body_runs_without_a_quorum_that_was_claimed),
        (("sending", "by another"), "resumed", what_the_gate_says_is_what_happened),
        (("denied", "ended"), "denied", every_gate_ends_whatever_happened_before),
    ],
)
def test_the_model_would_see_a_wrong_table(
    cell: tuple[str, str], other: str, seen_by: Callable[[Came], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An invariant that cannot fail would prove nothing."""
    monkeypatch.setitem(gate_model.TABLE, cell, other)
    wrong = walk(World(crashes=0, slow=0))
    with pytest.raises(AssertionError):
        seen_by(wrong)


def test_the_model_would_see_a_claim_given_up_on_an_old_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """The input was open when it was read, the body has run since, and the receipt has expired."""
    monkeypatch.setattr(gate_model, "_lapsed", lambda world, _reading: world.receipt == "expired")
    wrong = walk(World(crashes=0, foreign=0, retractions=0))
    with pytest.raises(AssertionError):
        what_the_gate_says_is_what_happened(wrong)
