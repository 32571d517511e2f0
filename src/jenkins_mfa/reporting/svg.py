"""The few things that every plot needs: a frame with title and description, texts, scales."""

from __future__ import annotations

import math
from collections.abc import Callable

from jenkins_mfa.words import render
from jenkins_mfa.words.html import Html, many, tag

WIDE, NARROW = 880, 350  #: widths that each plot is drawn for: a desk or paper, a phone
MINUTE = 60_000  #: ms
Drawn = Callable[[str, int], Html]  #: draws a plot of a name for a width
#: Where the axis of waiting times may have a mark (ms).
MARKS = tuple(s * 1000 for s in (1, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400, 259200, 604800))


def frame(name: str, width: int, height: float, title: str, says: str, *content: Html) -> Html:
    """A plot of its own, named and described for those who do not see it. `name` is unique in the page."""
    return tag(
        "svg",
        tag("title", title, id=f"{name}-t"),
        tag("desc", says, id=f"{name}-d"),
        *content,
        viewBox=f"0 0 {width} {math.ceil(height)}",
        role="img",
        aria_labelledby=f"{name}-t {name}-d",
        class_="wide" if width > NARROW else "narrow",
    )


def label(x: float, y: float, text: str, **attributes: str | float | None) -> Html:
    """A text at its place; foreign ones belong through `short` first."""
    return tag("text", text, x=float(x), y=float(y), **attributes)


def short(text: str, most: int) -> str:
    """A foreign name for a plot: made visible, in quotation marks, cut in the middle; tables hold the whole."""
    shown = render.visible(text)
    if len(shown) > most:
        half = (most - 1) // 2
        shown = f"{shown[: most - 1 - half]}…{shown[-half:]}"
    return f"“{shown}”"


def titled(text: str, *content: Html, **attributes: str | float | None) -> Html:
    """Things that say what they are when they are pointed at."""
    return tag("g", tag("title", text), *content, **attributes)


def nice(most: int, steps: int = 4) -> list[int]:
    """Marks of an axis of counts, from 0 to at least `most`, at round numbers."""
    rough = max(1.0, most / steps)
    power = 10 ** math.floor(math.log10(rough))
    step = max(1, next(int(n * power) for n in (1, 2, 5, 10) if n * power >= rough))
    return list(range(0, max(1, most) + step, step))


class Log:
    """A logarithmic axis of waiting times, from `least` to `most` (ms), over `start` … `end` of a plot."""

    def __init__(self, least: int, most: int, start: float, end: float) -> None:
        below = [mark for mark in MARKS if mark <= least]
        self.low = below[-1] if below else MARKS[0]
        above = [mark for mark in MARKS if mark >= most and mark > self.low]
        self.high = above[0] if above else max(most, 2 * self.low)
        self._start, self._end = start, end

    def at(self, ms: int) -> float:
        """Where a time stands."""
        held = min(max(ms, self.low), self.high)
        share = (math.log(held) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))
        return self._start + share * (self._end - self._start)

    def marks(self, apart: float) -> list[int]:
        """The marks between the ends that stand at least `apart` from one another."""
        found: list[int] = []
        for mark in MARKS:
            if self.low <= mark <= self.high and (not found or self.at(mark) - self.at(found[-1]) >= apart):
                found.append(mark)
        return found


def both(name: str, draw: Drawn) -> Html:
    """A plot twice: for a desk and for a phone; the style sheet shows one of them."""
    return many((draw(f"{name}-w", WIDE), draw(f"{name}-n", NARROW)))
