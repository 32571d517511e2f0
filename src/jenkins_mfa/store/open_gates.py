"""The open gates as this process saw them last, kept up with what changed since: a look costs what has changed, however
many are open.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from jenkins_mfa.core.model import Gate
from jenkins_mfa.errors import DamagedError
from jenkins_mfa.store.wire import Wire, whole


@dataclass(frozen=True, slots=True)
class Look:
    """The open gates, oldest first, as they were when the store's count of gate changes stood at `changes`; why each
    of the `damaged` ones among them cannot be used, by its id. Nothing was looked at yet where `changes` is below 0.
    """

    changes: int = -1
    gates: list[Gate] = field(default_factory=list)
    damaged: dict[str, DamagedError] = field(default_factory=dict)


def look(wire: Wire, last: Look, read: Callable[[Sequence[str]], dict[str, Gate | DamagedError]]) -> Look:
    """The open gates now; what did not change since the `last` look is not read again. `read` loads gates by id."""
    pipeline = wire.client.pipeline(transaction=False)
    pipeline.get(wire.key("changes"))
    pipeline.zrange(wire.key("changed"), f"({last.changes}", "+inf", byscore=True, withscores=True)
    pipeline.zrange(wire.key("changed"), 0, 0, withscores=True)
    counted, listed, first = pipeline.execute()
    changes = whole(counted, "changes")
    if changes == last.changes and not last.damaged:
        return last
    newest = max((int(score) for _, score in listed), default=0)
    # All that changed is listed: the list reaches the count, which was read before it, and goes back far enough.
    whole_list = first and first[0][1] <= last.changes < changes <= newest
    if whole_list and not last.damaged:
        return _brought_up(last, newest, [gate_id.decode(errors="replace") for gate_id, _ in listed], read)
    return _anew(wire, last, changes, read)


def _brought_up(
    last: Look, changes: int, ids: list[str], read: Callable[[Sequence[str]], dict[str, Gate | DamagedError]]
) -> Look:
    """The last look with these gates as they are now."""
    changed = set(ids)
    found = read(ids)
    gates = [gate for gate in last.gates if gate.id not in changed]
    for gate in found.values():
        if isinstance(gate, Gate) and not gate.state.settled:
            bisect.insort(gates, gate, key=_order)
    return Look(changes, gates, {one: error for one, error in found.items() if isinstance(error, DamagedError)})


def _anew(
    wire: Wire, last: Look, changes: int, read: Callable[[Sequence[str]], dict[str, Gate | DamagedError]]
) -> Look:
    """The open gates by their index, at least as new as `changes` says; what has the version of the last look is taken
    from there.
    """
    index = wire.client.hgetall(wire.key("open"))
    versions = {gate_id.decode(errors="replace"): whole(version, "open") for gate_id, version in index.items()}
    kept = [gate for gate in last.gates if versions.get(gate.id) == gate.version]
    known = {gate.id for gate in kept}
    found = read([gate_id for gate_id in versions if gate_id not in known])
    gates = kept + [gate for gate in found.values() if isinstance(gate, Gate) and not gate.state.settled]
    damaged = {gate_id: error for gate_id, error in found.items() if isinstance(error, DamagedError)}
    return Look(changes, sorted(gates, key=_order), damaged)


def _order(gate: Gate) -> tuple[int, str]:
    return gate.opened_at, gate.id
