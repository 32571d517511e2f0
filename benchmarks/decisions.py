"""Decisions a second: `Answers.tap` called → its commit acknowledged by a server that has it on disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from benchmarks import gates
from benchmarks.figures import Figure, Sizes, percentile
from benchmarks.stage import TEAM, slack_id, stage
from jenkins_mfa.core.model import Gate, State
from jenkins_mfa.usecases.answer import Answers
from jenkins_mfa.usecases.decisions import Counted
from jenkins_mfa.usecases.desk import Who

THREADS = 8


def measure(sizes: Sizes) -> list[Figure]:
    """Taps of eight people on gates that one tap satisfies, from eight threads of one process."""
    with stage(THREADS) as here, here.desk() as desk:
        opened = gates.open_gates(here, desk, gates.wanted(here, sizes.decisions))
        answers, turns = Answers(desk), iter(opened)
        lock, barrier = threading.Lock(), threading.Barrier(THREADS + 1)
        taken: list[float] = []

        def answer(person: str) -> None:
            who = Who(f"slack:{TEAM}", slack_id(person))
            desk.messenger.inactive([person])
            barrier.wait()
            while (gate := _next(turns, lock)) is not None:
                began = time.perf_counter()
                counted = answers.tap(gate.jti, who, f"slack:{TEAM}:{who.subject}:{gate.id}")
                taken.append(time.perf_counter() - began)
                assert isinstance(counted, Counted)
                assert counted.gate.state is State.APPROVED

        with ThreadPoolExecutor(THREADS) as pool:
            done = [pool.submit(answer, person) for person in here.people]
            barrier.wait()
            began = time.perf_counter()
        seconds = time.perf_counter() - began
        for one in done:
            one.result()
    middle, slow = (percentile(taken, p) * 1000 for p in (50, 99))
    how = f"{len(taken)} taps, push, quorum 1, {THREADS} threads; each took {middle:.1f} ms (p99 {slow:.1f} ms)"
    return [Figure("decisions a second", len(taken) / seconds, "/s", 500, how, at_least=True)]


def _next(turns: Iterator[Gate], lock: threading.Lock) -> Gate | None:
    with lock:
        return next(turns, None)
