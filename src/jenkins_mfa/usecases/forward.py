"""The trail is sent to destinations outside: each event at least once, in order. Each destination has a cursor of its
own in the store, so that whichever agent goes on begins where the last one ended.

Whatever goes wrong with one holds up nothing else: no gate, no other destination, and not what goes out of the store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import structlog

from jenkins_mfa.core.chain import Broken, Head, Linked, verify_chain
from jenkins_mfa.errors import ArchiveError, StoreUnusableError
from jenkins_mfa.usecases.continuity import Continuity
from jenkins_mfa.usecases.ports import Destination, Store

log = structlog.get_logger()

PAGE, BYTES = 100, 256 * 1024  #: events of one sending at most, and bytes from which it is full
PAGES = 20  #: sendings in one step
TURN = 30_000  #: ms for which one agent is the one that sends
PATIENCE = 60_000  #: ms for which a destination may fail before ops are told
SHORTEST, LONGEST = 1_000, 300_000  #: ms between two tries

Older = Callable[[Head, int], list[Linked]]  #: events behind a place that are out of the store; none if nobody has them


class Forwarder:
    """Sends to one destination, called `name`, unless another agent does: `holder` tells this one from those. Raises
    StoreError; ArchiveError for a destination that has been failing for a while.
    """

    def __init__(
        self, store: Store, name: str, destination: Destination, continuity: Continuity, older: Older, holder: str
    ) -> None:
        self._store = store
        self._name = name
        self._destination = destination
        self._continuity = continuity
        self._older = older
        self._holder = holder
        self._failing = _Failing()

    def step(self) -> str:
        """Send what is new. Nothing of a store that is not the one that is known: that is told elsewhere."""
        if self._continuity.look() or not self._store.courtesy(f"forward:{self._name}", self._holder, TURN):
            self._failing = _Failing()
            return ""
        if self._store.now() >= self._failing.again:
            self._try()
        if self._failing.problem and self._store.now() - self._failing.since >= PATIENCE:
            raise ArchiveError(f"{self._name}: {self._failing.problem}")
        return ""

    def _try(self) -> None:
        try:
            for page in self._pages():
                self._destination.send(page)
                self._store.note_forwarded(self._name, page[-1].head)
                self._store.courtesy(f"forward:{self._name}", self._holder, TURN)
        except ArchiveError as error:
            self._failing = self._failing.once_more(self._store.now(), str(error))
            log.warning("the trail was not sent", destination=self._name, problem=str(error), tries=self._failing.tries)
        else:
            self._failing = _Failing()

    def _pages(self) -> Iterator[list[Linked]]:
        """What is to be sent, some at a time; each page is asked for when the one before has arrived."""
        at = self._cursor()
        for _ in range(PAGES):
            page = _full(self._next(at))
            if not page:
                return
            yield page
            at = page[-1].head

    def _cursor(self) -> Head:
        """Where it was sent to. One that names what the trail does not have would leave events out, unseen."""
        try:
            at = self._store.forwarded().get(self._name, Head(0, ""))
        except StoreUnusableError as error:
            raise ArchiveError(str(error)) from error
        head = self._store.heads()
        if at.seq > head.seq or (at.seq == head.seq and at.hash != head.hash):
            raise ArchiveError(f"its cursor names event {at.seq}, which the trail does not have so")
        return at

    def _next(self, at: Head) -> list[Linked]:
        """The events behind a place: of the store, or of what was copied where they are out of it."""
        page = list(self._store.audit_events(at.seq + 1, PAGE))
        gap = page[0].seq - 1 - at.seq if page else 0
        if gap and (older := self._older(at, PAGE)):
            return older
        if gap:
            log.warning("events were trimmed before they were sent", destination=self._name, events=gap)
            at, begun = page[0].head, page[1:]
        else:
            begun = page
        found = verify_chain(((x.raw, x.hash) for x in begun), first=at.seq + 1, previous=at.hash)
        if isinstance(found, Broken):
            raise ArchiveError(f"the trail does not hold behind event {at.seq}; see jenkins-mfa audit verify")
        return page


@dataclass(frozen=True, slots=True)
class _Failing:
    """Since when a destination fails (ms UTC), why, how often it was tried, and when it is tried again. The default: it
    does not fail.
    """

    since: int = 0
    problem: str = ""
    tries: int = 0
    again: int = 0

    def once_more(self, now: int, problem: str) -> _Failing:
        """It has failed again."""
        wait = min(LONGEST, SHORTEST * 2 ** min(self.tries, 16))
        return _Failing(self.since if self.tries else now, problem, self.tries + 1, now + wait)


def _full(page: list[Linked]) -> list[Linked]:
    """As many as fit into one sending, one at least."""
    size = 0
    for number, linked in enumerate(page):
        size += len(linked.raw)
        if size > BYTES and number:
            return page[:number]
    return page
