"""Codes that were switched off after too many misses, or that have to wait, count again."""

from __future__ import annotations

from dataclasses import replace

from jenkins_mfa.core import challenge
from jenkins_mfa.core.model import Alert, Commit, Entry
from jenkins_mfa.errors import Refusal
from jenkins_mfa.usecases.desk import Desk, commit_id, whole


def unlock(desk: Desk, person: str, by: str, cause: str, now: int) -> Commit:
    """What lets the codes of `person` (roster id) count again; both they and ops are told.

    `by` is the administrator's roster id, or the operator's login. Raises Refusal where nothing is locked, and for
    one's own codes: whoever guessed them would lift the lock with the next guess.
    """
    if person not in desk.roster.people:
        raise Refusal("unknown_person", {"target": person})
    if person == by:
        raise Refusal("own_codes")
    record = whole(desk, lambda: desk.store.person(person))
    if record is None:
        raise Refusal("record_damaged", {"person": person})
    if now >= record.wait_until and record.failures < challenge.DISABLED_AT:
        raise Refusal("not_locked", {"person": person})
    after = replace(record, version=record.version + 1, failures=0, number_failures=0, wait_until=0)
    entry = Entry("authenticator:unlocked", now, by, details={"person": person, "failures": record.failures})
    told = {"person": person, "by": by}
    alerts = tuple(
        Alert(f"unlocked:{person}:{after.version}:{to}", "unlocked", now, values=told, to=to) for to in ("", person)
    )
    return Commit(commit_id(cause, "unlock", person), (after,), (entry,), alerts=alerts)
