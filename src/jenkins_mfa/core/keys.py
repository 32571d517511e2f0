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
    """One receipt key. `created`, `not_after` and `signs_from` are Unix seconds: what was published first signs later,
    so that whoever verifies knows it by then. One that does not sign verifies only.
    """

    kid: str
    private: Ed25519PrivateKey = field(repr=False)
    created: int
    not_after: int
    signs: bool = True
    signs_from: int = 0

    @property
    def public(self) -> Ed25519PublicKey:
        """The half that libraries pin."""
        return self.private.public_key()


@dataclass(slots=True)
class Keys:
    """All of them. `signing` is ordered, newest first: the first one that is due and that a run knows signs its
    receipt.

    `ring` and `signing` are replaced while the agent runs, each as a whole, so that keys can change without a stop.
    `revoked` (kids) only ever grows, in place: of two threads that learn of one each, none forgets the other's.
    """

    installation: str
    signing: tuple[SigningKey, ...]
    ring: KeyRing = field(repr=False)
    mac_key: bytes = field(repr=False)
    checkpoints: CheckpointKeys | None = field(default=None, repr=False)
    revoked: set[str] = field(default_factory=set)

    def signer(self, kids: Collection[str], now: int) -> SigningKey | None:
        """The newest key that is due at `now` (Unix seconds) and that the run can verify; no negotiation beyond that
        (S10).
        """
        usable = (key for key in self.current(now) if key.signs and key.signs_from <= now)
        return next((key for key in usable if key.kid in kids), None)

    def current(self, now: int) -> list[SigningKey]:
        """Those that have neither ended at `now` (Unix seconds) nor been revoked, newest first: what others pin."""
        return [key for key in self.signing if now < key.not_after and key.kid not in self.revoked]

    def public(self, now: int) -> dict[str, Ed25519PublicKey]:
        """What others verify receipts with at `now` (Unix seconds), by kid."""
        return {key.kid: key.public for key in self.current(now)}
