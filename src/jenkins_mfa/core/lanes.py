"""Whose delivery goes first: who waits longest, with a start ahead for what others wait for most.

Answers to runs come before what asks people, and that before what only tells them something new. A start is time, so
that nothing is held up for ever: what has waited so much longer goes first all the same.

Of a gate whose answer is decided people are told a moment later: its run is answered first, and they then read in one
message that it was. Where that takes longer they read meanwhile that the answer is on its way.
"""

from __future__ import annotations

from jenkins_mfa.core.model import Commit, Gate, State

ANSWER = 3_600_000  #: ms by which an answer to a run is ahead
ASK = 1_800_000  #: ms by which a message that asks people is ahead, or an alert
UPDATE = 600_000  #: ms by which another message about a gate is ahead of all the rest
RUN_FIRST = 150  #: ms that a run has for taking its answer before people are told of it
HOME_LATER = 1_000  #: ms in which what changes on one person's page comes together, so that it is shown once


def due_in(lane: str, commit: Commit) -> int:
    """In how many ms a lane that the commit notes is due: below 0 it counts as having waited so long already."""
    kind, _, name = lane.partition(":")
    if kind == "tell":
        gate = next((one for one in commit.records if isinstance(one, Gate) and one.id == name), None)
        if gate is not None and gate.state.answered:
            return RUN_FIRST
        return -ASK if gate is not None and gate.state is State.PENDING and not gate.held else -UPDATE
    if kind == "home":
        return HOME_LATER if commit.records else 0  # it was opened just now
    return -{"answer": ANSWER, "alert": ASK}.get(kind, 0)
