"""`store accept-rollback`."""

from __future__ import annotations

from pathlib import Path

import click

from jenkins_mfa import log
from jenkins_mfa.cli import seat
from jenkins_mfa.cli.base import REFUSED, Commands, Failed, config_option
from jenkins_mfa.cli.opened import load, load_keys
from jenkins_mfa.errors import Refusal
from jenkins_mfa.usecases import rollback
from jenkins_mfa.wiring import checkpoints_of, open_desk
from jenkins_mfa.words import render
from jenkins_mfa.words import rollback as words


@click.group(cls=Commands)
def store() -> None:
    """The store, where an operator has to decide."""


@store.command(
    "accept-rollback",
    short_help="Go on with a store that is an older copy of itself.",
    epilog="Example: jenkins-mfa store accept-rollback",
)
@config_option
@click.option("--yes", is_flag=True, help="Do not ask.")
def accept_rollback(config_path: Path, yes: bool) -> None:
    """Go on with a store that is behind its last checkpoint, or another one: a backup was put back, or a server that
    lagged has taken over.

    Every open gate is denied and its build aborted, codes of now and the next step count no more, and what was switched
    off meanwhile is suspended. Builds that started before are not let go on: they start anew.
    """
    config = load(config_path)
    log.set_up("WARNING")
    keys = load_keys(config)
    checkpoints = checkpoints_of(config, keys)
    with open_desk(config, keys) as desk:
        if checkpoints is None or not desk.continuity.look():
            raise Failed(words.NOTHING, REFUSED, "not_rolled_back")
        for line in words.found(desk.store.heads(), desk.continuity.kept.newest, len(desk.store.open_gates())):
            click.echo(render.terminal(line))
        if not yes:
            click.confirm("Take this store for the true one?", abort=True)
        try:
            done = rollback.accept(desk, checkpoints, seat.operator())
        except Refusal as refusal:
            raise Failed(words.NOTHING, REFUSED, refusal.code) from None
        for line in words.done(done, desk.roster):
            click.echo(render.terminal(line))
