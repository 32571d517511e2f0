"""Watched pipelines: which of their runs went past the gate that they should have had (T7).

This detects, it does not prevent: a run is judged when it has ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jenkins_mfa.core.model import Library, Revision, Run, Starter, Trigger

#: What is found, as codes of words.
UNGATED, REPLAYED, RESTARTED, FOREIGN, UNREADABLE = "ungated", "replayed", "restarted", "foreign", "unreadable"
#: Of a run that did not end well and had no gate at all: it came to a stage that none may reach without.
STAGE = "stage"
#: Of any run: a pause of it has the form of ours, and others than we alone may settle it.
MISDIRECTED = "misdirected"


@dataclass(frozen=True, slots=True)
class Ran:
    """One run of a watched pipeline as its own record tells it; `number` counts up. `well` is a run that nothing
    stopped, `readable` is false where its record has another shape than such records have. `stages` are those that
    it has reached, None where that was not read.
    """

    run: Run
    number: int
    finished: bool
    well: bool = False
    starters: tuple[Starter, ...] = ()
    revisions: tuple[Revision, ...] = ()
    libraries: tuple[Library, ...] = ()
    readable: bool = True
    stages: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """How far a pipeline was looked at: all runs up to number `seen` (-1: it never was), and those after it that are
    in `looked`.
    """

    seen: int = -1
    looked: tuple[int, ...] = ()


def missing(ran: Ran, resumed: bool, library: str, step: str, guarded: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """What is wrong with a finished run; `resumed` says whether a gate of it was let through. `library` is the name
    of ours, `step` what it alone may bring, `guarded` are stages that none may reach without a gate.
    """
    if not ran.readable:
        return (UNREADABLE,)
    triggers = {starter.trigger for starter in ran.starters}
    foreign = any(not one.trusted and (one.name == library or step in one.variables) for one in ran.libraries)
    found = {
        UNGATED: ran.well and not resumed,
        REPLAYED: Trigger.REPLAY in triggers,
        RESTARTED: Trigger.RESTART in triggers,
        FOREIGN: foreign,
        STAGE: bool(guarded & (ran.stages or frozenset())),
    }
    return tuple(code for code, wrong in found.items() if wrong)


def begin(rans: Sequence[Ran], place: Place) -> Place:
    """Where to look on from. What had ended before a pipeline was watched is not judged; a pipeline whose newest run
    is older than what was seen was made anew, and all of it is.
    """
    if place.seen < 0:
        return after(rans, Place(0), [ran.number for ran in rans if ran.finished])
    if rans and max(ran.number for ran in rans) < place.seen:
        return Place(min(ran.number for ran in rans) - 1)
    return place


def due(rans: Iterable[Ran], place: Place) -> list[Ran]:
    """The finished runs that nobody has looked at, oldest first."""
    found = [ran for ran in rans if ran.finished and ran.number > place.seen and ran.number not in place.looked]
    return sorted(found, key=lambda ran: ran.number)


def after(rans: Iterable[Ran], place: Place, done: Iterable[int]) -> Place:
    """The place once `done` were looked at, too: a run that has not ended holds it where it is."""
    looked, seen = {*place.looked, *done}, place.seen
    listed = sorted(ran.number for ran in rans if ran.number > place.seen)
    waits = next((number for number in listed if number not in looked), None)
    if listed:
        seen = listed[-1] if waits is None else waits - 1
    return Place(seen, tuple(sorted(number for number in looked if number > seen)))


def unseen(rans: Iterable[Ran], before: Place, now: Place) -> int:
    """How many runs the place has passed that were neither listed nor looked at: deleted, or too many at once."""
    known = {ran.number for ran in rans} | set(before.looked)
    return now.seen - before.seen - sum(before.seen < number <= now.seen for number in known)
