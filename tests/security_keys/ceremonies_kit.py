"""The adapter and simulated keys that registered with it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import builders
import security_keys_kit as kit
from jenkins_mfa.core.assertion import Assertion
from jenkins_mfa.core.binding import ActBinding, Binding, GateBinding, Purpose
from jenkins_mfa.core.credential import Credential, Registration
from jenkins_mfa.core.relying_party import RelyingParty
from jenkins_mfa.security_keys.ceremonies import WebAuthnKeys
from jenkins_mfa.simulators.security_key import ES256, HONEST, Lies, SecurityKey

NOW = builders.NOW
PARTY = RelyingParty(kit.RP_ID, kit.ORIGIN)
KEYS = WebAuthnKeys(PARTY, "Example MFA")
ENROLS = ActBinding(Purpose.REGISTER, b"r" * 32, "ticket 1", "alice", b"", NOW, NOW + 60_000)


def posted(answer: dict[str, Any]) -> bytes:
    """The body that a page posts."""
    return json.dumps(answer).encode()


def register(
    key: SecurityKey,
    lies: Lies = HONEST,
    *,
    keys: WebAuthnKeys = KEYS,
    binding: ActBinding = ENROLS,
    origin: str = kit.ORIGIN,
    now: int = NOW,
) -> Registration:
    """A whole registration."""
    options = keys.registration_options(binding, "Alice Wu", ())
    return keys.register(posted(key.register(options, origin, lies)), binding, now)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Alice's key, its credential and the counter as the store has it."""

    key: SecurityKey
    credential: Credential
    counter: int

    @property
    def binding(self) -> GateBinding:
        """Her approval of the tests' gate."""
        return replace(kit.BINDING, credential=self.credential.id)

    def body(self, lies: Lies = HONEST, binding: Binding | None = None, origin: str = kit.ORIGIN) -> bytes:
        """What the page posts when she has used the key."""
        options = KEYS.assertion_options(binding or self.binding, (self.credential,))
        return posted(self.key.sign(options, origin, lies))

    def verified(self, body: bytes, **changes: Any) -> Assertion:
        """The adapter's judgement."""
        values = {"binding": self.binding, "credential": self.credential, "counter": self.counter, "now": NOW}
        return KEYS.verify_assertion(body, **{**values, **changes})


def enrolled(alg: int = ES256, **values: Any) -> Enrolled:
    """A fresh key of that algorithm, registered."""
    key = SecurityKey(alg, kit.private(alg), **values)
    made = register(key)
    return Enrolled(key, made.credential, made.counter)
