"""Receivers of the trail: a webhook behind HTTPS and a syslog server behind TLS, on real sockets."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from certificates import Maker
from jenkins_mfa.outbound import Tls

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Files:
    """A private CA, a certificate for localhost, one of ours, and the secret of a webhook."""

    def __init__(self, folder: Path) -> None:
        maker = Maker.new("Private CA")
        self.ca = self._write(folder / "ca.pem", maker.pem)
        self.host_key, self.host = self._pair(folder, "localhost", maker)
        self.our_key, self.our = self._pair(folder, "agent", maker)
        self.secret = self._write(folder / "siem.secret", SECRET.encode())

    @property
    def tls(self) -> Tls:
        """Whom to trust, and nothing shown."""
        return Tls(ca_file=self.ca)

    @property
    def shown(self) -> Tls:
        """Whom to trust, and our certificate."""
        return Tls(self.ca, self.our, self.our_key)

    def context(self, *, asks: bool = False) -> ssl.SSLContext:
        """A server's; `asks`: for a certificate of the private CA."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(self.host, self.host_key)
        if asks:
            made.load_verify_locations(self.ca)
            made.verify_mode = ssl.CERT_REQUIRED
        return made

    def _pair(self, folder: Path, name: str, maker: Maker) -> tuple[Path, Path]:
        key, certificate = maker.host(name)
        return self._write(folder / f"{name}.key", key), self._write(folder / f"{name}.crt", certificate)

    @staticmethod
    def _write(path: Path, content: bytes) -> Path:
        path.touch(mode=0o600)
        path.write_bytes(content)
        return path


@dataclass
class Hook:
    """A webhook: the calls that came, and what is answered from now on."""

    url: str = ""
    answers: int = 204
    calls: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)

    @property
    def lines(self) -> list[bytes]:
        """All lines of all calls."""
        return [line for _, body in self.calls for line in body.splitlines(keepends=True)]


@contextmanager
def webhook(files: Files, *, asks: bool = False) -> Iterator[Hook]:
    """One that runs at https://localhost."""
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.calls.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(hook.answers)
            self.send_header("Location", "https://localhost/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass

    with Server(("127.0.0.1", 0), Handler) as server:
        server.socket = files.context(asks=asks).wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        hook.url = f"https://localhost:{server.server_port}/trail"
        yield hook
        server.shutdown()


class SyslogServer:
    """RFC 5425: takes frames from one connection after the other, each in a thread of its own."""

    def __init__(self, files: Files, *, asks: bool = False) -> None:
        self._context = files.context(asks=asks)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.received = b""
        self.connections: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                plain, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        with suppress(OSError):
            opened = self._context.wrap_socket(plain, server_side=True)
            self.connections.append(opened)
            while block := opened.recv(65536):
                self.received += block

    def hang_up(self) -> None:
        """Close what is open."""
        for opened in self.connections:
            with suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)
            opened.close()
        self.connections.clear()

    def close(self) -> None:
        """Hang up, and take nobody any more."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.hang_up()

    @property
    def messages(self) -> list[bytes]:
        """The frames that came, without their lengths; a torn one is an error here."""
        found, rest = [], self.received
        while rest:
            length = re.match(rb"([1-9]\d*) ", rest)
            assert length, rest[:40]
            end = length.end() + int(length[1])
            assert len(rest) >= end
            found.append(rest[length.end() : end])
            rest = rest[end:]
        return found


def slow_road(port: int, seconds: float) -> int:
    """The port of a relay to another one, which takes all at once, and hands on what follows the first piece late."""
    listening = socket.create_server(("127.0.0.1", 0))

    def hand_on(source: socket.socket, target: socket.socket, wait: float) -> None:
        pause = threading.Event()
        with suppress(OSError):
            target.sendall(source.recv(65536))
            while block := source.recv(65536):
                pause.wait(wait)
                target.sendall(block)
            target.shutdown(socket.SHUT_WR)

    def accept() -> None:
        client, _ = listening.accept()
        server = socket.create_connection(("127.0.0.1", port))
        threading.Thread(target=hand_on, args=(server, client, 0), daemon=True).start()
        hand_on(client, server, seconds)

    threading.Thread(target=accept, daemon=True).start()
    found: int = listening.getsockname()[1]
    return found
