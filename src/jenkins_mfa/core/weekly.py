"""A moment that comes once a week on the wall clock of a zone. All moments are milliseconds since 1970 UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Weekly:
    """Each week on `weekday` (0 is Monday), `minute` minutes after midnight.

    Where clocks go back and that time exists twice, it is the earlier; where it is left out, it is the moment at which
    the clock of before the change would have shown it.
    """

    weekday: int
    minute: int
    zone: ZoneInfo

    def latest(self, at: int) -> int:
        """The newest such moment that is not after `at`."""
        today = datetime.fromtimestamp(at / 1000, self.zone).date()
        day = today - timedelta(days=(today.weekday() - self.weekday) % 7)
        found = self._on(day)
        return found if found <= at else self._on(day - timedelta(days=7))

    def _on(self, day: date) -> int:
        wall = datetime.combine(day, time(self.minute // 60, self.minute % 60), self.zone)
        return round(wall.astimezone(UTC).timestamp()) * 1000
