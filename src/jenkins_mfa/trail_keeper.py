"""Threads that keep, outside the store, what shows whether the trail is whole: checkpoints and copies (S13, S21).

Whatever goes wrong here stops no gate and no denial: it stands in the heartbeat and in the log, and ops are told once.
A store that is not the one that is known stops every proceed; that is `usecases.continuity`, which this only asks.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from jenkins_mfa.core.model import Alert, Commit
from jenkins_mfa.errors import ArchiveError, StoreError
from jenkins_mfa.threads import Crew
from jenkins_mfa.usecases.continuity import MEND
from jenkins_mfa.usecases.desk import Desk, commit_id

log = structlog.get_logger()

LOOK_SECONDS = 1.0  #: between two looks at the trail
LAST_SECONDS = 10.0  #: that an agent which stops waits for its last look


@dataclass
class Keeper:
    """Does one `step` again and again while the agent runs, and a last one at its stop. `name` is that of its thread
    and of its heartbeat. The step returns what is wrong with the store, if anything is.
    """

    name: str
    desk: Desk
    step: Callable[[bool], str]
    _replica: str = field(default="", init=False)
    _told: str = field(default="", init=False)
    _turn: threading.Lock = field(default_factory=threading.Lock, init=False)

    def start(self, crew: Crew, replica: str) -> None:
        """Go on until the crew stops. `replica` tells the heartbeat from those of other agents."""
        self._replica = replica

        def keep() -> None:
            while not crew.stopping.wait(LOOK_SECONDS):
                self.look()

        crew.start(self.name, keep)

    def last(self) -> None:
        """The last step, of an agent that stops. Nobody waits for it longer than LAST_SECONDS: a destination may answer
        as slowly as it likes, and whoever runs next goes on where this one was.
        """
        thread = threading.Thread(target=self.look, kwargs={"final": True}, name=f"{self.name}-last", daemon=True)
        thread.start()
        thread.join(LAST_SECONDS)

    def look(self, *, final: bool = False) -> None:
        """One step; `final` for an agent that stops."""
        with self._turn:
            try:
                self._say("rolled_back", self.step(final))
            except StoreError as error:
                log.warning("the trail was not looked at", thread=self.name, problem=str(error))
            except ArchiveError as error:
                self._trouble(str(error))
            except Exception as error:
                log.exception("the trail was not looked at", thread=self.name)
                self._trouble(f"{type(error).__name__}, see the agent's log")

    def _trouble(self, problem: str) -> None:
        try:
            self._say("trail_unkept", problem)
        except StoreError as error:
            log.warning("ops were not told", problem=str(error))

    def _say(self, code: str, problem: str) -> None:
        """A new problem to ops, and any into the heartbeat."""
        now = self.desk.store.now()
        if problem and problem != self._told:
            log.error(code, thread=self.name, problem=problem, mend=MEND if code == "rolled_back" else "")
            alert = Alert(f"{code}:{self.name}:{now}", code, now, values={"problem": problem})
            self.desk.store.commit(Commit(commit_id(alert.id), (), alerts=(alert,)))
        self._told = problem
        self.desk.store.beat(f"{self.name}:{self._replica}", {"ok": not problem, "problem": problem, "at": now})
