"""A second administrator's word (`second_admin` of the policy; attack row 27): what one of them let a person enrol
counts for nothing until another one has confirmed it, with a factor (acts.py) or at the operator's terminal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Protocol

from jenkins_mfa.core.model import Act, Alert, Authenticator, Awaited, Commit, Entry, PersonRecord
from jenkins_mfa.core.units import DAY
from jenkins_mfa.errors import DamagedError, Refusal
from jenkins_mfa.usecases import loss
from jenkins_mfa.usecases.desk import Desk, commit_id, whole

CONFIRM = "confirm"  #: the act; its target is "PERSON AUTHENTICATOR": nothing is confirmed but what was shown
WITHIN = DAY  #: ms within which it has to be confirmed


class Records(Protocol):
    """What is read of people."""

    def person(self, person: str) -> PersonRecord:
        """A person's record. Raises DamagedError."""


def waiting(records: Records, people: Iterable[str], now: int) -> list[Awaited]:
    """What can still be confirmed of these people. In a damaged record nothing counts, waiting or not."""
    return list(_waiting(records, people, now))


def _waiting(records: Records, people: Iterable[str], now: int) -> Iterator[Awaited]:
    for person in sorted(people):
        try:
            found = records.person(person).authenticators
        except DamagedError:
            continue
        yield from (Awaited(person, one) for one in found if one.waits and now < one.waits_until)


def until(desk: Desk, now: int) -> int:
    """Until when (ms UTC) waits what an administrator lets somebody enrol now; 0 where no second one is wanted."""
    return now + WITHIN if desk.policy.second_admin else 0


def first(desk: Desk, person: str) -> bool:
    """Whether the person is an administrator, and none of them has ever had an authenticator: the root of trust, whom
    nobody could confirm. A record that cannot be read may tell of one.
    """
    administrators = desk.roster.named(desk.policy.administrators)
    records = [whole(desk, lambda one=one: desk.store.person(one)) for one in sorted(administrators)]  # type: ignore[misc]
    return person in administrators and all(found is not None and not found.authenticators for found in records)


def added(record: PersonRecord, made: Authenticator, *, ends_lock: bool) -> PersonRecord:
    """The person's next record, with a new authenticator. It ends their lock-out only once it counts."""
    after = replace(record, version=record.version + 1, authenticators=(*record.authenticators, made))
    return _unlocked(after) if ends_lock and made.usable else after


def told(made: Authenticator) -> dict[str, str]:
    """What the trail says of a new one that waits."""
    return {"state": "waits"} if made.waits else {}


def announced(desk: Desk, person: str, made: Authenticator, by: str, now: int) -> tuple[Alert, ...]:
    """To the person and to ops: it counts, or it waits, and until when."""
    values = {"person": person, "by": by, "kinds": made.kind.value}
    if not made.waits:
        return loss.announced(desk, Alert(f"enrolled:{made.id}", "enrolled", now, values=values))
    values["until"] = str(made.waits_until)
    return loss.announced(desk, Alert(f"enrol_waits:{made.id}", "enrol_waits", now, values=values))


def meant(desk: Desk, person: str, by: str, now: int) -> Act:
    """The act by which `by` (roster id, or the operator's login) confirms what waits of a person: the oldest that
    they may. Raises Refusal where there is none.
    """
    waits = [one for one in _record(desk, person).authenticators if one.waits and now < one.waits_until]
    if not waits:
        raise Refusal("not_awaited")
    one = next((one for one in waits if one.by != by), waits[0])
    return Act(CONFIRM, f"{person} {one.id}")


def confirm(desk: Desk, target: str, by: str, cause: str, now: int) -> Commit:
    """What lets an authenticator count from now on; its person and ops are told. `by` is a roster id, or the login of
    an operator whom the roster does not name.

    Raises Refusal for one's own, for whoever let it be enrolled, and for what waits no more.
    """
    person, _, authenticator = target.partition(" ")
    record = _record(desk, person)
    found = next((one for one in record.authenticators if one.id == authenticator and one.waits), None)
    if found is None or now >= found.waits_until:
        raise Refusal("not_awaited")
    if by == person:
        raise Refusal("own_enrolment")
    if by == found.by:
        raise Refusal("own_invited")
    counts = replace(found, waits_until=0, since=now)  # `enrol_delay` begins when it counts
    kept = tuple(counts if one is found else one for one in record.authenticators)
    after = _unlocked(replace(record, version=record.version + 1, authenticators=kept))
    about = {"person": person, "authenticator": found.id, "kind": found.kind.value}
    entry = Entry("authenticator:confirmed", now, by, details={**about, "by": found.by})
    values = {"person": person, "by": found.by, "kinds": found.kind.value, "second": by}
    alerts = loss.announced(desk, Alert(f"enrolled:{found.id}", "enrolled", now, values=values))
    return Commit(commit_id(cause, "confirm", target), (after,), (entry,), alerts=alerts)


def _unlocked(record: PersonRecord) -> PersonRecord:
    return replace(record, failures=0, number_failures=0, wait_until=0)


def _record(desk: Desk, person: str) -> PersonRecord:
    if person not in desk.roster.people:
        raise Refusal("unknown_person", {"target": person})
    record = whole(desk, lambda: desk.store.person(person))
    if record is None:
        raise Refusal("record_damaged", {"person": person})
    return record
