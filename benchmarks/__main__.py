"""`make bench`: measure, print one table, and write it into docs/performance.md."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from benchmarks import (
    codes,
    decisions,
    flood,
    key_latency,
    latency,
    machine,
    pages,
    policy,
    polling,
    reload,
    replays,
    report,
    security_keys,
    trail,
    two_agents,
    waiting,
)
from benchmarks.figures import TINY, Figure, Sizes
from jenkins_mfa import log

DOCS = Path(__file__).parent.parent / "docs" / "performance.md"

MEASUREMENTS: dict[str, Callable[[Sizes], list[Figure]]] = {
    "requests": polling.measure_requests,
    "poll": polling.measure_time,
    "message": latency.measure_message,
    "answer": latency.measure_answer,
    "key": key_latency.measure,
    "decisions": decisions.measure,
    "replicas": two_agents.measure,
    "flood": flood.measure,
    "open": waiting.measure_open_gates,
    "start": waiting.measure_start,
    "replay": replays.measure,
    "reload": reload.measure,
    "policy": policy.measure,
    "totp": codes.measure,
    "webauthn": security_keys.measure,
    "pages": pages.measure,
    "trail": trail.measure,
}


@click.command(epilog="Example: python -m benchmarks --only poll --rounds 5")
@click.option("--only", type=click.Choice(tuple(MEASUREMENTS)), multiple=True, help="Measure this; docs stay as is.")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True, help="The best one counts.")
@click.option("--tiny", is_flag=True, help="As little as shows that it runs; docs stay as they are.")
def main(only: tuple[str, ...], rounds: int, tiny: bool) -> None:
    """Measure what docs/performance.md tells; takes about four minutes a round."""
    log.set_up("ERROR")
    described = machine.describe()
    measured: list[list[Figure]] = []
    for name in only or MEASUREMENTS:
        found = []
        for number in range(1, rounds + 1):
            click.echo(f"{name}: round {number} of {rounds}", err=True)
            found.append(MEASUREMENTS[name](TINY if tiny else Sizes()))
        measured += [list(of_one) for of_one in zip(*found, strict=True)]
    text = report.lines(described, measured)
    click.echo("\n".join(text))
    if not (only or tiny):
        report.write(DOCS, text)


if __name__ == "__main__":
    main()
