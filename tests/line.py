"""A line between a client and a server that tests cut, stop up, slow down, or let lose and forge answers."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

CHUNK = 1 << 16
OVERLAP = 64  #: bytes kept of the chunk before: what is looked for may lie across two


@dataclass
class Watched:
    """`then` is called once, with the request still held back, when `part` stands in what a client sends."""

    part: bytes
    then: Callable[[], None]


@dataclass(eq=False)
class _Pair:
    client: socket.socket
    server: socket.socket
    lost: bool = False
    seen: bytes = b""


@dataclass
class Line:
    """Listens on a port of 127.0.0.1 and hands everything on to `target`: a port there, or a unix socket.

    `hole` takes everything and hands nothing on, in either direction; `seconds` delays answers; `reply`, if any, is
    what every client gets in place of an answer, without any effect; `lose` lets requests through and ends the
    connection in place of the answer, and calls `after` before the client can notice.
    """

    target: int | Path
    hole: bool = False
    seconds: float = 0.0
    reply: bytes = b""
    port: int = 0
    watched: list[Watched] = field(default_factory=list)
    after: Callable[[], None] = lambda: None
    _losing: list[tuple[int, bytes]] = field(default_factory=list)
    _pairs: set[_Pair] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _listener: socket.socket | None = None

    def __post_init__(self) -> None:
        self.mend()

    @property
    def redis(self) -> str:
        """For clients of a store."""
        return f"redis://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """End all connections, and refuse new ones."""
        with self._lock:
            listener, self._listener = self._listener, None
            pairs = list(self._pairs)
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for pair in pairs:
            _end(pair.client)
            _end(pair.server)

    def lose(self, answers: int, part: bytes = b"") -> None:
        """Lose so many answers to requests with `part` in them, and their connections with them."""
        with self._lock:
            self._losing = [(answers, part)] if answers else []

    def mend(self) -> None:
        """Everything is handed on again. What went into a hole stays lost: its connection ends."""
        was_hole, self.hole, self.seconds, self.reply, self._losing = self.hole, False, 0.0, b"", []
        if was_hole:
            self.cut()
        with self._lock:
            if self._listener is None:
                self._listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
                self.port = self._listener.getsockname()[1]
                threading.Thread(target=self._accept, args=(self._listener,), daemon=True, name="line").start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True, name="line").start()

    def _serve(self, client: socket.socket) -> None:
        """Two threads for each connection, one for each way."""
        unix = isinstance(self.target, Path)
        server = socket.socket(socket.AF_UNIX if unix else socket.AF_INET)
        pair = _Pair(client, server)
        with self._lock:
            self._pairs.add(pair)
            refused = self._listener is None
        back = threading.Thread(target=self._answers, args=(pair,), daemon=True, name="line")
        try:
            if not refused:
                server.connect(str(self.target) if unix else ("127.0.0.1", self.target))
                for end in (client, *(() if unix else (server,))):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                back.start()
                self._requests(pair)
        except OSError:
            pass
        finally:
            _end(client)
            _end(server)
            if back.ident is not None:
                back.join()
            client.close()
            server.close()
            with self._lock:
                self._pairs.discard(pair)

    def _requests(self, pair: _Pair) -> None:
        while chunk := pair.client.recv(CHUNK):
            self._look(pair, chunk)
            if self.reply:
                pair.client.sendall(self.reply)
                pair.client.shutdown(socket.SHUT_WR)
                while pair.client.recv(CHUNK):
                    pass
                return
            if not self.hole:
                pair.server.sendall(chunk)

    def _look(self, pair: _Pair, chunk: bytes) -> None:
        """Whatever is watched for begins before the request is handed on."""
        text, pair.seen = pair.seen + chunk, chunk[-OVERLAP:]
        for one in [one for one in self.watched if one.part in text]:
            self.watched.remove(one)
            one.then()
        with self._lock:
            if self._losing and self._losing[0][1] in text:
                left, part = self._losing[0]
                self._losing = [(left - 1, part)] if left > 1 else []
                pair.lost = True

    def _answers(self, pair: _Pair) -> None:
        with contextlib.suppress(OSError):
            while chunk := pair.server.recv(CHUNK):
                if pair.lost:
                    self.after()
                    break
                if self.seconds:
                    time.sleep(self.seconds)
                if not self.hole:
                    pair.client.sendall(chunk)
        _end(pair.client)


def _end(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
