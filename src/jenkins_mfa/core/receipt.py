"""Receipts: signed statements that a gate was approved (contract.md; RFC 7515, 7519, 8037; S8, S10).

`claims_for` and `sign` make them, `verify` reads them with every expectation as an argument. Its checks have
a fixed order, so that every verifier names the same reason: form, header, key, signature, types, issuer,
source, run, gate, request, decision, times, people. It is the run's own verifier; others read `receipt_pass`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jenkins_mfa.core.receipt_form import (
    TYPE,
    VERSION,
    Claims,
    Keys,
    RefusedReceipt,
    check_decision,
    check_issuer,
    malformed,
    open_token,
)
from jenkins_mfa.core.signing_keys import ALGORITHM, KID

__all__ = ["Approver", "Keys", "Receipt", "RefusedReceipt", "claims_for", "digest", "sign", "subject", "verify"]

LIFETIME = 600  #: seconds, from `iat` to `exp` at most
LEEWAY = 30  #: seconds, between the clocks of signer and verifier (S10)
STRENGTHS = ("push", "push+number", "totp", "webauthn")  #: weakest first


@dataclass(frozen=True, slots=True)
class Approver:
    """One person (roster id) whose answer counted, with which factor and when (Unix seconds)."""

    id: str
    factor: str
    at: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt says: for which run it is, and who confirmed what. Times are Unix seconds; `request` is what was
    asked, without the number.
    """

    source: str
    pipeline: str
    run_id: str
    attempt: int
    jti: str
    iat: int
    exp: int
    approvers: tuple[Approver, ...]
    rules: tuple[str, ...]
    policy_sha256: str
    audit_seq: int
    audit_head: str
    request: Mapping[str, object]
    request_sha256: str
    break_glass: bool = False
    newest_kid: str = ""


def subject(source: str, pipeline: str, run_id: str, attempt: int) -> str:
    """`sub`: the run, with the pipeline's UTF-8 percent-encoded but for RFC 3986's unreserved characters."""
    return f"mfa:run:{source}:{quote(pipeline, safe='')}:{run_id}:{attempt}"


def claims_for(given: Receipt, *, issuer: str, kind: str, nonce: str) -> Claims:
    """The claims by which `issuer` says this of a run in a source of this kind; `nonce` is of the gate, `request` comes
    from `request.without_number`. `newest_kid` is the signer's newest key where the run does not know it, for the log.

    Raises ValueError for what no verifier takes: too long a life, one person twice.
    """
    if not given.iat < given.exp <= given.iat + LIFETIME:
        raise ValueError(f"a receipt lives at most {LIFETIME} seconds")
    if len({approver.id for approver in given.approvers}) != len(given.approvers):
        raise ValueError("a receipt names a person once")
    claims: Claims = {
        "v": VERSION,
        "iss": issuer,
        "aud": [audience(given.source)],
        "sub": subject(given.source, given.pipeline, given.run_id, given.attempt),
        "jti": given.jti,
        "iat": given.iat,
        "exp": given.exp,
        "nonce": nonce,
        "source": {"kind": kind, "id": given.source},
        "run": {"pipeline": given.pipeline, "id": given.run_id, "attempt": given.attempt},
        "decision": "approved",
        "confirm": "required" if given.approvers else "none",
        "approvers": [{"id": a.id, "factor": a.factor, "at": a.at} for a in given.approvers],
        "policy": {"rules": list(given.rules), "sha256": given.policy_sha256},
        "assurance": "verified",
        "audit": {"seq": given.audit_seq, "head": given.audit_head},
        "request": dict(given.request),
        "request_sha256": given.request_sha256,
    }
    claims |= {"break_glass": True} if given.break_glass else {}
    return claims | ({"newest_kid": given.newest_kid} if given.newest_kid else {})


def sign(claims: Mapping[str, object], *, kid: str, key: Ed25519PrivateKey) -> str:
    """The compact JWS over `claims`. Ed25519 is deterministic: the same claims give the same receipt."""
    return jwt.encode(dict(claims), key, algorithm=ALGORITHM, headers={"kid": kid, "typ": TYPE})


def digest(token: str) -> str:
    """SHA-256 of a receipt's compact form, in hexadecimal: what may be kept of it, since nothing leads back."""
    return hashlib.sha256(token.encode()).hexdigest()


