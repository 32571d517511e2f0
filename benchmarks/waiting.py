"""An agent with very many open gates, and an agent that starts."""

from __future__ import annotations

import statistics
import time

from benchmarks import console, gates, numbers, processes
from benchmarks.figures import Figure, Sizes
from benchmarks.polling import LISTING
from benchmarks.stage import Stage, stage, until
from jenkins_mfa.simulators.ports import free_port
from jenkins_mfa.sources.jenkins import inputs
from jenkins_mfa.sources.jenkins.client import LISTING_BYTES, Client


def measure_open_gates(sizes: Sizes) -> list[Figure]:
    """Memory and processor time of a whole agent while all its gates wait, polled once a second; then its console, and
    its numbers.

    The listing is made once: the simulator would need longer than a second to put it together.
    """
    with stage(port=free_port()) as here:
        pauses = gates.wanted(here, sizes.gates)
        gates.pause(here, pauses)
        with here.desk() as desk:
            gates.open_gates(here, desk, pauses)
            last = desk.store.open_gates()[-1]
        here.forget_lanes()
        client = Client(here.jenkins.url, *here.jenkins.auth("mfa-agent"))
        listing = client.get("computer/", inputs.LISTING, limit=LISTING_BYTES).body
        here.jenkins.faults.body(LISTING, listing, times=10**9)
        begun = here.jenkins.count(LISTING)
        here.start_agent()
        until(lambda: here.jenkins.count(LISTING) >= begun + sizes.settled)
        share, polls = _watched(here, sizes.watched_seconds)
        memory = processes.resident(here.pid)
        seen = console.first_byte(here, last.jti, len(pauses), sizes.looks)
        asked = numbers.served(here, len(pauses), sizes.looks)
    how = f"{len(pauses)} gates, listing of {len(listing) / 1e6:.1f} MB, {polls:.2f} polls a second; the whole agent"
    return [
        Figure(f"memory of the agent, {len(pauses)} open gates", memory, "MiB", 200, "resident; " + how),
        Figure(f"share of one core, {len(pauses)} open gates", share * 100, "%", 20, how),
        seen,
        asked,
    ]


def measure_start(sizes: Sizes) -> list[Figure]:
    """From starting the process to its first request for the listing."""
    taken = []
    for _ in range(sizes.starts):
        with stage() as here:
            began = time.monotonic()
            here.start_agent()
            until(lambda here=here: here.jenkins.count(LISTING))  # type: ignore[misc]
            taken.append(next(seen.at for seen in here.jenkins.requests if LISTING in f"GET {seen.path}") - began)
            here.connected()
    how = f"median of {len(taken)}, {min(taken):.2f} to {max(taken):.2f} s; the store's server runs already"
    return [Figure("start to first poll", statistics.median(taken), "s", 1.5, how)]


def _watched(here: Stage, seconds: float) -> tuple[float, float]:
    """The agent's share of one core, and its polls a second, over that time."""
    spent, polls, began = processes.cpu_seconds(here.pid), here.jenkins.count(LISTING), time.monotonic()
    time.sleep(seconds)
    wall = time.monotonic() - began
    return (processes.cpu_seconds(here.pid) - spent) / wall, (here.jenkins.count(LISTING) - polls) / wall
