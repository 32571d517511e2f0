"""A proxy in front of a server that can lose answers: the server has done its work, and nobody hears of it."""

from __future__ import annotations

import selectors
import socket
import threading
from pathlib import Path


class Proxy:
    """Listens on a local port and hands everything on to a unix socket."""

    def __init__(self, target: Path) -> None:
        self._target = str(target)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}"
        self._to_lose = 0
        threading.Thread(target=self._accept, daemon=True, name="proxy").start()

    def lose(self, answers: int) -> None:
        """The next so many answers to scripts are lost, and their connections with them."""
        self._to_lose = answers

    def close(self) -> None:
        """Take no new connections."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True, name="proxy").start()

    def _serve(self, client: socket.socket) -> None:
        """Hand on both ways until one side closes, or an answer is to be lost."""
        losing = False
        with client, socket.socket(socket.AF_UNIX) as server, selectors.DefaultSelector() as ready:
            server.connect(self._target)
            ready.register(client, selectors.EVENT_READ, server)
            ready.register(server, selectors.EVENT_READ, client)
            while True:
                for key, _ in ready.select():
                    chunk = key.fileobj.recv(1 << 20)  # type: ignore[union-attr]
                    if not chunk or (losing and key.fileobj is server):
                        return
                    if key.fileobj is client and b"EVALSHA" in chunk and self._to_lose > 0:
                        self._to_lose -= 1
                        losing = True
                    key.data.sendall(chunk)
