"""How long Prometheus waits for the numbers of an agent."""

from __future__ import annotations

import time

import requests

from benchmarks.figures import Figure, percentile
from benchmarks.stage import Stage

SECONDS = 30  #: that any answer may take


def served(here: Stage, gates: int, looks: int) -> Figure:
    """One look after the other, while the agent polls and all its gates wait: from asking to the last byte."""
    taken, size = [], 0
    with requests.Session() as prometheus:
        for _ in range(looks):
            began = time.perf_counter()
            answer = prometheus.get(here.metrics, timeout=SECONDS)
            taken.append((time.perf_counter() - began) * 1000)
            assert f'state="pending"}} {float(gates)}' in answer.text
            size = len(answer.content)
    worst = percentile(taken, 95)
    how = (
        f"{looks} looks while the agent polls {gates} gates, {size} bytes each; median, 95th percentile {worst:.1f} ms"
    )
    return Figure(f"/metrics, {gates} open gates", percentile(taken, 50), "ms", 20, how)
