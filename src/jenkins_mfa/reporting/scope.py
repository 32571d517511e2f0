"""Moments as people give them to a report: `30d`, `12h`, or a date."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

_UNITS = {"d": 86_400_000, "h": 3_600_000}
ALLOWED = "a number of days or hours such as 30d or 12h, or a date such as 2026-11-01"
MOST_DAYS = 36_525  #: a hundred years: as far as anybody looks back


@dataclass(frozen=True, slots=True)
class Moment:
    """`ago` ms before the present, or, where that is None, `at` (ms UTC)."""

    ago: int | None
    at: int = 0

    def ms(self, now: int) -> int:
        """The moment in ms UTC."""
        return self.at if self.ago is None else max(0, now - self.ago)


def moment(text: str) -> Moment:
    """Read one. A date is its first moment in UTC. Raises ValueError, whose text says what is allowed."""
    relative = re.fullmatch(r"([0-9]{1,7})([dh])", text)
    if relative:
        ago = int(relative[1]) * _UNITS[relative[2]]
        if not 0 < ago <= MOST_DAYS * _UNITS["d"]:
            raise ValueError("it must be more than nothing and at most a hundred years")
        return Moment(ago)
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise ValueError(f"allowed: {ALLOWED}")
    try:
        at = int(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        raise ValueError("the calendar has no such day") from None
    if at < 0:
        raise ValueError("it must not be before 1970")
    return Moment(None, at)
