"""An administrator's act at the agent's terminal: the operator's shell stands for the factor that Slack asks for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from jenkins_mfa import log
from jenkins_mfa.cli import seat
from jenkins_mfa.cli.base import REFUSED, Failed
from jenkins_mfa.cli.opened import load, load_keys
from jenkins_mfa.core.model import Act
from jenkins_mfa.errors import Refusal
from jenkins_mfa.usecases import second_admin
from jenkins_mfa.usecases.acts import ACTS
from jenkins_mfa.usecases.desk import Desk, decide
from jenkins_mfa.wiring import open_desk
from jenkins_mfa.words import acts as words
from jenkins_mfa.words import render


def perform(config_path: Path, act: Act) -> None:
    """Do it, and say so. What is refused ends with its sentence."""
    _perform(config_path, lambda _: (act, seat.operator()))


def confirm(config_path: Path, name: str) -> None:
    """The same for what a second administrator confirms of `name`: here it matters which person the login is."""

    def meant(desk: Desk) -> tuple[Act, str]:
        by = seat.person(desk)
        return second_admin.meant(desk, name, by, desk.store.now()), by

    _perform(config_path, meant)


def _perform(config_path: Path, meant: Callable[[Desk], tuple[Act, str]]) -> None:
    """`meant` tells the act, and by whom it is done."""
    config = load(config_path)
    log.set_up("WARNING")
    with open_desk(config, load_keys(config)) as desk:

        def attempt() -> Act:
            act, by = meant(desk)
            cause = f"{by}:{desk.randomness.hex(8)}"
            commit, _ = ACTS[act.name](desk, act.target, by, cause, desk.store.now())
            desk.store.commit(commit)
            return act

        try:
            act = decide(attempt)
        except Refusal as refusal:
            raise Failed(words.REFUSALS[refusal.code], REFUSED, refusal.code) from None
        click.echo(render.terminal(words.done(act, desk.roster)))
