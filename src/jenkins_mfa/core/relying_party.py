"""Who asks for WebAuthn: the installation, under the address that people open."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from jenkins_mfa.core.seal import framed

#: A name with a dot, as browsers write it: no address of numbers, nothing but ASCII.
_HOST = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_DEFAULT_PORTS = {("https", 443), ("http", 80)}


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """`id` is the host, without port; `origin` is scheme, host and port as a browser writes them: only it tells two
    services of one host apart.
    """

    id: str
    origin: str

    @classmethod
    def at(cls, public_url: str) -> RelyingParty:
        """The one under this address; a path in it plays no part. Raises ValueError with what is allowed."""
        parts = urlsplit(public_url)  # a ValueError of its own for odd brackets
        host, port = parts.hostname or "", parts.port
        local = host == "localhost"
        if parts.scheme != "https" and not (parts.scheme == "http" and local):
            raise ValueError("browsers use security keys under https://, or http://localhost, only")
        if parts.username is not None or parts.query or parts.fragment or not (local or _HOST.fullmatch(host)):
            raise ValueError("a host name of letters, digits, - and dots is needed: https://mfa.example.com")
        shown = "" if port is None or (parts.scheme, port) in _DEFAULT_PORTS else f":{port}"
        return cls(host, f"{parts.scheme}://{host}{shown}")

    def user_handle(self, person: str) -> bytes:
        """WebAuthn's user id of a person (roster id): 32 bytes that show no name."""
        return hashlib.sha256(framed("jenkins-mfa/user-handle/v1", self.id, person)).digest()
