"""Named calendars: is a moment inside a team's hours, and if not, why not.

Hours are read on the wall clock of the calendar's zone; the zone of the machine plays no part.

- A window takes in its start and leaves out its end: 17:00 is no longer inside 09:00-17:00.
- A window over midnight belongs to the day on which it starts: whether that day is a working day or a holiday decides
  for all of it. With Monday to Friday, 22:00-06:00 ends on Saturday morning, and Monday's small hours are outside.
- When clocks go back, an hour exists twice: the wall clock decides, so it is inside both times or outside both times.
- When clocks go forward, the hour that is left out has no moments: a window that lies in it is empty that day.
- A freeze beats an opening, an opening beats a holiday, a holiday beats weekdays and hours.

All moments are milliseconds since 1970 UTC.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

MIDNIGHT = 24 * 60  #: the end of a day, in minutes

_DAY_MS = MIDNIGHT * 60_000
_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Code = Literal["in_hours", "opening", "out_of_hours", "weekday_off", "holiday", "freeze"]


@dataclass(frozen=True, slots=True)
class Opening:
    """A one-off time, from `start` until before `end` (ms), that is inside whatever the week says."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Freeze:
    """A time, from `start` until before `end` (ms), in which nothing is inside."""

    name: str
    start: int
    end: int
    reason: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """When a team works.

    `weekdays`: 0 is Monday. `hours`: windows in minutes after midnight; an end that is not after its start is on the
    next day; MIDNIGHT is the end of the day. `holidays`: days off; a mapping gives their names too.
    """

    name: str
    zone: ZoneInfo
    weekdays: frozenset[int] = frozenset(range(7))
    hours: tuple[tuple[int, int], ...] = ((0, MIDNIGHT),)
    holidays: Container[date] = frozenset()
    openings: tuple[Opening, ...] = ()
    freezes: tuple[Freeze, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """What a calendar says about a moment.

    `values` holds texts for people: always `local` (the wall clock and its zone); `until` (UTC) of an opening or a
    freeze; `freeze` (its name) and `reason`; the `day` of a holiday and, if it is known, its name, `holiday`.
    """

    inside: bool
    code: Code
    values: dict[str, str] = field(default_factory=dict)


def look(calendar: Calendar, at_ms: int) -> Look:
    """Whether a moment is inside, and by which part of the calendar."""
    local = _local(calendar.zone, at_ms)
    shown = {"local": f"{str(local)[:16]} {local.tzname()} ({calendar.zone})"}
    freezes = [freeze for freeze in calendar.freezes if freeze.start <= at_ms < freeze.end]
    if freezes:
        last = max(freezes, key=lambda freeze: (freeze.end, freeze.name))
        told = {"freeze": last.name, "reason": last.reason, "until": _utc(last.end)}
        return Look(False, "freeze", shown | told)
    ends = [opening.end for opening in calendar.openings if opening.start <= at_ms < opening.end]
    if ends:
        return Look(True, "opening", shown | {"until": _utc(max(ends))})
    code, told = _by_the_week(calendar, local)
    return Look(code == "in_hours", code, shown | told)


def changes_after(calendar: Calendar, at_ms: int, horizon_ms: int) -> int | None:
    """The first moment, at most `horizon_ms` after `at_ms`, at which `inside` is no longer what it is at `at_ms`."""
    inside = look(calendar, at_ms).inside
    last = at_ms + horizon_ms
    edges = sorted({edge for edge in _edges(calendar, at_ms, last) if at_ms < edge <= last})
    return next((edge for edge in edges if look(calendar, edge).inside != inside), None)


def instants(zone: ZoneInfo, wall: datetime) -> tuple[int, ...]:
    """The moments at which clocks in the zone show `wall` (no tzinfo): none, one, or two, the earlier first."""
    found = {to_ms(wall.replace(tzinfo=zone, fold=fold)) for fold in (0, 1)}
    return tuple(sorted(moment for moment in found if _local(zone, moment).replace(tzinfo=None) == wall))


def to_ms(moment: datetime) -> int:
    """A moment (with tzinfo) in milliseconds."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _by_the_week(calendar: Calendar, local: datetime) -> tuple[Code, dict[str, str]]:
    today = local.date()
    begun = list(_begun(calendar.hours, today, local.hour * 60 + local.minute))
    if any(day.weekday() in calendar.weekdays and day not in calendar.holidays for day in begun):
        return "in_hours", {}
    days = begun or [today]
    for day in days:
        if day in calendar.holidays:
            name = calendar.holidays.get(day) if isinstance(calendar.holidays, Mapping) else None
            return "holiday", {"day": day.isoformat()} | ({"holiday": name} if name else {})
    if any(day.weekday() not in calendar.weekdays for day in days):
        return "weekday_off", {}
    return "out_of_hours", {}


def _begun(hours: tuple[tuple[int, int], ...], today: date, minute: int) -> Iterator[date]:
    """The days on which the windows began that hold this minute of today."""
    for start, end in hours:
        over_midnight = end <= start
        if start <= minute < (MIDNIGHT if over_midnight else end):
            yield today
        if over_midnight and minute < end:
            yield today - _DAY


def _edges(calendar: Calendar, first: int, last: int) -> Iterator[int]:
    """Every moment between two at which `inside` can change, and some others."""
    spans: tuple[Opening | Freeze, ...] = (*calendar.openings, *calendar.freezes)
    for span in spans:
        yield from (span.start, span.end)
    minutes = {minute % MIDNIGHT for window in calendar.hours for minute in window}
    day = _local(calendar.zone, first).date() - _DAY  # a clock put back may show yesterday again
    while day <= _local(calendar.zone, last).date():
        for minute in minutes:
            yield from instants(calendar.zone, datetime.combine(day, time(*divmod(minute, 60))))
        day += _DAY
    for start in range(first, last, _DAY_MS):
        yield from _jump(calendar.zone, start, start + _DAY_MS)


def _jump(zone: ZoneInfo, before: int, after: int) -> Iterator[int]:
    """The moment between two at which the zone's clocks were changed, if they were."""
    offset = _local(zone, before).utcoffset()
    if _local(zone, after).utcoffset() == offset:
        return
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (middle, after) if _local(zone, middle).utcoffset() == offset else (before, middle)
    yield after


def _local(zone: ZoneInfo, at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, zone)


def _utc(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
