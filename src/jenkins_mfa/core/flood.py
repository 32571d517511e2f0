"""How many pauses of one run and of one pipeline are gates at a time, and whose turn it is. What is over the limit
stays paused in its source, unread and unasked, until others have ended: a hostile run costs the others nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from jenkins_mfa.core.model import Run

PER_RUN = 8  #: gates of one run that are open at a time
PER_PIPELINE = 20  #: gates of one pipeline that are open at a time

T = TypeVar("T")


class Room:
    """How many more gates may open beside those of the given runs, which names the run of each open gate."""

    def __init__(self, taken: Iterable[Run]) -> None:
        self._runs: Counter[str] = Counter()
        self._pipelines: Counter[str] = Counter()
        for run in taken:
            self._count(run)

    def take(self, run: Run) -> bool:
        """Whether one more gate of the run may open; its place is then taken."""
        if self._runs[run.key] >= PER_RUN or self._pipelines[run.pipeline_key] >= PER_PIPELINE:
            return False
        self._count(run)
        return True

    def _count(self, run: Run) -> None:
        self._runs[run.key] += 1
        self._pipelines[run.pipeline_key] += 1


def pipeline_of(run: Run) -> str:
    """Whom a run takes turns with first: the others of its pipeline."""
    return run.pipeline


def folder_of(run: Run) -> str:
    """The outermost folder of its pipeline: who may make pipelines mostly may so in one."""
    return run.pipeline.partition("/")[0]


def in_turns(items: Sequence[T], keys: Sequence[Callable[[T], str]]) -> list[T]:
    """The items so that, for each key in turn, no group has two before another has one; within a group as they came."""
    ordered = list(items)
    for key in keys:
        seen: Counter[str] = Counter()
        ranked = []
        for item in ordered:
            seen[key(item)] += 1
            ranked.append((seen[key(item)], item))
        ordered = [item for _, item in sorted(ranked, key=lambda pair: pair[0])]
    return ordered
