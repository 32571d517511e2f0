"""Calendars: edges, clocks that change, and a slow oracle of their own that knows nothing of the code it judges."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jenkins_mfa.core.calendars import (
    MIDNIGHT,
    Calendar,
    Freeze,
    Look,
    Opening,
    changes_after,
    instants,
    look,
    to_ms,
)

BERLIN = ZoneInfo("Europe/Berlin")
FIRST_DAY = date(1970, 1, 1).toordinal()
QUARTER = 15  #: minutes; clocks of the zones here change on whole quarters of an hour in UTC only
MINUTE = 60_000


# -- The oracle ------------------------------------------------------------------------------------------------------


def wall_minutes(zone: ZoneInfo, first: int, count: int) -> list[int]:
    """The wall clock at each of `count` minutes (UTC, since 1970), as minutes since 1970 of that clock."""
    found: list[int] = []
    for start in range(first - first % QUARTER, first + count, QUARTER):
        shown = datetime.fromtimestamp(start * 60, zone)
        wall = (shown.toordinal() - FIRST_DAY) * 1440 + shown.hour * 60 + shown.minute
        found += range(wall, wall + QUARTER)
    return found[first % QUARTER :][:count]


def oracle(calendar: Calendar, first: int, walls: list[int]) -> bytes:
    """For each minute from `first` on whether it is inside: each window is painted on a wall, day by day."""
    low, high = min(walls) - 2 * 1440, max(walls) + 2 * 1440
    week = bytearray(high - low)
    for day in range(low // 1440 + 1, high // 1440 - 1):
        at = date.fromordinal(day + FIRST_DAY)
        if at.weekday() in calendar.weekdays and at not in calendar.holidays:
            for start, end in calendar.hours:
                length = (end - start) if end > start else (end + 1440 - start)
                begin = day * 1440 + start - low
                week[begin : begin + length] = b"\1" * length
    seen = bytearray(week[wall - low] for wall in walls)
    for value, spans in ((b"\1", calendar.openings), (b"\0", calendar.freezes)):
        for span in spans:
            begin, end = (min(max(edge // MINUTE - first, 0), len(seen)) for edge in (span.start, span.end))
            seen[begin:end] = value * (end - begin)
    return bytes(seen)


def turns(inside: bytes) -> Iterator[int]:
    """The minutes that are no longer what the minute before was."""
    n = inside.find(not inside[0])
    while n > 0:
        yield n
        n = inside.find(not inside[n], n)


# -- Three years in five zones ---------------------------------------------------------------------------------------

#: Zone and first year. Each span holds a leap year; Apia's also a day that never was, 30 December 2011.
SPANS = [
    ("Europe/Berlin", 2026),
    ("America/New_York", 2023),
    ("Asia/Kolkata", 2024),
    ("Australia/Lord_Howe", 2022),
    ("Pacific/Apia", 2010),
]


def calendars(zone: ZoneInfo, year: int) -> list[Calendar]:
    """An office, a night shift, windows within the hours that clocks leave out or repeat, days from noon to noon."""

    def at(month: int, day: int, hour: int) -> int:
        return to_ms(datetime(year, month, day, hour, tzinfo=zone))

    days_off = frozenset(
        date(y, m, d)
        for y in range(year, year + 3)
        for m, d in ((1, 1), (2, 29), (5, 1), (12, 25))
        if (m, d) != (2, 29) or not y % 4
    )
    spans = {
        "openings": (Opening(at(5, 1, 8), at(5, 1, 12)), Opening(at(7, 4, 20), at(7, 5, 3))),
        "freezes": (
            Freeze("summer", at(7, 5, 1), at(7, 9, 0), "heat"),
            Freeze("end", at(12, 21, 0), at(12, 31, 9), ""),
        ),
    }
    weekdays = frozenset(range(5))
    return [
        Calendar("office", zone, weekdays, ((540, 720), (780, 1020)), days_off, **spans),
        Calendar("night", zone, weekdays, ((1320, 360),), days_off, **spans),
        Calendar(
            "changes", zone, frozenset({5, 6}), ((75, 105), (120, 180), (150, 165), (1410, 15)), days_off, **spans
        ),
        Calendar("noon", zone, frozenset({0, 2, 6}), ((720, 720),), days_off, **spans),
    ]


@pytest.mark.parametrize(("name", "year"), SPANS)
def test_three_years_agree_with_the_oracle(name: str, year: int) -> None:
    """The oracle walks every minute of three years. `look` is compared at every 28th (each calendar in turn), and for
    each calendar on both sides of every change and at every minute within six hours of each change of the clocks."""
    zone = ZoneInfo(name)
    first = int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) // 60
    count = int(datetime(year + 3, 1, 1, tzinfo=UTC).timestamp()) // 60 - first
    walls = wall_minutes(zone, first, count)
    jumps = [n for n in range(QUARTER, count, QUARTER) if walls[n] != walls[n - QUARTER] + QUARTER]
    near = {n for jump in jumps for n in range(jump - 360, jump + 360)}
    for turn, calendar in enumerate(calendars(zone, year)):
        right = oracle(calendar, first, walls)
        changes = list(turns(right))
        assert len(changes) > 500
        looked = near | set(changes) | {n - 1 for n in changes} | set(range(28 * turn, count, 112))
        wrong = [n for n in looked if look(calendar, (first + n) * MINUTE).inside != right[n]]
        assert not wrong, [look(calendar, (first + n) * MINUTE) for n in sorted(wrong)[:5]]


@pytest.mark.parametrize(("name", "year"), SPANS)
def test_every_change_of_a_year_is_foretold(name: str, year: int) -> None:
    """Going from change to change finds those that the oracle finds minute by minute, and no others."""
    zone = ZoneInfo(name)
    first = int(datetime(year, 7, 1, tzinfo=UTC).timestamp()) // 60
    walls = wall_minutes(zone, first, 366 * 1440)
    calendar = calendars(zone, year)[2]
    right = oracle(calendar, first, walls)
    assert list(foretold(calendar, first, first + len(walls) - 1)) == [first + n for n in turns(right)]


def foretold(calendar: Calendar, now: int, last: int) -> Iterator[int]:
    """The minutes of all changes, looked for two days at a time."""
    while now < last:
        ahead = min(2 * 1440, last - now)
        found = changes_after(calendar, now * MINUTE, ahead * MINUTE)
        if found is not None:
            assert found % MINUTE == 0
            yield found // MINUTE
        now = now + ahead if found is None else found // MINUTE


# -- Random calendars ------------------------------------------------------------------------------------------------

ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Africa/Cairo",
    "America/Havana",
    "Antarctica/Troll",
    "Europe/Dublin",
]
CHANGES = [
    datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 1, tzinfo=UTC),
    datetime(2026, 3, 8, 7, tzinfo=UTC),
    datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
    datetime(2011, 12, 30, 10, tzinfo=UTC),
    datetime(2024, 2, 29, 12, tzinfo=UTC),
]
MINUTES = st.integers(0, MIDNIGHT - 1)
MOMENTS = st.one_of(
    st.integers(
        int(datetime(2000, 1, 1, tzinfo=UTC).timestamp()) // 60, int(datetime(2060, 1, 1, tzinfo=UTC).timestamp()) // 60
    ),
    st.tuples(st.sampled_from(CHANGES), st.integers(-1500, 1500)).map(
        lambda pair: int(pair[0].timestamp()) // 60 + pair[1]
    ),
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Calendar, int]:
    """A calendar, and a minute (UTC, since 1970) near which its days off, openings and freezes lie."""
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    now = draw(MOMENTS)
    today = datetime.fromtimestamp(now * 60, zone).date()
    offsets = st.integers(-3000, 3000)
    spans = [
        ((now + begin) * MINUTE, (now + begin + length) * MINUTE)
        for begin, length in draw(st.lists(st.tuples(offsets, st.integers(1, 600)), max_size=4))
    ]
    freezes = draw(st.integers(0, len(spans)))
    return (
        Calendar(
            "any",
            zone,
            draw(st.frozensets(st.integers(0, 6))),
            tuple(draw(st.lists(st.tuples(MINUTES, st.integers(0, MIDNIGHT)), max_size=3))),
            frozenset(today + timedelta(days=n) for n in draw(st.sets(st.integers(-2, 2), max_size=3))),
            tuple(Opening(*span) for span in spans[freezes:]),
            tuple(Freeze(f"freeze-{n}", *span, "why") for n, span in enumerate(spans[:freezes])),
        ),
        now,
    )


@settings(max_examples=200, deadline=None)
@given(cases())
def test_random_calendars_agree_with_the_oracle(case: tuple[Calendar, int]) -> None:
    """Any calendar at any minute, and a day and a half around it; what changes next agrees too."""
    calendar, now = case
    first = now - 2160
    right = oracle(calendar, first, wall_minutes(calendar.zone, first, 4320))
    for n in {2160, *range(0, 4320, 61)}:
        assert look(calendar, (first + n) * MINUTE).inside == right[n]
    change = right.find(not right[2160], 2160)
    assert changes_after(calendar, now * MINUTE, 2159 * MINUTE) == (None if change < 0 else (first + change) * MINUTE)


# -- Examples --------------------------------------------------------------------------------------------------------

OFFICE = Calendar("office", BERLIN, frozenset(range(5)), ((9 * 60, 17 * 60),))
NIGHT = Calendar("night", BERLIN, frozenset(range(5)), ((22 * 60, 6 * 60),))


def at(text: str) -> int:
    """Milliseconds of a moment in ISO 8601 with its offset."""
    return to_ms(datetime.fromisoformat(text))


def codes(calendar: Calendar, *texts: str) -> list[str]:
    return [look(calendar, at(text)).code for text in texts]


def test_the_start_is_inside_and_the_end_is_not() -> None:
    """To the millisecond."""
    start, end = at("2026-11-25T09:00+01:00"), at("2026-11-25T17:00+01:00")
    assert [look(OFFICE, moment).inside for moment in (start - 1, start, end - 1, end)] == [False, True, True, False]


def test_a_day_ends_at_midnight() -> None:
    """24:00 takes in the last millisecond of the day, and 00:00 as an end means the same."""
    for end in (MIDNIGHT, 0):
        evening = Calendar("evening", BERLIN, frozenset({2}), ((18 * 60, end),))
        midnight = at("2026-11-26T00:00+01:00")
        assert [look(evening, moment).inside for moment in (midnight - 1, midnight)] == [True, False]


def test_a_night_belongs_to_the_day_on_which_it_starts() -> None:
    """Friday's night runs into Saturday; Sunday's night does not exist, so Monday's small hours are outside."""
    assert codes(NIGHT, "2026-11-28T03:00+01:00", "2026-11-30T03:00+01:00") == ["in_hours", "weekday_off"]
    assert codes(NIGHT, "2026-11-28T06:00+01:00", "2026-11-27T22:00+01:00") == ["weekday_off", "in_hours"]


