"""How the store is reached and what is expected of it, as the configuration says."""

from __future__ import annotations

from dataclasses import dataclass, field

from redis.credentials import CredentialProvider


class Password(CredentialProvider):
    """The password of a user of the store, or of its sentinels, beside the address: each connection is made with what
    it holds then. `user` is empty for the server's default one.
    """

    def __init__(self, value: str, user: str = "") -> None:
        self.value = value
        self.user = user

    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        """As redis-py takes them."""
        return (self.user, self.value) if self.user else (self.value,)

    def __repr__(self) -> str:
        return "***"


@dataclass(frozen=True, slots=True)
class Settings:
    """`durability` is what the operator accepts: `always`, `everysec`, or `none` (demo, tests), and their word where
    the server does not tell; so many `replicas` must have a decision before anybody is told. `password` is None where
    the address has it, or none is needed; `sentinels` is that which the sentinels ask for themselves, if they do.
    """

    url: str
    prefix: str = "mfa"
    durability: str = "always"
    replicas: int = 0
    password: Password | None = field(default=None, repr=False)
    sentinels: Password | None = field(default=None, repr=False)

    @property
    def tag(self) -> str:
        """The tag that all keys begin with: it keeps them in one slot of a cluster."""
        return f"{{{self.prefix}}}"
