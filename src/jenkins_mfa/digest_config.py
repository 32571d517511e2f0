"""[digest] of config.toml → when ops read the weekly digest. Absent: never."""

from __future__ import annotations

from jenkins_mfa.calendar_file import TIME, WEEKDAYS, minute, zone
from jenkins_mfa.core.weekly import Weekly
from jenkins_mfa.toml_table import Table


def digest(root: Table) -> Weekly | None:
    """The weekly moment; None where there is no [digest], or one with problems, which are noted."""
    if "digest" not in root:
        return None
    table = root.table("digest")
    day = table.choice("day", WEEKDAYS, "mon")
    at = table.text("at", "09:00", pattern=TIME, allowed="a time of day such as 09:00")
    where = zone(table, "UTC")
    table.done()
    return Weekly(WEEKDAYS.index(day), minute(at), where) if day in WEEKDAYS and at else None