def test_a_holiday_takes_its_own_night_and_leaves_the_night_before() -> None:
    """Friday 25 December: Thursday's night still runs into it, its own night is off until Saturday morning."""
    night = Calendar("night", BERLIN, NIGHT.weekdays, NIGHT.hours, {date(2026, 12, 25): "Christmas Day"})
    assert codes(night, "2026-12-25T05:59+01:00", "2026-12-25T06:00+01:00") == ["in_hours", "holiday"]
    saturday = look(night, at("2026-12-26T03:00+01:00"))
    assert (saturday.code, saturday.values["day"], saturday.values["holiday"]) == (
        "holiday",
        "2026-12-25",
        "Christmas Day",
    )


def test_the_hour_that_exists_twice_is_inside_both_times() -> None:
    """25 October 2026, 02:30 in Berlin comes twice; the wall clock decides."""
    early = Calendar("early", BERLIN, hours=((120, 180),))
    times = ("2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00", "2026-10-25T01:59+02:00", "2026-10-25T03:00+01:00")
    assert codes(early, *times) == ["in_hours", "in_hours", "out_of_hours", "out_of_hours"]
    assert look(early, at(times[0])).values["local"] == "2026-10-25 02:30 CEST (Europe/Berlin)"
    assert look(early, at(times[1])).values["local"] == "2026-10-25 02:30 CET (Europe/Berlin)"


