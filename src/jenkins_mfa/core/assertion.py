"""What a browser and a key have signed, checked with nothing but the standard library and `cryptography`.

The agent and an auditor run the same checks (WebAuthn L3, 7.2): what one of them takes, so does the other. The order is
fixed, so that both name the same fact. Signatures cover the bytes as they came, never JSON that was written again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from jenkins_mfa.core import base64url, strict_json
from jenkins_mfa.core.credential import PublicKey, load_key
from jenkins_mfa.errors import EvidenceError, UntrustedInputError

MAX_CLIENT_DATA = 4096  #: bytes; browsers write some 250
MAX_DEPTH = 4  #: levels of it
CREATE, GET = "webauthn.create", "webauthn.get"  #: what a ceremony was for

HEAD_BYTES = 37  #: of authenticator data: SHA-256 of the RP id, flags, counter (WebAuthn L3, 6.1)
UP, UV, BE, BS, AT, ED = 1, 4, 8, 16, 64, 128  #: flags: present, verified, backup eligible, backed up, key, extensions
RESERVED = 2 | 32  #: flags without a meaning


@dataclass(frozen=True, slots=True)
class AuthenticatorData:
    """What the key itself says beside the key. `counter` 0 means that it does not count."""

    counter: int
    backup_eligible: bool
    backed_up: bool
    has_key: bool
    has_extensions: bool


@dataclass(frozen=True, slots=True)
class Proof:
    """One signature with all that it takes to check it: the raw bytes, the public key (SPKI DER), RP id and origin."""

    client_data: bytes
    authenticator_data: bytes
    signature: bytes
    alg: int
    spki: bytes
    rp_id: str
    origin: str


@dataclass(frozen=True, slots=True)
class Assertion:
    """An answer that holds: what is kept of it, the counter to remember, and whether a copy of the key is backed up."""

    proof: Proof
    counter: int
    backed_up: bool


def check_proof(proof: Proof, challenge: bytes) -> AuthenticatorData:
    """What the key says, if it has signed `challenge` with user verification on a page of `proof.origin`.

    Raises EvidenceError, whose `reason` names the fact that is not proved.
    """
    check_client_data(proof.client_data, ceremony=GET, challenge=challenge, origin=proof.origin)
    said = check_authenticator_data(proof.authenticator_data, proof.rp_id)
    if said.has_key or said.has_extensions != (len(proof.authenticator_data) > HEAD_BYTES):
        raise EvidenceError("malformed", "holds something else beside its extensions")
    key = load_key(proof.spki, proof.alg)
    message = proof.authenticator_data + hashlib.sha256(proof.client_data).digest()
    try:
        _check_signature(key, proof.signature, message)
    except InvalidSignature:
        raise EvidenceError("signature", "has a wrong signature") from None
    return said


def check_client_data(raw: bytes, *, ceremony: str, challenge: bytes, origin: str) -> None:
    """Whether the browser did `ceremony` (CREATE, GET) for `challenge` in a page of `origin`, in no foreign frame.

    Raises EvidenceError.
    """
    try:
        said = strict_json.parse(raw, place="clientDataJSON", max_bytes=MAX_CLIENT_DATA, max_depth=MAX_DEPTH)
    except UntrustedInputError as error:
        raise EvidenceError("malformed", f"is damaged: {error}") from None
    if not isinstance(said, dict):
        raise EvidenceError("malformed", "is damaged: clientDataJSON is no object.")
    if said.get("type") != ceremony:
        raise EvidenceError("ceremony", "was given for something else")
    if not challenge or said.get("challenge") != base64url.encode(challenge):
        raise EvidenceError("challenge", "answers another challenge")
    if said.get("origin") != origin:
        raise EvidenceError("origin", "was given on another site")
    if said.get("crossOrigin", False) is not False or "topOrigin" in said:
        raise EvidenceError("cross_origin", "was given in a frame of another site")


def check_authenticator_data(raw: bytes, rp_id: str) -> AuthenticatorData:
    """What the key says, if it is for `rp_id` and it has verified the person. Raises EvidenceError."""
    if len(raw) < HEAD_BYTES:
        raise EvidenceError("malformed", "is damaged: authenticatorData is too short")
    flags = raw[32]
    if raw[:32] != hashlib.sha256(rp_id.encode()).digest():
        raise EvidenceError("rp_id", "is for another site")
    if not flags & UP:
        raise EvidenceError("user_present", "was given without anybody's touch")
    if not flags & UV:
        raise EvidenceError("user_verified", "was given without PIN, finger or face")
    if flags & RESERVED or (flags & BS and not flags & BE):
        raise EvidenceError("flags", "has flags that no key sets")
    counter = int.from_bytes(raw[33:HEAD_BYTES])
    return AuthenticatorData(counter, bool(flags & BE), bool(flags & BS), bool(flags & AT), bool(flags & ED))


def _check_signature(key: PublicKey, signature: bytes, message: bytes) -> None:
    """Raises InvalidSignature. The key's kind was found to be that of its algorithm."""
    match key:
        case EllipticCurvePublicKey():
            key.verify(signature, message, ECDSA(SHA256()))
        case RSAPublicKey():
            key.verify(signature, message, PKCS1v15(), SHA256())
        case _:
            key.verify(signature, message)
