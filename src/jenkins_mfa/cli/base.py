"""What all commands share: exit codes, errors as sentences, `--config`, `--json`."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from jenkins_mfa import __version__
from jenkins_mfa.errors import (
    ArchiveError,
    ConfigError,
    JenkinsMfaError,
    MessengerError,
    Refusal,
    SourceError,
    StoreError,
    StoreUnusableError,
    UnknownKeyError,
)
from jenkins_mfa.failures import unread
from jenkins_mfa.words import render

FINDING = 1  #: a check, verify or test found something; no such gate
USAGE = 2  #: usage or configuration
UNREACHABLE = 3  #: store, Jenkins or Slack
REFUSED = 4  #: not eligible, wrong code, stale
STOPPED = 130  #: Ctrl-C

#: The first that fits decides.
_KINDS: tuple[tuple[tuple[type[JenkinsMfaError], ...], int, str], ...] = (
    ((StoreUnusableError, UnknownKeyError), USAGE, "store_unusable"),
    ((ArchiveError,), USAGE, "archive"),
    ((StoreError, SourceError, MessengerError), UNREACHABLE, "unreachable"),
    ((Refusal,), REFUSED, "refused"),
    ((JenkinsMfaError,), FINDING, "finding"),
)

#: What to do about a stored record that is damaged, and about a gate's.
DAMAGED_RECORD = 'see docs/operations.md, "A stored record is damaged"'
DAMAGED_GATE = (
    "it is never answered: see who can write to the store; abort its build in Jenkins, or put the record back"
)

JSON_HELP = 'One JSON document, "v": 1, on stdout.'

LIBRARY = "1.0.0"  #: the version of the library for Pipelines that belongs to this agent
CONTRACT = 1  #: of request and receipt
VERSIONS = f"jenkins-mfa {__version__}, library {LIBRARY}, contract {CONTRACT}"

_SECONDS = frozenset({"exp", "iat", "not_after"})  #: details of trail events that are Unix seconds

F = TypeVar("F", bound=Callable[..., Any])


class Failed(click.ClickException):
    """An error with its exit code and its mend, if there is one; with `--json` it is a document on stdout."""

    def __init__(self, text: str, code: int, name: str, *, mend: str = "", as_json: bool = False) -> None:
        super().__init__(text)
        self.exit_code = code  # type: ignore[misc]
        self._name = name
        self._mend = mend
        self._json = as_json

    def show(self, file: Any = None) -> None:
        """Print it."""
        del file
        if self._json:
            error = {"code": self._name, "text": self.message, "mend": self._mend}
            click.echo(json.dumps({"v": 1, "error": error}, ensure_ascii=False))
            return
        click.echo(self.message, err=True)
        if self._mend:
            click.echo(f"Mend: {self._mend}", err=True)


class Commands(click.Group):
    """Maps our errors to exit codes, and a mistyped command to the nearest one."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Like click's own, with the nearest known command."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = difflib.get_close_matches(args[0], self.list_commands(ctx), 1) if args else []
            raise click.UsageError(f"{error.message} {f'Nearest: {near[0]}.' if near else ''}".strip(), ctx) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; nothing but a sentence and an exit code comes out of a failure."""
        left = (*ctx.args, *ctx._protected_args)  # noqa: SLF001  (click tells what it has not parsed yet nowhere else)
        as_json = "--json" in map(str, left)
        try:
            return super().invoke(ctx)
        except (click.Abort, KeyboardInterrupt):
            raise Failed("Stopped.", STOPPED, "stopped", as_json=as_json) from None
        except ConfigError as error:
            raise _unusable(error, as_json) from None
        except OSError as error:
            if error.filename is None:
                raise
            says = f"{error.filename} cannot be used: {unread(error)}."
            mend = "see that your account may read and write there, and that the disk has room"
            raise Failed(says, USAGE, "file", mend=mend, as_json=as_json) from None
        except JenkinsMfaError as error:
            says, mend = halves(str(error))
            code, name = next((code, name) for kinds, code, name in _KINDS if isinstance(error, kinds))
            said = f"{sentence(says)} Nothing was changed." if code == UNREACHABLE else sentence(says)
            raise Failed(said, code, name, mend=mend, as_json=as_json) from None


def halves(problem: str) -> tuple[str, str]:
    """What is wrong, and what is to be done: the mend, or what may stand there instead."""
    says, *mend = re.split(r"; mend: |; (?=(?:allowed|nearest|known): )", problem, maxsplit=1)
    return says, "".join(mend)


def sentence(text: str) -> str:
    """An error's text as it stands alone: with a capital, and with a full stop."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?")) else ".")


def _unusable(error: ConfigError, as_json: bool) -> Failed:
    """All problems at once, the mend of each below it."""
    count = len(error.problems)
    lines = [f"The files cannot be used: {count} problem{'s' if count > 1 else ''}. Nothing was done."]
    for says, mend in map(halves, error.problems):
        named = mend if mend.startswith(("allowed: ", "nearest: ", "known: ")) else f"mend: {mend}"
        lines += [f"  {says}", *([f"    {named}"] if mend else [])]
    return Failed("\n".join(lines), USAGE, "configuration", as_json=as_json)


def config_option(command: F) -> F:
    """`--config FILE`."""
    option = click.option(
        "--config",
        "config_path",
        type=click.Path(path_type=Path, dir_okay=False),
        default=Path("config.toml"),
        envvar="JENKINS_MFA_CONFIG",
        show_default=True,
        show_envvar=True,
        help="The configuration file; policy.toml, roster.toml and the secret files stand beside it.",
    )
    return option(command)


def json_option(command: F) -> F:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help=JSON_HELP)(command)


def details_json(details: Mapping[str, str | int]) -> dict[str, str | int]:
    """Details of a trail event, with times as in all JSON: the trail holds a receipt's in Unix seconds."""
    return {k: render.iso(v * 1000) if k in _SECONDS and isinstance(v, int) else v for k, v in details.items()}


def print_json(value: dict[str, Any]) -> None:
    """One document."""
    click.echo(json.dumps({"v": 1, **value}, ensure_ascii=False))
