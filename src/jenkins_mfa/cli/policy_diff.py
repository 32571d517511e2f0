"""`policy diff`: what another policy would have meant for the gates that there were."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import click

from jenkins_mfa.cli.base import config_option, json_option, print_json
from jenkins_mfa.cli.opened import load, store_of
from jenkins_mfa.cli.report import count
from jenkins_mfa.cli.span import Moment, When
from jenkins_mfa.core.policy.compare import Change, Kind
from jenkins_mfa.usecases.replay import Replay, Row, replay
from jenkins_mfa.words import render

FILE = click.Path(path_type=Path, dir_okay=False)
WIDTH = 19  #: columns of the longest kind

Found = tuple[tuple[str, Change], Row]


@click.command(name="diff", epilog="Example: jenkins-mfa policy diff policy.toml new-policy.toml --since 30d")
@config_option
@json_option
@click.argument("old", type=FILE)
@click.argument("new", type=FILE)
@click.option("--since", type=When(), default="30d", show_default=True, help="90m, 12h, 30d, 4w, or a date (UTC).")
def policy_diff(config_path: Path, as_json: bool, old: Path, new: Path, since: Moment) -> None:
    """Replay past gates under the policies OLD and NEW with the present roster, and show where they differ.

    Facts, claims and history are those stored when each gate opened: what was not watched then did not change.
    """
    config = load(config_path, policy_path=old, with_secrets=False)
    other = load(config_path, policy_path=new, with_secrets=False).policy
    with store_of(config) as store:
        begin = since.ms(store.now())
        found = replay(store.all_gates(), config.policy, other, config.roster, begin)
    if as_json:
        _as_json(found, begin)
    else:
        _as_text(found, begin)


def _rows(found: Replay) -> list[Found]:
    """By pipeline, the most frequent change first."""
    return sorted(found.rows.items(), key=lambda row: (row[0][0], -row[1].count, row[0][1].kind, row[0][1].rules))


def _as_json(found: Replay, begin: int) -> None:
    rows = [
        {
            "pipeline": pipeline,
            "kind": change.kind.value,
            "rules": change.rules,
            "reason": change.reason or None,
            "count": row.count,
            "gates": [gate for _, gate in row.newest],
        }
        for (pipeline, change), row in _rows(found)
    ]
    sums = {"gates": found.gates, "differ": found.differ, "unread": found.unread, "damaged": found.damaged}
    print_json({"since": render.iso(begin), **sums, "rows": rows})


def _as_text(found: Replay, begin: int) -> None:
    for pipeline, rows in groupby(_rows(found), key=lambda row: row[0][0]):
        click.echo(render.visible(pipeline, quoted=False))
        for row in rows:
            click.echo(f"  {_line(*row)}")
    kinds = {kind: sum(row.count for (_, c), row in found.rows.items() if c.kind is kind) for kind in Kind}
    told = ", ".join(f"{number} {kind.value}" for kind, number in kinds.items() if number)
    asked = f"{count(found.gates, 'gate')} since {render.iso(begin)[:16]}Z"
    click.echo(f"{asked}: {found.differ} differ{'s' if found.differ == 1 else ''}{f' ({told})' if told else ''}.")
    if found.unread or found.damaged:
        click.echo(f"Left out: {found.unread} whose request could not be read, {found.damaged} damaged.")


def _line(key: tuple[str, Change], row: Row) -> str:
    """As in `stricter    12 gates  night; such as g_8f2c…`."""
    change = key[1]
    why = f" ({change.reason})" if change.reason else ""
    rules = ", ".join(change.rules)
    examples = ", ".join(gate for _, gate in row.newest)
    return f"{change.kind.value:<{WIDTH}} {count(row.count, 'gate')}  {rules}{why}; such as {examples}"
