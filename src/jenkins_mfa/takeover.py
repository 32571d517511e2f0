"""What changes on disk while the agent runs is taken over: whole and tried, or not at all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import structlog

from jenkins_mfa.core.model import Alert, Commit, Entry
from jenkins_mfa.errors import JenkinsMfaError, StoreError
from jenkins_mfa.rule_files import Stamp, stamp
from jenkins_mfa.usecases.desk import Desk, commit_id

log = structlog.get_logger()

AGAIN = 30.0  #: seconds after which what was refused is tried again: whoever did not take it may take it then


@dataclass(frozen=True, slots=True)
class Fresh:
    """What stands in the files now, and can be used: `hold` puts it in the place of what held. `details` say in the
    trail what it is, never a secret.
    """

    hold: Callable[[], None]
    details: dict[str, str | int] = field(default_factory=dict)


@dataclass
class Takeover:
    """Looks at files of one kind. What is seen at two looks in a row was not left half written: only then it is judged.

    `name` is what people call it, `code` the alert where it cannot be used, `files` are all of it, also those that are
    not there. `judge` reads and tries it: None where it holds already; any JenkinsMfaError says why what held goes on.
    """

    name: str
    code: str
    files: Callable[[], Iterable[Path]]
    judge: Callable[[], Fresh | None]
    desk: Desk
    clock: Callable[[], float] = time.monotonic
    problem: str = ""
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _seen: Stamp = ()
    _judged: Stamp = ()
    _due: float = 0.0

    def look(self, *, at_once: bool = False) -> None:
        """Look whether the files have changed; `at_once` judges what is there now. Raises StoreError: then the next
        look does it again.
        """
        with self._turn:
            before, self._seen = self._seen, tuple(stamp(path) for path in self.files())
            fresh = self._seen != self._judged
            again = bool(self.problem) and self.clock() >= self._due
            if (fresh or again) and (at_once or self._seen == before):
                self._judge(told=not fresh)
                self._judged = self._seen

    def _judge(self, *, told: bool) -> None:
        """`told`: ops know already that this very content is refused."""
        try:
            found = self.judge()
        except StoreError:
            raise
        except JenkinsMfaError as error:
            self.problem, self._due = str(error), self.clock() + AGAIN
            if not told:
                self._refuse()
            return
        if found is not None:
            now = self.desk.store.now()
            entry = Entry("secret:loaded", now, "agent", details={"target": self.name, **found.details})
            self.desk.store.commit(Commit(commit_id("taken", self.desk.randomness.hex(8)), (), (entry,)))
            found.hold()
            log.info("taken over", what=self.name, **found.details)
        self.problem = ""

    def _refuse(self) -> None:
        now = self.desk.store.now()
        values = {"what": self.name, "problem": self.problem}
        alert = Alert(f"{self.code}:{self.name}:{now}", self.code, now, values=values)
        log.warning("not taken over: what held goes on", **values)
        self.desk.store.commit(Commit(commit_id(alert.id), (), (), (), (alert,)))


def look(at: Iterable[Takeover], *, at_once: bool = False) -> None:
    """Look at all; one that cannot be looked at keeps none of the others from it."""
    for one in at:
        tried(partial(one.look, at_once=at_once))


def problems(of: Iterable[Takeover]) -> dict[str, str]:
    """Why what stands on disk does not hold, by its name; for the agent's heartbeat."""
    return {one.name: one.problem for one in of if one.problem}


def tried(look: Callable[[], object]) -> None:
    """What does not succeed now is looked at again soon."""
    try:
        look()
    except StoreError as error:
        log.warning("changed files not looked at", problem=str(error))
    except Exception:
        log.exception("changed files not looked at")
