"""The threads that deliver lanes, and the one that keeps their leases."""

from __future__ import annotations

import threading
from functools import partial

import structlog

from jenkins_mfa.errors import StoreError
from jenkins_mfa.threads import Crew
from jenkins_mfa.usecases import deliver
from jenkins_mfa.usecases.desk import Desk
from jenkins_mfa.usecases.ports import Due

log = structlog.get_logger()

DELIVERERS = 8  #: threads that take any lane
RESERVED = 2  #: further ones for messages to people alone, for all that sources get, and for the answers to each source
IDLE = 0.25  #: seconds after which a deliverer looks again without being woken
ALL_BUSY = 1.0  #: seconds after which a reserved one that is not needed looks whether the crew stops


class Deliverers:
    """Delivers what is due, several lanes at a time, and renews the leases of those under way: only a dead agent's run
    out.
    """

    def __init__(self, desk: Desk, crew: Crew) -> None:
        self._desk = desk
        self._crew = crew
        self._lock = threading.Lock()
        self._leases: dict[str, Due] = {}
        #: Lanes that are left to a thread of their own: whoever hears of gates only may hang for as long as it likes.
        self._apart = deliver.TO_ANNOUNCER if desk.announcer is not None else frozenset()
        self._busy = 0
        self._all_busy = threading.Condition()

    def start(self) -> None:
        """Start the threads. The reserved ones are there for when all that take any lane hang with somebody: Slack, or
        one of several controllers.
        """
        for number in range(DELIVERERS):
            self._crew.start(f"deliver-{number}", self._deliver_any)
        for name, others in self._reserved().items():
            for number in range(RESERVED):
                self._crew.start(f"deliver-{name}-{number}", partial(self._deliver_reserved, others))
        if self._apart:
            self._crew.start("deliver-announcer", self._deliver_apart)
        self._crew.start("renew", self._renew)

    def _reserved(self) -> dict[str, frozenset[str]]:
        """For whom threads are reserved, and the lanes that they leave to others."""
        answers = {source: f"answer:{source}" for source in self._desk.sources}
        other = deliver.TO_PEOPLE | (deliver.TO_SOURCES - {"answer"})
        alone = {f"answers-{source}": other | (set(answers.values()) - {answer}) for source, answer in answers.items()}
        found = {"people": deliver.TO_SOURCES, "sources": deliver.TO_PEOPLE, **alone}
        return {name: others | self._apart for name, others in found.items()}

    def _deliver_any(self) -> None:
        while not self._crew.stopping.is_set():
            due = self._claim(self._apart)
            if due is None:
                self._desk.store.wait(IDLE)
                continue
            self._count(1)
            try:
                self._deliver(due)
            finally:
                self._count(-1)

    def _deliver_reserved(self, others: frozenset[str]) -> None:
        """While one of those that take any lane is free, these do not even ask the store."""
        while not self._crew.stopping.is_set():
            with self._all_busy:
                needed = self._all_busy.wait_for(lambda: self._busy == DELIVERERS, ALL_BUSY)
            due = self._claim(others) if needed else None
            if due is not None:
                self._deliver(due)
            elif needed:
                self._crew.stopping.wait(IDLE)

    def _deliver_apart(self) -> None:
        while not self._crew.stopping.is_set():
            due = self._claim(deliver.TO_PEOPLE | deliver.TO_SOURCES)
            if due is None:
                self._crew.stopping.wait(IDLE)
            else:
                self._deliver(due)

    def _count(self, more: int) -> None:
        """So many more of those that take any lane are busy."""
        with self._all_busy:
            self._busy += more
            if self._busy == DELIVERERS:
                self._all_busy.notify_all()

    def _claim(self, skip: frozenset[str]) -> Due | None:
        """Lease a lane; a store that is away is waited for."""
        try:
            return self._desk.store.claim_lane(deliver.LEASE, skip)
        except StoreError as error:
            self._away(error)
            return None

    def _away(self, error: StoreError) -> None:
        log.warning("store away", problem=str(error))
        self._crew.stopping.wait(1.0)

    def _deliver(self, due: Due) -> None:
        """While it lasts, `_renew` keeps its lease."""
        with self._lock:
            self._leases[due.lane] = due
        try:
            deliver.deliver(self._desk, due)
        except StoreError as error:
            self._away(error)
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
