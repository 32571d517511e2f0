"""Lanes: what must still be delivered. A lane has no body, what is delivered is the present state; so old news
coalesce, and order within a gate comes by itself. Leases keep two deliverers out of one lane (redis.md has the
figures); a crashed one's lane comes back when its lease runs out.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Sequence
from typing import Any

import msgspec

from jenkins_mfa import shapes
from jenkins_mfa.core.model import Backlog, Parked, Trouble
from jenkins_mfa.errors import StoreUnavailableError, StoreUncertainError
from jenkins_mfa.store.wire import Script, Wire, foreign, reading, whole
from jenkins_mfa.usecases.ports import Due

CLAIM = Script("claim")
SETTLE = Script("settle")
COURTESY = Script("courtesy")
FAILING = re.compile(rb"(\d{13}) (\d{13}) ([\w]+)")  #: since, at, reason


class Bell:
    """Wakes as many of those who wait as this process has noted lanes: waking all for each commit would let most find
    nothing, and hold up the one that delivers. What is noted between a look and the wait after it is not missed: each
    thread remembers how often the bell had rung when it last looked.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._rung = 0
        self._heard = threading.local()

    def ring(self, lanes: int) -> None:
        """So many lanes were noted. Who is busy looks again before it waits, so that none is left over."""
        if lanes:
            with self._condition:
                self._rung += 1
                self._condition.notify(lanes)

    def look(self) -> None:
        """The calling thread looks at the store now; only what rings afterwards wakes it."""
        self._heard.count = self._rung

    def wait(self, seconds: float) -> None:
        """Return when it rang since this thread last looked or waited, at the latest after `seconds`."""
        heard = getattr(self._heard, "count", self._rung)
        with self._condition:
            self._condition.wait_for(lambda: self._rung != heard, seconds)
            self._heard.count = self._rung


class Lanes:
    """The delivering half of the store."""

    def __init__(self, wire: Wire, bell: Bell) -> None:
        self._wire = wire
        self._bell = bell

    def claim_lane(self, lease_ms: int, skip: frozenset[str] = frozenset()) -> Due | None:
        """Lease the lane that is due first. `skip` holds lanes, or beginnings of them that end before a colon.

        With it the replicas have whatever noted the lane, also where its committer was not told so.
        """
        self._bell.look()
        token = secrets.token_hex(16)
        plan: dict[str, object] = {"token": token, "lease": lease_ms, "skip": sorted(skip)}
        try:
            answer = self._wire.run(CLAIM, plan, confirm=True)
        except StoreUncertainError as error:
            raise StoreUnavailableError(f"{error} (a lane may stay leased for {lease_ms} ms)") from error
        match answer:
            case []:
                return None
            case [bytes(lane), int(tries), int(want)]:
                return Due(lane.decode(errors="replace"), token, tries, want)
        raise foreign("want")

    def renew_lane(self, due: Due, lease_ms: int) -> None:
        """Keep a lease for `lease_ms` from now. Quietly nothing if it was lost."""
        self._wire.run(SETTLE, {"lane": due.lane, "token": due.token, "lease": lease_ms})

    def settle_lane(self, due: Due) -> None:
        """Done: the lane goes away unless something was noted meanwhile. Quietly nothing if the lease was lost."""
        self._wire.run(SETTLE, {"lane": due.lane, "token": due.token, "want": due.want})

    def retry_lane(self, due: Due, delay_ms: int, reason: str = "", tell: Sequence[str] = ()) -> None:
        """Try again in `delay_ms`, or as soon as something is noted. Quietly nothing if the lease was lost.

        `reason` is kept as the lane's trouble; the lanes `tell` are noted when it is a new one.
        """
        plan: dict[str, object] = {"lane": due.lane, "token": due.token, "delay": delay_ms}
        self._wire.run(SETTLE, {**plan, "reason": reason, "tell": list(tell)} if reason else plan)
        self._bell.ring(len(tell))

    def trouble(self, lane: str) -> Trouble | None:
        """Why a lane is not delivered; None where nothing failed, or nothing is left to deliver."""
        with reading():
            pipeline = self._wire.client.pipeline(transaction=True)
            pipeline.hget(self._wire.key("failing"), lane)
            pipeline.hget(self._wire.key("tries"), lane)
            pipeline.hexists(self._wire.key("lease"), lane)
            pipeline.zscore(self._wire.key("due"), lane)
            failing, tries, leased, due = pipeline.execute()
        kept = FAILING.fullmatch(failing or b"")
        if kept is None:
            return None
        at, tried = int(kept[2]), whole(tries, "tries")
        return Trouble(kept[3].decode(), int(kept[1]), at, tried, 0 if leased else max(at, int(due or 0)))

    def backlog(self) -> Backlog:
        """What is to be delivered, for people who look."""
        with reading():
            pipeline = self._wire.client.pipeline(transaction=True)
            pipeline.hvals(self._wire.key("failing"))
            pipeline.zcard(self._wire.key("due"))
            pipeline.hlen(self._wire.key("parked"))
            pipeline.zrange(self._wire.key("since"), 0, 0, withscores=True)
            failing, waiting, parked, first = pipeline.execute()
        since = [int(kept[1]) for kept in map(FAILING.fullmatch, failing) if kept]
        return Backlog(int(waiting), min(since, default=0), int(parked), max((int(at) for _, at in first), default=0))

    def parked(self) -> list[Parked]:
        """What was given up, oldest first."""
        with reading():
            found = self._wire.client.hgetall(self._wire.key("parked"))
        try:
            kept = [Parked(lane.decode(), **shapes.decode(text, dict[str, Any])) for lane, text in found.items()]
        except (msgspec.DecodeError, UnicodeError, RecursionError, TypeError):
            raise foreign("parked") from None
        return sorted(kept, key=lambda one: one.at)

    def courtesy(self, name: str, holder: str, ms: int) -> bool:
        """Whether `holder` is the one to do what `name` stands for, for `ms` from now: nobody else has it, or they have
        not asked again in time.
        """
        return bool(self._wire.run(COURTESY, {"name": name, "holder": holder, "ms": ms}))

    def wait(self, seconds: float) -> None:
        """Return when this process has noted a lane for this thread, at the latest after `seconds`."""
        self._bell.wait(seconds)
