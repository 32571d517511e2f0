"""Authenticators come and go: enrolment at the operator's terminal, revocation. Each is in the trail."""

from __future__ import annotations

from dataclasses import replace

from jenkins_mfa.core import seal, totp
from jenkins_mfa.core.model import Authenticator, Commit, Entry, Factor, PersonRecord
from jenkins_mfa.errors import DamagedError, Refusal
from jenkins_mfa.usecases.desk import Desk, commit_id, decide

MOST = 2  #: code apps of one person: a phone and its spare
TRIES = 3  #: codes that may be tried to prove a new authenticator


def enroll(desk: Desk, person: str, seed: str, code: str, operator: str, by: str = "") -> Authenticator:
    """Keep a new TOTP authenticator, once `code` has proved that the person's app holds `seed` (base32).

    `operator` stands in the trail; `by` is their roster id, if they have one.

    Only whoever has a shell on the agent's host gets here: the trail calls it root of trust. The code's time step is
    burnt. Raises Refusal for an unknown person, one who has MOST code apps, and a code that does not match.
    """
    if person not in desk.roster.people:
        raise Refusal("not_in_roster", {"account": person})

    def attempt() -> Authenticator:
        now = desk.store.now()
        record = _record(desk, person)
        if len(record.all_usable(Factor.TOTP)) >= MOST:
            raise Refusal("enrolled_already")
        try:
            step = totp.judge(seed=seed, code=code, now=now // 1000, last_step=0)
        except totp.CodeRefusedError as miss:
            raise Refusal(miss.code, {}) from None
        fresh = replace(_sealed(desk, person, seed, now, step), by=by)
        entry = Entry(
            "authenticator:enrolled",
            now,
            operator,
            details={
                "person": person,
                "authenticator": fresh.id,
                "kind": fresh.kind.value,
                "reason": "root of trust",
            },
        )
        # The code just proved is a success, and only an operator at the agent's host gets here: it ends a lock-out.
        after = replace(
            record,
            version=record.version + 1,
            authenticators=(*record.authenticators, fresh),
            failures=0,
            number_failures=0,
            wait_until=0,
        )
        desk.store.commit(Commit(commit_id("enrolled", fresh.id), (after,), (entry,)))
        return fresh

    return decide(attempt)


def revoke(desk: Desk, person: str, authenticator_id: str, operator: str) -> None:
    """Switch an authenticator off for good. Raises Refusal when the person has no such one in use."""

    def attempt() -> None:
        now = desk.store.now()
        record = desk.store.person(person)
        if not any(a.id == authenticator_id and a.usable for a in record.authenticators):
            raise Refusal("no_such_authenticator", {"authenticator": authenticator_id})
        after = replace(
            record,
            version=record.version + 1,
            authenticators=tuple(
                replace(a, revoked_at=now) if a.id == authenticator_id else a for a in record.authenticators
            ),
            challenges=(),
        )
        details: dict[str, str | int] = {"person": person, "authenticator": authenticator_id}
        entry = Entry("authenticator:revoked", now, operator, details=details)
        desk.store.commit(Commit(commit_id("revoked", person, authenticator_id), (after,), (entry,)))

    decide(attempt)


def _record(desk: Desk, person: str) -> PersonRecord:
    """The person's record; an empty one in place of a damaged one, which ends with the enrolment."""
    try:
        return desk.store.person(person)
    except DamagedError as damaged:
        desk.store.set_aside(damaged)
        return PersonRecord(person, damaged.version)


def _sealed(desk: Desk, person: str, seed: str, now: int, step: int) -> Authenticator:
    authenticator_id = f"a_{desk.randomness.hex(8)}"
    sealed = seal.seal(
        seed.encode(),
        keys=desk.keys.ring,
        nonce=desk.randomness.bytes(12),
        person=person,
        authenticator=authenticator_id,
        kind=Factor.TOTP.value,
    )
    return Authenticator(authenticator_id, Factor.TOTP, sealed, since=now, last_used=now, last_step=step)