def verify(
    token: str | None,
    *,
    keys: Keys,
    issuer: str,
    source: str,
    pipeline: str,
    run_id: str,
    attempt: int = 1,
    nonce: str,
    request_sha256: str,
    now: int,
    factor: str | None = None,
    quorum: int | None = None,
) -> Receipt:
    """The receipt, if it proves the approval of exactly this request of this gate.

    `now` is the verifier's clock in Unix seconds; `factor` and `quorum` are None where the step named none.
    Raises RefusedReceipt with the first reason found, ValueError for a factor that is not known.
    """
    claims: dict[str, Any] = open_token(token, keys)
    run = claims["run"]
    check_issuer(claims, issuer)
    if audience(source) not in claims["aud"] or claims["source"]["id"] != source:
        raise RefusedReceipt("source", "is for another source")
    if (run["pipeline"], run["id"], run["attempt"]) != (pipeline, run_id, attempt):
        raise RefusedReceipt("run", f"is for another build ({run['pipeline']} #{run['id']})")
    if claims["sub"] != subject(source, pipeline, run_id, attempt):
        raise RefusedReceipt("run", "contradicts itself about the build that it is for")
    if claims["nonce"] != nonce:
        raise RefusedReceipt("gate", "is for another gate of this build")
    if claims["request_sha256"] != request_sha256:
        raise RefusedReceipt("request", "answers another request")
    check_decision(claims)
    check_times(claims["iat"], claims["exp"], now)
    found = read(claims)
    check_people(found.approvers, claims["confirm"], factor, quorum)
    return found


def audience(source: str) -> str:
    """`aud` of receipts for runs of this source."""
    return f"mfa:source:{source}"


def check_times(iat: int, exp: int, now: int) -> None:
    """Raises RefusedReceipt for one that is not valid at `now`, or lives too long. Unix seconds."""
    if iat > now + LEEWAY:
        raise RefusedReceipt("future", "is dated in the future: compare the clocks")
    if exp <= now - LEEWAY:
        raise RefusedReceipt("expired", f"has ended at {datetime.fromtimestamp(exp, UTC):%H:%M:%S} UTC")
    if not iat < exp <= iat + LIFETIME:
        raise RefusedReceipt("lifetime", f"is not one of at most {LIFETIME // 60} minutes")


def check_people(approvers: Sequence[Approver], confirm: str, factor: str | None, quorum: int | None) -> None:
    """Raises RefusedReceipt unless `quorum` people at least (1) have confirmed with `factor` at least (push).

    Where neither is named, a receipt that says that nobody had to is right. Raises ValueError for an unknown factor.
    """
    if (confirm == "none") != (not approvers):
        raise malformed()
    if len({approver.id for approver in approvers}) != len(approvers):
        raise RefusedReceipt("twice", "names one person twice")
    if not approvers:
        if factor is not None or quorum is not None:
            raise RefusedReceipt("unconfirmed", "says that nobody confirmed, but the step asks for a confirmation")
        return
    asked, needed = factor or STRENGTHS[0], 1 if quorum is None else quorum
    best = max((a.factor for a in approvers), key=_strength)
    least = STRENGTHS.index(asked)  # raises for an unknown word: it must not ask for less than push
    counted = sum(_strength(approver.factor) >= least for approver in approvers)
    if not counted:
        raise RefusedReceipt("factor", f"names {best}, asked: {asked}")
    if counted < needed:
        people = "1 person" if counted == 1 else f"{counted} people"
        raise RefusedReceipt("quorum", f"names {best} by {people}, asked: {needed}")


def _strength(factor: str) -> int:
    """Position in STRENGTHS; what is not known there counts for nothing."""
    return STRENGTHS.index(factor) if factor in STRENGTHS else -1


def read(claims: dict[str, Any]) -> Receipt:
    """What claims of the right types say (`receipt_form.open_token`); nothing of it is checked here."""
    return Receipt(
        source=claims["source"]["id"],
        pipeline=claims["run"]["pipeline"],
        run_id=claims["run"]["id"],
        attempt=claims["run"]["attempt"],
        jti=claims["jti"],
        iat=claims["iat"],
        exp=claims["exp"],
        approvers=tuple(Approver(a["id"], a["factor"], a["at"]) for a in claims["approvers"]),
        rules=tuple(claims["policy"]["rules"]),
        policy_sha256=claims["policy"]["sha256"],
        audit_seq=claims["audit"]["seq"],
        audit_head=claims["audit"]["head"],
        request=claims["request"],
        request_sha256=claims["request_sha256"],
        break_glass="break_glass" in claims,
        newest_kid=_kid(claims.get("newest_kid")),
    )


def _kid(value: object) -> str:
    """A key's id, for a log; empty for anything else: nothing rests on it."""
    return value if isinstance(value, str) and KID.fullmatch(value) else ""
