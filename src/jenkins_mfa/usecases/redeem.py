"""Redeeming a receipt: its `jti` counts once, for one consumer and one token of that consumer's (S10).

The token is what makes a lost answer harmless: asked again with it the answer is the same, with another one it is a
refusal. A receipt may be redeemed until its `exp`, by the store's clock, which is the one that `exp` was made with.
"""

from __future__ import annotations

from dataclasses import replace

import structlog

from jenkins_mfa.core import receipt as receipts
from jenkins_mfa.core import receipt_pass
from jenkins_mfa.core.consumers import Consumer, digest
from jenkins_mfa.core.model import Alert, Commit, Entry, RedemptionRecord, State
from jenkins_mfa.core.receipt import Receipt, RefusedReceipt
from jenkins_mfa.core.receipt_form import pinned
from jenkins_mfa.core.redemption import Presented
from jenkins_mfa.errors import DamagedError, Refusal
from jenkins_mfa.usecases import receipt_keys
from jenkins_mfa.usecases.desk import Desk, commit_id, decide, load, newest

log = structlog.get_logger()

#: Which alert a refusal is; the others are in the trail alone.
ALERTS = {
    "redeemed": "receipt_twice",
    "unknown": "receipt_unknown",
    **dict.fromkeys(("source", "run", "environment", "action", "not_guarded"), "receipt_elsewhere"),
}


def redeem(desk: Desk, consumer: Consumer, given: Presented, via: str) -> tuple[Receipt, RedemptionRecord]:
    """The receipt, and that this consumer has redeemed it, now or with the same token before; `via` is from where.

    Raises RefusedReceipt or Refusal (`not_guarded`, `unknown`, `not_let_on`, `redeemed`, `rolled_back`): nothing may be
    let pass then. Raises StoreError or ArchiveError where that is not known: asking again with the same token finds
    out, once the store can be reached, and is the one that is known (S21).
    """
    keys = pinned(receipt_keys.public(desk, desk.store.now() // 1000))
    found = receipt_pass.opened(given.receipt, keys=keys, issuer=f"mfa:{desk.keys.installation}")

    return found, decide(lambda: _attempt(desk, consumer, given, found, via))


def _attempt(desk: Desk, consumer: Consumer, given: Presented, found: Receipt, via: str) -> RedemptionRecord:
    desk.continuity.require()
    # The trail first: what it has by now the record has, too, unless somebody took that out of the store.
    in_trail = any(entry.event == "receipt:redeemed" for entry in desk.store.entries(found.jti))
    record, now = _record(desk, found.jti), desk.store.now()
    try:
        if _check(consumer, given, found, record):
            return record
        if in_trail:
            raise Refusal("redeemed")
        if desk.continuity.before(found.iat * 1000):
            raise Refusal("rolled_back")
        _sent(desk, given.receipt, found)
        receipt_pass.check_times(found, now // 1000, leeway=0)
    except (RefusedReceipt, Refusal) as refused:
        _note(desk, consumer, found, record, refused, _entry("refused", consumer, found, now, via=via))
        raise
    token = digest(given.token)
    taken = replace(record, version=record.version + 1, consumer=consumer.name, token_sha256=token, at=now)
    entry = _entry("redeemed", consumer, found, now, via=via, receipt_sha256=receipts.digest(given.receipt))
    desk.store.commit(Commit(commit_id("redeemed", found.jti, consumer.name, token), (taken,), (entry,)))
    log.info("receipt redeemed", gate=found.jti, consumer=consumer.name)
    return taken


def _record(desk: Desk, jti: str) -> RedemptionRecord:
    """Where it cannot be read nobody knows whether the receipt was redeemed: then it is not. Raises StoreError."""
    try:
        return desk.store.redemption(jti)
    except DamagedError as damaged:
        desk.store.set_aside(damaged)
        raise


def _check(consumer: Consumer, given: Presented, found: Receipt, record: RedemptionRecord) -> bool:
    """Whether it was redeemed by this very token before; raises where it is for something else, or by another one."""
    receipt_pass.check(found, given.expected)
    if not consumer.guards(found):
        raise Refusal("not_guarded", {"consumer": consumer.name})
    if record.consumer:
        if (record.consumer, record.token_sha256) == (consumer.name, digest(given.token)):
            return True
        raise Refusal("redeemed", {"by": record.consumer, "at": str(record.at)})
    return False


def _sent(desk: Desk, token: str, found: Receipt) -> None:
    """A good signature is not enough: the store must know that this very receipt was sent, and nothing else of it.

    So a stolen signing key redeems nothing, nor does a receipt that is newer than a store which was put back, or whose
    pause waits again since a source was. Raises Refusal.
    """
    try:
        gate = load(desk, found.jti)
    except Refusal:
        raise Refusal("unknown") from None
    if not newest(desk, gate) or gate.claim is None or gate.claim.receipt_sha256 != receipts.digest(token):
        raise Refusal("unknown")
    again = desk.store.gate_of(gate.run.source, gate.external_ref)
    if again is None or again.id != gate.id:
        raise Refusal("not_let_on", {"state": "reopened"})
    if gate.state not in {State.SENDING, State.RESUMED}:
        raise Refusal("not_let_on", {"state": gate.state.value})


def _note(
    desk: Desk,
    consumer: Consumer,
    found: Receipt,
    record: RedemptionRecord,
    refused: RefusedReceipt | Refusal,
    entry: Entry,
) -> None:
    """Put a refusal into the trail, and tell ops where somebody must look: once for each consumer and reason, since a
    consumer that asks again and again is not to fill them.
    """
    reason = refused.reason if isinstance(refused, RefusedReceipt) else refused.code
    log.warning("receipt not redeemed", gate=found.jti, consumer=consumer.name, reason=reason)
    told = f"{consumer.name}:{reason}"
    if told in record.refused:
        return
    values = {"consumer": consumer.name, "reason": reason, "by": record.consumer, "at": str(record.at)}
    gate = found.jti.rpartition(".")[0]
    code = ALERTS.get(reason, "")
    alerts = (Alert(f"{code}:{found.jti}:{told}", code, entry.at, gate, values),) if code else ()
    after = replace(record, version=record.version + 1, refused=(*record.refused, told))
    noted = replace(entry, details=entry.details | {"reason": reason})
    desk.store.commit(Commit(commit_id("receipt-refused", found.jti, told), (after,), (noted,), alerts=alerts))


def _entry(verb: str, consumer: Consumer, found: Receipt, now: int, **details: str) -> Entry:
    run = f"{found.source}:{found.pipeline}:{found.run_id}:{found.attempt}"
    return Entry(f"receipt:{verb}", now, f"consumer:{consumer.name}", found.jti, found.source, run, {**details})
