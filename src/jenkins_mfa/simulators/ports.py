"""Ports of this machine for servers that start a little later."""

from __future__ import annotations

import secrets
import socket
from itertools import count

_FIRST, _MANY = 20_000, 10_000  # no outgoing connection gets these: on Linux those start at 32768
_numbers = count(secrets.randbelow(_MANY))


def free_port() -> int:
    """A port of 127.0.0.1 that nobody has now.

    A process is told each of them once: whom it was told for may not listen there yet.
    """
    while True:
        port = _FIRST + next(_numbers) % _MANY
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
