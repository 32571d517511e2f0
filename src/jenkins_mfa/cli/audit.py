"""`audit tail|verify`."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from jenkins_mfa.cli.base import FINDING, Commands, config_option, json_option, load, print_json, store_of
from jenkins_mfa.core import audit as trail
from jenkins_mfa.core.audit import AuditEvent, Broken


@click.group(cls=Commands)
def audit() -> None:
    """The trail: who did what and when, chained by hashes."""


@audit.command(epilog="Example: jenkins-mfa audit tail -n 20")
@config_option
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout, one event a line.")
@click.option("-n", "count", type=click.IntRange(1, 10_000), default=10, show_default=True, help="How many events.")
def tail(config_path: Path, as_json: bool, count: int) -> None:
    """The newest events, oldest first."""
    with store_of(load(config_path)) as store:
        for linked in store.audit_events(max(1, store.heads().seq - count + 1)):
            click.echo(linked.raw.decode() if as_json else _line(trail.decode(linked.raw)))


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


def _line(event: AuditEvent) -> str:
    """One event for people; foreign text cannot start a line of its own."""
    at = datetime.fromtimestamp(event.at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    details = " ".join(f"{k}={json.dumps(v)}" for k, v in sorted(event.details.items()))
    return f"{event.seq}  {at}Z  {event.name}  {event.actor}  {event.gate}  {details}".rstrip()
