"""Threads that matter: each has a name, waits on one stop event, and ends the process if it dies (fail closed)."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

log = structlog.get_logger()


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
