"""Enrolment at the operator's terminal; it is in the trail, and told to the person and to ops."""

from __future__ import annotations

from dataclasses import replace

from jenkins_mfa.core import seal, totp
from jenkins_mfa.core.model import Authenticator, Commit, Entry, Factor
from jenkins_mfa.errors import Refusal
from jenkins_mfa.usecases import loss, second_admin
from jenkins_mfa.usecases.desk import Desk, commit_id, decide

MOST = 2  #: code apps of one person: a phone and its spare
TRIES = 3  #: codes that may be tried to prove a new authenticator


def enroll(desk: Desk, person: str, seed: str, code: str, operator: str, by: str = "") -> Authenticator:
    """Keep a new TOTP authenticator, once `code` has proved that the person's app holds `seed` (base32).

    `operator` stands in the trail; `by` is their roster id, if they have one.

    Only whoever has a shell on the agent's host gets here: the trail calls it root of trust. Where the policy wants a
    second administrator, it waits for one, unless it is the very first. The code's time step is burnt.

    Raises Refusal for an unknown person, one who has MOST code apps, and a code that does not match.
    """
    if person not in desk.roster.people:
        raise Refusal("not_in_roster", {"account": person})

    def attempt() -> Authenticator:
        now = desk.store.now()
        record = loss.record_of(desk, person)
        if len(record.kept(Factor.TOTP)) >= MOST:
            raise Refusal("enrolled_already")
        try:
            step = totp.judge(seed=seed, code=code, now=now // 1000, last_step=0)
        except totp.CodeRefusedError as miss:
            raise Refusal(miss.code, {}) from None
        waits_until = 0 if second_admin.first(desk, person) else second_admin.until(desk, now)
        fresh = replace(_sealed(desk, person, seed, now, step), by=by or operator, waits_until=waits_until)
        about = {"person": person, "authenticator": fresh.id, "kind": fresh.kind.value, "reason": "root of trust"}
        entry = Entry("authenticator:enrolled", now, operator, details={**about, **second_admin.told(fresh)})
        # The code just proved is a success, and only an operator at the agent's host gets here: it ends a lock-out.
        after = second_admin.added(record, fresh, ends_lock=True)
        alerts = second_admin.announced(desk, person, fresh, operator, now)
        desk.store.commit(Commit(commit_id("enrolled", fresh.id), (after,), (entry,), (), alerts))
        return fresh

    return decide(attempt)


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
