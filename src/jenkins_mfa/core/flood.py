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
#: Gates of one source that are open at a time; the first one of each pipeline may be in any case, so that a crowd of
#: hostile pipelines keeps no other one out.
PER_SOURCE = 1_000

T = TypeVar("T")


class Room:
    """How many more gates of one source may open beside those of the given runs, the run of each open gate there."""

    def __init__(self, taken: Iterable[Run]) -> None:
        self._runs: Counter[str] = Counter()
        self._pipelines: Counter[str] = Counter()
        self._taken = 0
        for run in taken:
            self._count(run)

    def take(self, run: Run) -> bool:
        """Whether one more gate of the run may open; its place is then taken."""
        if self._crowded(run) or (self._taken >= PER_SOURCE and self._pipelines[run.pipeline_key]):
            return False
        self._count(run)
        return True

    def over(self, run: Run) -> str:
        """Whose limit keeps one more gate of the run from opening: its pipeline's key, or that of its whole source."""
        return run.pipeline_key if self._crowded(run) else whole_source(run.source)

    def _crowded(self, run: Run) -> bool:
        return self._runs[run.key] >= PER_RUN or self._pipelines[run.pipeline_key] >= PER_PIPELINE

    def _count(self, run: Run) -> None:
        self._runs[run.key] += 1
        self._pipelines[run.pipeline_key] += 1
        self._taken += 1


def whole_source(source: str) -> str:
    """In place of a pipeline's key: all pipelines of a source. None of them has an empty name."""
    return f"{source}:"


def name_of(key: str) -> str:
    """What a key stands for, as it is told: a pipeline's name; a whole source's id with a colon, as no name ends."""
    return key.partition(":")[2] or key


def concerns(key: str, run: Run) -> bool:
    """Whether the run is one of the pipeline, or of the whole source, that the key stands for."""
    return key in {run.pipeline_key, whole_source(run.source)}


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
