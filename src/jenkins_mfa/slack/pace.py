"""Slack's rate limits, where many lanes call: who was told to wait waits, and so does who would be told the same."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jenkins_mfa.errors import MessengerUnavailableError
from jenkins_mfa.slack.calls import call

APART = 1.0  #: seconds between two that wait for the same limit: Slack takes one message a second and channel


@dataclass
class _Limit:
    """Nothing is sent before `ends`; the next one that asks comes back at `turn` (both in seconds of the clock)."""

    ends: float
    turn: float


class Pace:
    """One limit for each method and channel, as Slack counts them. Nothing sleeps here: whoever cannot call now is told
    when, each a second after the one before, so that not all come back at the same moment. `clock` gives seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._limits: dict[tuple[str, str], _Limit] = {}

    def call(self, method: Callable[..., Any], **arguments: Any) -> Any:
        """As `calls.call`, but not while a limit lasts: MessengerUnavailableError says when it is the caller's turn."""
        key = (str(getattr(method, "__name__", "")), str(arguments.get("channel", "")))
        wait = self._wait(key)
        if wait:
            raise MessengerUnavailableError("Slack: ratelimited, not called before its time", wait)
        try:
            return call(method, **arguments)
        except MessengerUnavailableError as error:
            if error.retry_after:
                now = self._clock()
                with self._lock:
                    self._limits[key] = _Limit(now + error.retry_after, now + error.retry_after)
            raise

    def _wait(self, key: tuple[str, str]) -> float:
        """Seconds until the caller's turn; 0 where it is."""
        now = self._clock()
        with self._lock:
            limit = self._limits.get(key)
            if limit is None:
                return 0.0
            if now >= limit.ends:
                del self._limits[key]
                return 0.0
            limit.turn += APART
            return limit.turn - now
