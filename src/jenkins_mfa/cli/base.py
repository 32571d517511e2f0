"""What all commands share: exit codes, errors as sentences, `--config`, `--json`."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from jenkins_mfa import config as configuration
from jenkins_mfa import key_files
from jenkins_mfa.config import Config
from jenkins_mfa.core.keys import Keys
from jenkins_mfa.errors import (
    ConfigError,
    JenkinsMfaError,
    MessengerError,
    Refusal,
    SourceError,
    StoreError,
    StoreUnusableError,
    UnknownKeyError,
)
from jenkins_mfa.store.connect import open_store
from jenkins_mfa.store.gates import RedisStore
from jenkins_mfa.words import render

FINDING = 1  #: a check, verify or test found something; no such gate
USAGE = 2  #: usage or configuration
UNREACHABLE = 3  #: store, Jenkins or Slack
REFUSED = 4  #: not eligible, wrong code, stale

JSON_HELP = 'One JSON document, "v": 1, on stdout.'

_SECONDS = frozenset({"exp", "iat", "not_after"})  #: details of trail events that are Unix seconds

F = TypeVar("F", bound=Callable[..., Any])


class Failed(click.ClickException):
    """An error with its exit code; with `--json` it is a document on stdout."""

    def __init__(self, text: str, code: int, name: str, *, as_json: bool = False) -> None:
        super().__init__(text)
        self.exit_code = code  # type: ignore[misc]
        self._name = name
        self._json = as_json

    def show(self, file: Any = None) -> None:
        """Print it."""
        del file
        if self._json:
            error = {"code": self._name, "text": self.message, "mend": ""}
            click.echo(json.dumps({"v": 1, "error": error}, ensure_ascii=False))
        else:
            click.echo(self.message, err=True)


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
        as_json = "--json" in ctx.args or any("--json" in str(a) for a in ctx._protected_args)  # noqa: SLF001
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            raise Failed(_several(error), USAGE, "configuration", as_json=as_json) from None
        except (StoreUnusableError, UnknownKeyError) as error:
            raise Failed(str(error), USAGE, "store_unusable", as_json=as_json) from None
        except (StoreError, SourceError, MessengerError) as error:
            raise Failed(f"{error} Nothing was changed.", UNREACHABLE, "unreachable", as_json=as_json) from None
        except Refusal as error:
            raise Failed(error.code, REFUSED, error.code, as_json=as_json) from None
        except JenkinsMfaError as error:
            raise Failed(str(error), FINDING, "finding", as_json=as_json) from None


def _several(error: ConfigError) -> str:
    count = len(error.problems)
    head = f"{count} problem{'s' if count > 1 else ''}. Nothing was started."
    return "\n".join([f"The configuration cannot be used: {head}", *(f"  {p}" for p in error.problems)])


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


def load(path: Path) -> Config:
    """The configuration."""
    return configuration.load(path)


def load_keys(config: Config) -> Keys:
    """The keys."""
    return key_files.load(config.keys, config.installation)


@contextmanager
def store_of(config: Config) -> Generator[RedisStore]:
    """The store, refused where it would not keep what it is told."""
    settings = config.store
    with open_store(settings.url, prefix=f"{{{settings.prefix}}}", durability=settings.durability) as (store, _):
        yield store


def details_json(details: Mapping[str, str | int]) -> dict[str, str | int]:
    """Details of a trail event, with times as in all JSON: the trail holds a receipt's in Unix seconds."""
    return {k: render.iso(v * 1000) if k in _SECONDS and isinstance(v, int) else v for k, v in details.items()}


def print_json(value: dict[str, Any]) -> None:
    """One document."""
    click.echo(json.dumps({"v": 1, **value}, ensure_ascii=False))
