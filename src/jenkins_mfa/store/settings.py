"""How the store is reached and what is expected of it, as the configuration says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """`durability` is what the operator accepts: `always`, `everysec`, or `none` (demo, tests), and their word where
    the server does not tell; so many `replicas` must have a decision before anybody is told.
    """

    url: str
    prefix: str = "mfa"
    durability: str = "always"
    replicas: int = 0

    @property
    def tag(self) -> str:
        """The tag that all keys begin with: it keeps them in one slot of a cluster."""
        return f"{{{self.prefix}}}"
