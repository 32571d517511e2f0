"""The plots of waiting: how long decisions take by pipeline, and when people are asked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from jenkins_mfa.reporting.model import Row, Slot, Times
from jenkins_mfa.reporting.svg import MINUTE, NARROW, Log, both, frame, label, short, titled
from jenkins_mfa.words.html import Html, many, tag
from jenkins_mfa.words.parts import duration

LETTERS = 30  #: of a pipeline's name beside its strip
PIPELINES = 14  #: how many have a strip
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
#: Classes of speed: up to how long (ms), the style sheet's name, in words.
SPEEDS = (
    (2 * MINUTE, "s1", "under 2 min"),
    (5 * MINUTE, "s2", "2 to 5 min"),
    (15 * MINUTE, "s3", "5 to 15 min"),
    (60 * MINUTE, "s4", "15 to 60 min"),
    (None, "s5", "an hour or more"),
)


def waits(pipelines: Mapping[str, Row]) -> Html:
    """For each pipeline its decisions as dots on a logarithmic axis, the middle half as a box, the median as a line."""
    shown = [(name, row.times) for name, row in pipelines.items() if row.times is not None][:PIPELINES]
    least = min((found.sample[0] for _, found in shown), default=1)
    most = max((found.sample[-1] for _, found in shown), default=1)

    def draw(name: str, width: int) -> Html:
        wide = width > NARROW
        left, row_height = (_room(name for name, _ in shown), 34) if wide else (8, 52)
        axis = Log(least, most, left, width - (96 if wide else 14))
        height = len(shown) * row_height + 30
        grid = [_mark(axis, mark, height - 26) for mark in axis.marks(58)]
        rows = [
            _strip(pipeline, found, axis, i * row_height, width, wide=wide) for i, (pipeline, found) in enumerate(shown)
        ]
        says = "Dots are decisions, the box holds the middle half, the bar in it is the median. Logarithmic axis."
        return frame(name, width, height, "Time to decision by pipeline", says, *grid, *rows)

    return both("wait", draw)


def _room(names: Iterable[str]) -> float:
    """How much the names need beside the strips."""
    return 26 + 7.4 * max((len(short(name, LETTERS)) for name in names), default=0)


def _mark(axis: Log, mark: int, bottom: float) -> Html:
    x = axis.at(mark)
    line = tag("line", x1=x, x2=x, y1=0, y2=float(bottom), class_="grid")
    return many((line, label(x, bottom + 18, duration(mark), class_="tick", text_anchor="middle")))


def _strip(pipeline: str, found: Times, axis: Log, y: float, width: int, *, wide: bool) -> Html:
    middle = y + (18 if wide else 34)
    figures = f"{duration(found.median)} · p95 {duration(found.p95)}"
    if wide:
        name = label(axis.at(axis.low) - 14, middle + 5, short(pipeline, LETTERS), text_anchor="end")
        beside = label(width, middle + 5, duration(found.median), class_="strong", text_anchor="end")
    else:
        name = label(0, y + 16, short(pipeline, 24))
        beside = label(width, y + 16, duration(found.median), class_="strong", text_anchor="end")
    dots = [
        tag("circle", cx=axis.at(ms), cy=middle + _jitter(i), r=2.6, class_="dot") for i, ms in enumerate(found.sample)
    ]
    start, end, at = axis.at(found.p25), axis.at(found.p75), axis.at(found.median)
    box = tag("rect", x=start, y=middle - 10, width=max(2.0, end - start), height=20, rx=4, class_="box")
    bar = tag("line", x1=at, x2=at, y1=middle - 11, y2=middle + 11, class_="median")
    told = f"{short(pipeline, 60)}: {found.count} decisions, median {figures}"
    return titled(told, name, box, *dots, bar, beside)


def _jitter(position: int) -> float:
    """A spread that is the same each time: the golden ratio's multiples, which never line up."""
    return (position * 0.618034 % 1 - 0.5) * 15


def when(week: Mapping[tuple[int, int], Slot]) -> Html:
    """Hours by weekdays: the size of a square is how many were asked, its colour how fast it was decided."""
    most = max((slot.asked for slot in week.values()), default=1)

    def draw(name: str, width: int) -> Html:
        wide = width > NARROW
        across, down = (24, 7) if wide else (7, 24)
        left, top = 44, 26
        cell = (width - left) / across
        tall = cell if wide else 21.0
        heads = [_head(i, wide=wide, cell=cell, tall=tall, left=left, top=top) for i in range(24)]
        names = [_name(i, wide=wide, cell=cell, tall=tall, left=left, top=top) for i in range(7)]
        cells = []
        for weekday in range(7):
            for hour in range(24):
                column, row = (hour, weekday) if wide else (weekday, hour)
                x, y = left + (column + 0.5) * cell, top + (row + 0.5) * tall
                at = f"{WEEKDAYS[weekday]} {hour:02d}:00 UTC"
                cells.append(_cell(x, y, cell - 3, tall - 3, week.get((weekday, hour)), most, at))
        says = "Squares by hour and weekday, in UTC: the larger, the more gates asked; the redder, the longer it took."
        return frame(name, width, top + down * tall + 2, "When people are asked (UTC)", says, *heads, *names, *cells)

    return both("when", draw)


def _head(hour: int, *, wide: bool, cell: float, tall: float, left: float, top: float) -> Html:
    text = f"{hour:02d}"
    if wide:
        return label(left + (hour + 0.5) * cell, top - 8, text, class_="tick", text_anchor="middle")
    return label(left - 10, top + (hour + 0.5) * tall + 4, f"{text}:00", class_="tick", text_anchor="end")


def _name(weekday: int, *, wide: bool, cell: float, tall: float, left: float, top: float) -> Html:
    if wide:
        return label(left - 10, top + (weekday + 0.5) * tall + 4, WEEKDAYS[weekday], class_="tick", text_anchor="end")
    return label(left + (weekday + 0.5) * cell, top - 8, WEEKDAYS[weekday], class_="tick", text_anchor="middle")


def _cell(x: float, y: float, wide: float, tall: float, slot: Slot | None, most: int, at: str) -> Html:
    ground = _box(x, y, wide, tall, "cell")
    if slot is None:
        return ground
    share = max(0.22, math.sqrt(slot.asked / most))
    square = _box(x, y, wide * share, tall * share, speed(slot.median))
    took = "nobody decided" if slot.median is None else f"median {duration(slot.median)}"
    return titled(f"{at}: {slot.asked} asked, {took}", ground, square)


def _box(x: float, y: float, wide: float, tall: float, class_: str) -> Html:
    """A rectangle around a middle."""
    return tag("rect", x=x - wide / 2, y=y - tall / 2, width=wide, height=tall, rx=3, class_=class_)


def speed(median: int | None) -> str:
    """The style sheet's name of how fast that is."""
    if median is None:
        return "f s0"
    return "f " + next(name for limit, name, _ in SPEEDS if limit is None or median < limit)


def speeds() -> Html:
    """Which colour is how fast."""
    rows = [tag("li", tag("i", class_=f"key {name}"), said) for _, name, said in SPEEDS]
    return tag("ul", *rows, tag("li", tag("i", class_="key s0"), "nobody decided"), class_="legend")
