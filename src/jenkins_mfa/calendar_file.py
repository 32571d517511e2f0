"""The [calendars.NAME] tables of policy.toml → calendars of the core. Every problem is found at once, with its place.

Times are local times of the calendar's zone. One that exists twice there means the earlier moment; one that does not
exist is a problem.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from functools import cache
from importlib import resources
from warnings import catch_warnings
from zoneinfo import ZoneInfo

from jenkins_mfa.core.calendars import Calendar, Freeze, Opening, instants, to_ms
from jenkins_mfa.core.characters import faults
from jenkins_mfa.toml_problems import seen
from jenkins_mfa.toml_table import Table

NAME = r"[a-z0-9][a-z0-9_-]{0,39}"  #: names of calendars and freezes
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
YEARS = range(2000, 2100)  #: years whose holidays are known, where the library knows them
MAX_REASON = 200  #: characters

_DATE = r"20[0-9]{2}-[0-9]{2}-[0-9]{2}"
TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"  #: a time of day
_HOURS = re.compile(rf"({TIME})-({TIME}|24:00)")
_OPENING = re.compile(rf"({_DATE}) ({TIME})-(?:({_DATE}) )?({TIME}|24:00)")


def read_calendars(root: Table) -> dict[str, Calendar]:
    """The calendars by name. One with a problem is among them, so that what refers to it is not told as well."""
    return {name: _calendar(name, table) for name, table in root.named_tables("calendars").items()}


def _calendar(name: str, table: Table) -> Calendar:
    if not re.fullmatch(NAME, name):
        table.fault("", "the name may hold a-z, 0-9, dash and underscore, 40 at most")
    where = zone(table)
    calendar = Calendar(
        name=name,
        zone=where,
        weekdays=_weekdays(table),
        hours=_hours(table),
        holidays=_holidays(table),
        openings=_openings(table, where),
        freezes=_freezes(table, where),
    )
    table.done()
    return calendar


def zone(table: Table, default: str | None = None) -> ZoneInfo:
    """`zone`, one of the database's own list: a machine's `localtime` would be another zone on each machine."""
    name = table.text("zone", default, allowed="an IANA zone such as Europe/Berlin")
    known = resources.files("tzdata").joinpath("zones").read_text().split()
    if name in known:
        return ZoneInfo(name)
    if name:
        table.fault("zone", f"seen: {seen(name)}; allowed: an IANA zone such as Europe/Berlin{_nearest(name, known)}")
    return ZoneInfo("UTC")


def _weekdays(table: Table) -> frozenset[int]:
    allowed = f"a list of {', '.join(WEEKDAYS)}, not empty"
    found = set()
    for word in table.texts("weekdays", list(WEEKDAYS), allowed=allowed, least=1):
        if word in WEEKDAYS:
            found.add(WEEKDAYS.index(word))
        else:
            near = _nearest(word.lower()[:3], WEEKDAYS)
            table.fault("weekdays", f"seen: {seen(word)}; allowed: {', '.join(WEEKDAYS)}{near}")
    return frozenset(found)


def _hours(table: Table) -> tuple[tuple[int, int], ...]:
    allowed = 'windows such as "09:00-17:00", "22:00-06:00" over midnight, "00:00-24:00" for the whole day'
    found = []
    for text in table.texts("hours", ["00:00-24:00"], allowed=f"a list of {allowed}, not empty", least=1):
        match = _HOURS.fullmatch(text)
        if match and match[1] != match[2]:
            found.append((minute(match[1]), minute(match[2])))
        else:
            table.fault("hours", f"seen: {seen(text)}; allowed: {allowed}")
    return tuple(found)


def _holidays(table: Table) -> Mapping[date, str]:
    code = table.text("holidays", "none", pattern=r"none|[A-Z]{2}(-.+)?", allowed="a country such as DE, or DE-BE")
    if code == "none":
        return {}
    import holidays

    country, _, part = code.partition("-")
    known = holidays.list_supported_countries(include_aliases=False)
    if country not in known or not _days_off(country, ""):
        near = _nearest(country, [name for name in known if len(name) == 2])
        table.fault("holidays", f"seen: {seen(code)} (no holidays are known there); allowed: a country code{near}")
    elif part and part not in known[country]:
        parts = ", ".join(known[country]) or f"none in {country}"
        table.fault("holidays", f"seen: {seen(code)} (no such part of {country}); allowed: {parts}")
    else:
        return _days_off(country, part)
    return {}


@cache
def _days_off(country: str, part: str) -> Mapping[date, str]:
    """All days off at once.

    The library works out a year when it is first asked; meanwhile, to another thread, that year would have none.
    """
    import holidays

    calendar = holidays.country_holidays(country, subdiv=part or None, language="en_US")
    years = range(max(YEARS.start, calendar.start_year), min(YEARS.stop, calendar.end_year + 1))
    with catch_warnings(action="ignore"):  # of years that the library does not know; docs/policy.md tells people
        return dict(holidays.country_holidays(country, subdiv=part or None, language="en_US", years=years))


def _openings(table: Table, zone: ZoneInfo) -> tuple[Opening, ...]:
    allowed = '"2026-12-24 09:00-12:00"; over midnight "2026-12-24 22:00-2026-12-25 02:00"'
    listed = f"a list of times such as {allowed}, not empty"
    found = []
    for text in table.texts("openings", [], allowed=listed, least=int("openings" in table)):
        walls = _opening(text)
        if not walls:
            table.fault("openings", f"seen: {seen(text)}; allowed: {allowed}")
            continue
        start, end = (_moment(table, "openings", zone, wall) for wall in walls)
        if start is not None and end is not None and end <= start:
            table.fault("openings", f"seen: {seen(text)} (ends before it begins); allowed: {allowed}")
        elif start is not None and end is not None:
            found.append(Opening(start, end))
    return tuple(found)


def _opening(text: str) -> tuple[datetime, datetime] | None:
    match = _OPENING.fullmatch(text)
    if not match:
        return None
    with suppress(ValueError):  # 30 February
        first, last = (datetime.fromisoformat(f"{day} 00:00") for day in (match[1], match[3] or match[1]))
        return first + timedelta(minutes=minute(match[2])), last + timedelta(minutes=minute(match[4]))
    return None


def _freezes(table: Table, zone: ZoneInfo) -> tuple[Freeze, ...]:
    if "freezes" not in table:
        return ()
    found: list[Freeze] = []
    for part in table.tables("freezes", "name", missing="the list is empty; leave it out or name a freeze"):
        freeze = _freeze(part, zone)
        if freeze and any(_clash(freeze, other) for other in found):
            part.fault("name", f'two freezes "{freeze.name}" overlap; join them, or give one another name')
        if freeze:
            found.append(freeze)
    return tuple(found)


def _freeze(table: Table, zone: ZoneInfo) -> Freeze | None:
    name = table.text("name", pattern=NAME, allowed="a-z, 0-9, dash and underscore, 40 at most")
    reason = table.text("reason", pattern=rf".{{1,{MAX_REASON}}}", allowed=f"why, in 1 to {MAX_REASON} characters")
    for fault in faults(reason):
        table.fault("reason", f"it {fault}")
    start, end = (_moment(table, key, zone, table.moment(key)) for key in ("start", "end"))
    table.done()
    if start is None or end is None:
        return None
    if end <= start:
        table.fault("end", "the freeze ends before it begins; allowed: an end after its start")
        return None
    return Freeze(name, start, end, reason)


def _clash(one: Freeze, other: Freeze) -> bool:
    return one.name == other.name and one.start < other.end and other.start < one.end


def _moment(table: Table, key: str, zone: ZoneInfo, wall: datetime | None) -> int | None:
    """Milliseconds of a local time, or of one that has its own offset; the earlier of two; None after a problem."""
    if wall is None:
        return None
    if wall.tzinfo:
        return to_ms(wall)
    found = instants(zone, wall)
    if not found:
        shown = f"{wall:%Y-%m-%d %H:%M}"
        table.fault(key, f"{shown} does not exist in {zone}: clocks go forward there. Take a time before or after")
        return None
    return found[0]


def minute(text: str) -> int:
    """The minutes after midnight of a time such as 09:30."""
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _nearest(word: str, known: tuple[str, ...] | list[str]) -> str:
    found = get_close_matches(word, known, 1)
    return f"; nearest: {found[0]}" if found else ""
