"""`demo`: everything on this computer, in a browser or played by itself."""

from __future__ import annotations

import shlex
import signal
import socket
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import click

from jenkins_mfa import log
from jenkins_mfa.cli.base import FINDING, UNREACHABLE, USAGE, Failed


@click.command(short_help="Try it; Jenkins, Slack and phones are simulated.", epilog="Example: jenkins-mfa demo --auto")
@click.option("--auto", is_flag=True, help="Play and check everything without a person; exit 1 if a check is wrong.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="Of the page; 0 = a free one."
)
@click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep the demo's files in this new or empty directory.  [default: a temporary one, removed at the end]",
)
def demo(auto: bool, port: int, directory: Path | None) -> None:
    """Try it: real agent and store; Jenkins, Slack and phones simulated on this computer."""
    log.set_up("WARNING")
    with _stoppable(130 if auto else 0), _directory(directory) as place:
        try:
            right = _play(place) if auto else _show(place, port)
        except (OSError, RuntimeError, TimeoutError) as error:
            raise Failed(f"The demo could not start: {error}", UNREACHABLE, "demo") from None
    sys.exit(0 if right else FINDING)


def _play(place: Path) -> bool:
    from jenkins_mfa.demo import auto, stories
    from jenkins_mfa.demo.world import World

    with World(place) as world:
        return auto.play(world, stories.STORIES)


def _show(place: Path, port: int) -> bool:
    from jenkins_mfa.demo.web import Web
    from jenkins_mfa.demo.world import World

    click.echo("jenkins-mfa demo: real agent and store; Jenkins, Slack and phones simulated")
    click.echo("Starting store, Jenkins, Slack and agent; takes some seconds.")
    with World(place) as world, Web(world, port) as web:
        click.echo(f"Open {web.url} in a browser. Ctrl-C ends everything.")
        click.echo(f"Other commands on it, in another terminal: {_elsewhere(world.config_path)}")
        _wait_for_signal()
    return True


def _elsewhere(config: Path) -> str:
    """What to paste into another terminal, so that `jenkins-mfa` is this program there and its files are the demo's."""
    programs = shlex.quote(str(Path(sys.executable).parent))
    return f'export PATH={programs}:"$PATH" JENKINS_MFA_CONFIG={shlex.quote(str(config.absolute()))}'


def _wait_for_signal() -> None:
    """End by the interrupt of `_stoppable` only. A lock would sleep on when a signal comes just before it."""
    reader, writer = socket.socketpair()
    with reader, writer:
        writer.setblocking(False)
        signal.set_wakeup_fd(writer.fileno())
        try:
            reader.recv(1)
        finally:
            signal.set_wakeup_fd(-1)


@contextmanager
def _stoppable(code: int) -> Generator[None]:
    """Ctrl-C and SIGTERM leave the block in order and exit with `code`; further ones are not heeded."""
    numbers = (signal.SIGINT, signal.SIGTERM)

    def leave(_number: int, _frame: object) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in numbers:
        signal.signal(number, leave)
    try:
        yield
    except KeyboardInterrupt:
        click.echo("\nThe demo has ended; nothing of it runs any more.", err=True)
        sys.exit(code)


@contextmanager
def _directory(wanted: Path | None) -> Generator[Path]:
    if wanted is None:
        with tempfile.TemporaryDirectory(prefix="jenkins-mfa-") as name:
            yield Path(name)
    elif wanted.exists() and any(wanted.iterdir()):
        raise Failed(f"{wanted} is not empty. Name a new or an empty directory.", USAGE, "directory")
    else:
        yield wanted
