"""Two people who are perhaps one: whoever just set up somebody's authenticator does not confirm beside them (S9)."""

from __future__ import annotations

from jenkins_mfa.core.model import Gate
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
    return record is None or any(a.by == by and now < a.since + delay for a in record.authenticators)
