"""Decisions a second of two agents on one store, by what is promised of a power cut; each agent is a process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager

from benchmarks import gates
from benchmarks.decisions import THREADS
from benchmarks.figures import Figure, Sizes
from benchmarks.stage import Stage, stage, until
from jenkins_mfa.simulators.ports import free_port
from jenkins_mfa.store.connect import client_for
from jenkins_mfa.store.embedded import server_binary

AGENTS = 2


def measure(sizes: Sizes) -> list[Figure]:
    """The same taps on a store that writes before it acknowledges, on one that writes every second, and on one whose
    replica must have them, too, before anybody is told.
    """
    return [
        _measured(sizes, "every commit on disk", 500),
        _measured(sizes, "on disk every second", appendfsync="everysec"),
        _measured(sizes, "every commit on disk, and one replica has it", replicas=1),
    ]


def _measured(
    sizes: Sizes, name: str, target: float | None = None, *, appendfsync: str = "always", replicas: int = 0
) -> Figure:
    with stage(THREADS) as here, _replicated(here, replicas):
        with client_for(here.server.url) as client:
            client.config_set("appendfsync", appendfsync)
        with here.desk() as desk:
            opened = gates.open_gates(here, desk, gates.wanted(here, sizes.decisions))
        shares = [opened[number::AGENTS] for number in range(AGENTS)]
        command = [sys.executable, "-m", "benchmarks.tapper", str(here.config_path)]
        agents = [
            subprocess.Popen(
                [*command, *(gate.jti for gate in share)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            for share in shares
        ]
        for agent in agents:
            assert agent.stdout is not None
            assert agent.stdout.readline() == "ready\n"
        for agent in agents:
            assert agent.stdin is not None
            agent.stdin.close()
        times = [[float(time) for time in agent.stdout.read().split()] for agent in agents if agent.stdout]
        assert [agent.wait() for agent in agents] == [0] * AGENTS
    seconds = max(end for _, end in times) - min(began for began, _ in times)
    how = f"{len(opened)} taps, push, quorum 1; {AGENTS} processes of {THREADS} threads"
    return Figure(f"decisions a second, two agents, {name}", len(opened) / seconds, "/s", target, how, at_least=True)


@contextmanager
def _replicated(here: Stage, replicas: int) -> Generator[None]:
    """The store's server with a replica, which the configuration asks to have everything; without, nothing."""
    if not replicas:
        yield
        return
    port, directory = free_port(), here.directory / "replica"
    directory.mkdir()
    with client_for(here.server.url) as client:
        client.config_set("port", port)
        options = [
            "--port",
            str(free_port()),
            "--dir",
            str(directory),
            "--appendonly",
            "yes",
            "--appendfsync",
            "always",
        ]
        command = [str(server_binary()), *options, "--repl-diskless-sync-delay", "0"]
        replica = subprocess.Popen([*command, "--replicaof", f"127.0.0.1 {port}"], stdout=subprocess.DEVNULL)
        try:
            until(lambda: _online(client.info("replication")))
            text = here.config_path.read_text()
            here.config_path.write_text(text.replace("[store]\n", f"[store]\nreplicas = {replicas}\n", 1))
            yield
        finally:
            replica.kill()
            replica.wait()


def _online(replication: dict[str, object]) -> bool:
    first = replication.get("slave0")
    return isinstance(first, dict) and first.get("state") == "online"
