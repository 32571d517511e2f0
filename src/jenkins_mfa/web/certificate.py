"""The server's own certificate, taken anew when its files change. A wrong pair changes nothing: the old one goes on."""

from __future__ import annotations

import hashlib
import ssl
from pathlib import Path

import structlog

log = structlog.get_logger()


class Certificate:
    """A TLS context over two files. `look` is called every few seconds; `problem` says why the newest are not used."""

    def __init__(self, cert: Path, key: Path) -> None:
        self._files = (cert, key)
        self._judged = self._digest()
        self._waiting = self._judged
        self.context = _context(*self._files)
        self.problem = ""

    def look(self) -> bool:
        """Take over what stands in the files now, once it has stood there for two looks; whether a problem is new."""
        before, self._waiting = self._waiting, self._digest()
        if self._waiting == self._judged or self._waiting != before:
            return False
        self._judged = self._waiting
        try:
            _context(*self._files)  # judged apart: a wrong pair must not get into the one in use
            self.context.load_cert_chain(*self._files, password="")
        except (ssl.SSLError, OSError) as error:
            cert, key = self._files
            self.problem = f"{cert} and {key} are no certificate and its key: {type(error).__name__}"
            log.warning("certificate not taken over: the old one goes on", problem=self.problem)
            return True
        self.problem = ""
        log.info("certificate taken over", file=str(self._files[0]))
        return False

    def _digest(self) -> bytes:
        found = hashlib.sha256()
        for file in self._files:
            try:
                found.update(hashlib.sha256(file.read_bytes()).digest())
            except OSError as error:
                found.update(f"unread: {error.errno}".encode())
        return found.digest()


def _context(cert: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.2 and 1.3. Raises ssl.SSLError or OSError for files that are no pair."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(cert, key, password="")
    return context
