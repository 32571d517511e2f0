"""`pending`: the same as `/mfa pending`, in the terminal."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from jenkins_mfa.cli import reviews
from jenkins_mfa.cli.base import DAMAGED_GATE, config_option, json_option, print_json
from jenkins_mfa.cli.gates import summary
from jenkins_mfa.cli.opened import load, store_of
from jenkins_mfa.config import Config
from jenkins_mfa.core.model import Awaited, Flood, Gate, Trouble
from jenkins_mfa.errors import DamagedError
from jenkins_mfa.store.gates import RedisStore
from jenkins_mfa.usecases import explain, floods, second_admin, trouble
from jenkins_mfa.words import commands, enrolment, holding, people, render, state
from jenkins_mfa.words.parts import duration, join, say


@click.command(epilog="Example: jenkins-mfa pending --json")
@config_option
@json_option
def pending(config_path: Path, as_json: bool) -> None:
    """What waits, oldest first."""
    config = load(config_path)
    with store_of(config) as store:
        waits = _read(store, config)
    if as_json:
        print_json(_document(waits))
        return
    _print_beside(waits, config)
    if waits.gates:
        rows = [_row(gate, why, config, waits.now, no) for gate, why, no in waits.gates]
        _print_table(("ID", "BUILD", "STARTED BY", "AGE", "LEFT", "OPEN"), rows)
    elif not waits.damaged:
        click.echo("Nothing waits.")


@dataclass(frozen=True, slots=True)
class _Waits:
    """What waits at `now`: gates, each with why its answer does not arrive and who cannot answer it, and what else
    somebody has to look at.
    """

    now: int
    gates: list[tuple[Gate, Trouble | None, tuple[str, ...]]]
    damaged: list[DamagedError]
    unreviewed: reviews.Waiting | DamagedError
    floods: tuple[Flood, ...]
    unconfirmed: list[Awaited]


def _read(store: RedisStore, config: Config) -> _Waits:
    now, gates = store.now(), store.open_gates()
    return _Waits(
        now,
        [(gate, trouble.of(store, gate), explain.stuck(store, gate)) for gate in gates],
        store.damaged_gates(),
        reviews.waiting(store),
        floods.now_waiting(store),
        second_admin.waiting(store, config.roster.people, now),
    )


def _document(waits: _Waits) -> dict[str, Any]:
    told = [summary(gate, why) | {"answerable": not no} for gate, why, no in waits.gates]
    damaged = [{"record": one.record, "problem": one.reason, "mend": DAMAGED_GATE} for one in waits.damaged]
    return (
        {"at": render.iso(waits.now), "gates": told, "damaged": damaged}
        | reviews.as_json(waits.unreviewed)
        | _awaited(waits.unconfirmed)
        | {"floods": [_flood(one) for one in waits.floods]}
    )


def _print_beside(waits: _Waits, config: Config) -> None:
    """What is no gate that waits for an answer, and comes first."""
    for line in reviews.lines(waits.unreviewed):
        click.echo(line)
    for said in (*enrolment.to_confirm(waits.unconfirmed, config.roster), *holding.floods(waits.floods)):
        click.echo(render.terminal(said))
    for one in waits.damaged:
        click.echo(f"Damaged: {one.record}: {one.reason}.\n  Mend: {DAMAGED_GATE}.")


def _print_table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """In columns; a block for each row where the terminal is too narrow for them."""
    widths = [max(len(row[n]) for row in (head, *rows)) for n in range(len(head))]
    if sum(widths) + 2 * len(widths) > shutil.get_terminal_size().columns:
        for row in rows:
            click.echo("\n".join(f"{name.lower()}: {value}" for name, value in zip(head, row, strict=True)) + "\n")
        return
    for row in (head, *rows):
        click.echo("  ".join(value.ljust(width) for value, width in zip(row, widths, strict=True)).rstrip())


def _row(gate: Gate, failing: Trouble | None, config: Config, now: int, lacking: tuple[str, ...]) -> tuple[str, ...]:
    build = f"“{render.visible(gate.run.pipeline)}” #{gate.run.id}"
    starters = people.requesters(gate, config.roster)
    asks = gate.state.value == "pending" and gate.held is None
    missing = people.opens(gate, config.roster) if asks else ()
    if asks and lacking:
        nobody = commands.nobody(gate, lacking, config.roster)
        missing = say("{missing}: {nobody}", missing=missing, nobody=nobody)
    return (
        state.short(gate),
        build,
        render.terminal(join(starters)) or "nobody named",
        duration(now - gate.opened_at),
        duration(gate.deadline - now),
        render.terminal(missing or commands.standing(gate, config.roster, failing, now)),
    )


def _flood(found: Flood) -> dict[str, Any]:
    source, _, pipeline = found.pipeline.partition(":")
    return {"source": source, "pipeline": pipeline, "waiting": found.waiting, "since": render.iso(found.since)}


def _awaited(found: list[Awaited]) -> dict[str, Any]:
    """Authenticators that wait for a second administrator; `by` let them be enrolled."""
    rows = [
        {"person": one.person, "authenticator": one.authenticator.id, "kind": one.authenticator.kind.value}
        | {"by": one.authenticator.by, "until": render.iso(one.authenticator.waits_until)}
        for one in found
    ]
    return {"unconfirmed": rows}
