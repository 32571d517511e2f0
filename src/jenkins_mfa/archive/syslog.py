"""A destination of the trail that speaks syslog: RFC 5424 messages over TLS, framed as RFC 5425 wants it.

Syslog has no answer. What counts as sent is what the other side's system has acknowledged, on a connection that stands
after that; what its program then does with it nobody tells. Each message has the event's number, so a gap shows.
"""

from __future__ import annotations

import array
import fcntl
import select
import socket
import ssl
import sys
import termios
import threading
import time
from collections.abc import Sequence
from contextlib import suppress

from jenkins_mfa.archive.forms import Form
from jenkins_mfa.core import ocsf
from jenkins_mfa.core.chain import Linked
from jenkins_mfa.errors import ArchiveError
from jenkins_mfa.failures import why
from jenkins_mfa.outbound import Tls
from jenkins_mfa.words import render

SECONDS = 5.0  #: to connect, to write, and until what was written is acknowledged
GREETING_SECONDS = 1.0  #: in which the other side may refuse a connection; most say at once that they do not
LOG_AUDIT = 13  #: the facility (RFC 5424, table 1)
LOOK_SECONDS = 0.005  #: between two looks at what is not acknowledged yet


class Syslog:
    """Sends to a host and port; the connection stays open between calls."""

    def __init__(self, host: str, port: int, tls: Tls, form: Form) -> None:
        self._address = host, port
        self._tls = tls
        self._form = form
        self._name = socket.gethostname()[:255] or "-"
        self._socket: ssl.SSLSocket | None = None

    def send(self, events: Sequence[Linked]) -> None:
        """Returns once the other side's system has them. Raises ArchiveError; then the next call connects anew."""
        try:
            opened = self._connected()
            opened.sendall(b"".join(map(self._framed, events)))
            self._acknowledged(opened)
        except OSError as error:
            self.close()
            raise ArchiveError(why(error)) from None

    def close(self) -> None:
        """Say good-bye, as RFC 5425 (4.4) wants it, and let go."""
        if self._socket is not None:
            with suppress(OSError, ValueError):
                self._socket.settimeout(LOOK_SECONDS)
                self._socket.unwrap()
            self._socket.close()
            self._socket = None

    def _connected(self) -> ssl.SSLSocket:
        """The open connection, or a new one where the other side has hung up."""
        if self._socket is not None and not _stands(self._socket):
            self.close()
        if self._socket is None:
            plain = socket.create_connection(self._address, SECONDS)
            try:
                self._socket = self._tls.context().wrap_socket(plain, server_hostname=self._address[0])
            except OSError:
                plain.close()
                raise
            # Who does not take our certificate says so after the handshake (RFC 8446, 4.4.2.4).
            select.select([self._socket], [], [], GREETING_SECONDS)
            if not _stands(self._socket):
                raise ConnectionResetError
        return self._socket

    def _framed(self, linked: Linked) -> bytes:
        """One message behind its length in octets."""
        entry = linked.entry
        priority = 8 * LOG_AUDIT + 7 - ocsf.severity(entry.event)
        head = f"<{priority}>1 {render.iso(entry.at)} {self._name} jenkins-mfa - {entry.event} - "
        message = head.encode() + self._form(linked).rstrip(b"\n")
        return b"%d %s" % (len(message), message)

    def _acknowledged(self, opened: ssl.SSLSocket) -> None:
        """Raises OSError where the other side's system does not have all of it in time, or has hung up."""
        until, pause = time.monotonic() + SECONDS, threading.Event()
        while _unacknowledged(opened):
            if time.monotonic() > until:
                raise TimeoutError
            pause.wait(LOOK_SECONDS)
        if not _stands(opened):
            raise ConnectionResetError


def _unacknowledged(opened: ssl.SSLSocket) -> int:
    """Octets that were sent and that no acknowledgement has come for (tcp(7), SIOCOUTQ); 0 where the system does not
    tell.
    """
    if not sys.platform.startswith("linux"):
        return 0
    found = array.array("i", [0])
    fcntl.ioctl(opened.fileno(), termios.TIOCOUTQ, found)
    return found[0]


def _stands(opened: ssl.SSLSocket) -> bool:
    """Whether the other side has not hung up: it has nothing to say but that."""
    opened.settimeout(0)
    try:
        return bool(opened.recv(1))
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return True
    except OSError:
        return False
    finally:
        opened.settimeout(SECONDS)
