"""Sentences that rest on one another, as indented lines; and how they fit where there is little room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jenkins_mfa.words.parts import Parts, Word, flat, say

INDENT = "    "


@dataclass(frozen=True, slots=True)
class Branch:
    """One line; `depth` says how far below others it stands (0: on its own)."""

    depth: int
    said: Parts


def line(branch: Branch) -> Parts:
    """The sentence behind its indent."""
    return flat([Word(INDENT * branch.depth), *branch.said])


def fitting(branches: Sequence[Branch], fits: Callable[[list[Parts]], bool], rest: str) -> list[Parts]:
    """As many whole lines as `fits` takes, in order; those left out are counted, with where to read them (`rest`)."""
    lines = [line(branch) for branch in branches]
    if fits(lines):
        return lines
    low, high = 0, len(lines) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if fits([*lines[:middle], _left(len(lines) - middle, rest)]):
            low = middle
        else:
            high = middle - 1
    return [*lines[:low], _left(len(lines) - low, rest)]


def _left(number: int, rest: str) -> Parts:
    return say(f"And {{n}} more {'line' if number == 1 else 'lines'}: {rest}", n=number)
