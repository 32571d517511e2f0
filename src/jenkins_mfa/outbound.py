"""The way out to other hosts: whom we trust, what we show of ourselves, and through which proxy we go.

Files are read anew for each connection.
"""

from __future__ import annotations

import ssl
import time
from contextvars import ContextVar
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

_CHUNK = 65_536  #: bytes of an answer that are read at a time

#: The step of a trace that calls belong to which are made now (W3C Trace Context); empty: none.
TRACEPARENT: ContextVar[str] = ContextVar("traceparent", default="")


@dataclass(frozen=True, slots=True)
class Tls:
    """`ca_file`: certificates of those who may sign the other side's, in PEM; None: those that the system trusts.
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

    def context(self) -> ssl.SSLContext:
        """For a socket: TLS 1.2 at least. Raises OSError, which ssl.SSLError is, for files that are none."""
        made = ssl.create_default_context(cafile=self.ca_file)
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.cert_file and self.key_file:
            made.load_cert_chain(self.cert_file, self.key_file, password="")
        return made


def proxies(url: str) -> dict[str, str]:
    """The way out that the environment names for an address; none to this machine itself."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.startswith("127.") or host == "::1":
        return {}
    return requests.utils.get_environ_proxies(url)


def narrow(session: requests.Session, url: str, tls: Tls) -> None:
    """Of the environment only the proxies are taken: not .netrc, and no other certificates."""
    session.trust_env = False
    session.proxies = proxies(url)
    session.verify, session.cert = tls.verify, tls.cert


def body(raw: Any, most: int, seconds: float) -> bytes:
    """The body of an answer as it comes, not decoded, each part once; what comes after the part in which it gets longer
    than `most` bytes is not read. Raises TimeoutError: whoever sends a byte now and then must not hold a thread.
    """
    found, until = BytesIO(), time.monotonic() + seconds
    while found.tell() <= most and (part := raw.read1(_CHUNK, decode_content=False)):
        found.write(part)
        if time.monotonic() > until:
            raise TimeoutError
    return found.getvalue()  # which copies nothing: the listing of all builds is the largest thing that the agent holds
