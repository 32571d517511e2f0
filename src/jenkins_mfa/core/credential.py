"""WebAuthn credentials: what is kept of one, and which public keys are taken at all."""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from jenkins_mfa.errors import EvidenceError

RSA_BITS = (2048, 4096)  #: least (SP 800-131A) and most; a longer key only makes each check slower
ID_BYTES = (16, 1023)  #: least and most of a credential id (WebAuthn L3, 4 and 7.1)

PublicKey = Ed25519PublicKey | EllipticCurvePublicKey | RSAPublicKey


class Algorithm(enum.IntEnum):
    """The COSE algorithms that are taken, the preferred one first."""

    EDDSA = -8
    ES256 = -7
    RS256 = -257


@dataclass(frozen=True, slots=True)
class Credential:
    """One registered credential. Its signature counter is kept beside it, since that changes with each use.

    `spki` is the public key as SubjectPublicKeyInfo in DER, which auditors read; `cose` the same key as the
    authenticator wrote it. `aaguid` is the authenticator's model as it calls itself, proved only if `attested`.
    `backup_eligible` tells a passkey that may be on several devices, and never changes.
    """

    id: bytes
    spki: bytes
    cose: bytes
    alg: int
    rp_id: str
    aaguid: str
    attested: bool
    backup_eligible: bool
    transports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Registration:
    """A credential that was just made, and the first value of its counter (0: it does not count)."""

    credential: Credential
    counter: int


def load_key(spki: bytes, alg: int) -> PublicKey:
    """The public key, if it is one of this algorithm. Raises EvidenceError: `algorithm` or `key`."""
    try:
        key = serialization.load_der_public_key(spki)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise EvidenceError("key", "comes with a public key that is none") from None
    if not isinstance(key, PublicKey) or not _fits(key, alg):
        raise EvidenceError("algorithm", "has a key of another kind than its algorithm's")
    if isinstance(key, RSAPublicKey) and not RSA_BITS[0] <= key.key_size <= RSA_BITS[1]:
        raise EvidenceError("key", f"has an RSA key of {key.key_size} bits; {RSA_BITS[0]} to {RSA_BITS[1]} are taken")
    if spki_of(key) != spki:
        raise EvidenceError("key", "comes with a public key in an unusual spelling")
    return key


def spki_of(key: PublicKey) -> bytes:
    """SubjectPublicKeyInfo (RFC 5280) in DER."""
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def key_sha256(spki: bytes) -> str:
    """Names a public key where a person's enrolment and an answer's evidence must name the same one."""
    return hashlib.sha256(spki).hexdigest()


def _fits(key: PublicKey, alg: int) -> bool:
    match key:
        case Ed25519PublicKey():
            return alg == Algorithm.EDDSA
        case EllipticCurvePublicKey():
            return alg == Algorithm.ES256 and isinstance(key.curve, SECP256R1)
        case _:
            return alg == Algorithm.RS256
