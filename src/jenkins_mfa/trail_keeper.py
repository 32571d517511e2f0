"""The thread that keeps, outside the store, what shows whether the trail is whole: checkpoints (S13, S21).

Whatever goes wrong here stops no gate and no denial: it stands in the heartbeat and in the log, and ops are told once.
A store that is not the one that is known stops every proceed; that is `usecases.continuity`, which this only asks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from jenkins_mfa.core.model import Alert, Commit
from jenkins_mfa.errors import ArchiveError, StoreError
from jenkins_mfa.threads import Crew
from jenkins_mfa.usecases.checkpoints import Checkpointer
from jenkins_mfa.usecases.continuity import MEND
from jenkins_mfa.usecases.desk import Desk, commit_id

log = structlog.get_logger()

LOOK_SECONDS = 1.0  #: between two looks at the trail


@dataclass
class TrailKeeper:
    """Keeps checkpoints while the agent runs, and one at its stop."""

    desk: Desk
    checkpointer: Checkpointer
    _replica: str = field(default="", init=False)
    _told: str = field(default="", init=False)

    def start(self, crew: Crew, replica: str) -> None:
        """Look at the trail until the crew stops. `replica` names the heartbeat."""
        self._replica = replica

        def keep() -> None:
            while not crew.stopping.wait(LOOK_SECONDS):
                self.look()

        crew.start("trail", keep)

    def look(self, *, final: bool = False) -> None:
        """Follow what is new in the trail; at the `final` look of an agent that stops, sign where it stands."""
        self._guarded(lambda: self._problem(self.checkpointer.step(final=final)))

    def _problem(self, problem: str) -> None:
        """Tell ops of a store that is not the one that is known, or that it is the known one again."""
        if problem and problem != self._told:
            log.error("the store is not the one that is known; nothing proceeds", problem=problem, mend=MEND)
            self._alert("rolled_back", problem)
        self._told = problem
        self._beat(problem)

    def _guarded(self, step: Callable[[], None]) -> None:
        try:
            step()
        except StoreError as error:
            log.warning("the trail was not looked at", problem=str(error))
        except ArchiveError as error:
            self._trouble(str(error))
        except Exception as error:
            log.exception("the trail was not looked at")
            self._trouble(f"{type(error).__name__}: see the agent's log")

    def _trouble(self, problem: str) -> None:
        try:
            if problem != self._told:
                log.error("nothing is kept outside the store", problem=problem)
                self._alert("trail_unkept", problem)
            self._told = problem
            self._beat(problem)
        except StoreError as error:
            log.warning("ops were not told", problem=str(error))

    def _alert(self, code: str, problem: str) -> None:
        now = self.desk.store.now()
        alert = Alert(f"{code}:{now}", code, now, values={"problem": problem})
        self.desk.store.commit(Commit(commit_id(alert.id), (), alerts=(alert,)))

    def _beat(self, problem: str) -> None:
        value = {"ok": not problem, "problem": problem, "seq": self.checkpointer.seq, "at": self.desk.store.now()}
        self.desk.store.beat(f"trail:{self._replica}", value)
