"""TLS in front of a server without: its certificate can end while clients are connected."""

from __future__ import annotations

import contextlib
import datetime
import selectors
import socket
import ssl
import threading
from pathlib import Path

from certificates import BEGIN, Maker
from line import Line

CHUNK = 1 << 16
HOST = "localhost"  #: what the certificates are for


class Front:
    """Listens for TLS and hands on what is inside to a line. `authority` signed its certificates;
    `expired` says which one new clients see.
    """

    def __init__(self, folder: Path, name: str, line: Line) -> None:
        maker = Maker.new()
        self.authority, self.expired, self._line = folder / f"{name}.authority.pem", False, line
        self.authority.write_bytes(maker.pem)
        valid, ended = maker.host(HOST), maker.host(HOST, until=BEGIN + datetime.timedelta(days=1))
        self._contexts = {
            False: _context(folder / f"{name}.valid.pem", valid),
            True: _context(folder / f"{name}.ended.pem", ended),
        }
        self._clients: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True, name="front").start()

    def expire(self, expired: bool = True) -> None:
        """New clients see the other certificate from now on; whoever is connected has to connect anew."""
        self.expired = expired
        for client in list(self._clients):
            _end(client)

    def close(self) -> None:
        """Listen no more."""
        _end(self._listener)
        self._listener.close()
        self.expire()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True, name="front").start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), self._contexts[self.expired].wrap_socket(client, server_side=True) as inside:
            self._clients.add(inside)
            with socket.create_connection(("127.0.0.1", self._line.port)) as server:
                for end in (inside, server):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                _both_ways(inside, server)


def _both_ways(client: ssl.SSLSocket, server: socket.socket) -> None:
    """In one thread: a TLS connection is not read and written at the same time."""
    with selectors.DefaultSelector() as ready:
        for one, other in ((client, server), (server, client)):
            ready.register(one, selectors.EVENT_READ, other)
        while True:
            for key, _ in ready.select():
                one: socket.socket = key.fileobj  # type: ignore[assignment]
                more = True
                while more:
                    chunk = one.recv(CHUNK)
                    if not chunk:
                        return
                    key.data.sendall(chunk)
                    more = isinstance(one, ssl.SSLSocket) and one.pending() > 0


def _context(path: Path, pair: tuple[bytes, bytes]) -> ssl.SSLContext:
    path.write_bytes(b"".join(pair))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def _end(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
