"""Who may redeem receipts: programs that guard something, each by a name and a secret of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from jenkins_mfa.core.policy.globs import Globs
from jenkins_mfa.core.receipt import Receipt
from jenkins_mfa.core.seal import check_mac


@dataclass(frozen=True, slots=True)
class Consumer:
    """One [[consumers]] table: it redeems receipts for these sources, pipelines and environments, and no others.

    Of its secret the SHA-256 (hexadecimal) is kept; an empty one is nobody's.
    """

    name: str
    secret_sha256: str = field(repr=False)
    sources: tuple[str, ...]
    pipelines: Globs
    environments: tuple[str, ...]

    def guards(self, found: Receipt) -> bool:
        """Whether the receipt is for something that this consumer guards."""
        named = found.request.get("environment")
        return found.source in self.sources and self.pipelines.match(found.pipeline) and named in self.environments


@dataclass
class Consumers:
    """Those who may redeem. `now` is replaced as a whole, when a secret of theirs is changed while the agent runs."""

    now: tuple[Consumer, ...] = ()


def digest(secret: str) -> str:
    """What is kept of a secret or a token, in hexadecimal."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def of_secret(consumers: Iterable[Consumer], secret: str) -> Consumer | None:
    """Whose secret this is. All are compared, each in constant time: how long it takes tells nothing (S6)."""
    given = digest(secret)
    found = [one for one in consumers if check_mac(given, one.secret_sha256)]
    return found[0] if found else None
