"""What agents hold in memory, told for each process."""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

EVERY = 2.0  #: seconds between two looks
WARM = 60.0  #: seconds after which a process has loaded and cached what it needs
PAGE = os.sysconf("SC_PAGE_SIZE")

Looks = Sequence[tuple[float, int]]  #: seconds since the process was first seen, bytes


class Memory(threading.Thread):
    """Looks at the processes that `pids` names, until `over`."""

    def __init__(self, pids: Callable[[], Iterable[int]], over: threading.Event) -> None:
        super().__init__(name="memory")
        self._pids, self._over = pids, over
        self._began: dict[int, float] = {}
        self.looks: defaultdict[int, list[tuple[float, int]]] = defaultdict(list)

    def run(self) -> None:
        """Look again and again."""
        while not self._over.wait(EVERY):
            for pid in self._pids():
                try:
                    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
                except (OSError, IndexError):
                    continue
                now = time.monotonic()
                self.looks[pid].append((now - self._began.setdefault(pid, now), pages * PAGE))

    def growths(self) -> list[float]:
        """For each process that has lived long enough."""
        found = (growth(looks) for looks in self.looks.values())
        return [one for one in found if one is not None]


def growth(looks: Looks, warm: float = WARM) -> float | None:
    """By which part memory has grown: the last quarter of the looks after the warm-up against the first. None where
    that is less than as long again.
    """
    after = [size for at, size in looks if at >= warm]
    if not after or looks[-1][0] < 2 * warm:
        return None
    quarter = max(1, len(after) // 4)
    return statistics.median(after[-quarter:]) / statistics.median(after[:quarter]) - 1
