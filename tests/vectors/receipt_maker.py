"""Makes the receipts of receipts.json, right and wrong. The keys are for tests only and fixed."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from request_cases import BASE, FULL

from jenkins_mfa.core import receipt, request, signing_keys
from jenkins_mfa.core.receipt import Approver

AGENT = "mfa-agent"
NOW = 1764000552
TEXT = request.build_text({**BASE, **FULL})
SHA = request.digest(TEXT)
NONCE = "Mfa-" + "0123456789abcdef" * 2
HEADER = {"alg": "EdDSA", "kid": "k1", "typ": "mfa-receipt+jwt"}
ALICE, BOB = Approver("alice", "totp", 1764000300), Approver("bob", "totp", 1764000550)
EXPECT: dict[str, Any] = {
    "issuer": "mfa:example",
    "source": "main",
    "pipeline": "team one/deploy",
    "run_id": "17",
    "attempt": 1,
    "nonce": NONCE,
    "request_sha256": SHA,
    "factor": "totp",
    "quorum": 2,
}


def key(name: str) -> Ed25519PrivateKey:
    """A key that is the same in every run."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"jenkins-mfa test key {name}".encode()).digest())


K1, K2, STRANGER = key("k1"), key("k2"), key("stranger")
KEYS = {"k1": K1.public_key(), "k2": K2.public_key()}


def claims(**changes: Any) -> dict[str, Any]:
    """What the agent signs for the gate of EXPECT; `changes` replace some of it."""
    arguments: dict[str, Any] = {
        "issuer": "mfa:example",
        "kind": "jenkins",
        "source": "main",
        "pipeline": "team one/deploy",
        "run_id": "17",
        "attempt": 1,
        "jti": "g_8f2c61d07b3e4a5f9c0d1e2f3a4b5c6d.1",
        "iat": NOW - 2,
        "exp": NOW + 598,
        "nonce": NONCE,
        "approvers": [ALICE, BOB],
        "rules": ["production-two"],
        "policy_sha256": "ab" * 32,
        "audit_seq": 4711,
        "audit_head": "9c1e" * 16,
        "request": request.without_number(request.parse(TEXT)),
        "request_sha256": SHA,
    }
    says = {**arguments, **changes}
    signer = {name: says.pop(name) for name in ("issuer", "kind", "nonce")}
    return receipt.claims_for(receipt.Receipt(**says), **signer)


def altered(**changes: Any) -> dict[str, Any]:
    """The same claims with some replaced as they stand; None leaves one out."""
    return {name: value for name, value in {**claims(), **changes}.items() if value is not None}


def sign(body: dict[str, Any]) -> str:
    """The real signer with the first key."""
    return receipt.sign(body, kid="k1", key=K1)


def b64(raw: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def jws(header: Any = HEADER, body: Any = None, signer: Callable[[bytes], bytes] = K1.sign) -> str:
    """A JWS made by hand; `header` and `body` are written as JSON unless they are text already."""
    parts = [
        part if isinstance(part, str) else json.dumps(part) for part in (header, claims() if body is None else body)
    ]
    signed = ".".join(b64(part.encode()) for part in parts)
    return f"{signed}.{b64(signer(signed.encode()))}"


def header(**changes: Any) -> dict[str, Any]:
    """A receipt's header with some members replaced or added; None leaves one out."""
    return {name: value for name, value in {**HEADER, **changes}.items() if value is not None}


def hmac_with_public_key(signed: bytes) -> bytes:
    """The oldest trick with JWTs: HS256 under what everybody knows (RFC 8725, 2.1)."""
    return hmac.new(signing_keys.spki(KEYS["k1"]).encode(), signed, hashlib.sha256).digest()


def other_spelling(token: str) -> str:
    """The same bytes in another base64url: the last character's unused bits are set (64 bytes leave four)."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) + 1]
