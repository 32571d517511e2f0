"""Pairs of two lists that fit: as many as there can be (augmenting paths)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

L = TypeVar("L")
R = TypeVar("R")


def unpaired(
    left: Sequence[L], right: Sequence[R], fits: Callable[[L, R], bool]
) -> tuple[tuple[L, ...], tuple[R, ...]]:
    """What is left over on both sides once as many as possible are paired."""
    taken: dict[int, int] = {}  # right → left

    def place(one: int, tried: set[int]) -> bool:
        for n, other in enumerate(right):
            if n not in tried and fits(left[one], other):
                tried.add(n)
                if n not in taken or place(taken[n], tried):
                    taken[n] = one
                    return True
        return False

    alone = tuple(one for n, one in enumerate(left) if not place(n, set()))
    return alone, tuple(other for n, other in enumerate(right) if n not in taken)
