"""The threads that deliver lanes, and the one that keeps their leases."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import structlog

from jenkins_mfa.errors import StoreError
from jenkins_mfa.threads import Crew
from jenkins_mfa.usecases import deliver
from jenkins_mfa.usecases.desk import Desk
from jenkins_mfa.usecases.ports import Due

log = structlog.get_logger()

DELIVERERS = 8  #: threads that take any lane
RESERVED = 2  #: further ones for lanes of people's messages alone, and as many for those of sources
IDLE = 0.25  #: seconds after which a deliverer looks again without being woken


class Deliverers:
    """Delivers what is due, several lanes at a time, and renews the leases of those under way: only a dead agent's run
    out.
    """

    def __init__(self, desk: Desk, crew: Crew) -> None:
        self._desk = desk
        self._crew = crew
        self._lock = threading.Lock()
        self._leases: dict[str, Due] = {}

    def start(self) -> None:
        """Start the threads. Those that take one side's lanes only are there for when the other side hangs with all
        that take any. They are not woken for each lane: one of the others would sleep in their place.
        """
        for number in range(DELIVERERS):
            self._crew.start(f"deliver-{number}", partial(self._deliver, frozenset(), self._desk.store.wait))
        for side, others in (("people", deliver.TO_SOURCES), ("sources", deliver.TO_PEOPLE)):
            for number in range(RESERVED):
                self._crew.start(f"deliver-{side}-{number}", partial(self._deliver, others, self._crew.stopping.wait))
        self._crew.start("renew", self._renew)

    def _deliver(self, skip: frozenset[str], wait: Callable[[float], object]) -> None:
        """Lease a lane, deliver it, give it back; a store that is away is waited for."""
        while not self._crew.stopping.is_set():
            try:
                due = self._desk.store.claim_lane(deliver.LEASE, skip)
                if due is None:
                    wait(IDLE)
                else:
                    self._deliver_one(due)
            except StoreError as error:
                log.warning("store away", problem=str(error))
                self._crew.stopping.wait(1.0)

    def _deliver_one(self, due: Due) -> None:
        """While it lasts, `_renew` keeps its lease."""
        with self._lock:
            self._leases[due.lane] = due
        try:
            deliver.deliver(self._desk, due)
        finally:
            with self._lock:
                self._leases.pop(due.lane, None)

    def _renew(self) -> None:
        while not self._crew.stopping.wait(deliver.LEASE / 3000):
            with self._lock:
                held = list(self._leases.values())
            for due in held:
                try:
                    self._desk.store.renew_lane(due, deliver.LEASE)
                except StoreError as error:
                    log.warning("lease not renewed", lane=due.lane, problem=str(error))
