"""`holds list|release`: whose builds are not asked, since somebody reported one of them."""

from __future__ import annotations

from pathlib import Path

import click

from jenkins_mfa.cli.acts import perform
from jenkins_mfa.cli.base import DAMAGED_RECORD, FINDING, Commands, Failed, config_option, json_option, print_json
from jenkins_mfa.cli.opened import load, store_of
from jenkins_mfa.core.model import Act
from jenkins_mfa.errors import DamagedError
from jenkins_mfa.words import render
from jenkins_mfa.words.holding import listed


@click.group(cls=Commands)
def holds() -> None:
    """Requesters whose builds are not asked, since one of them was reported."""


@holds.command("list", epilog="Example: jenkins-mfa holds list --json")
@config_option
@json_option
def list_all(config_path: Path, as_json: bool) -> None:
    """Who is held, since when, and who reported them. What waits therefore: jenkins-mfa pending."""
    config = load(config_path)
    with store_of(config) as store:
        try:
            found = store.holds().holds
        except DamagedError as damaged:
            raise Failed(
                f"{damaged.record}: {damaged.reason}.", FINDING, "damaged", mend=DAMAGED_RECORD, as_json=as_json
            ) from None
    if as_json:
        told = [{"requester": h.requester, "since": render.iso(h.since), "gate": h.gate, "by": h.by} for h in found]
        print_json({"holds": told})
        return
    for hold in found:
        click.echo(render.terminal(listed(hold, config.roster)))
    if not found:
        click.echo("Nobody is held.")


@holds.command(epilog="Example: jenkins-mfa holds release dan")
@config_option
@click.argument("name")
def release(config_path: Path, name: str) -> None:
    """Let builds of NAME be asked again: a person of the roster, or SOURCE:USER as `holds list` says.

    In Slack: /mfa release.
    """
    perform(config_path, Act("release", name))
