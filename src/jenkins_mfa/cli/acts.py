"""An administrator's act at the agent's terminal: the operator's shell stands for the factor that Slack asks for."""

from __future__ import annotations

import getpass
from pathlib import Path

import click

from jenkins_mfa import log
from jenkins_mfa.cli.base import REFUSED, Failed, load, load_keys
from jenkins_mfa.core.model import Act
from jenkins_mfa.errors import Refusal
from jenkins_mfa.usecases.acts import ACTS
from jenkins_mfa.usecases.desk import decide
from jenkins_mfa.wiring import open_desk
from jenkins_mfa.words import acts as words
from jenkins_mfa.words import render


def perform(config_path: Path, act: Act) -> None:
    """Do it, and say so. What is refused ends with its sentence."""
    config = load(config_path)
    log.set_up("WARNING")
    operator = f"operator:{getpass.getuser()}"
    with open_desk(config, load_keys(config)) as desk:

        def attempt() -> None:
            cause = f"{operator}:{desk.randomness.hex(8)}"
            commit, _ = ACTS[act.name](desk, act.target, operator, cause, desk.store.now())
            desk.store.commit(commit)

        try:
            decide(attempt)
        except Refusal as refusal:
            raise Failed(words.REFUSALS[refusal.code], REFUSED, refusal.code) from None
        click.echo(render.terminal(words.done(act, desk.roster)))
