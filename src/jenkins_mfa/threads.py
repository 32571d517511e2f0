"""Threads that matter: each has a name, waits on one stop event, and ends the process if it dies (fail closed)."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

import structlog

from jenkins_mfa.errors import StoreError

log = structlog.get_logger()

LOOK_SECONDS = 1.0  #: how often a thread of a pool without work looks whether the crew stops


class Crew:
    """A group of critical threads. `failed` is set when one of them died: the process must end and be restarted."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.failed = threading.Event()
        self._threads: list[threading.Thread] = []
        self._wake = threading.Event()

    def start(self, name: str, target: Callable[[], None]) -> None:
        """Start one thread. `target` returns when `stopping` is set."""
        thread = threading.Thread(target=self._run, args=(name, target), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def stop(self, timeout: float) -> bool:
        """Ask all to end and wait for them, `timeout` seconds each; whether all have ended."""
        self.stopping.set()
        for thread in self._threads:
            thread.join(timeout)
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self, name: str, target: Callable[[], None]) -> None:
        try:
            target()
        except Exception:
            log.exception("a thread died; the agent stops", thread=name)
            self.failed.set()


class Pool:
    """A few threads of a crew that take tasks in the order in which they came, each one as soon as it is free."""

    def __init__(self, crew: Crew, name: str, size: int) -> None:
        self._crew = crew
        self._tasks: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        for number in range(size):
            crew.start(f"{name}-{number}", self._work)

    def begin(self, task: Callable[[], None]) -> None:
        """Have it done soon. When the crew stops, what has not begun is dropped."""
        self._tasks.put(task)

    def _work(self) -> None:
        while not self._crew.stopping.is_set():
            try:
                task = self._tasks.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                continue
            try:
                task()
            except StoreError as error:
                log.warning("store away", problem=str(error))
