"""The agent's keys as values: which signs receipts, which seals records, which seals gates. Reading files is elsewhere.

Receipts, checkpoints, the vault and HMACs use different keys; none of them is in the store.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from jenkins_mfa.core.checkpoint import CheckpointKeys
from jenkins_mfa.core.seal import KeyRing


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One receipt key. `created` and `not_after` are Unix seconds; a revoked or future key does not sign."""

    kid: str
    private: Ed25519PrivateKey = field(repr=False)
    created: int
    not_after: int
    signs: bool = True

    @property
    def public(self) -> Ed25519PublicKey:
        """The half that libraries pin."""
        return self.private.public_key()


@dataclass(slots=True)
class Keys:
    """All of them. `signing` is ordered: the first one that a run knows signs its receipt.

    `ring` alone is replaced while the agent runs, as a whole, so that the vault's key can change without a stop.
    """

    installation: str
    signing: tuple[SigningKey, ...]
    ring: KeyRing = field(repr=False)
    mac_key: bytes = field(repr=False)
    checkpoints: CheckpointKeys | None = field(default=None, repr=False)

    def signer(self, kids: Collection[str], now: int) -> SigningKey | None:
        """The newest signing key that the run can verify at `now` (Unix seconds); no negotiation beyond that (S10)."""
        usable = (key for key in self.signing if key.signs and now < key.not_after)
        return next((key for key in usable if key.kid in kids), None)

    def public(self, now: int) -> dict[str, Ed25519PublicKey]:
        """What others verify receipts with at `now` (Unix seconds), by kid: every key that has not ended."""
        return {key.kid: key.public for key in self.signing if now < key.not_after}
