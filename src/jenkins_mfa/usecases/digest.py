"""The weekly digest for ops: an alert like others, whose figures are taken once, whatever number of agents there is.

That it was made is kept in the store in the same step: neither a restart nor another agent makes it twice, and one that
fell into an outage is made after it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from jenkins_mfa.core.model import Alert, Commit
from jenkins_mfa.core.weekly import Weekly
from jenkins_mfa.errors import StoreConflictError
from jenkins_mfa.usecases.desk import Desk, commit_id
from jenkins_mfa.usecases.lacking import lacking

NAME = "digest"  #: of the record that tells up to when digests were made
TAKING = 600_000  #: ms for which the other agents leave it to the one that takes the figures
DAY = 86_400  #: seconds


def look(desk: Desk, weekly: Weekly, replica: str, figures: Callable[[int, int], Mapping[str, str]]) -> bool:
    """Make the digest of the week that has ended, where it is not made yet; whether that was done here and now.

    `figures` tells about the gates that opened from its first to before its second argument (ms UTC). Where there never
    was a digest, none is made of the week before somebody wanted one. Raises StoreError.
    """
    now = desk.store.now()
    until, told = weekly.latest(now), desk.store.told(NAME)
    if told.shown >= until or not desk.store.courtesy(NAME, replica, TAKING):
        return False
    after = replace(told, version=told.version + 1, shown=until)
    alerts: tuple[Alert, ...] = ()
    if told.version:
        since = weekly.latest(until - 1)
        values = {"since": str(since), "until": str(until), **figures(since, until), **_standing(desk, now)}
        alerts = (Alert(f"{NAME}:{until}", "digest", now, values=values),)
    try:
        desk.store.commit(Commit(commit_id(NAME, str(until)), (after,), alerts=alerts))
    except StoreConflictError:
        return False
    return bool(alerts)


def _standing(desk: Desk, now: int) -> dict[str, str]:
    """What stands now: deliveries given up, people whose codes wait, people without a factor, the receipt key's age."""
    keys = [key for key in desk.keys.current(now // 1000) if key.signs]
    newest = max(keys, key=lambda key: key.created, default=None)
    return {
        "parked": str(desk.store.backlog().parked),
        "throttled": ",".join(sorted(desk.store.throttled(now).keys() & desk.roster.people.keys())),
        "lacking": ",".join(lacking(desk.policy, desk.roster, desk.store)),
        "key_age": str((now // 1000 - newest.created) // DAY) if newest else "",
        "key_left": str((max(key.not_after for key in keys) - now // 1000) // DAY) if newest else "",
    }
