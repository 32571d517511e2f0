"""The form of a receipt: a compact JWS; header, signature and claim types are checked before it is believed.

Nothing is negotiated: the algorithm is that of the pinned kid (RFC 8725, 3.1), the header has three members.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from jenkins_mfa.core import base64url, strict_json
from jenkins_mfa.core.signing_keys import ALGORITHM, KID
from jenkins_mfa.errors import ReceiptError, UntrustedInputError

VERSION = 1  #: the only version of receipts that this verifier reads
TYPE = "mfa-receipt+jwt"  #: the header's `typ` (RFC 8725, 3.11)
MAX_BYTES = 16 * 1024  #: the whole token
MAX_DEPTH = 6  #: of header and claims
LATEST = 10**11  #: Unix seconds; a later time is in milliseconds or nonsense

Keys = Mapping[str, tuple[str, Ed25519PublicKey]]  #: the pinned keys: kid → algorithm and public key
Claims = dict[str, object]

_JWS = jwt.PyJWS(algorithms=[ALGORITHM])
_HEX256 = r"[0-9a-f]{64}"


class RefusedReceipt(ReceiptError):
    """A receipt that does not prove what was asked. `reason` is stable; the text is a sentence for people."""

    def __init__(self, reason: str, says: str) -> None:
        super().__init__(f"the receipt {says}")
        self.reason = reason


def open_token(token: str | None, keys: Keys) -> Claims:
    """The claims of `token`, signed by one of `keys` and of the right types. Raises RefusedReceipt."""
    if not token:
        raise RefusedReceipt("missing", "is missing")
    if len(token) > MAX_BYTES:
        raise RefusedReceipt("too_large", f"is larger than {MAX_BYTES // 1024} KiB")
    segments = token.split(".")
    if len(segments) != 3:
        raise malformed()
    header, payload, _ = (_decoded(segment) for segment in segments)
    key = _pinned(_object(header), keys)
    try:
        _JWS.decode(token, key, algorithms=[ALGORITHM])
    except jwt.PyJWTError:
        raise RefusedReceipt("signature", "has a wrong signature") from None
    claims = _object(payload)
    if (version := claims.get("v")) != VERSION or type(version) is not int:
        raise RefusedReceipt("version", "is of a version that is not known here")
    if not _fits(claims, _CLAIMS) or claims.get("break_glass", True) is not True:
        raise malformed()
    return claims


def pinned(public: Mapping[str, Ed25519PublicKey]) -> Keys:
    """These public keys, by kid, each with the one algorithm that it signs with."""
    return {kid: (ALGORITHM, key) for kid, key in public.items()}


def malformed() -> RefusedReceipt:
    """The refusal of what is no receipt at all."""
    return RefusedReceipt("malformed", "is not a receipt")


def _decoded(segment: str) -> bytes:
    try:
        return base64url.decode(segment)
    except ValueError:
        raise malformed() from None


def _object(raw: bytes) -> Claims:
    try:
        value = strict_json.parse(raw, place="receipt", max_bytes=MAX_BYTES, max_depth=MAX_DEPTH)
    except UntrustedInputError:
        raise malformed() from None
    if not isinstance(value, dict):
        raise malformed()
    return value


def _pinned(header: Claims, keys: Keys) -> Ed25519PublicKey:
    if set(header) != {"alg", "kid", "typ"}:
        raise RefusedReceipt("header", "has a header that no receipt has")
    kid = header["kid"]
    if header["typ"] != TYPE or not isinstance(kid, str) or not KID.fullmatch(kid):
        raise malformed()
    if kid not in keys:
        raise RefusedReceipt("unknown_key", f"is signed with key {kid}, which is not known here")
    algorithm, key = keys[kid]
    if header["alg"] != algorithm:
        raise RefusedReceipt("algorithm", f"is not signed as key {kid} signs: {algorithm}")
    return key


Check = Callable[[object], bool]


def _text(pattern: str = r"(?s:.+)") -> Check:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _whole(least: int, most: int) -> Check:
    return lambda value: type(value) is int and least <= value <= most


def _list(check: Check) -> Check:
    return lambda value: isinstance(value, list) and all(check(item) for item in value)


def _members(checks: Mapping[str, Check]) -> Check:
    return lambda value: isinstance(value, dict) and _fits(value, checks)


def _fits(value: Mapping[str, object], checks: Mapping[str, Check]) -> bool:
    return all(name in value and check(value[name]) for name, check in checks.items())


#: What every claim must be; others are ignored.
_CLAIMS: Mapping[str, Check] = {
    "iss": _text(),
    "aud": _list(_text()),
    "sub": _text(),
    "jti": _text(r"[A-Za-z0-9_-]{1,64}\.[0-9]{1,9}"),
    "iat": _whole(1, LATEST),
    "exp": _whole(1, LATEST),
    "nonce": _text(),
    "source": _members({"kind": _text(), "id": _text()}),
    "run": _members({"pipeline": _text(), "id": _text(), "attempt": _whole(1, LATEST)}),
    "decision": _text(r"[a-z]{1,32}"),
    "confirm": _text(r"required|none"),
    "approvers": _list(_members({"id": _text(), "factor": _text(), "at": _whole(1, LATEST)})),
    "policy": _members({"rules": _list(_text()), "sha256": _text(_HEX256)}),
    "assurance": _text(r"verified"),
    "audit": _members({"seq": _whole(0, LATEST), "head": _text(_HEX256)}),
    "request": _members({}),
    "request_sha256": _text(_HEX256),
}


def check_issuer(claims: Claims, issuer: str) -> None:
    """Raises RefusedReceipt for one of another installation."""
    if claims["iss"] != issuer:
        raise RefusedReceipt("issuer", "comes from another installation")


def check_decision(claims: Claims) -> None:
    """Raises RefusedReceipt unless it says that the gate was approved."""
    if claims["decision"] != "approved":
        raise RefusedReceipt("decision", f'says "{claims["decision"]}"')
