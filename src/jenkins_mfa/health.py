"""Whether this agent lives, and whether it can take answers: each part by itself, for machines that ask."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from jenkins_mfa.core import beats
from jenkins_mfa.errors import StoreError
from jenkins_mfa.threads import Crew
from jenkins_mfa.usecases.desk import Desk
from jenkins_mfa.words import health as words

LATE_SECONDS = 60.0  #: after which the clock of deadlines stands still


@dataclass(frozen=True, slots=True)
class Part:
    """A part and what is wrong with it; empty: nothing. An agent is not ready while a `needed` one has a problem: those
    without which no answer counts. With another one wrong, pages and commands still serve.
    """

    name: str
    problem: str = ""
    needed: bool = False


@dataclass
class Health:
    """What is known of an agent's parts. `connections` counts those to Slack, `not_taken` names files that were changed
    and not taken over; `clock` is in seconds and goes on by itself.
    """

    desk: Desk
    crew: Crew
    connections: Callable[[], int]
    not_taken: Callable[[], Collection[str]]
    clock: Callable[[], float] = time.monotonic
    _ticked: float | None = field(default=None, init=False)

    def tick(self) -> None:
        """Deadlines are looked at."""
        self._ticked = self.clock()

    def live(self) -> dict[str, Any]:
        """The answer of `/livez`: whether the process does its work; if not, it is to be started anew."""
        late = self._ticked is not None and self.clock() - self._ticked > LATE_SECONDS
        parts = [
            Part("threads", words.THREAD if self.crew.failed.is_set() else "", True),
            Part("clock", words.CLOCK if late else "", True),
        ]
        return _answer("live", parts)

    def ready(self) -> dict[str, Any]:
        """The answer of `/readyz`: whether answers can be taken here, and how each part is."""
        return _answer("ready", list(self._parts()))

    def _parts(self) -> Iterator[Part]:
        try:
            now, told = self.desk.store.now(), self.desk.store.beats()
        except StoreError:
            yield Part("store", words.STORE, True)
            return
        yield Part("store", "", True)
        yield Part("trail", words.TRAIL if self.desk.continuity.problem else "", True)
        yield Part("keys", "" if self.desk.keys.current(now // 1000) else words.KEYS)
        yield Part("slack", "" if self.connections() else words.SLACK)
        yield _sources(told, self.desk.sources, now)
        files = len(self.not_taken())
        yield Part("files", words.files(files) if files else "")


def _sources(told: dict[str, dict[str, object]], names: Collection[str], now: int) -> Part:
    """A source that no agent has read within a minute, or whose last poll did not succeed."""
    found = [told.get(f"source:{name}", {}) for name in names]
    unread = sum(beat.get("ok") is not True or beats.age(beat, now) >= beats.FRESH for beat in found)
    return Part("sources", words.sources(unread, len(found)) if unread else "")


def _answer(word: str, parts: list[Part]) -> dict[str, Any]:
    reasons = [part.problem for part in parts if part.needed and part.problem]
    shown = {part.name: {"ok": not part.problem} | ({"reason": part.problem} if part.problem else {}) for part in parts}
    return {word: not reasons, "reasons": reasons, "parts": shown}