def test_the_hour_that_does_not_exist_has_no_moments() -> None:
    """29 March 2026: after 01:59 comes 03:00 in Berlin, so a window from 02:00 to 03:00 is empty."""
    early = Calendar("early", BERLIN, hours=((120, 180),))
    start = at("2026-03-29T00:00+01:00")
    assert not any(look(early, start + n * MINUTE).inside for n in range(23 * 60))
    half = Calendar("half", BERLIN, hours=((150, 240),))
    assert codes(half, "2026-03-29T01:59+01:00", "2026-03-29T03:00+02:00") == ["out_of_hours", "in_hours"]
    assert changes_after(half, start, 24 * 60 * MINUTE) == at("2026-03-29T03:00+02:00")


def test_the_leap_day_is_a_day() -> None:
    """29 February 2028 is a Tuesday; it may be a holiday; Monday's night ends on it."""
    off = Calendar("off", BERLIN, OFFICE.weekdays, OFFICE.hours, frozenset({date(2028, 2, 29)}))
    noon = "2028-02-29T12:00+01:00"
    assert codes(OFFICE, noon) == ["in_hours"]
    assert codes(off, noon, "2028-03-01T12:00+01:00") == ["holiday", "in_hours"]
    assert codes(NIGHT, "2028-02-29T05:59+01:00", "2028-03-01T05:59+01:00") == ["in_hours", "in_hours"]


