"""`seal rotate`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from jenkins_mfa import log
from jenkins_mfa.cli.base import FINDING, REFUSED, Commands, Failed, config_option
from jenkins_mfa.cli.opened import load, load_keys
from jenkins_mfa.core import beats
from jenkins_mfa.store.gates import RedisStore
from jenkins_mfa.usecases import seals
from jenkins_mfa.wiring import open_desk


@click.group(cls=Commands)
def seal() -> None:
    """The vault's keys, which seal what people have enrolled."""


@seal.command(short_help="Seal all authenticators under the first key.", epilog="Example: jenkins-mfa seal rotate")
@config_option
def rotate(config_path: Path) -> None:
    """Seal all authenticators anew under the first key of the vault's file, while agents run.

    Put the new key first and leave the old ones below it; run this; then take the old ones out. Interrupted, it is
    run again.
    """
    config = load(config_path)
    log.set_up("WARNING")
    keys = load_keys(config)
    with open_desk(config, keys) as desk:
        seals.check(desk.store, keys.ring)
        if isinstance(desk.store, RedisStore):
            _agent_knows(desk.store, keys.ring.kids[0])
        done = seals.rotate(desk)
        old = [kid for kid in seals.in_use(desk.store) if kid != keys.ring.kids[0]]
    click.echo(f"Sealed under {keys.ring.kids[0]}: {done.authenticators} authenticators of {done.people} people.")
    for person, why in done.left.items():
        click.echo(f"Left as it is: {person}: {why}")
    if old:
        click.echo(f"Still needed: {', '.join(old)}. Run this again.")
    elif len(keys.ring.kids) > 1:
        click.echo(f"Nothing in use is sealed with another key: {', '.join(keys.ring.kids[1:])} may be taken out.")
    sys.exit(FINDING if done.left or old else 0)


def _agent_knows(store: RedisStore, kid: str) -> None:
    """Raises Failed while an agent that runs would not open what is sealed anew."""
    for beat in beats.fresh(store.beats(), "agent", store.now()):
        kids = beat.get("kids")
        if not (isinstance(kids, list) and kid in kids):
            text = f"The agent that runs does not know {kid} yet. Nothing was changed."
            mend = "wait 5 s, or send it SIGHUP; jenkins-mfa check says why not"
            raise Failed(text, REFUSED, "agent_behind", mend=mend)
