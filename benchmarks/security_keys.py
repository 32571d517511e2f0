"""What a security key's answer costs the server: processor time from the posted bytes to the judgement."""

from __future__ import annotations

import json
import time

from benchmarks.figures import Figure, Sizes, percentile
from jenkins_mfa.core.binding import ActBinding, Decision, GateBinding, Purpose
from jenkins_mfa.core.relying_party import RelyingParty
from jenkins_mfa.security_keys.ceremonies import WebAuthnKeys
from jenkins_mfa.simulators.security_key import EDDSA, ES256, RS256, SecurityKey

NOW = 1_764_000_000_000
ORIGIN = "https://mfa.example.com"
ENROLS = ActBinding(Purpose.REGISTER, b"r" * 32, "ticket", "alice", b"", NOW, NOW + 60_000)
NAMES = {EDDSA: "EdDSA", ES256: "ES256", RS256: "RS256"}


def measure(sizes: Sizes) -> list[Figure]:
    """Answers with each kind of key; what the simulated key itself does is left out."""
    return [_answers(alg, sizes.answers) for alg in NAMES]


def _answers(alg: int, count: int) -> Figure:
    keys, key = WebAuthnKeys(RelyingParty.at(ORIGIN), "Example MFA"), SecurityKey(alg)
    made = key.register(keys.registration_options(ENROLS, "Alice Wu", ()), ORIGIN)
    credential = keys.register(json.dumps(made).encode(), ENROLS, NOW).credential
    spent = []
    for number in range(count):
        binding = GateBinding(
            nonce=number.to_bytes(32),
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
            credential=credential.id,
            issued=NOW,
            expires=NOW + 60_000,
        )
        body = json.dumps(key.sign(keys.assertion_options(binding, (credential,)), ORIGIN)).encode()
        began = time.process_time()
        keys.verify_assertion(body, binding, credential, number, NOW)
        spent.append((time.process_time() - began) * 1000)
    middle = percentile(spent, 50)
    how = f"{count} answers, processor time from the posted bytes to the judgement; median {middle:.2f} ms"
    return Figure(f"answer of a security key, {NAMES[alg]}, 99th percentile", percentile(spent, 99), "ms", 2.0, how)
