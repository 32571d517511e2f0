"""The pages of core/home.py: read for one person, and shown anew while they may be looking, for a day after they
opened theirs. Nothing that must be right rests on it: each answer that is begun there is judged like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Protocol

from jenkins_mfa.core.home import DECIDED, WAITING, Home, asks, deciders, may_answer
from jenkins_mfa.core.model import Commit, Gate, State
from jenkins_mfa.core.units import DAY
from jenkins_mfa.usecases.desk import Desk, commit_id, whole

LIVE = DAY  #: ms after its opening for which a page follows what changes
EVENTS = 1_000  #: newest events of the trail that are looked through for what somebody decided


class Openings(Protocol):
    """The part of the store that keeps who may be looking."""

    def now(self) -> int:
        """The store's clock in ms UTC."""

    def commit(self, commit: Commit) -> None:
        """Write all of it in one step."""

    def beat(self, name: str, value: dict[str, object]) -> None:
        """Keep a heartbeat."""

    def beats(self) -> dict[str, dict[str, object]]:
        """All heartbeats."""


def opened(store: Openings, person: str, cause: str) -> None:
    """Somebody (roster id) opened their page: have it shown, and let it follow what changes. Raises StoreError."""
    store.beat(f"home:{person}", {"at": store.now()})
    store.commit(Commit(commit_id("home", person, cause), (), lanes=(f"home:{person}",)))


def lanes(store: Openings, people: Iterable[str]) -> tuple[str, ...]:
    """The lanes of those of the people (roster ids) who may be looking at their page."""
    wanted = sorted({*people})
    if not wanted:
        return ()
    told, now = store.beats(), store.now()
    return tuple(f"home:{one}" for one in wanted if _fresh(told.get(f"home:{one}", {}), now))


def _fresh(beat: Mapping[str, object], now: int) -> bool:
    at = beat.get("at")
    return isinstance(at, int) and now - at < LIVE


def of(desk: Desk, person: str) -> Home:
    """What somebody's page shows now. Raises StoreError."""
    gates = [gate for gate in desk.store.open_gates() if gate.state is State.PENDING and gate.held is None]
    mine = sorted((one for one in gates if may_answer(one, person)), key=lambda one: (one.deadline, one.id))
    # What one gate asks of somebody takes time to find out, and there may be thousands.
    asked = [(one, factor) for one in mine[:WAITING] if (factor := asks(one, person)) is not None]
    return Home(
        person,
        desk.store.now(),
        tuple(asked),
        len(mine[WAITING:]),
        len(gates) - len(mine),
        tuple(_decided(desk, person)),
        whole(desk, partial(desk.store.person, person)),
    )


def _decided(desk: Desk, person: str) -> list[Gate]:
    """The trail names the gates, and each one's own record says whether the answer stands."""
    found: list[Gate] = []
    for jti in desk.store.decided_by(person, EVENTS):
        gate = whole(desk, partial(desk.store.gate, jti.rpartition(".")[0]))
        if gate is not None and gate.jti == jti and person in deciders(gate):
            found.append(gate)
        if len(found) == DECIDED:
            break
    return found
