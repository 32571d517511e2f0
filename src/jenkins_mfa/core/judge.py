"""What a run's own record says about our gates: from two readings of who settled its pauses to events.

A source lists who proceeded, but not which pause (DESIGN, section 3). So only the difference to what was listed at the
last look counts, and a gate is judged only if its own pause is gone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from jenkins_mfa.core.gate import Event, Kind
from jenkins_mfa.core.model import Ending, Gate, State

#: `ended` of a run that was interrupted while it waited: by a person, or by a time-out of its own.
INTERRUPTED = frozenset({"aborted", "stopped", "timeout"})
INVISIBLE = "invisible"  #: `ended` of a run that the source does not show (any more): it tells no settlers either


@dataclass(frozen=True, slots=True)
class Outcome:
    """A fresh reading of one run: handles of the pauses still open, who settled pauses so far (in order), who we are,
    whether the run has ended and how (`ended` is a code such as `aborted`, `timeout`, `SUCCESS`; `by` a user id), and
    whether it ended as runs do that nothing stopped.
    """

    open_refs: frozenset[str]
    settlers: tuple[str, ...]
    us: str
    finished: bool = False
    ended: str = ""
    by: str = ""
    well: bool = False


def judge(gates: Iterable[Gate], known: tuple[str, ...], outcome: Outcome, now: int) -> tuple[tuple[Gate, Event], ...]:
    """Events for the gates of one run whose pause is gone. `known` is the list of settlers at the last look.

    New settlers are judged before "ended". A difference that fits more than one story is a bypass by "cannot tell"; but
    where the run was interrupted, somebody may as well have proceeded another pause of it: that is said, and accuses
    nobody.
    """
    grown = outcome.settlers[: len(known)] == known
    new = outcome.settlers[len(known) :] if grown else outcome.settlers or ("",)
    mine = new == (outcome.us,)
    unsettled = [g for g in gates if not g.state.settled]
    gone = [g for g in unsettled if g.external_ref not in outcome.open_refs or (mine and _next(g))]
    if not gone:
        return ()
    if outcome.ended == INVISIBLE:
        return tuple((g, _ended(g, outcome, now)) for g in gone)
    if not new:
        return tuple((g, _ended(g, outcome, now)) for g in gone)
    sending = [g for g in gone if g.state is State.SENDING]
    if mine and len(sending) == 1:
        rest = [g for g in gone if g is not sending[0]]
        ours = (sending[0], _event(sending[0], Kind.PROCEEDED_BY_US, Ending("resumed", now, outcome.us)))
        return (ours, *((g, _ended(g, outcome, now)) for g in rest))
    if set(new) == {outcome.us} and not sending:
        return tuple((g, _event(g, Kind.PROCEEDED_BY_US, Ending("token_stolen", now, outcome.us))) for g in gone)
    by = new[0] if len(set(new)) == 1 and new[0] != outcome.us else ""
    if outcome.finished and outcome.ended in INTERRUPTED and not sending and outcome.us not in new:
        return tuple((g, _event(g, Kind.ENDED, Ending("unclear", now, by))) for g in gone)
    return tuple((g, _event(g, Kind.PROCEEDED_BY_OTHER, Ending("bypassed", now, by))) for g in gone)


def _next(gate: Gate) -> bool:
    """Whether what is open now is the next pause of the same name, as plain ones may have, once our proceed for the one
    before was taken: it is not sent again.
    """
    return gate.facts.plain != "" and gate.state is State.SENDING


def _ended(gate: Gate, outcome: Outcome, now: int) -> Event:
    """The pause went away without a proceed: our abort, somebody's abort, a time-out, or the run's end."""
    code = outcome.ended if outcome.finished else "gone"
    return _event(gate, Kind.ENDED, Ending(code or "gone", now, outcome.by, ours=outcome.by == outcome.us))


def _event(gate: Gate, kind: Kind, ending: Ending) -> Event:
    actor = f"{gate.run.source}:{ending.by}" if ending.by else gate.run.source
    return Event(kind, ending.at, actor, f"judged:{gate.jti}:{kind.name}:{ending.by}", ending=ending)
