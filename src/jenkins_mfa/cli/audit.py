"""`audit tail|verify`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from jenkins_mfa.cli.base import FINDING, Commands, config_option, details_json, json_option, load, print_json, store_of
from jenkins_mfa.core import audit as trail
from jenkins_mfa.core.audit import Broken
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.store.trail import Linked
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
    config = load(config_path)
    with store_of(config) as store:
        for linked in store.audit_events(max(1, store.heads().seq - count + 1)):
            click.echo(_json(linked) if as_json else _line(linked, config.roster))


@audit.command(short_help="Follow the whole chain of the trail.", epilog="Example: jenkins-mfa audit verify")
@config_option
@json_option
def verify(config_path: Path, as_json: bool) -> None:
    """Follow the whole chain and name the first event that was changed, is missing, doubled or out of order."""
    with store_of(load(config_path)) as store:
        head = store.heads()
        events = ((linked.raw, linked.hash) for linked in store.audit_events())
        found = trail.verify_chain(events, head=(head.seq, head.hash))
    if isinstance(found, Broken):
        if as_json:
            print_json({"ok": False, "first": 1, "last": head.seq, "broken_at": found.seq, "why": found.how})
        else:
            unchanged = f"1 to {found.seq - 1} are unchanged" if found.seq > 1 else "nothing before it"
            click.echo(f"Not right: event {found.seq} is {found.how}. {unchanged}; later ones prove nothing.")
            click.echo('Mend: keep this store as evidence; docs/operations.md, "The trail does not verify".')
        sys.exit(FINDING)
    if as_json:
        print_json({"ok": True, "first": found.first, "last": found.last, "head": found.head, "checkpoint": None})
    else:
        click.echo(f"Right: events {found.first} to {found.last} are complete and unchanged. Head {found.head}.")


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
