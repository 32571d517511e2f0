"""Data nodes and sentinels with a line before each data node: whatever a client sends to any of them can be watched."""

from __future__ import annotations

import tempfile
from pathlib import Path

from jenkins_mfa.simulators.ports import free_port
from line import Line, Watched
from replicated import QUICK, copying
from sentinels import Sentinels
from store_server import Server
from waiting import until


class LinedSentinels(Sentinels):
    """Clients, sentinels and the nodes themselves know each node by its line. `watched` is common to all lines."""

    def __init__(self, binary: str) -> None:
        super().__init__(binary)
        self.watched: list[Watched] = []
        self.lines: list[Line] = []

    def _started(self) -> tuple[list[Server], int]:
        nodes: list[Server] = []
        for _ in range(3):
            folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="mfa-")))
            port = free_port()
            self.lines.append(Line(port, watched=self.watched))
            known = ("--replica-announce-ip", "127.0.0.1", "--replica-announce-port", str(self.lines[-1].port))
            source = ("--replicaof", f"127.0.0.1 {self.lines[0].port}") if nodes else ()
            node = Server(self._binary, folder, "--port", str(port), *QUICK, *known, *source)
            node.port = port
            node.start()
            self._stack.callback(node.kill)
            nodes.append(node)
        for replica in nodes[1:]:
            until(lambda replica=replica: copying(replica))  # type: ignore[misc]
        return nodes, self.lines[0].port
