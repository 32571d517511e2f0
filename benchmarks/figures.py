"""What a measurement gives, and how much work it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number. `limit` is the target in the same unit (None: for information), an upper bound unless
    `at_least`; `how` says what was measured and, if it helps, out of which parts.
    """

    name: str
    value: float
    unit: str
    limit: float | None
    how: str
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the target was reached; true where there is none."""
        if self.limit is None:
            return True
        return self.value >= self.limit if self.at_least else self.value <= self.limit


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured; the defaults are those of docs/performance.md."""

    jobs: int = 206
    polls: int = 40
    pending: tuple[int, int, int] = (50, 200, 800)
    pauses: int = 34
    taps: int = 200
    codes: int = 100
    keys: int = 50  #: fewer than the pages that one address may open at once (web/rates.py)
    decisions: int = 2000
    gates: int = 10_000
    settled: int = 20  #: polls before an agent is watched: at its start it looks at every open gate by the rules of now
    watched_seconds: float = 20.0
    flood: int = 1000
    flooded: int = 15
    starts: int = 7
    replayed: int = 100_000
    reload_lines: int = 5_000
    rules: int = 200
    evaluations: int = 1000
    answers: int = 1000
    waiting: int = 1000
    looks: int = 50  #: fewer than one visit to the console may have at once (web/rates.py)
    events: int = 1_000_000


TINY = Sizes(
    jobs=6,
    polls=3,
    pending=(2, 4, 8),
    pauses=2,
    taps=2,
    codes=2,
    keys=2,
    decisions=24,
    gates=30,
    settled=2,
    watched_seconds=1.5,
    flood=25,
    flooded=2,
    starts=1,
    replayed=50,
    reload_lines=100,
    rules=20,
    evaluations=5,
    answers=3,
    waiting=20,
    looks=2,
    events=500,
)


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` per cent of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100).__int__() - 1)]
