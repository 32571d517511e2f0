"""The plots that count: outcomes over time, and who answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from jenkins_mfa.core.policy import Roster
from jenkins_mfa.core.units import DAY
from jenkins_mfa.reporting.model import Outcome, PersonRow
from jenkins_mfa.reporting.svg import NARROW, both, frame, label, nice, short, titled
from jenkins_mfa.words.html import Html, many, tag
from jenkins_mfa.words.parts import duration
from jenkins_mfa.words.people import GAVE

DAYS = 62  #: a period of at most so many days has a bar for each day, a longer one for each week
BAR = 64  #: how wide one gets at the most
PEOPLE = 12  #: who has a bar

Bars = Mapping[int, Mapping[Outcome, int]]


def bars(days: Bars) -> tuple[dict[int, dict[Outcome, int]], int]:
    """Outcomes by day or by week (from Monday), without a gap, and the length of one step (ms)."""
    if not days:
        return {}, DAY
    first, last = min(days), max(days)
    step = DAY if last - first < DAYS * DAY else 7 * DAY
    start = first if step == DAY else first - datetime.fromtimestamp(first // 1000, UTC).weekday() * DAY
    found: dict[int, dict[Outcome, int]] = {at: {} for at in range(start, last + 1, step)}
    for day, counts in days.items():
        held = found[start + (day - start) // step * step]
        for outcome, count in counts.items():
            held[outcome] = held.get(outcome, 0) + count
    return found, step


def over_time(days: Bars) -> Html:
    """Stacked bars, one a day or a week."""
    found, step = bars(days)
    unit = "day" if step == DAY else "week"

    def draw(name: str, width: int) -> Html:
        left, top, bottom, height = 34, 8, 24, 230 if width > NARROW else 190
        most = max((sum(counts.values()) for counts in found.values()), default=1)
        marks = nice(most)
        scale = (height - top - bottom) / marks[-1]
        slot = min(BAR, (width - left) / max(1, len(found)))
        base = height - bottom
        grid = [_rule(left, width, base - mark * scale, str(mark)) for mark in marks]
        stacks = [
            _stack(at, counts, left + i * slot, slot, base, scale, unit) for i, (at, counts) in enumerate(found.items())
        ]
        dates = [
            label(left + (i + 0.5) * slot, height - 7, day(at), class_="tick", text_anchor="middle")
            for i, at in enumerate(found)
            if i % _every(slot) == 0 and left + (i + 0.5) * slot < width - 18
        ]
        says = f"Stacked bars, one for each {unit}; the tables hold the same figures by pipeline."
        return frame(name, width, height, f"Outcomes by {unit}", says, *grid, *stacks, *dates)

    return both("time", draw)


def _every(slot: float) -> int:
    """Each how many-th bar has its date, so that they do not touch."""
    return next(n for n in (1, 2, 7, 14, 28, 56, 10_000) if n * slot >= 46)


def day(at: int) -> str:
    """As in "Nov 24"."""
    moment = datetime.fromtimestamp(at // 1000, UTC)
    return f"{moment:%b} {moment.day}"


def _rule(left: float, right: float, y: float, text: str) -> Html:
    line = tag("line", x1=left, x2=right, y1=float(y), y2=float(y), class_="grid")
    return many((line, label(left - 6, y + 4, text, class_="tick", text_anchor="end")))


def _stack(at: int, counts: Mapping[Outcome, int], x: float, slot: float, base: float, scale: float, unit: str) -> Html:
    """One bar; what most of it is stands below."""
    gap = min(4.0, slot * 0.2)
    pieces: list[Html] = []
    y = base
    for outcome in Outcome:
        tall = counts.get(outcome, 0) * scale
        if tall:
            y -= tall
            pieces.append(tag("rect", x=x + gap / 2, y=y, width=slot - gap, height=tall, class_=f"f {kind(outcome)}"))
    told = ", ".join(f"{counts[o]} {o.value}" for o in Outcome if counts.get(o)) or "no gates"
    return titled(f"{'Week of ' if unit == 'week' else ''}{day(at)}: {told}", *pieces)


def kind(outcome: Outcome) -> str:
    """The style sheet's name of an outcome."""
    return f"o-{outcome.name.lower()}"


def legend(counts: Mapping[Outcome, int]) -> Html:
    """Which colour is what, with the count of each."""
    rows = [
        tag("li", tag("i", class_=f"key {kind(o)}"), f"{o.value} ", tag("b", f"{counts[o]:,}"))
        for o in Outcome
        if counts.get(o)
    ]
    return tag("ul", *rows, class_="legend")


def kinds(people: tuple[PersonRow, ...]) -> Html:
    """What the colours of the bars of people mean, with the count of each."""
    counts = {"o-approved": ("confirmations", sum(row.answers - row.denials for row in people))}
    counts["o-denied"] = ("denials", sum(row.denials for row in people))
    rows = [
        tag("li", tag("i", class_=f"key {kind}"), f"{said} ", tag("b", f"{count:,}"))
        for kind, (said, count) in counts.items()
    ]
    return tag("ul", *rows, tag("li", "beside them: the median time from opening to answer"), class_="legend")


def who_answers(people: tuple[PersonRow, ...], roster: Roster) -> Html:
    """A bar a person: confirmations and denials, with the median of their times beside it."""
    shown = people[:PEOPLE]
    most = max((row.answers for row in shown), default=1)

    def draw(name: str, width: int) -> Html:
        wide = width > NARROW
        left, row_height = (190, 30) if wide else (0, 46)
        scale = (width - left - (170 if wide else 120)) / most
        rows = [_person(row, roster, i * row_height, left, scale, wide=wide) for i, row in enumerate(shown)]
        says = "One bar for each person: confirmations, then denials; beside it the median time to their answer."
        return frame(name, width, len(shown) * row_height + 4, "Who answers", says, *rows)

    return both("who", draw)


def _person(row: PersonRow, roster: Roster, y: float, left: float, scale: float, *, wide: bool) -> Html:
    who = roster.name(row.person) if row.person in roster.people else short(row.person, 22)
    name = label(left - 10, y + 20, who, text_anchor="end") if wide else label(0, y + 14, who)
    top = y + 6 if wide else y + 20
    confirmed = sum(row.confirmations.values())
    pieces = [
        tag("rect", x=float(left), y=top, width=max(1.0, confirmed * scale), height=20, rx=3, class_="f o-approved")
        if confirmed
        else None,
        tag(
            "rect",
            x=left + confirmed * scale,
            y=top,
            width=max(1.0, row.denials * scale),
            height=20,
            rx=3,
            class_="f o-denied",
        )
        if row.denials
        else None,
    ]
    end = left + row.answers * scale + 8
    figures = label(end, top + 14, f"{row.answers:,} · {duration(row.times.median)}", class_="tick")
    given = ", ".join(f"{count} by {GAVE[factor]}" for factor, count in row.confirmations.items())
    told = f"{who}: {given or 'no confirmations'}; {row.denials} denials; median {duration(row.times.median)}"
    return titled(told, name, *(piece for piece in pieces if piece is not None), figures)