def test_outside_says_why() -> None:
    """A holiday is named before the weekday, the weekday before the hour."""
    days = frozenset({date(2026, 11, 28), date(2026, 11, 25)})
    calendar = Calendar("office", BERLIN, OFFICE.weekdays, OFFICE.hours, days)
    times = ("2026-11-28T12:00+01:00", "2026-11-29T12:00+01:00", "2026-11-29T20:00+01:00", "2026-11-26T20:00+01:00")
    assert codes(calendar, *times) == ["holiday", "weekday_off", "weekday_off", "out_of_hours"]
    assert look(calendar, at(times[0])).values == {"local": "2026-11-28 12:00 CET (Europe/Berlin)", "day": "2026-11-28"}


def test_a_freeze_beats_an_opening_and_an_opening_beats_a_holiday() -> None:
    """Christmas Eve: opened on a holiday from 9 to 12, frozen from 11 on; the edges are those of the spans."""
    nine, eleven, noon = (at(f"2026-12-24T{hour}:00+01:00") for hour in ("09", "11", "12"))
    frozen = Freeze("christmas", eleven, at("2027-01-04T00:00+01:00"), "nobody is in")
    holidays = frozenset({date(2026, 12, 24)})
    calendar = Calendar("eve", BERLIN, OFFICE.weekdays, OFFICE.hours, holidays, (Opening(nine, noon),), (frozen,))
    seen = [look(calendar, moment) for moment in (nine - 1, nine, eleven - 1, eleven, noon, frozen.end - 1, frozen.end)]
    assert [one.code for one in seen] == ["holiday", "opening", "opening", "freeze", "freeze", "freeze", "out_of_hours"]
    assert [one.inside for one in seen] == [False, True, True, False, False, False, False]
    assert seen[1].values == {"local": "2026-12-24 09:00 CET (Europe/Berlin)", "until": "2026-12-24T11:00:00Z"}
    assert seen[3] == Look(
        False,
        "freeze",
        {
            "local": "2026-12-24 11:00 CET (Europe/Berlin)",
            "freeze": "christmas",
            "reason": "nobody is in",
            "until": "2027-01-03T23:00:00Z",
        },
    )


