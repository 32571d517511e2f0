"""`audit tail|verify|export|search`."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import click

from jenkins_mfa import __version__
from jenkins_mfa.archive.forms import OCSF, TRAIL, forms
from jenkins_mfa.cli.audit_verify import verify
from jenkins_mfa.cli.base import FINDING, Commands, config_option, details_json
from jenkins_mfa.cli.opened import load, trail_of
from jenkins_mfa.cli.span import Glob, Moment, When
from jenkins_mfa.cli.trails import source_of
from jenkins_mfa.core.chain import Linked
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.core.policy.globs import Globs
from jenkins_mfa.core.search import Wanted
from jenkins_mfa.words import history, render


@click.group(cls=Commands)
def audit() -> None:
    """The trail: who did what and when, chained by hashes."""


@audit.command(epilog="Example: jenkins-mfa audit tail -n 20")
@config_option
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout, one event a line.")
@click.option("-n", "count", type=click.IntRange(1, 10_000), default=10, show_default=True, help="How many events.")
def tail(config_path: Path, as_json: bool, count: int) -> None:
    """The newest events, oldest first."""
    config = load(config_path, with_secrets=False)
    with trail_of(config) as store:
        for linked in store.audit_events(max(1, store.heads().seq - count + 1)):
            click.echo(_json(linked) if as_json else _line(linked, config.roster))


audit.add_command(verify)


@audit.command(short_help="Write the trail as JSON lines.", epilog="Example: jenkins-mfa audit export --since 30d")
@config_option
@click.option("--since", type=When(), help="Events from then on: 90m, 12h, 30d, 4w, or a date (UTC).")
@click.option("--until", type=When(), help="Events before then.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Into this file, not to stdout.")
@click.option(
    "--format", "form", type=click.Choice([TRAIL, OCSF]), default=TRAIL, show_default=True, help="How each is written."
)
def export(config_path: Path, since: Moment | None, until: Moment | None, output: Path | None, form: str) -> None:
    """Write events, each with its hash, as the copies have them: `audit verify --file` follows them, not those in OCSF.

    What was trimmed from the store comes from its copies.
    """
    now = int(time.time() * 1000)
    wanted = Wanted(since=since.ms(now) if since else 0, until=until.ms(now) if until else None)
    written = forms(__version__)[form]
    with source_of(load(config_path, with_secrets=False), None) as trail, click.open_file(_name(output), "wb") as out:
        for linked in trail.events():
            if wanted.matches(linked.entry):
                out.write(written(linked))


@audit.command(
    short_help="Find events by person, pipeline, time, outcome.",
    epilog="Example: jenkins-mfa audit search --person alice --outcome denied --since 30d",
)
@config_option
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout, one event a line.")
@click.option("--file", "file", type=click.Path(path_type=Path, exists=True), help="In this copy of the trail.")
@click.option("--person", default="", help="Who acted, or whom it is about: a roster id, or an operator's login.")
@click.option("--pipeline", type=Glob(), help="Only pipelines that match; * crosses slashes.")
@click.option("--outcome", default="", help="What happened: denied, resumed, or a whole name such as gate:denied.")
@click.option("--gate", default="", help="How the gate's id begins.")
@click.option("--since", type=When(), help="90m, 12h, 30d, 4w, or a date (UTC).")
@click.option("--until", type=When(), help="Events before then.")
def search(
    config_path: Path,
    as_json: bool,
    file: Path | None,
    person: str,
    pipeline: str | None,
    outcome: str,
    gate: str,
    since: Moment | None,
    until: Moment | None,
) -> None:
    """Events that fit all that is asked, oldest first, from the store and its copies. Exit 1 where there is none."""
    now = int(time.time() * 1000)
    globs = Globs((pipeline,)) if pipeline else None
    wanted = Wanted(person, globs, outcome, gate, since.ms(now) if since else 0, until.ms(now) if until else None)
    config = load(config_path, with_secrets=False)
    count = 0
    with source_of(config, file) as trail:
        for linked in trail.events():
            if wanted.matches(linked.entry):
                count += 1
                click.echo(_json(linked) if as_json else _line(linked, config.roster))
    if not count:
        click.echo("No such event.", err=True)
        sys.exit(FINDING)


def _name(output: Path | None) -> str:
    return str(output) if output else "-"


def _json(linked: Linked) -> str:
    """One event with all that it holds."""
    entry = linked.entry
    shown = {"seq": linked.seq, "at": render.iso(entry.at), "event": entry.event, "actor": entry.actor}
    shown |= {"gate": entry.gate, "source": entry.source, "run": entry.run}
    return json.dumps(shown | {"details": details_json(entry.details)}, ensure_ascii=False)


def _line(linked: Linked, roster: Roster) -> str:
    """One event for people; foreign text cannot start a line of its own."""
    entry = linked.entry
    about = f"  {render.terminal(history.about(entry))}" if entry.gate else ""
    return f"{linked.seq}  {render.iso(entry.at)}  {render.terminal(history.sentence(entry, roster))}{about}"
