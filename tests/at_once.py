"""Threads that meet at a barrier."""

from __future__ import annotations

import threading
from collections.abc import Callable

from jenkins_mfa.errors import JenkinsMfaError


def at_once(*actions: Callable[[], object]) -> list[object]:
    """Run all at the same moment; what each returned or raised."""
    barrier = threading.Barrier(len(actions))
    found: list[object] = [None] * len(actions)

    def act(number: int, action: Callable[[], object]) -> None:
        barrier.wait()
        try:
            found[number] = action()
        except JenkinsMfaError as error:
            found[number] = error

    threads = [threading.Thread(target=act, args=pair) for pair in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found
