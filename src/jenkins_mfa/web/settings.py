"""Where the pages are served, and what follows from their address."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from jenkins_mfa.core.relying_party import RelyingParty

CONNECTIONS = 2_000  #: that are open at once, unless the configuration says otherwise


@dataclass(frozen=True, slots=True)
class Settings:
    """[web]. `url` is the one address that people open: scheme, host, a port that is not the scheme's, and the path
    under which a proxy has the pages, if it has others beside them; without a slash at its end.

    `proxies` are addresses and networks of those who may say whom they speak for. With a certificate of its own the
    server speaks TLS; otherwise a proxy does, or the pages are for `http://localhost` alone. `model_roots` is a file of
    certificates (PEM) that vouch for models of keys.
    """

    host: str
    port: int
    url: str
    cert_file: Path | None = None
    key_file: Path | None = None
    proxies: tuple[str, ...] = ()
    connections: int = CONNECTIONS
    model_roots: Path | None = None

    @property
    def authority(self) -> str:
        """What the header Host must say."""
        return urlsplit(self.url).netloc

    @property
    def origin(self) -> str:
        """What the header Origin must say."""
        return self.party.origin

    @property
    def prefix(self) -> str:
        """The path under which the pages are; empty at the root of their host."""
        return urlsplit(self.url).path

    def at(self, path: str) -> str:
        """The path of one of the pages, as a browser has to write it."""
        return f"{self.prefix}{path}"

    @property
    def party(self) -> RelyingParty:
        """Who asks for keys: the host, under this origin."""
        return RelyingParty.at(self.url)

    @property
    def secure(self) -> bool:
        """Whether the pages are served over TLS."""
        return self.url.startswith("https:")

    @property
    def cookie(self) -> str:
        """The one cookie's name. With this prefix a browser takes it over TLS alone, for this host (RFC 6265bis)."""
        return "__Host-mfa" if self.secure else "mfa"
