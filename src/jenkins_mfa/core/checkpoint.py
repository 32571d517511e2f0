"""Checkpoints: where the trail stood at some time, signed and kept outside the store (S13, S21).

Whoever can write the store can link a whole new chain, or put an older store in its place; they cannot sign. One is a
compact JWS (RFC 7515) of Ed25519 by a key that signs nothing else: what is signed as a checkpoint is no receipt.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from jenkins_mfa.core import base64url, strict_json
from jenkins_mfa.core.audit import Name
from jenkins_mfa.core.chain import Head
from jenkins_mfa.core.model import Entry
from jenkins_mfa.core.signing_keys import ALGORITHM, spki
from jenkins_mfa.core.units import DAY
from jenkins_mfa.errors import UntrustedInputError

TYPE = "mfa-checkpoint+jwt"  #: the header's `typ` (RFC 8725, 3.11)
MAX_BYTES = 512 * 1024  #: of one checkpoint
MOST_CHANGES = 1000  #: that one checkpoint names

#: What a store must not forget: an older one would bring it back, or not know of it.
CHANGES = frozenset({Name.AUTHENTICATOR_ENROLLED, Name.AUTHENTICATOR_REVOKED, Name.AUTHENTICATOR_SUSPENDED})

_JWS = jwt.PyJWS(algorithms=[ALGORITHM])


@dataclass(frozen=True, slots=True)
class Change:
    """One event about an authenticator: where in the trail, when (ms UTC), what, whose, and which (may be empty)."""

    seq: int
    at: int
    event: str
    person: str
    authenticator: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where the trail of `installation` stood `at` (ms UTC, the store's clock): its newest event `seq`, its `head`.

    `changes` are those of authenticators since the checkpoint before. With `rollback` an operator has taken an older
    store for the true one: earlier checkpoints say nothing about it any more.
    """

    installation: str
    seq: int
    head: str
    at: int
    changes: tuple[Change, ...] = ()
    rollback: bool = False

    @property
    def place(self) -> Head:
        """Its place in the trail."""
        return Head(self.seq, self.head)


@dataclass(frozen=True, slots=True)
class CheckpointKeys:
    """The public keys that verify checkpoints, by kid, and the one that signs them: an auditor has none."""

    public: Mapping[str, Ed25519PublicKey]
    private: Ed25519PrivateKey | None = None


class _Claims(msgspec.Struct, forbid_unknown_fields=True):
    v: int
    iss: str
    seq: int
    head: str
    at: int
    changes: tuple[Change, ...] = ()
    rollback: bool = False


_DECODER = msgspec.json.Decoder(_Claims)  # made as this is imported, by one thread: see shapes.py


def kid(key: Ed25519PublicKey) -> str:
    """A checkpoint key's id follows from the key, so that two hosts never give one id to two keys."""
    return f"c{hashlib.sha256(spki(key).encode()).hexdigest()[:12]}"


def change_of(seq: int, entry: Entry) -> Change | None:
    """What a checkpoint says about an event; None for one that it does not name."""
    if entry.event not in CHANGES:
        return None
    details = entry.details
    whose, which = str(details.get("person", "")), str(details.get("authenticator", ""))
    return Change(seq, entry.at, entry.event, whose, which)


def sign(checkpoint: Checkpoint, keys: CheckpointKeys) -> str:
    """The checkpoint as a compact JWS. Raises ValueError where there is no private key."""
    if keys.private is None:
        raise ValueError("a checkpoint is signed with a private key")
    claims = _Claims(
        1,
        f"mfa:{checkpoint.installation}",
        checkpoint.seq,
        checkpoint.head,
        checkpoint.at,
        checkpoint.changes,
        checkpoint.rollback,
    )
    headers = {"kid": kid(keys.private.public_key()), "typ": TYPE}
    return _JWS.encode(msgspec.json.encode(claims), keys.private, ALGORITHM, headers)


def verify(token: str, keys: CheckpointKeys, installation: str) -> Checkpoint:
    """The checkpoint that one of `keys` has signed for this installation, or for any where that is empty.

    Raises UntrustedInputError.
    """
    parts = token.split(".")
    if len(token) > MAX_BYTES or len(parts) != 3:
        raise UntrustedInputError("this is no checkpoint.")
    try:
        header = strict_json.parse(base64url.decode(parts[0]), place="checkpoint", max_bytes=1024, max_depth=2)
    except (ValueError, UntrustedInputError):
        raise UntrustedInputError("this is no checkpoint.") from None
    named = header.get("kid") if isinstance(header, dict) else None
    if header != {"alg": ALGORITHM, "kid": named, "typ": TYPE}:
        raise UntrustedInputError("this is no checkpoint: its header is another one.")
    if not isinstance(named, str) or named not in keys.public:
        raise UntrustedInputError("this checkpoint is signed with a key that is not known here.")
    try:
        claims = _DECODER.decode(_JWS.decode(token, keys.public[named], algorithms=[ALGORITHM]))
    except jwt.PyJWTError:
        raise UntrustedInputError("this checkpoint has a wrong signature.") from None
    except (msgspec.DecodeError, UnicodeError):
        raise UntrustedInputError("this checkpoint does not have the form of one.") from None
    issuer, _, name = claims.iss.partition(":")
    if claims.v != 1 or issuer != "mfa" or installation not in {"", name}:
        raise UntrustedInputError("this checkpoint is of another installation or version.")
    return Checkpoint(name, claims.seq, claims.head, claims.at, claims.changes, claims.rollback)


def peek(token: str) -> Head:
    """The place that a checkpoint names, whoever has signed it. Raises UntrustedInputError."""
    try:
        claims = _DECODER.decode(base64url.decode(token.split(".")[1]))
    except (IndexError, ValueError, msgspec.DecodeError):
        raise UntrustedInputError("this is no checkpoint.") from None
    return Head(claims.seq, claims.head)


def since_rollback(checkpoints: Iterable[Checkpoint]) -> list[Checkpoint]:
    """Those that must fit one trail: from the last accepted rollback on, in the order in which they were written."""
    found: list[Checkpoint] = []
    for one in checkpoints:
        if one.rollback:
            found = []
        found.append(one)
    return found


@dataclass(frozen=True, slots=True)
class Kept:
    """What all checkpoints of one place say together: the furthest one since the last accepted rollback, that rollback,
    and every change of an authenticator, oldest first. `bad` counts what is there and no checkpoint of ours.
    """

    newest: Checkpoint | None = None
    accepted: Checkpoint | None = None
    changes: tuple[Change, ...] = ()
    bad: int = 0

    @classmethod
    def of(cls, checkpoints: Iterable[Checkpoint], bad: int = 0) -> Kept:
        """Out of checkpoints in the order in which they were written."""
        newest = accepted = None
        changes: dict[Change, None] = {}
        for one in checkpoints:
            accepted = one if one.rollback else accepted
            newest = one if one.rollback or newest is None or one.seq >= newest.seq else newest
            changes |= dict.fromkeys(one.changes)
        return cls(newest, accepted, tuple(sorted(changes, key=lambda change: (change.at, change.seq))), bad)


def thinned(checkpoints: list[Checkpoint]) -> list[Checkpoint]:
    """Those that stay: of the last day all; of before, what names changes or a rollback, and the last of each day."""
    if not checkpoints:
        return []
    end = max(one.at for one in checkpoints) - DAY
    last_of = {one.at // DAY: one for one in checkpoints}
    return [one for one in checkpoints if one.at > end or one.changes or one.rollback or last_of[one.at // DAY] is one]
