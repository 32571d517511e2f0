"""The few statistics of the reports."""

from __future__ import annotations

from collections.abc import Iterable

from jenkins_mfa.reporting.model import Times

SAMPLE = 99  #: lengths of time that a plot draws at most


def times(values: Iterable[int]) -> Times | None:
    """The figures of some lengths of time (ms); None without any."""
    known = sorted(values)
    if not known:
        return None
    return Times(
        count=len(known),
        median=median(known),
        p95=rank(known, 95),
        p25=rank(known, 25),
        p75=rank(known, 75),
        sample=_sample(known),
    )


def median(known: list[int]) -> int:
    """The middle of sorted values; of two in the middle, their mean, rounded down."""
    half = len(known) // 2
    return known[half] if len(known) % 2 else (known[half - 1] + known[half]) // 2


def rank(known: list[int], percent: int) -> int:
    """The nearest rank: the least of the sorted values that at least `percent` of them do not exceed."""
    return known[max(0, -(-percent * len(known) // 100) - 1)]


def _sample(known: list[int]) -> tuple[int, ...]:
    if len(known) <= SAMPLE:
        return tuple(known)
    return tuple(known[position * (len(known) - 1) // (SAMPLE - 1)] for position in range(SAMPLE))
