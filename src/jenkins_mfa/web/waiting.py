"""Pages that wait for something to change: no thread for each, and one look for all of them together.

Whoever waits gives a `look`: what it reads now, as a short text. All looks are made one after the other in one thread,
a second apart, the same one once for all who wait for it; a change that another replica made is seen like that, too.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

log = structlog.get_logger()

LOOK_SECONDS = 1.0  #: between two looks
LONGEST = 25.0  #: seconds that one request waits: proxies let go after 30 or 60

Look = Callable[[], str]


@dataclass(slots=True)
class _Watched:
    """One thing that is waited for, and who does."""

    look: Look
    waiting: dict[asyncio.Future[str], str] = field(default_factory=dict)  # who waits → what they have seen


class Waiters:
    """All who wait. Everything but `stop` runs in the server's own loop."""

    def __init__(self) -> None:
        self._watched: dict[str, _Watched] = {}
        self._stopping = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._looking: asyncio.Task[None] | None = None

    @property
    def count(self) -> int:
        """How many wait now."""
        return sum(len(one.waiting) for one in self._watched.values())

    def waiting(self, start: str) -> int:
        """How many wait for whatever has a name that begins so."""
        return sum(len(one.waiting) for name, one in self._watched.items() if name.startswith(start))

    async def changed(self, name: str, look: Look, seen: str) -> str:
        """What `look` finds once it is not `seen` any more; `seen` after LONGEST seconds, and when the server stops."""
        if self._stopping.is_set():
            return seen
        self._loop = asyncio.get_running_loop()
        answer: asyncio.Future[str] = self._loop.create_future()
        watched = self._watched.setdefault(name, _Watched(look))
        watched.waiting[answer] = seen
        if self._looking is None or self._looking.done():
            self._looking = self._loop.create_task(self._keep_looking())
        try:
            async with asyncio.timeout(LONGEST):
                return await answer
        except TimeoutError:
            return seen
        finally:
            watched.waiting.pop(answer, None)
            if not watched.waiting and self._watched.get(name) is watched:
                del self._watched[name]

    async def _keep_looking(self) -> None:
        """Look for as long as somebody waits."""
        while self._watched and not self._stopping.is_set():
            looks = {name: watched.look for name, watched in self._watched.items()}
            for name, found in (await asyncio.to_thread(_all, looks)).items():
                if name in self._watched:
                    self._tell(self._watched[name], found)
            await asyncio.sleep(LOOK_SECONDS)

    @staticmethod
    def _tell(watched: _Watched, found: str) -> None:
        for answer, seen in watched.waiting.items():
            if seen != found and not answer.done():
                answer.set_result(found)

    def stop(self) -> None:
        """Let all go at once; nobody waits from now on. Called from another thread."""
        self._stopping.set()
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._let_go)

    def _let_go(self) -> None:
        for watched in self._watched.values():
            for answer, seen in watched.waiting.items():
                if not answer.done():
                    answer.set_result(seen)


def _all(looks: dict[str, Look]) -> dict[str, str]:
    """What each look finds; one that fails is left out, and looked at again the next time."""
    found = {}
    for name, look in looks.items():
        try:
            found[name] = look()
        except Exception as error:  # noqa: BLE001  (one must not keep the others waiting)
            log.warning("a look failed", kind=type(error).__name__)
    return found
