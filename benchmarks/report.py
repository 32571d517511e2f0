"""The table of figures: of several rounds the best, with the others beside it, so that chance can be seen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import Figure

BEGIN, END = "<!-- measured: written by make bench -->", "<!-- end of measured -->"


def best(rounds: Sequence[Figure]) -> Figure:
    """The best of one figure's rounds: what the code can do, where others use the same machine."""
    return (max if rounds[0].at_least else min)(rounds, key=lambda figure: figure.value)


def lines(machine: Sequence[str], measured: Sequence[Sequence[Figure]]) -> list[str]:
    """Markdown: the machine, then one row for each figure. `measured` holds the rounds of each figure."""
    table = ["| Figure | Target | Measured | All rounds | |", "| --- | --- | --- | --- | --- |"]
    notes = []
    for rounds in measured:
        figure = best(rounds)
        every = ", ".join(_number(one.value) for one in rounds)
        verdict = "–" if figure.limit is None else "met" if figure.met else "**missed**"
        table.append(f"| {figure.name} | {_target(figure)} | {_shown(figure)} | {every} | {verdict} |")
        notes.append(f"- {figure.name}: {figure.how}.")
    return [*(f"- {line}" for line in machine), "", *table, "", "What was measured (best round):", "", *notes]


def write(path: Path, text: Sequence[str]) -> None:
    """Put the lines between the markers of a file. Raises ValueError where it has none."""
    before, _, rest = path.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"{path} has no place for the table")
    path.write_text("\n".join([before + BEGIN, *text, END]) + after)


def _target(figure: Figure) -> str:
    if figure.limit is None:
        return ""
    return f"{'≥' if figure.at_least else '≤'} {_number(figure.limit)} {figure.unit}".rstrip()


def _shown(figure: Figure) -> str:
    return f"{_number(figure.value)} {figure.unit}".rstrip()


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.2f}" if value < 10 else f"{value:.1f}"
