"""One poll: its requests against those of a script that asks job by job, and its processor time."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import jenkins

from benchmarks import gates, per_job
from benchmarks.figures import Figure, Sizes
from benchmarks.stage import Stage, stage
from jenkins_mfa.usecases.watch import Watch

LISTING = "GET /computer/"  #: how the simulator sees a poll


def measure_requests(sizes: Sizes) -> list[Figure]:
    """The same pauses found both ways, in turns."""
    with stage() as here, here.desk() as desk:
        pauses = gates.wanted(here, sizes.jobs)
        gates.pause(here, pauses)
        gates.open_gates(here, desk, pauses)
        watch = Watch(desk, desk.sources["main"])
        script = jenkins.Jenkins(here.jenkins.url, *here.jenkins.auth("mfa-agent"))
        jobs = [one.job for one in pauses]
        assert len(per_job.paused(script, jobs)) == watch.poll() == len(jobs)
        ours, theirs = [], []
        for _ in range(max(3, sizes.polls // 8)):
            ours.append(_timed(here, watch.poll))
            theirs.append(_timed(here, lambda: per_job.paused(script, jobs)))
    (requests, seconds, server), (others, other_seconds, other_server) = min(ours), min(theirs)
    how = (
        f"{len(jobs)} jobs with a paused build each; the script sends {others}. "
        f"The simulator's own time: {server * 1000:.1f} ms for the listing, "
        f"{other_server * 1000 / others:.2f} ms for each request of the script"
    )
    times = f"{seconds * 1000:.1f} ms a poll, {other_seconds * 1000:.0f} ms the script, on loopback"
    return [
        Figure("requests a poll", requests, "", 1, how),
        Figure("time of the script that asks each job, over ours", other_seconds / seconds, "×", None, times),
    ]


def measure_time(sizes: Sizes) -> list[Figure]:
    """Processor time of a poll in a quiet installation with that many pending inputs."""
    spent: dict[int, float] = {}
    for count in sizes.pending:
        with stage() as here:
            pauses = gates.wanted(here, count)
            gates.pause(here, pauses)
            with here.desk() as desk:
                gates.open_gates(here, desk, pauses)
            spent[count] = _poll_elsewhere(here, sizes.polls, count)
    few, some, many = sizes.pending
    slope = (spent[many] - spent[few]) / (many - few)
    shown = ", ".join(f"{count}: {ms:.2f} ms" for count, ms in spent.items())
    return [
        Figure(f"processor time of a poll, {some} pending", spent[some], "ms", 3, f"median; {shown}"),
        Figure(
            f"growth of it from {some} to {many} pending, linear at most",
            spent[many] / spent[some],
            "×",
            many / some,
            f"{slope * 1000:.1f} µs for each pending input",
        ),
    ]


def _poll_elsewhere(here: Stage, polls: int, count: int) -> float:
    command = [sys.executable, "-m", "benchmarks.poller", str(here.config_path), str(polls)]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert found["pending"] == count
    return float(statistics.median(found["ms"]))


def _timed(here: Stage, work: Callable[[], object]) -> tuple[int, float, float]:
    """Requests, seconds, and the seconds of these that the simulator needed."""
    before, began = len(here.jenkins.requests), time.perf_counter()
    work()
    seconds = time.perf_counter() - began
    seen = here.jenkins.requests[before:]
    return len(seen), seconds, sum(one.seconds for one in seen)
