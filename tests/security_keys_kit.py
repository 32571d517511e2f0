"""Security keys for tests: one of each algorithm, and answers of them to a gate."""

from __future__ import annotations

import base64
from dataclasses import replace
from functools import cache
from typing import Any

import builders
from jenkins_mfa.core import base64url
from jenkins_mfa.core.assertion import Proof
from jenkins_mfa.core.binding import ActBinding, Binding, Decision, GateBinding, Purpose
from jenkins_mfa.core.evidence import Evidence
from jenkins_mfa.simulators import security_key_pairs as pairs
from jenkins_mfa.simulators.security_key import EDDSA, ES256, HONEST, RS256, Lies, SecurityKey

ALGORITHMS = {"EdDSA": EDDSA, "ES256": ES256, "RS256": RS256}
RP_ID, ORIGIN = "mfa.example.com", "https://mfa.example.com"
BINDING = GateBinding(
    nonce=b"n" * 32,
    gate="g_01",
    generation=1,
    source="main",
    pipeline="team one/deploy",
    run="17",
    attempt=1,
    request_sha256="a" * 64,
    requirement_sha256="b" * 64,
    decision=Decision.APPROVE,
    person="alice",
    credential=b"c" * 16,
    issued=builders.NOW,
    expires=builders.NOW + 60_000,
)

#: For each field of the binding another value.
BOUND: dict[str, Any] = {
    "nonce": b"m" * 32,
    "gate": "g_02",
    "generation": 2,
    "source": "other",
    "pipeline": "team one/deployx",
    "run": "18",
    "attempt": 2,
    "request_sha256": "a" * 63 + "b",
    "requirement_sha256": "b" * 63 + "a",
    "decision": Decision.DENY,
    "person": "bob",
    "credential": b"c" * 15 + b"d",
    "issued": builders.NOW + 1,
    "expires": builders.NOW + 60_001,
}


#: The same of an act.
ACT = ActBinding(Purpose.ADMINISTER, b"n" * 32, "unlock bob", "alice", b"c" * 16, builders.NOW, builders.NOW + 60_000)
ACTED: dict[str, Any] = {
    **{name: BOUND[name] for name in ("nonce", "person", "credential", "issued", "expires")},
    "purpose": Purpose.MANAGE,
    "subject": "unlock carol",
}


@cache
def private(alg: int, number: int = 0) -> pairs.PrivateKey:
    """The same key for all tests of a process; RSA ones take long to make. `number` tells several from each other."""
    assert number >= 0
    return pairs.new_private(alg)


def raw(text: str) -> bytes:
    """Bytes out of an answer's base64url."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def request_options(binding: Binding, **changes: Any) -> dict[str, Any]:
    """What a page is given to have an answer signed."""
    challenge = base64url.encode(binding.challenge)
    return {"challenge": challenge, "rpId": RP_ID, "userVerification": "required", "allowCredentials": [], **changes}


def key_of(alg: int, **values: Any) -> SecurityKey:
    """A key with one credential for the tests' site, registered without a server."""
    made = SecurityKey(alg, private(alg), **values)
    made.register(
        {
            "rp": {"id": RP_ID},
            "user": {"id": base64url.encode(b"handle")},
            "challenge": "AA",
            "pubKeyCredParams": [{"alg": alg}],
            "authenticatorSelection": {"userVerification": "required"},
        },
        ORIGIN,
    )
    return made


def evidence_of(alg: int, binding: Binding = BINDING, lies: Lies = HONEST, **values: Any) -> Evidence:
    """The evidence of an answer with a fresh key; `values` change the proof afterwards."""
    key = key_of(alg)
    response = key.sign(request_options(binding), ORIGIN, lies)["response"]
    proof = Proof(
        client_data=raw(response["clientDataJSON"]),
        authenticator_data=raw(response["authenticatorData"]),
        signature=raw(response["signature"]),
        alg=alg,
        spki=pairs.spki(private(alg)),
        rp_id=RP_ID,
        origin=ORIGIN,
    )
    return Evidence(binding, replace(proof, **values))
