"""Ed25519 keys in the forms that files, the library for Pipelines and other verifiers take."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping

from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from jenkins_mfa.core import base64url, strict_json
from jenkins_mfa.errors import UntrustedInputError

ALGORITHM = "EdDSA"  #: RFC 8037, 3.1; a pinned key names its algorithm, nothing is negotiated (RFC 8725, 3.1)
MAX_JWKS = 64 * 1024  #: bytes of a JSON Web Key Set that are read
KID = re.compile(r"[A-Za-z0-9_-]{1,32}")  #: what a key may be called


def private_pem(key: Ed25519PrivateKey) -> bytes:
    """PKCS #8 in PEM, not encrypted: for a file that nobody else can read."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def private_from_pem(pem: bytes) -> Ed25519PrivateKey:
    """The key that `private_pem` wrote. Raises UntrustedInputError, which tells nothing of the content."""
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm, InternalError):  # the last for a length of another kind
        raise UntrustedInputError("this is not an unencrypted private key in PEM.") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise UntrustedInputError("this is not an Ed25519 key.")
    return key


def spki(key: Ed25519PublicKey) -> str:
    """SubjectPublicKeyInfo (RFC 8410) in DER, as base64: 60 characters."""
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def public_from_spki(text: str) -> Ed25519PublicKey:
    """The key that `spki` wrote. Raises UntrustedInputError."""
    try:
        key = serialization.load_der_public_key(base64.b64decode(text, validate=True))
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        raise UntrustedInputError("this is not a public key (SubjectPublicKeyInfo in base64).") from None
    if not isinstance(key, Ed25519PublicKey):
        raise UntrustedInputError("this is not an Ed25519 key.")
    return key


def jwks(keys: Mapping[str, Ed25519PublicKey]) -> dict[str, list[dict[str, str]]]:
    """The public keys, by kid, as a JSON Web Key Set (RFC 7517, RFC 8037)."""
    return {"keys": [_jwk(kid, keys[kid]) for kid in sorted(keys)]}


def public_from_jwks(raw: bytes) -> dict[str, Ed25519PublicKey]:
    """The keys that `jwks` wrote, by kid. Keys of other kinds are left out (RFC 7517, 5).

    Raises UntrustedInputError where none is left, one is damaged, or a kid stands there twice.
    """
    value = strict_json.parse(raw, place="the key set", max_bytes=MAX_JWKS, max_depth=4)
    rows = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(rows, list):
        raise UntrustedInputError("this is no JSON Web Key Set: it has no list keys.")
    found: dict[str, Ed25519PublicKey] = {}
    for row in rows:
        if not isinstance(row, dict) or (row.get("kty"), row.get("crv"), row.get("alg")) != (
            "OKP",
            "Ed25519",
            ALGORITHM,
        ):
            continue
        kid, x = row.get("kid"), row.get("x")
        if not isinstance(kid, str) or not KID.fullmatch(kid) or kid in found or not isinstance(x, str):
            raise UntrustedInputError("a key of the set has no kid, one that stands there twice, or no x.")
        found[kid] = _public_from_x(x, kid)
    if not found:
        raise UntrustedInputError("the set holds no Ed25519 key with alg EdDSA.")
    return found


def _public_from_x(x: str, kid: str) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(base64url.decode(x))
    except ValueError:
        raise UntrustedInputError(f"x of key {kid} is not 32 bytes in base64url.") from None


def _jwk(kid: str, key: Ed25519PublicKey) -> dict[str, str]:
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    return {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "alg": ALGORITHM, "use": "sig"}
