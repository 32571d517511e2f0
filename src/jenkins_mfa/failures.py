"""Why a connection failed, as a clause for people.

Libraries wrap the system's error several times, under names of classes, and what they add may repeat what was sent. So
only the system's own error is looked at.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

#: The first kind that is found decides.
_CLAUSES: tuple[tuple[type[BaseException], str], ...] = (
    (ssl.SSLError, "no TLS connection could be made; is it http instead of https?"),
    (socket.gaierror, "the host's name is not known"),
    (ConnectionRefusedError, "the host refused the connection"),
    (FileNotFoundError, "there is no such socket or file"),
    (PermissionError, "this account may not open the socket"),
    (TimeoutError, "no answer in time"),
)
_NO_ROUTE = {errno.ENETUNREACH, errno.EHOSTUNREACH}
_READING = {
    errno.ENOENT: "correct the path, or write the file",
    errno.EACCES: "let the agent's user read it, and the directories above it",
    errno.EISDIR: "name a file, not a directory",
}
_LISTENING = {
    errno.EADDRINUSE: "end what listens there, or name another port",
    errno.EACCES: "name a port from 1024 on, or give the agent CAP_NET_BIND_SERVICE",
    errno.EADDRNOTAVAIL: "name an address of this host",
}


def why(error: BaseException) -> str:
    """The clause for an error of a network library, such as `the host refused the connection`."""
    causes = list(_inside(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted ({lower(cause.verify_message)})"
    for kind, clause in _CLAUSES:
        if any(isinstance(cause, kind) for cause in causes):
            return clause
    if any(isinstance(cause, OSError) and cause.errno in _NO_ROUTE for cause in causes):
        return "there is no way to the host"
    return "the connection was cut, or the answer was not whole"


def unread(error: OSError) -> str:
    """Why a file cannot be read, as in `no such file or directory`."""
    return lower(error.strerror or "input/output error")


def unreadable(path: Path, error: OSError) -> str:
    """Why a file cannot be read, and what to do, as in `… cannot be read: permission denied; mend: …`."""
    mend = _READING.get(error.errno or 0, "see what stands there")
    return f"{path} cannot be read: {unread(error)}; mend: {mend}"


def untaken(error: OSError) -> str:
    """Why an address cannot be listened at, and what to do, as in `cannot be taken: …; mend: …`."""
    mend = _LISTENING.get(error.errno or 0, "name another address in listen")
    return f"cannot be taken: {unread(error)}; mend: {mend}"


def lower(text: str) -> str:
    """The text as it stands within a sentence."""
    return text[:1].lower() + text[1:]


def _inside(error: BaseException) -> Iterator[BaseException]:
    """The error and all that it was made of."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        found = waiting.pop(0)
        if not isinstance(found, BaseException) or id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        waiting += [found.__cause__, found.__context__, getattr(found, "reason", None), *found.args]
