"""Real servers that copy one another, each in a process and a directory of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from jenkins_mfa.simulators.ports import free_port
from store_server import Server
from waiting import until

QUICK = ("--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1")  #: so that replicas join at once


def copying(server: Server) -> bool:
    """Whether the server is a replica that has all that its primary had when it joined."""
    with server.client() as client:
        found = client.info("replication")
    return found["role"] == "slave" and found["master_link_status"] == "up"


@contextmanager
def running(binary: str, replicas: int, *options: str) -> Iterator[list[Server]]:
    """A primary and its replicas, in this order, on local ports as well as sockets."""
    with ExitStack() as stack:
        servers: list[Server] = []
        for _ in range(replicas + 1):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mfa-")))
            source = ("--replicaof", f"127.0.0.1 {servers[0].port}") if servers else ()
            port = free_port()
            server = Server(binary, folder, "--port", str(port), *QUICK, *source, *options)
            server.port = port
            server.start()
            stack.callback(server.kill)
            servers.append(server)
        for replica in servers[1:]:
            until(lambda replica=replica: copying(replica))  # type: ignore[misc]
        yield servers
