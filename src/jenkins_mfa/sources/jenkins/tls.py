"""What the wire to a controller trusts, and what it shows of itself. Files are read anew for each connection."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Tls:
    """`ca_file`: certificates of those who may sign the controller's, in PEM; None: those that the system trusts.
    `cert_file` and `key_file`: our own certificate and its key; None: none is shown.
    """

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None

    @property
    def verify(self) -> str | bool:
        """As requests takes it."""
        return str(self.ca_file) if self.ca_file else True

    @property
    def cert(self) -> tuple[str, str] | None:
        """As requests takes it."""
        return (str(self.cert_file), str(self.key_file)) if self.cert_file and self.key_file else None
