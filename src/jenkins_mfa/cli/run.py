"""`run` and `version`."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

import click

from jenkins_mfa import __version__
from jenkins_mfa.cli.base import config_option, json_option, load, print_json

LIBRARY = "1.0.0"  #: the version of the library for Pipelines that belongs to this agent
CONTRACT = 1  #: of request and receipt
VERSIONS = f"jenkins-mfa {__version__}, library {LIBRARY}, contract {CONTRACT}"


@click.command(
    short_help="Run the agent until it is told to stop.",
    epilog="Example: jenkins-mfa run --config /etc/jenkins-mfa/config.toml",
)
@config_option
@click.option("--log-level", type=click.Choice(["DEBUG", "INFO", "WARNING"]), default="INFO", show_default=True)
def run(config_path: Path, log_level: str) -> None:
    """Run the agent until it is told to stop (SIGTERM, Ctrl-C; a second one ends it at once). SIGHUP has policy,
    roster, keys, tokens and Slack user groups looked at now.
    """
    from jenkins_mfa import agent, log

    log.set_up(log_level)
    stop = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            os._exit(130)
        stop.set()

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
    with agent.opened(load(config_path)) as running:

        def reload(_number: int, _frame: FrameType | None) -> None:
            running.reload_asked = True

        signal.signal(signal.SIGHUP, reload)
        running.start()
        code = running.run(stop)
    sys.exit(code)


@click.command(short_help="Versions of agent, library and contract.", epilog="Example: jenkins-mfa version --json")
@json_option
def version(as_json: bool) -> None:
    """Versions of the agent, of the library that belongs to it, and of the contract between them."""
    if as_json:
        print_json({"version": __version__, "lib": LIBRARY, "contract": CONTRACT})
    else:
        click.echo(VERSIONS)
