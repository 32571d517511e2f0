"""Sockets that have their answer already: what HTTP clients of libraries make of any bytes, without a server."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from unittest.mock import patch

MOST = 100_000  #: bytes of an answer: a socket holds them without anybody who reads


class _Local(socket.socket):
    """One that takes the options of TCP for granted."""

    def setsockopt(self, *_: object) -> None:  # type: ignore[override]
        pass


@contextmanager
def answering(data: bytes) -> Iterator[None]:
    """Every connection that is made now gets `data` and an end, whatever it asks."""
    others: list[socket.socket] = []

    def connect(*_: object, **__: object) -> socket.socket:
        ours, theirs = socket.socketpair()
        theirs.sendall(data[:MOST])
        theirs.shutdown(socket.SHUT_WR)
        others.append(theirs)
        return _Local(fileno=ours.detach())

    with patch("urllib3.util.connection.create_connection", connect), patch("socket.create_connection", connect):
        try:
            yield
        finally:
            for one in others:
                with closing(one):
                    pass
