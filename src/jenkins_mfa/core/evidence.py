"""The evidence of what a security key has signed: kept with it, and checked again by whoever doubts the agent.

It proves that this key, with user verification, on this origin, signed exactly this decision about exactly this
request, or exactly this act. It does not prove whose key it is (the trail's enrolment event names the person and
`key_sha256`), that RP id and origin are this installation's (compare them), what the screen showed, or when. Reading
and checking it takes the standard library and `cryptography` alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from jenkins_mfa.core import base64url, strict_json
from jenkins_mfa.core.assertion import HEAD_BYTES, Proof, check_proof
from jenkins_mfa.core.audit import MAX_VALUE
from jenkins_mfa.core.binding import DIGEST_LENGTH, NONCE_BYTES, ActBinding, Binding, Decision, GateBinding, Purpose
from jenkins_mfa.core.credential import Credential, load_key
from jenkins_mfa.errors import EvidenceError, UntrustedInputError

VERSION = 1
#: What an answer has room for beside its key: characters of a job's path, and of other names; bytes that a browser
#: writes beside the origin, and a key's extensions. The longest ECDSA signature, in DER.
PIPELINE, NAME, CLIENT_DATA, EXTENSIONS, ECDSA_BYTES = 200, 20, 280, 32, 72
MAX_BYTES = 16 * 1024  #: of the whole bundle; 1 to 2 KiB are usual


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was decided, and the signature over it."""

    binding: Binding
    proof: Proof


def verify(evidence: Evidence) -> None:
    """Return if the key has signed exactly this decision or act. Raises EvidenceError, whose `reason` names what fails.

    It is malformed, ceremony, challenge (a field of the binding), origin, cross_origin, rp_id, user_present,
    user_verified, flags, algorithm, key or signature.
    """
    check_proof(evidence.proof, evidence.binding.challenge)


def encode(evidence: Evidence) -> str:
    """One line of JSON: the version and all fields of both parts, bytes as base64url without padding."""
    found: dict[str, object] = {"v": VERSION}
    for part in (evidence.binding, evidence.proof):
        for field in fields(part):
            value = getattr(part, field.name)
            found[field.name] = base64url.encode(value) if isinstance(value, bytes) else value
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def check_room(credential: Credential, person: str, origin: str) -> None:
    """Return if the trail takes what this credential's answers leave, however long the rest of them usually is.

    Raises EvidenceError (`too_long`): such a key would be enrolled, and none of its answers could ever be kept.
    """
    if len(encode(_longest(credential, person, origin))) > MAX_VALUE:
        raise EvidenceError("too_long", "is too long for its answers to be kept")


def _longest(credential: Credential, person: str, origin: str) -> Evidence:
    """An answer with the longest names, and the most that a browser and the key add."""
    key = load_key(credential.spki, credential.alg)
    signature = bytes(key.key_size // 8 if isinstance(key, RSAPublicKey) else ECDSA_BYTES)
    digest, name, number = "0" * DIGEST_LENGTH, "x" * NAME, 10**9
    gate = (bytes(NONCE_BYTES), "g_" + "0" * 32, number, name, "x" * PIPELINE, name, number, digest, digest)
    binding = GateBinding(*gate, Decision.APPROVE, person, credential.id, 10**13, 10**13 + 1)
    data, said = bytes(HEAD_BYTES + EXTENSIONS), bytes(CLIENT_DATA + len(origin))
    return Evidence(binding, Proof(said, data, signature, credential.alg, credential.spki, credential.rp_id, origin))


def decode(text: str | bytes) -> Evidence:
    """The evidence that `encode` wrote. Raises EvidenceError (`malformed`) for everything else."""
    try:
        found = strict_json.parse(text, place="the evidence", max_bytes=MAX_BYTES, max_depth=1)
        if not isinstance(found, dict) or _whole(found.pop("v", None)) != VERSION:
            raise ValueError
        part = ActBinding if "purpose" in found else GateBinding
        if set(found) != {field.name for one in (part, Proof) for field in fields(one)}:
            raise ValueError
        return Evidence(part(**_values(part, found)), Proof(**_values(Proof, found)))
    except (UntrustedInputError, ValueError, TypeError):
        raise EvidenceError("malformed", "is not kept in the form of evidence") from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _whole(value: object) -> int:
    if type(value) is not int:  # True is one, too
        raise TypeError
    return value


#: How each type of field is read. Raises TypeError or ValueError.
_READ: Mapping[str, Callable[[object], object]] = {
    "bytes": lambda value: base64url.decode(_text(value)),
    "str": _text,
    "int": _whole,
    "Decision": lambda value: Decision(_text(value)),
    "Purpose": lambda value: Purpose(_text(value)),
}


def _values(part: type[GateBinding | ActBinding | Proof], found: Mapping[str, object]) -> dict[str, Any]:
    return {field.name: _READ[str(field.type)](found[field.name]) for field in fields(part)}
