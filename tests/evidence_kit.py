"""A trail in which a security key has answered, and the pieces to make it say something else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import builders
import security_keys_kit as kit
from jenkins_mfa.core import evidence
from jenkins_mfa.core.binding import Binding, Decision, Purpose
from jenkins_mfa.core.credential import key_sha256
from jenkins_mfa.core.model import Entry
from jenkins_mfa.core.relying_party import RelyingParty
from jenkins_mfa.simulators import security_key_pairs as pairs
from jenkins_mfa.simulators.security_key import ES256

SITE = RelyingParty(kit.RP_ID, kit.ORIGIN)
JTI, RUN = "g_01.1", "main:team one/deploy:17:1"


def signed(binding: Binding = kit.BINDING, **values: Any) -> str:
    """Evidence as the agent keeps it."""
    return evidence.encode(kit.evidence_of(ES256, binding, **values))


KEY, OTHER_KEY = (key_sha256(pairs.spki(key)) for key in (kit.private(ES256), kit.private(ES256, 1)))
OPENED = Entry("gate:opened", builders.NOW, "agent", JTI, "main", RUN, {"request_sha256": "a" * 64})
ENROLLED = Entry(
    "authenticator:enrolled",
    builders.NOW - 1000,
    "alice",
    details={"person": "alice", "authenticator": "a_01", "kind": "webauthn", "key_sha256": KEY},
)
CONFIRMED = Entry(
    "gate:confirmed",
    builders.NOW + 5,
    "alice",
    JTI,
    "main",
    RUN,
    {"factor": "webauthn", "authenticator": "a_01", "evidence": signed()},
)
DENIED = replace(
    CONFIRMED,
    event="gate:denied",
    details={
        "reason": "not yet",
        "factor": "webauthn",
        "evidence": signed(replace(kit.BINDING, decision=Decision.DENY)),
    },
)
TRAIL = (ENROLLED, OPENED, CONFIRMED)


def detailed(entry: Entry, **details: Any) -> Entry:
    """The entry with other details; None takes one out."""
    found = {**entry.details, **details}
    return replace(entry, details={name: value for name, value in found.items() if value is not None})


def acted(event: str, subject: str, purpose: Purpose = Purpose.ADMINISTER, **details: Any) -> Entry:
    """An act that a key of alice has signed."""
    kept = signed(replace(kit.ACT, purpose=purpose, subject=subject))
    proof = {"factor": "webauthn", "proof": "a_01", "via": "web/203.0.113.9", "evidence": kept}
    return Entry(event, builders.NOW + 5, "alice", details={**details, **proof})


#: One of each: what administrators do, and what people do with their own authenticators.
ACTS = {
    "unlock": acted("authenticator:unlocked", "unlock bob", person="bob", failures=50),
    "lost": acted("authenticator:suspended", "lost bob", person="bob", authenticator="a_09", kind="totp"),
    "confirm": acted("authenticator:confirmed", "confirm bob a_09", person="bob", authenticator="a_09", by="carol"),
    "release": acted("requester:released", "release bob", target="bob"),
    "invite": acted("ticket:made", "invite bob", person="bob", use="enrol"),
    "add": acted("ticket:made", "add totp", Purpose.MANAGE, person="alice", use="enrol", kind="totp"),
    "remove": acted(
        "authenticator:revoked", "remove a_01", Purpose.MANAGE, person="alice", authenticator="a_01", kind="webauthn"
    ),
}
