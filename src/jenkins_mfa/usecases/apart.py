"""Two people who are perhaps one: whoever just set up somebody's authenticator does not confirm beside them (S9).

But for the first set-up: while nobody else has ever had an authenticator, a person's very first one may be used at
once beside whoever set it up. There are no other two yet; every later one waits.
"""

from __future__ import annotations

from jenkins_mfa.core.model import Authenticator, Gate, PersonRecord
from jenkins_mfa.errors import Refusal
from jenkins_mfa.usecases.desk import Desk, whole


def check(desk: Desk, gate: Gate, person: str, now: int) -> None:
    """Raises Refusal where one of those who have confirmed enrolled `person`, or was enrolled by them, too lately.

    A record that cannot be read says nothing in anybody's favour.
    """
    for other in (given.person for given in gate.confirmations):
        if _set_up(desk, other, person, now) or _set_up(desk, person, other, now):
            raise Refusal("not_apart", {"person": other})


def _set_up(desk: Desk, whose: str, by: str, now: int) -> bool:
    record = whole(desk, lambda: desk.store.person(whose))
    delay = desk.policy.enrol_delay * 1000
    if record is None:
        return True
    fresh = (one for one in record.authenticators if one.by == by and now < one.since + delay)
    return any(not _first(desk, record, one) for one in fresh)


def _first(desk: Desk, record: PersonRecord, made: Authenticator) -> bool:
    """Whether its person had none before, and nobody but who set it up had one. Revoked ones count, and so does a
    record that cannot be read.
    """
    others = set(desk.store.people()) - {record.person, made.by}
    return record.authenticators[0] == made and not any(_had_one(desk, one, made.since) for one in others)


def _had_one(desk: Desk, person: str, at: int) -> bool:
    record = whole(desk, lambda: desk.store.person(person))
    return record is None or any(one.since <= at for one in record.authenticators)
