"""One job's gate beside a flood of another job: how much longer its people and its build wait than alone."""

from __future__ import annotations

import statistics
import time

from benchmarks import gates
from benchmarks.figures import Figure, Sizes
from benchmarks.latency import APART, asked_at, messages_of, tapped
from benchmarks.polling import LISTING
from benchmarks.stage import Stage, stage, until

MOST = 2.0  #: times as long as alone


def measure(sizes: Sizes) -> list[Figure]:
    """Pauses of jobs of their own, first alone, then while very many builds of one job wait; the first of these comes
    together with the flood. Each until its message has arrived, and from a tap until Jenkins has taken the answer.
    """
    with stage() as here:
        here.start_agent()
        here.connected()
        wanted = gates.wanted(here, 2 * sizes.flooded)
        alone = _waited(here, wanted[: sizes.flooded])
        flood = gates.builds(here, "tap/flood", sizes.flood)
        gates.pause(here, flood)
        beside = _waited(here, wanted[sizes.flooded :])
    figures = []
    for name, before, after in zip(("message", "answer"), alone, beside, strict=True):
        ours, usual = statistics.median(after), statistics.median(before)
        how = f"{ours * 1000:.1f} ms, alone {usual * 1000:.1f} ms, slowest {max(after) * 1000:.0f} ms; medians of "
        how += f"{len(after)}, beside {len(flood)} builds of one job"
        figures.append(Figure(f"{name} beside a flood, over alone", ours / usual, "×", MOST, how))
    return figures


def _waited(here: Stage, pauses: list[gates.Wanted]) -> tuple[list[float], list[float]]:
    """Seconds from the answered listing to the message, and from the tap to the proceed, of each pause."""
    messages, answers = [], []
    for one in pauses:
        began = time.monotonic()
        (build,) = gates.pause(here, [one])
        until(lambda job=one.job: job in asked_at(here))  # type: ignore[misc]
        messages.append(asked_at(here)[one.job] - _listed(here, began, asked_at(here)[one.job]))
        here.quiet()
        answers.append(tapped(here, build, messages_of(here)[one.job]))
        time.sleep(max(0.0, began + APART - time.monotonic()))
    return messages, answers


def _listed(here: Stage, paused: float, told: float) -> float:
    """When the listing that showed a pause had been answered, seconds since 1970: the first that was asked for after
    the pause, or the one before it where the pause came while that was put together.
    """
    ahead = time.time() - time.monotonic()
    polls = [seen for seen in here.jenkins.requests if LISTING in f"GET {seen.path}"]
    first = next(number for number, seen in enumerate(polls) if seen.at + seen.seconds > paused)
    shown = [seen.at + seen.seconds + ahead for seen in polls[first : first + 2]]
    return shown[-1] if shown[-1] < told else shown[0]