def test_of_two_freezes_the_one_that_ends_last_is_told() -> None:
    """Nobody is promised an end that the other freeze takes back."""
    begin = at("2026-12-21T00:00+01:00")
    both = (Freeze("long", begin, begin + 9 * MINUTE, "a"), Freeze("short", begin, begin + MINUTE, "b"))
    for freezes in (both, both[::-1]):
        assert look(Calendar("c", BERLIN, freezes=freezes), begin).values["freeze"] == "long"


def test_of_two_freezes_that_end_together_the_same_is_always_told() -> None:
    """The order in the file plays no part."""
    begin = at("2026-12-21T00:00+01:00")
    both = (Freeze("a", begin, begin + MINUTE, "a"), Freeze("b", begin, begin + MINUTE, "b"))
    for freezes in (both, both[::-1]):
        assert look(Calendar("c", BERLIN, freezes=freezes), begin).values["freeze"] == "b"


def test_openings_that_overlap_are_one() -> None:
    """The later end is told."""
    begin = at("2026-12-21T00:00+01:00")
    openings = (Opening(begin, begin + MINUTE), Opening(begin, begin + 9 * MINUTE))
    assert look(Calendar("c", BERLIN, hours=(), openings=openings), begin).values["until"] == "2026-12-20T23:09:00Z"


def test_the_next_change_is_within_the_horizon() -> None:
    """Friday evening: the office opens again on Monday at nine; a shorter look finds nothing."""
    friday, monday = at("2026-11-27T20:00+01:00"), at("2026-11-30T09:00+01:00")
    assert changes_after(OFFICE, friday, monday - friday) == monday
    assert changes_after(OFFICE, friday, monday - friday - 1) is None
    assert changes_after(Calendar("always", BERLIN), friday, 9 * 1440 * MINUTE) is None


def test_the_next_change_may_be_on_the_day_before() -> None:
    """In St John's a minute past midnight became a minute past eleven of the evening before, on 7 November 2010."""
    late = Calendar("late", ZoneInfo("America/St_Johns"), hours=((23 * 60 + 30, 23 * 60 + 45),))
    assert changes_after(late, at("2010-11-07T00:00:30-02:30"), 60 * MINUTE) == at("2010-11-06T23:30-03:30")


def test_a_wall_clock_shows_a_time_once_twice_or_never() -> None:
    """The earlier moment comes first."""
    assert instants(BERLIN, datetime.fromisoformat("2026-10-25T02:30")) == (
        at("2026-10-25T00:30Z"),
        at("2026-10-25T01:30Z"),
    )
    assert instants(BERLIN, datetime.fromisoformat("2026-03-29T02:30")) == ()
    assert instants(BERLIN, datetime.fromisoformat("2026-03-29T03:00")) == (at("2026-03-29T01:00Z"),)


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this system cannot change its zone while running")
@pytest.mark.parametrize("machine", ["Pacific/Kiritimati", "America/Los_Angeles", "Australia/Lord_Howe"])
def test_the_machines_zone_changes_nothing(monkeypatch: pytest.MonkeyPatch, machine: str) -> None:
    """Looks and next changes around both changes of the clocks are the same wherever the machine believes to be."""

    def told() -> list[tuple[Look, int | None]]:
        moments = [at(day) + n * 7 * MINUTE for day in ("2026-03-28T20:00Z", "2026-10-24T20:00Z") for n in range(80)]
        return [(look(NIGHT, moment), changes_after(NIGHT, moment, 1440 * MINUTE)) for moment in moments]

    here = told()
    with monkeypatch.context() as patch:
        patch.setenv("TZ", machine)
        time.tzset()
        there = told()
    time.tzset()
    assert there == here
