"""Key pairs of the simulated security key: P-256, Ed25519, RSA, and their public halves as COSE (RFC 9053) and SPKI."""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

EDDSA, ES256, RS256 = -8, -7, -257

PrivateKey = Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def new_private(alg: int) -> PrivateKey:
    """A fresh key. An RSA one takes a tenth of a second."""
    if alg == EDDSA:
        return Ed25519PrivateKey.generate()
    return ec.generate_private_key(ec.SECP256R1()) if alg == ES256 else rsa.generate_private_key(65537, 2048)


def sign(private: PrivateKey, message: bytes) -> bytes:
    """A signature as WebAuthn has it: SHA-256; DER for ECDSA, PKCS #1 v1.5 for RSA (L3, 6.5.5)."""
    match private:
        case ec.EllipticCurvePrivateKey():
            return private.sign(message, ec.ECDSA(hashes.SHA256()))
        case rsa.RSAPrivateKey():
            return private.sign(message, padding.PKCS1v15(), hashes.SHA256())
        case _:
            return private.sign(message)


def cose(private: PrivateKey, alg: int) -> dict[int, object]:
    """The public half as a COSE key, said to be of `alg`."""
    match private:
        case ec.EllipticCurvePrivateKey():
            point = private.public_key().public_numbers()
            return {1: 2, 3: alg, -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)}
        case rsa.RSAPrivateKey():
            numbers = private.public_key().public_numbers()
            return {1: 3, 3: alg, -1: numbers.n.to_bytes(-(-private.key_size // 8)), -2: numbers.e.to_bytes(3)}
        case _:
            return {1: 1, 3: alg, -1: 6, -2: private.public_key().public_bytes_raw()}


def spki(private: PrivateKey) -> bytes:
    """The public half as SubjectPublicKeyInfo in DER."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return private.public_key().public_bytes(serialization.Encoding.DER, form)
