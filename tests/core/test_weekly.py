"""A moment that comes once a week on the wall clock of a zone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from jenkins_mfa.core.weekly import Weekly

BERLIN = Weekly(0, 9 * 60, ZoneInfo("Europe/Berlin"))
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia", "Australia/Lord_Howe"])


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def test_it_is_that_day_and_time_in_its_zone() -> None:
    """Monday at 9 in Berlin is 8 in UTC in winter; at that very moment it has come."""
    assert BERLIN.latest(ms("2026-11-30 08:00")) == ms("2026-11-30 08:00")
    assert BERLIN.latest(ms("2026-11-30 08:00") - 1) == ms("2026-11-23 08:00")
    assert BERLIN.latest(ms("2026-12-06 23:59")) == ms("2026-11-30 08:00")


def test_clock_changes_move_it_with_the_wall() -> None:
    """October 25, 2026: clocks go back; March 28, 2027: they go forward, and 02:30 is left out that day."""
    assert BERLIN.latest(ms("2026-10-26 12:00")) == ms("2026-10-26 08:00")
    assert BERLIN.latest(ms("2026-10-24 12:00")) == ms("2026-10-19 07:00")
    night = Weekly(6, 2 * 60 + 30, ZoneInfo("Europe/Berlin"))
    assert night.latest(ms("2026-10-25 12:00")) == ms("2026-10-25 00:30")
    assert night.latest(ms("2027-03-28 12:00")) == ms("2027-03-28 01:30")


@given(st.integers(ms("2020-01-01 00:00"), ms("2035-01-01 00:00")), st.integers(0, 6), st.integers(0, 1439), ZONES)
def test_there_is_one_in_each_week(at: int, weekday: int, minute: int, zone: str) -> None:
    """Never in the future, at most a week and the change of a clock ago, and the one before it is older."""
    weekly = Weekly(weekday, minute, ZoneInfo(zone))
    found = weekly.latest(at)
    assert 0 <= at - found < 8 * 86_400_000 + 86_400_000 * (zone == "Pacific/Apia")
    assert weekly.latest(found) == found
    assert weekly.latest(found - 1) < found
