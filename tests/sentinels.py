"""Three data nodes and three sentinels, as an operator would run them, on local ports."""

from __future__ import annotations

import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import redis

from jenkins_mfa.simulators.ports import free_port
from jenkins_mfa.store.connect import client_for
from jenkins_mfa.store.settings import Password
from replicated import running
from store_server import Server
from waiting import until

SERVICE = "mfa"
SENTINEL = """\
port {port}
dir {folder}
{guarded}
sentinel monitor {service} 127.0.0.1 {primary} 2
sentinel down-after-milliseconds {service} 500
sentinel failover-timeout {service} 3000
"""


class Sentinels:
    """The whole of it; `url` is what stands in the configuration. The names are those of the demo's own server."""

    def __init__(self, binary: str, password: str = "") -> None:
        self._binary = binary
        self.password = password
        self._stack = ExitStack()
        self._sentinels: list[subprocess.Popen[bytes]] = []
        self.ports = [free_port() for _ in range(3)]
        self.url = f"redis+sentinel://{','.join(f'127.0.0.1:{port}' for port in self.ports)}/{SERVICE}"

    def __enter__(self) -> Self:
        guarded = f"requirepass {self.password}\nsentinel sentinel-pass {self.password}" if self.password else ""
        self.nodes, primary = self._started()
        for port in self.ports:
            folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="mfa-")))
            path = folder / "sentinel.conf"
            given = {"port": port, "folder": folder, "service": SERVICE, "primary": primary}
            path.write_text(SENTINEL.format(**given, guarded=guarded))
            command = [self._binary, str(path), "--sentinel"]
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self._stack.callback(process.wait)
            self._stack.callback(process.kill)
            self._sentinels.append(process)
        until(self._together)
        return self

    def _started(self) -> tuple[list[Server], int]:
        """The data nodes, the primary first, and the port at which all know that one."""
        nodes = self._stack.enter_context(running(self._binary, 2))
        return nodes, nodes[0].port

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start(self) -> None:
        """It runs already."""

    def stop(self) -> None:
        """It runs on: another one stops it."""

    def primary(self) -> int:
        """The port of the one that takes writes now."""
        with client_for(self.url, None, Password(self.password) if self.password else None) as client:
            return int(client.info("server")["tcp_port"])

    def kill_primary(self) -> None:
        """Kill -9 of the data node that takes writes."""
        port = self.primary()
        next(node for node in self.nodes if node.port == port).kill()

    def _together(self) -> bool:
        """Whether all know all. Raises AssertionError if one has ended."""
        assert all(process.poll() is None for process in self._sentinels), "a sentinel does not run"
        return all(self._knows_all(port) for port in self.ports)

    def _knows_all(self, port: int) -> bool:
        """Whether a sentinel has found the replicas and the other sentinels."""
        try:
            with redis.Redis("127.0.0.1", port, password=self.password or None) as client:
                found = client.sentinel_master(SERVICE)
        except redis.RedisError:
            return False
        return (int(found["num-slaves"]), int(found["num-other-sentinels"])) == (2, 2)
