"""What a security key's signature is bound to (S7): the challenge is a digest of everything that is decided.

WebAuthn signs a challenge, not a text, so the challenge is SHA-256 over tag, 0x00 and each field with its length in
four bytes before it. Texts are UTF-8, numbers decimal digits, times ms UTC, digests lower-case hexadecimal, nonce and
credential id raw bytes. Every purpose has a tag of its own: what was signed for one never serves another.
"""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass

from jenkins_mfa.core.challenge import LIFETIME
from jenkins_mfa.core.model import Gate
from jenkins_mfa.core.seal import framed

TAG = "jenkins-mfa/webauthn/v1"  #: of answers to gates; other purposes stand behind it, after a slash
NONCE_BYTES = 32
DIGEST_LENGTH = 64  #: hexadecimal digits of SHA-256


class Decision(enum.StrEnum):
    """What an approver says to a gate. One challenge serves one of them: a denial is never turned around."""

    APPROVE = "approve"
    DENY = "deny"


class Purpose(enum.StrEnum):
    """Why a key is asked where no gate is answered."""

    REGISTER = "register"
    SIGN_IN = "sign-in"
    ADMINISTER = "administer"
    MANAGE = "manage"


@dataclass(frozen=True, slots=True)
class GateBinding:
    """One person's one answer to one gate, given with one credential, good from `issued` until before `expires`.

    `request_sha256` and `requirement_sha256` are what was shown and what was asked for. Raises ValueError for a nonce,
    a digest, a credential or times that nothing is bound by.
    """

    nonce: bytes
    gate: str
    generation: int
    source: str
    pipeline: str
    run: str
    attempt: int
    request_sha256: str
    requirement_sha256: str
    decision: Decision
    person: str
    credential: bytes
    issued: int
    expires: int

    def __post_init__(self) -> None:
        _check(self)
        if not self.credential or not self.gate:
            raise ValueError("an answer is bound to a gate and to one credential")
        if {len(self.request_sha256), len(self.requirement_sha256)} != {DIGEST_LENGTH}:
            raise ValueError("an answer is bound to the digests of request and requirement")

    @property
    def challenge(self) -> bytes:
        """The 32 bytes that the key signs. An answer is named by them, never by its signature."""
        return _digest(
            TAG,
            self.nonce,
            self.gate,
            self.generation,
            self.source,
            framed("run", self.pipeline, self.run, str(self.attempt)),
            self.request_sha256,
            self.requirement_sha256,
            self.decision,
            self.person,
            self.credential,
            self.issued,
            self.expires,
        )


@dataclass(frozen=True, slots=True)
class ActBinding:
    """One act of `person` that answers no gate.

    `subject` says which, so that a signature serves no other: the ticket's digest of a registration, the session of a
    sign-in, verb and object of an administrator's command or of a change of one's own authenticators. `credential` is
    empty where it is not known before: at a registration and at a sign-in. The challenge of a sign-in does not name
    `person` either: it is the key that says who it is. Raises ValueError as GateBinding does.
    """

    purpose: Purpose
    nonce: bytes
    subject: str
    person: str
    credential: bytes
    issued: int
    expires: int

    def __post_init__(self) -> None:
        _check(self)
        if not self.subject:
            raise ValueError("an act is bound to its subject")
        if not self.credential and self.purpose in {Purpose.ADMINISTER, Purpose.MANAGE}:
            raise ValueError("what a key proves is bound to that one credential")

    @property
    def challenge(self) -> bytes:
        """The 32 bytes that the key signs."""
        person = "" if self.purpose is Purpose.SIGN_IN else self.person
        return _digest(
            f"{TAG}/{self.purpose}", self.nonce, self.subject, person, self.credential, self.issued, self.expires
        )


Binding = GateBinding | ActBinding


def bind_gate(
    gate: Gate,
    requirement_sha256: str,
    *,
    nonce: bytes,
    decision: Decision,
    person: str,
    credential: bytes,
    issued: int,
    expires: int,
) -> GateBinding:
    """The binding of an answer to `gate` as it is now (`requirement_sha256`: core/requirement_digest.py).

    To issue a challenge and to judge the answer alike: keep the keyword arguments, and build the binding again from the
    gate that is read then. If the gate is another one, or asks for more by now, the challenge no longer fits.
    """
    run = gate.run
    return GateBinding(
        nonce=nonce,
        gate=gate.id,
        generation=gate.generation,
        source=run.source,
        pipeline=run.pipeline,
        run=run.id,
        attempt=run.attempt,
        request_sha256=gate.request_sha256,
        requirement_sha256=requirement_sha256,
        decision=decision,
        person=person,
        credential=credential,
        issued=issued,
        expires=expires,
    )


def _check(binding: Binding) -> None:
    if len(binding.nonce) != NONCE_BYTES:
        raise ValueError(f"a nonce has {NONCE_BYTES} bytes")
    if not binding.person:
        raise ValueError("a binding names a person")
    if not 0 < binding.expires - binding.issued <= LIFETIME:
        raise ValueError("a challenge lives ten minutes at most (S5)")


def _digest(tag: str, *fields: str | bytes | int) -> bytes:
    raws = [str(value) if isinstance(value, int) else value for value in fields]
    return hashlib.sha256(framed(tag, *raws)).digest()
