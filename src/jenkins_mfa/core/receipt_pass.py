"""A receipt as a pass for others: deploy targets and credential stores that see the receipt, and never the gate.

They know neither the run's nonce nor the bytes of the request. So a receipt is bound by its run, by what was asked
(environment, action), by its time, and by its `jti`, which counts once: that is not looked at here (contract.md; RFC
8725, 3.8 to 3.11).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from jenkins_mfa.core import receipt as receipts
from jenkins_mfa.core.model import TEST
from jenkins_mfa.core.receipt import STRENGTHS, Receipt
from jenkins_mfa.core.receipt_form import Keys, RefusedReceipt, check_decision, check_issuer, malformed, open_token


@dataclass(frozen=True, slots=True)
class Expected:
    """What a target lets pass. An empty text expects nothing; `quorum` people must have used `factor` (one of
    `receipt.STRENGTHS`) at least.
    """

    source: str = ""
    pipeline: str = ""
    run_id: str = ""
    environment: str = ""
    action: str = ""
    factor: str = STRENGTHS[0]
    quorum: int = 1


def verify(
    token: str | None,
    *,
    keys: Keys,
    issuer: str,
    expected: Expected,
    now: int,
    max_age: int = receipts.LIFETIME,
) -> Receipt:
    """The receipt, if it lets pass what is expected, at `now` (Unix seconds) and not older than `max_age` seconds.

    Raises RefusedReceipt with the first reason found, ValueError for a factor that is not known.
    """
    found = opened(token, keys=keys, issuer=issuer)
    check(found, expected)
    check_times(found, now, leeway=receipts.LEEWAY, max_age=max_age)
    return found


def opened(token: str | None, *, keys: Keys, issuer: str) -> Receipt:
    """The receipt of `issuer`, if it is signed by one of `keys`, does not contradict itself, and says that people have
    confirmed: whatever it is for, and whether its time has ended. Raises RefusedReceipt.
    """
    claims: dict[str, Any] = open_token(token, keys)
    found = receipts.read(claims)
    check_issuer(claims, issuer)
    if receipts.audience(found.source) not in claims["aud"]:
        raise RefusedReceipt("source", "is not for the source that it names")
    if claims["sub"] != receipts.subject(found.source, found.pipeline, found.run_id, found.attempt):
        raise RefusedReceipt("run", "contradicts itself about the build that it is for")
    check_decision(claims)
    if (claims["confirm"] == "none") != (not found.approvers):
        raise malformed()
    return found


def check(found: Receipt, expected: Expected) -> None:
    """Raises RefusedReceipt where the receipt is for something else, or by fewer or weaker than is expected."""
    if found.source.startswith(TEST):
        raise RefusedReceipt("source", "is of a test, and lets nothing pass")
    build = f"{found.pipeline} #{found.run_id} of source {found.source}"
    wanted = ((found.pipeline, expected.pipeline), (found.run_id, expected.run_id))
    if expected.source not in {"", found.source}:
        raise RefusedReceipt("source", f"is for another source ({build})")
    if any(named and named != seen for seen, named in wanted):
        raise RefusedReceipt("run", f"is for another build ({build})")
    for name, named in (("environment", expected.environment), ("action", expected.action)):
        if named and found.request.get(name) != named:
            raise RefusedReceipt(name, f"is for another {name} ({found.request.get(name, 'none')}), asked: {named}")
    if not found.approvers:
        raise RefusedReceipt("unconfirmed", "says that nobody confirmed: the policy asked nobody")
    receipts.check_people(found.approvers, "required", expected.factor, expected.quorum)


def check_times(found: Receipt, now: int, *, leeway: int, max_age: int = receipts.LIFETIME) -> None:
    """Raises RefusedReceipt unless the receipt is valid at `now`, give or take `leeway`, and `max_age` old at most: all
    in seconds.
    """
    if found.exp <= now - leeway:
        raise RefusedReceipt("expired", f"has ended at {datetime.fromtimestamp(found.exp, UTC):%Y-%m-%d %H:%M:%S} UTC")
    receipts.check_times(found.iat, found.exp, now)
    if now - found.iat > max_age:
        raise RefusedReceipt("age", f"is {now - found.iat} seconds old, asked: {max_age} at most")
