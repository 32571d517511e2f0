"""Waiting for what announces itself on no condition."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


def until(holds: Callable[[], object], seconds: float = 30) -> None:
    """Look until it holds. Raises AssertionError after so many seconds."""
    limit, pause = time.monotonic() + seconds, threading.Event()
    while not holds():
        assert time.monotonic() < limit, "it did not come about"
        pause.wait(0.01)
