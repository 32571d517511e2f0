"""What is stored is untrusted where it decides (S19, T8): secrets are sealed, decisions carry an HMAC.

A seal is AES-256-GCM whose associated data names key, kind, person and authenticator, so that a record opens only in
the place that it was made for. Nonces are 96 random bits: safe up to 2^32 seals with one key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from jenkins_mfa.errors import ConfigError, SealError, UnknownKeyError

KEY_BYTES = 32
NONCE_BYTES = 12
MAX_TOKEN = 64 * 1024  #: characters of a sealed record

_KID = r"[A-Za-z0-9_-]{1,32}"
_TOKEN = re.compile(rf"v1\.({_KID})\.([A-Za-z0-9_-]+)")


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Master keys by kid. The first one seals, all of them open."""

    keys: tuple[tuple[str, bytes], ...] = field(repr=False)

    @classmethod
    def parse(cls, text: str, *, place: str) -> KeyRing:
        """The keys of a file with one `kid:base64(32 bytes)` a line. Raises ConfigError with all problems."""
        found: dict[str, bytes] = {}
        problems = []
        for number, line in enumerate(text.splitlines(), 1):
            kid, _, encoded = line.strip().partition(":")
            key = _key(encoded)
            if not line.strip():
                continue
            if key is None or not re.fullmatch(_KID, kid):
                problems.append(f"{place} line {number}: not of the form kid:base64 of {KEY_BYTES} bytes")
            elif kid in found:
                problems.append(f"{place} line {number}: {kid} stands there twice")
            else:
                found[kid] = key
        if not found and not problems:
            problems.append(f"{place}: no key; a line kid:base64 of {KEY_BYTES} bytes is needed")
        if problems:
            raise ConfigError(problems)
        return cls(tuple(found.items()))

    @property
    def kids(self) -> tuple[str, ...]:
        """All kids, the sealing one first."""
        return tuple(kid for kid, _ in self.keys)

    def subkey(self, kid: str, label: str) -> bytes:
        """The key for one purpose. Raises UnknownKeyError: the operator mends, never "there is no factor"."""
        for known, master in self.keys:
            if known == kid:
                return derive(master, label)
        raise UnknownKeyError(f"a stored record is sealed with key {kid}, which the key file does not hold")


def derive(master: bytes, label: str) -> bytes:
    """HKDF-SHA-256 (RFC 5869) of `master` for one purpose: 32 bytes."""
    return HKDF(hashes.SHA256(), KEY_BYTES, None, b"jenkins-mfa/" + label.encode()).derive(master)


def seal(record: bytes, *, keys: KeyRing, nonce: bytes, person: str, authenticator: str, kind: str) -> str:
    """`v1.<kid>.<base64url of nonce, ciphertext, tag>` that opens only as this person's authenticator of this kind.

    `nonce` is 12 random bytes, never used twice.
    """
    if len(nonce) != NONCE_BYTES:
        raise ValueError(f"a nonce has {NONCE_BYTES} bytes")
    kid = keys.kids[0]
    sealed = AESGCM(keys.subkey(kid, "seal")).encrypt(nonce, record, _place(kid, kind, person, authenticator))
    return f"v1.{kid}.{base64.urlsafe_b64encode(nonce + sealed).rstrip(b'=').decode()}"


def unseal(token: str, *, keys: KeyRing, person: str, authenticator: str, kind: str) -> bytes:
    """What was sealed for exactly this place. Raises SealError, or UnknownKeyError for a kid that is not held."""
    parts = _TOKEN.fullmatch(token) if len(token) <= MAX_TOKEN else None
    if parts is None:
        raise SealError("a sealed record does not have the form of one")
    kid, encoded = parts.groups()
    key = keys.subkey(kid, "seal")
    try:
        raw = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _place(kid, kind, person, authenticator))
    except (InvalidTag, ValueError):  # wrong base64 and a short nonce are ValueErrors
        raise SealError("a sealed record was damaged, changed or put in another place") from None


def kid_of(token: str) -> str:
    """The key that a record says it is sealed with; empty for what does not have the form of one."""
    parts = _TOKEN.fullmatch(token) if len(token) <= MAX_TOKEN else None
    return parts[1] if parts else ""


def mac(key: bytes, label: str, *fields: str | bytes) -> str:
    """HMAC-SHA-256 in hexadecimal over the label and the fields, each with its length, so that no border can move."""
    return hmac.new(key, framed(label, *fields), hashlib.sha256).hexdigest()


def check_mac(given: str, expected: str) -> bool:
    """Whether both are the same, found in constant time; whatever `given` holds."""
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())


def framed(label: str, *fields: str | bytes) -> bytes:
    """The label, a zero byte, and each field with its length in four bytes before it."""
    raws = [value.encode() if isinstance(value, str) else value for value in fields]
    return label.encode() + b"\0" + b"".join(len(raw).to_bytes(4) + raw for raw in raws)


def _place(kid: str, kind: str, person: str, authenticator: str) -> bytes:
    return framed("jenkins-mfa/seal/v1", kid, kind, person, authenticator)


def _key(encoded: str) -> bytes | None:
    try:
        key = base64.b64decode(encoded, validate=True)
    except ValueError:
        return None
    return key if len(key) == KEY_BYTES else None
