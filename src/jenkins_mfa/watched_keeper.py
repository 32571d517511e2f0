"""The thread that looks at a source's watched pipelines, once a minute."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from jenkins_mfa.errors import StoreError
from jenkins_mfa.threads import Crew
from jenkins_mfa.usecases.watched import WatchedJobs

log = structlog.get_logger()

LOOK_SECONDS = 60.0  #: between two requests for one pipeline


@dataclass
class WatchedKeeper:
    """Looks again and again while the agent runs. What goes wrong stops no gate: it is in the heartbeat and the log."""

    jobs: WatchedJobs

    @property
    def name(self) -> str:
        """Of the thread, and of the heartbeat."""
        return f"watched:{self.jobs.source.id}"

    def start(self, crew: Crew, replica: str) -> None:
        """Go on until the crew stops. `replica` tells this agent from others: one of them looks."""

        def keep() -> None:
            wait = 0.0
            while not crew.stopping.wait(wait):
                self.look(replica)
                wait = LOOK_SECONDS

        crew.start(self.name, keep)

    def look(self, replica: str) -> None:
        """One look, unless another agent has had one less than a minute ago."""
        store = self.jobs.desk.store
        try:
            if not store.courtesy(self.name, replica, round(LOOK_SECONDS * 1000)):
                return
            problem = self.jobs.look()
            store.beat(self.name, {"ok": not problem, "problem": problem, "at": store.now()})
        except StoreError as error:
            log.warning("watched pipelines not looked at", thread=self.name, problem=str(error))
        except Exception:
            log.exception("watched pipelines not looked at", thread=self.name)
        else:
            if problem:
                log.warning("watched pipelines not looked at", thread=self.name, problem=problem)
