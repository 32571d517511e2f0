"""Held gates by themselves: what their table takes, whose turn it is, and that time asks nobody meanwhile."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import NOW, facts, gate, requirement
from jenkins_mfa.core import holds, moments
from jenkins_mfa.core.gate import Event, Kind, Refused, advance
from jenkins_mfa.core.model import (
    BrokenGlass,
    Confirmation,
    Denial,
    Escalation,
    Factor,
    Gate,
    Held,
    Hold,
    HoldsRecord,
    Starter,
    State,
    Trigger,
)

REPORTED = Held(holds.REPORTED, NOW, "dan", "bob")
MANY = Held(holds.MANY, NOW, "dan")
NOBODY = HoldsRecord(0, ())


def happened(kind: Kind, **values: object) -> Event:
    return Event(kind, NOW + 1, "alice", "cause", **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("held", [REPORTED, MANY])
def test_no_confirmation_counts_and_no_glass_is_broken_while_it_is_held(held: Held) -> None:
    """The table itself refuses it, whoever brings the answer; a denial is taken."""
    confirmed = happened(Kind.CONFIRMED, confirmation=Confirmation("alice", Factor.PUSH, NOW, "v", "c"))
    assert advance(gate(held=held), confirmed) == Refused("held")
    broken = BrokenGlass("alice", NOW, "the site is down", "c", requirement())
    glass = happened(Kind.BROKE_GLASS, broken=broken, requirement=requirement())
    assert advance(gate(held=held), glass) == Refused("held")
    denied = advance(gate(held=held), happened(Kind.DENIED, denial=Denial(NOW, "alice", "no", "c")))
    assert not isinstance(denied, Refused)
    assert denied.gate.state is State.DENIED


def test_it_is_held_and_released_once() -> None:
    """Each changes something or nothing; what is decided is not held any more."""
    held = advance(gate(), happened(Kind.HELD, held=REPORTED))
    assert not isinstance(held, Refused)
    assert advance(held.gate, happened(Kind.HELD, held=REPORTED)) == Refused("nothing_held")
    released = advance(held.gate, happened(Kind.RELEASED))
    assert not isinstance(released, Refused)
    assert (released.gate.held, released.gate.released_at) == (None, NOW + 1)
    assert advance(released.gate, happened(Kind.RELEASED)) == Refused("not_held")
    for state in set(State) - {State.PENDING}:
        assert advance(gate(state=state), happened(Kind.HELD, held=REPORTED)) == Refused(state.value)
        assert advance(gate(state=state, held=REPORTED), happened(Kind.RELEASED)) == Refused(state.value)


def test_nobody_is_reminded_of_it_or_asked_too_and_it_still_has_its_deadline() -> None:
    """Reminder and escalation wait for the release."""
    asked = replace(requirement(), remind_after=60, escalations=(Escalation("production", 60, ("eve",)),))
    for held in (REPORTED, MANY):
        waits = gate(requirement=asked, held=held)
        assert moments.reminder(waits) is moments.escalation(waits) is None
        assert moments.reminded(waits, NOW + 61_000) is moments.escalated(waits, NOW + 61_000) is None
        over = advance(waits, Event(Kind.DEADLINE, waits.deadline, "agent", "c"))
        assert not isinstance(over, Refused)
        assert over.gate.state is State.EXPIRED
    assert moments.reminded(gate(requirement=asked), NOW + 61_000) is not None


def by(number: int, *people: str, held: Held | None = None) -> Gate:
    starters = tuple(Starter(Trigger.PERSON, one, one) for one in people)
    return gate(id=f"g_{number:032x}", opened_at=NOW + number, facts=facts(starters=starters), held=held)


@given(
    st.lists(st.tuples(st.sampled_from(["open", "end"]), st.sets(st.sampled_from("ab"))), max_size=40),
    st.integers(1, 4),
)
def test_whatever_opens_and_ends_no_more_than_the_limit_is_asked_and_nobody_is_forgotten(
    steps: list[tuple[str, set[str]]], most: int
) -> None:
    """Openings, endings, and after each the turn of those in line, oldest first: never more than `most` of one
    requester are seen; at the end, when nothing of theirs is seen, nothing of theirs is left in line.
    """
    waiting: list[Gate] = []

    def turns() -> None:
        for index, one in enumerate(waiting):
            if holds.in_line(one) and holds.held(one, NOBODY, waiting, most, NOW) is None:
                waiting[index] = replace(one, held=None)

    def seen(person: str) -> int:
        return sum(person in holds.requesters(one) and not holds.in_line(one) for one in waiting)

    for number, (what, people) in enumerate(steps):
        if what == "open":
            fresh = by(number, *sorted(people))
            waiting.append(replace(fresh, held=holds.held(fresh, NOBODY, waiting, most, NOW)))
        else:
            ending = next((one for one in waiting if not holds.in_line(one)), None)
            waiting = [one for one in waiting if one is not ending]
        turns()
        assert all(seen(person) <= most for person in "ab")
    while waiting:
        assert any(not holds.in_line(one) for one in waiting)
        waiting = [one for one in waiting if holds.in_line(one)]
        turns()


def test_the_oldest_in_line_is_next() -> None:
    """Whoever opens later stands behind it, also where a place is free by now; another requester does not."""
    line = [by(1, "dan", held=MANY), by(2, "dan", held=MANY)]
    assert holds.held(line[0], NOBODY, line, 1, NOW) is None
    assert holds.held(line[1], NOBODY, line, 1, NOW) == MANY
    assert holds.held(by(3, "dan"), NOBODY, line, 5, NOW) == MANY
    assert holds.held(by(3, "eve"), NOBODY, line, 5, NOW) is None


def test_a_report_holds_whoever_is_behind_the_run() -> None:
    """By roster id, or by source and name; a schedule has nobody."""
    record = HoldsRecord(1, (Hold("dan", NOW, "g_1", "bob"), Hold("main:jdoe", NOW, "g_2", "bob")))
    assert holds.held(by(1, "eve", "dan"), record, (), 5, NOW) == REPORTED
    stranger = gate(facts=facts(starters=(Starter(Trigger.PERSON, "jdoe"),)))
    assert holds.held(stranger, record, (), 5, NOW) == Held(holds.REPORTED, NOW, "main:jdoe", "bob")
    assert holds.held(gate(facts=facts(starters=(Starter(Trigger.SCHEDULE),))), record, (), 5, NOW) is None
