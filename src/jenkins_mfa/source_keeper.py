"""The threads that poll a source and open what is new there."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from functools import partial

import structlog

from jenkins_mfa.errors import SourceError, StoreError
from jenkins_mfa.heartbeats import Heartbeats
from jenkins_mfa.threads import Crew, Pool
from jenkins_mfa.usecases.desk import Desk
from jenkins_mfa.usecases.ports import Source
from jenkins_mfa.usecases.watch import Watch

log = structlog.get_logger()

OPENERS = 4  #: threads of each source that open what is new; each waits for the records of one run
LONGEST_BACKOFF = 10.0  #: seconds between polls of a source that fails


@dataclass
class SourceKeeper:
    """Polls one source every `interval` seconds; a failing one less often, with jitter, and its heartbeat tells."""

    desk: Desk
    source: Source
    interval: float

    def start(self, crew: Crew, beats: Heartbeats) -> None:
        """Go on until the crew stops."""
        openers = Pool(crew, f"open-{self.source.id}", OPENERS)
        watch = Watch(self.desk, self.source, openers.begin)
        crew.start(f"watch-{self.source.id}", partial(self._polling, watch, crew, beats))

    def _polling(self, watch: Watch, crew: Crew, beats: Heartbeats) -> None:
        """Several replicas: one of them polls. Another one takes over when that has not asked for one and a half
        intervals and as long as its last poll took; a poll too many does no harm.
        """
        name, turn = f"source:{self.source.id}", f"poll:{self.source.id}"
        wait, failures, spent = 0.0, 0, 0.0
        while not crew.stopping.wait(wait):
            began = time.monotonic()
            try:
                if not self.desk.store.courtesy(turn, beats.replica, round((1.5 * self.interval + spent) * 1000)):
                    wait = self.interval
                    continue
                pending = watch.poll()
            except (SourceError, StoreError) as error:
                failures, spent = failures + 1, time.monotonic() - began
                wait = self._backoff(failures)
                told = {"failures": failures, "problem": str(error)}
                log.warning("poll failed", source=self.source.id, next_s=round(wait, 1), **told)
                beats.failed(name, told)
            else:
                failures, spent = 0, time.monotonic() - began
                wait = max(0.0, self.interval - spent)
                beats.beat(name, {"ok": True, "pending": pending, "ms": round(spent * 1000)})

    def _backoff(self, failures: int) -> float:
        spread = random.uniform(0.5, 1.0)  # noqa: S311  (apart in time, not a secret)
        return min(self.interval * 2.0 ** min(failures, 8), LONGEST_BACKOFF) * spread
