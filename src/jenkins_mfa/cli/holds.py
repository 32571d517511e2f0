"""`holds list|release`: whose builds are not asked, since somebody reported one of them."""

from __future__ import annotations

import getpass
from pathlib import Path

import click

from jenkins_mfa import log
from jenkins_mfa.cli.base import (
    DAMAGED_RECORD,
    FINDING,
    REFUSED,
    Commands,
    Failed,
    config_option,
    json_option,
    load,
    load_keys,
    print_json,
    store_of,
)
from jenkins_mfa.core.model import Act
from jenkins_mfa.errors import DamagedError, Refusal
from jenkins_mfa.usecases import holds as holding
from jenkins_mfa.usecases.desk import decide
from jenkins_mfa.wiring import open_desk
from jenkins_mfa.words import acts as words
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
    config = load(config_path)
    log.set_up("WARNING")
    login = getpass.getuser()
    with open_desk(config, load_keys(config)) as desk:

        def attempt() -> None:
            cause = f"operator:{login}:{desk.randomness.hex(8)}"
            desk.store.commit(holding.release(desk, name, f"operator:{login}", cause, desk.store.now()))

        try:
            decide(attempt)
        except Refusal as refusal:
            raise Failed(words.REFUSALS[refusal.code], REFUSED, refusal.code) from None
        click.echo(render.terminal(words.done(Act("release", name), desk.roster)))
