"""`run`."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

import click

from jenkins_mfa import agent, log
from jenkins_mfa.cli.base import config_option
from jenkins_mfa.cli.opened import load


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
