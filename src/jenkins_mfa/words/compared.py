"""What has changed since the last confirmed gate, in words: old and new value of what the pipeline sends, and what was
not sent although it is watched.
"""

from __future__ import annotations

from jenkins_mfa.core.model import Change, Gate
from jenkins_mfa.words import facts, render
from jenkins_mfa.words.parts import Fact, Line, Parts, listing, say


def box(gate: Gate, *, old: bool = True, marked: bool = True) -> list[str]:
    """The pipeline's words, one line each, for the box that nothing of ours follows; none where it could not be read.

    With `old` values, with only a mark at the changed ones, or, where even that is too long for a `text`, without:
    then they take no more room than the request was allowed.
    """
    if gate.claims is None:
        return []
    known = {c.name: c for c in gate.history.changes if c.kind == "variable" and gate.history.compared}
    lines = facts.claimed(gate.claims)
    for name, value in gate.claims.variables:
        change = known.get(name) if marked else None
        lines += _was(change) if old else []
        lines.append(f"{name}{' now' if change and change.changed else ''}: {_shown(value)}")
    for name in gate.claims.hidden:
        lines.append(f"{name}: {_hidden(known.get(name)) if marked else '***'}")
    for name in gate.claims.unset:
        lines += _was(known.get(name)) if old else []
        lines.append(f"{name} is not set")
    return lines + [line for change in _missing(gate) if old for line in _was(change)]


def _was(change: Change | None) -> list[str]:
    known = change is not None and change.changed and change.was is not None
    return [f"{change.name} was: {_shown(change.was or '')}"] if change and known else []


def _hidden(change: Change | None) -> str:
    return "changed, value hidden" if change and change.changed else "value hidden"


def _shown(text: str) -> str:
    """What could hide is written visibly, though the request's characters were judged when it was read."""
    return render.visible(text, quoted=False)


def _missing(gate: Gate) -> list[Change]:
    return [change for change in gate.history.changes if change.kind == "variable" and not change.sent]


def has_old(gate: Gate) -> bool:
    """Whether there is an old value to be shown in the box."""
    return box(gate) != box(gate, old=False)


def lines(gate: Gate, most: int) -> list[Line]:
    """What stands with the state: that nothing is there to compare with, and what was not sent."""
    found = []
    if gate.history.changes and not gate.history.compared:
        found.append(Line(say("No earlier confirmed build to compare with.")))
    names: list[Parts] = [(Fact(change.name),) for change in _missing(gate)]
    if len(names) == 1 and most:
        found.append(Line(say("{name} is watched, but was not sent: counts as changed.", name=names[0])))
    elif names:
        who = listing(names, most, "and", "variables")
        found.append(Line(say("Watched, but not sent: {who}. Counts as changed.", who=who)))
    return found
