"""A receipt key is revoked: no agent uses it any more, what knows only it is denied, and what it let pass is named.

Whoever has a copy of the key can write receipts that builds take which began while they believed it. Those builds, and
what was passed by its receipts, an operator has to look at.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from jenkins_mfa.core.model import Alert, Commit, Denial, Entry, Gate, RevokedKey, State
from jenkins_mfa.errors import DamagedError
from jenkins_mfa.usecases.decisions import deny_run
from jenkins_mfa.usecases.desk import Desk, commit_id, decide

#: What a build has to do with the key; what is to be looked at first stands in front. `bypassed`: it was let go on
#: without us, and takes receipts of the key. `waits`, `waits_only`: it takes them, those of other keys as well or not.
#: `passed`: a receipt of the key has let it go on, or is about to.
WHAT = ("bypassed", "waits_only", "waits", "passed")


@dataclass(frozen=True, slots=True)
class Concerned:
    """A gate that has to do with the key: what (one of WHAT), who had approved it by then, and since when (ms UTC)."""

    gate: Gate
    what: str
    approvers: tuple[str, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Revoked:
    """Who has revoked the key and when, whether it was just now, and the open gates that were denied for it."""

    key: RevokedKey
    fresh: bool
    denied: tuple[Gate, ...]


def concerned(desk: Desk, kid: str) -> tuple[list[Concerned], list[DamagedError]]:
    """All gates that have to do with the key, what is to be looked at first in front, newest first; and those whose
    records cannot be read, of which nobody knows. Raises StoreError.
    """
    found: list[Concerned] = []
    damaged: list[DamagedError] = []
    for gate in desk.store.all_gates():
        if isinstance(gate, DamagedError):
            damaged.append(gate)
        elif what := _what(gate, kid, frozenset(desk.keys.revoked)):
            found.append(Concerned(gate, what, *_approved(gate)))
    return sorted(found, key=lambda one: (WHAT.index(one.what), -one.at)), damaged


def _what(gate: Gate, kid: str, revoked: frozenset[str]) -> str:
    signed = gate.claim is not None and gate.claim.kid == kid
    if signed and gate.state in {State.SENDING, State.RESUMED} and not gate.run.test:
        return "passed"
    if kid not in gate.kids:
        return ""
    if gate.state is State.BYPASSED:
        return "bypassed"
    if gate.state in {State.PENDING, State.APPROVED}:
        return "waits" if set(gate.kids) - revoked - {kid} else "waits_only"
    return ""


def _approved(gate: Gate) -> tuple[tuple[str, ...], int]:
    """By whom, and when its receipt was made; else when it opened."""
    if gate.claim is not None:
        return gate.claim.approvers, gate.claim.iat * 1000
    return tuple(dict.fromkeys(one.person for one in gate.confirmations)), gate.opened_at


def revoke(desk: Desk, kid: str, by: str) -> Revoked:
    """Revoke the key for every agent of the store, and deny the open gates whose runs know only revoked ones. `by`
    stands in the trail. What was begun is gone on with when it is called again. Raises StoreError.
    """
    key, fresh = decide(lambda: _note(desk, kid, by))
    desk.keys.revoked.add(kid)
    denied = [gate for one in desk.store.open_gates() if (gate := decide(lambda one=one: _deny(desk, one.id)))]  # type: ignore[misc]
    return Revoked(key, fresh, tuple(denied))


def _note(desk: Desk, kid: str, by: str) -> tuple[RevokedKey, bool]:
    record, now = desk.store.keys(), desk.store.now()
    known = next((one for one in record.revoked if one.kid == kid), None)
    if known is not None:
        return known, False
    made = RevokedKey(kid, now, by)
    after = replace(record, version=record.version + 1, revoked=(*record.revoked, made))
    entry = Entry("key:revoked", now, by, details={"kid": kid})
    alert = Alert(f"key_revoked:{kid}", "key_revoked", now, values={"kid": kid, "by": by})
    desk.store.commit(Commit(commit_id(alert.id, by), (after,), (entry,), alerts=(alert,)))
    return made, True


def _deny(desk: Desk, gate_id: str) -> Gate | None:
    """Deny what waits, or is approved and not claimed, and knows only revoked keys: no receipt of ours would pass."""
    gate = desk.store.gate(gate_id)
    if gate is None or gate.state not in {State.PENDING, State.APPROVED} or not gate.kids:
        return None
    if set(gate.kids) - desk.keys.revoked:
        return None
    now = desk.store.now()
    return deny_run(desk, gate, Denial(now, None, "revoked_key", f"revoked_key:{gate.jti}:{gate.version}"))
