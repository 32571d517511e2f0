"""The thread that makes the weekly digest, once its time has come. What goes wrong there stops no gate."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from jenkins_mfa.core.weekly import Weekly
from jenkins_mfa.errors import StoreError
from jenkins_mfa.reporting import sentences
from jenkins_mfa.reporting.counting import count
from jenkins_mfa.reporting.model import Scope
from jenkins_mfa.reporting.tally import Tally
from jenkins_mfa.threads import Crew
from jenkins_mfa.usecases import digest
from jenkins_mfa.usecases.desk import Desk

log = structlog.get_logger()

LOOK_SECONDS = 30.0  #: between two looks at the clock


@dataclass
class DigestKeeper:
    """Looks again and again while the agent runs."""

    desk: Desk
    weekly: Weekly

    def start(self, crew: Crew, replica: str) -> None:
        """Go on until the crew stops. `replica` tells this agent from others: one of them takes the figures."""

        def keep() -> None:
            while not crew.stopping.wait(LOOK_SECONDS):
                self.look(replica)

        crew.start("digest", keep)

    def look(self, replica: str) -> None:
        """One look."""
        try:
            if digest.look(self.desk, self.weekly, replica, self._figures):
                log.info("weekly digest made")
        except StoreError as error:
            log.warning("weekly digest not made yet", problem=str(error))
        except Exception:
            log.exception("weekly digest not made")

    def _figures(self, since: int, until: int) -> dict[str, str]:
        """The report's own sentence about the gates of that time."""
        tally = Tally(Scope(since, until))
        count(self.desk.store.all_gates(), tally)
        return {"summary": sentences.summary(tally.report(None, trail=False))}
