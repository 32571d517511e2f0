"""Codes: a challenge is issued at the tap, an answer is judged once, and a miss is committed before it is told.

They are asked for gates, and for what administrators do (acts.py): one throttle, one set of burnt steps.
"""

from __future__ import annotations

from dataclasses import replace

from jenkins_mfa.core import challenge, seal, totp
from jenkins_mfa.core.model import Act, Alert, Authenticator, Challenge, Commit, Entry, Factor, Gate, PersonRecord
from jenkins_mfa.errors import Refusal, SealError, UnknownKeyError
from jenkins_mfa.usecases.desk import Desk, commit_id, whole

#: Where several apps were looked at, the first of these is told.
_TELLING = ("code_malformed", "code_used", "code_clock", "code_wrong")


class CountedMissError(Refusal):
    """A refusal whose audit event is in the trail already, in the commit that counted the miss."""


def issue(desk: Desk, about: Gate | Act, person: str, cause: str, now: int) -> Challenge:
    """A challenge for this person and gate or act (S5).

    Raises Refusal for who has nothing to answer it with, or must wait.
    """
    record = record_of(desk, person)
    _apps(desk, record)
    return issued(desk, about, record, Factor.TOTP, cause, now)


def issued(desk: Desk, about: Gate | Act, record: PersonRecord, factor: Factor, cause: str, now: int) -> Challenge:
    """The challenge of this tap: one that comes twice finds its own. Raises Refusal for who must wait."""
    throttle(record, now)
    challenge_id = f"c_{commit_id('challenge', cause, record.person)[:16]}"
    if challenge.find(record, about, challenge_id, now, factor) is None:
        record = challenge.issue(record, about, challenge_id, now, factor)
        desk.store.commit(Commit(commit_id("challenge", cause, record.person, str(record.version)), (record,)))
    found = challenge.find(record, about, challenge_id, now, factor)
    if found is None:
        raise Refusal("deadline")
    return found


def judge(
    desk: Desk, about: Gate | Act, person: str, challenge_id: str, code: str, cause: str, now: int
) -> tuple[PersonRecord, Authenticator, int]:
    """The person's record with the code's time step burnt, the code app whose it was, and that step.

    Nothing is committed for a match: the caller does, together with what the code was given for (S1). A miss is
    committed here.
    """
    record = record_of(desk, person)
    asked = open_challenge(record, about, challenge_id, Factor.TOTP, now)
    apps = _apps(desk, record)
    throttle(record, now)
    # All are looked at, whichever matches: how long it takes tells nothing (S6).
    found = {app.id: _look(_seed(desk, person, app), code, app.last_step, now) for app in apps}
    burnt = {app: step for app, step in found.items() if isinstance(step, int)}
    if not burnt:
        why = min((str(miss) for miss in found.values()), key=_TELLING.index)
        if why == "code_malformed":
            raise Refusal(why, {"left": str(asked.tries)})
        raise _miss(desk, about, record, asked, why, cause, now)
    used = next(app for app in apps if app.id in burnt)
    return challenge.matched(record, asked, burnt, now), used, burnt[used.id]


def _look(seed: str, code: str, last_step: int, now: int) -> int | str:
    """The step of which `code` is for this seed, or why it does not count."""
    try:
        return totp.judge(seed=seed, code=code, now=now // 1000, last_step=last_step)
    except totp.CodeRefusedError as miss:
        return miss.code


def open_challenge(record: PersonRecord, about: Gate | Act, challenge_id: str, factor: Factor, now: int) -> Challenge:
    """The challenge that a form answers. Raises Refusal for one without tries, for something else, or ended."""
    if any(c.id == challenge_id and c.tries == 0 for c in record.challenges):
        raise Refusal("no_tries", {"wait_until": str(record.wait_until)})
    found = challenge.find(record, about, challenge_id, now, factor)
    if found is None:
        raise Refusal("challenge_over")
    return found


def record_of(desk: Desk, person: str) -> PersonRecord:
    """The person's record. A damaged one may hide a revocation, a burnt step or failures: no code counts then."""
    record = whole(desk, lambda: desk.store.person(person))
    if record is None:
        raise Refusal("authenticator_damaged")
    return record


def _apps(desk: Desk, record: PersonRecord) -> tuple[Authenticator, ...]:
    usable = record.all_usable(Factor.TOTP)
    if not usable and any(one.waits for one in record.kept(Factor.TOTP)):
        raise Refusal("authenticator_waits")
    if not usable:
        pages = "there are" if Factor.WEBAUTHN in desk.policy.available else ""
        raise Refusal("no_authenticator", {"pages": pages})
    return usable


def throttle(record: PersonRecord, now: int) -> None:
    """Raises Refusal while the person has to wait, or for good after too many failures in a row (S4)."""
    if record.failures >= challenge.DISABLED_AT:
        raise Refusal("disabled")
    if now < record.wait_until:
        raise Refusal("throttled", {"wait_until": str(record.wait_until)})


def _seed(desk: Desk, person: str, authenticator: Authenticator) -> str:
    """The unsealed seed (base32). A record that was moved, changed or damaged is refused (S19)."""
    try:
        return seal.unseal(
            authenticator.sealed,
            keys=desk.keys.ring,
            person=person,
            authenticator=authenticator.id,
            kind=authenticator.kind.value,
        ).decode()
    except (SealError, UnknownKeyError):
        raise Refusal("authenticator_damaged") from None


def _miss(
    desk: Desk, about: Gate | Act, record: PersonRecord, issued: Challenge, code: str, cause: str, now: int
) -> Refusal:
    """A code that did not match."""
    after = challenge.missed(record, issued, now)
    warned = challenge.reused(after, now) if code == "code_used" else None
    alerts = (_alert("code_reused", about, warned, now, warned.person),) if warned else ()
    count_miss(desk, about, warned or after, (code, Factor.TOTP), cause, now, alerts)
    left = issued.tries - 1
    values = {"left": str(left), "wait_until": str(after.wait_until)}
    return CountedMissError(code if left else "no_tries", values)


def count_miss(
    desk: Desk,
    about: Gate | Act,
    after: PersonRecord,
    miss: tuple[str, Factor],
    cause: str,
    now: int,
    alerts: tuple[Alert, ...] = (),
) -> None:
    """Commit a miss (its code, and of what) for good before it is told. The version in the id keeps two misses from
    being taken for one.
    """
    code, factor = miss
    details: dict[str, str | int] = {"reason": code, "factor": factor.value, "failures": after.failures}
    entries = [_refused(about, after.person, details, now)]
    if after.failures >= challenge.FREE_FAILURES:
        entries.append(replace(entries[0], event="authenticator:throttled"))
    if after.failures == challenge.DISABLED_AT:
        alerts = (*alerts, *(_alert("locked", about, after, now, to) for to in ("", after.person)))
    cause_id = commit_id("missed", cause, after.person, str(after.version))
    desk.store.commit(Commit(cause_id, (after,), tuple(entries), alerts=alerts))


def _alert(code: str, about: Gate | Act, record: PersonRecord, now: int, to: str) -> Alert:
    """What ops, or the person themselves (`to`), must read about the person's codes."""
    gate = about.id if isinstance(about, Gate) else ""
    return Alert(f"{code}:{record.person}:{record.version}:{to}", code, now, gate, {"person": record.person}, to)


def _refused(about: Gate | Act, person: str, details: dict[str, str | int], now: int) -> Entry:
    if isinstance(about, Gate):
        return Entry("answer:refused", now, person, about.jti, about.run.source, about.run.key, details)
    return Entry("answer:refused", now, person, details=details | {"act": about.name, "target": about.target})
