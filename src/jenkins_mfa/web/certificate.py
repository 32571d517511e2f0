"""The server's own certificate, which is renewed while it serves."""

from __future__ import annotations

import hashlib
import ssl
from pathlib import Path

from jenkins_mfa.errors import ConfigError


class Certificate:
    """A TLS context over two files. A wrong pair changes nothing: the one before goes on."""

    def __init__(self, cert: Path, key: Path) -> None:
        self.files = (cert, key)
        self.context = _context(*self.files)
        self._held = self._digest()

    def renewed(self) -> bool:
        """Whether the files hold another pair than the one in use. Raises ConfigError where they hold none."""
        try:
            if self._digest() == self._held:
                return False
            _context(*self.files)  # judged apart: a wrong pair must not get into the one in use
        except (ssl.SSLError, OSError) as error:
            cert, key = self.files
            raise ConfigError([f"{cert} and {key} are no certificate and its key: {type(error).__name__}"]) from error
        return True

    def hold(self) -> None:
        """Show what stands in the files now to whoever connects from now on."""
        self.context.load_cert_chain(*self.files, password="")
        self._held = self._digest()

    def _digest(self) -> bytes:
        return b"".join(hashlib.sha256(file.read_bytes()).digest() for file in self.files)


def _context(cert: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.2 and 1.3. Raises ssl.SSLError or OSError for files that are no pair."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(cert, key, password="")
    return context
